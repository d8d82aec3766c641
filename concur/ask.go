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

// get returns a request that reads JSON. The path has a %s for each ID.
func get(op, needs, path string, ids ...string) request {
	return request{op: op, needs: needs, method: http.MethodGet, accept: mediaJSON}.at(path, ids...)
}

// at gives a request a path with IDs as segments, in the order of the %s. A text that cannot
// be an ID makes the request an error.
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

// ofPerson marks a request that names a person. Concur's message may then name the person,
// too, so only the code of a failure is kept.
func (r request) ofPerson() request {
	r.omitMessage = true
	return r
}

// ask sends a request and decodes the answer. If emptyBody is set, an answer without content
// is an empty list.
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

// answerError is an error that the content of an answer shows.
func answerError(kind expense.Kind, message string) *Error {
	return &Error{Kind: kind, Message: message}
}

// rejectOther refuses an answer about another object, so that the connector never acts on that
// object.
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

// bareID writes an identifier in one form, for comparison.
func bareID(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }

// askHeader reads the header of a report by v3 or v4.
func askHeader(ctx context.Context, c *Client, r request, reportID string, decode func([]byte) (wire.Header, error)) (wire.Header, error) {
	return ask(ctx, c, r, rejectOther(reportID, func(h wire.Header) string { return h.Report.ID }, decode))
}
