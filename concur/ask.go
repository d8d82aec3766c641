package concur

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// get is a request that reads JSON. The path has a %s for each ID.
func get(op, needs, path string, ids ...string) request {
	return request{op: op, needs: needs, method: http.MethodGet, accept: mediaJSON}.at(path, ids...)
}

// at gives a request a path, in which the IDs are segments, in the order of its %s. One
// that cannot be an ID is refused in the place of being sent.
func (r request) at(path string, ids ...string) request {
	segments := make([]any, len(ids))
	for i, id := range ids {
		if err := checkID(id); err != nil && r.err == nil {
			r.err = invalidArgument(r.op, "an ID in the path "+err.Error())
		}
		segments[i] = id
	}
	r.target.path = fmt.Sprintf(path, segments...)
	return r
}

// ofPerson says that the request names a person, whom Concur's messages may then name, too: of an
// answer that is no success the code is kept alone.
func (r request) ofPerson() request {
	r.omitMessage = true
	return r
}

// ask sends a request, and decodes its answer. A list that answers that there is no
// content is empty, where that is documented.
func ask[T any](ctx context.Context, c *Client, r request, decode func([]byte) (T, error)) (T, error) {
	var none T
	a, err := c.do(ctx, r)
	switch {
	case err != nil:
		return none, err
	case r.emptyBody && a.status == http.StatusNoContent:
		return none, nil
	case isEmpty(a.body):
		return none, r.emptyAnswer(a)
	}
	value, err := decode(a.body)
	var e *Error
	switch {
	case errors.As(err, &e):
		e.Op, e.Status, e.CorrelationID = r.op, a.status, a.correlation
		return none, e
	case err != nil:
		return none, r.malformedAnswer(a, err)
	}
	return value, nil
}

// answerError is what an answer says that can be read.
func answerError(kind expense.Kind, message string) *Error {
	return &Error{Kind: kind, Message: message}
}

// rejectOther has an answer refused that is about something else than was asked for: what is
// done with it would be done with that.
func rejectOther[T any](id string, idOf func(T) string, decode func([]byte) (T, error)) func([]byte) (T, error) {
	return func(body []byte) (T, error) {
		var none T
		value, err := decode(body)
		switch {
		case err != nil:
			return none, err
		case bareID(idOf(value)) != bareID(id):
			return none, errors.New("the answer is about something else than was asked for")
		}
		return value, nil
	}
}

// bareID writes an identifier in the one form that can be compared.
func bareID(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }

// askHeader reads the header of a report by v3 or v4.
func askHeader(ctx context.Context, c *Client, r request, reportID string, decode func([]byte) (wire.Header, error)) (wire.Header, error) {
	return ask(ctx, c, r, rejectOther(reportID, func(h wire.Header) string { return h.Report.ID }, decode))
}
