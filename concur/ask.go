package concur

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"concur-connector/concur/wire"
)

// ask sends a request that reads, and decodes its answer.
func ask[T any](ctx context.Context, c *Client, r request, decode func([]byte) (T, error)) (T, error) {
	var none T
	a, err := c.do(ctx, r)
	if err != nil {
		return none, err
	}
	value, err := decode(a.body)
	if err != nil {
		return none, r.unreadable(a, err)
	}
	return value, nil
}

// at gives a request a path of which some segments come from outside, in the order of
// its %s.
func (c *Client) at(r *request, path string, ids ...string) error {
	segments := make([]any, len(ids))
	for i, id := range ids {
		if err := checkID(id); err != nil {
			return &Error{Op: r.op, Kind: Untrusted, Message: "an ID in the path " + err.Error()}
		}
		segments[i] = id
	}
	r.target.path = fmt.Sprintf(path, segments...)
	return nil
}

// askHeader reads a header, and refuses that of another report: what is done with it
// would be done with that one.
func askHeader(ctx context.Context, c *Client, r request, reportID string, decode func([]byte) (wire.Header, error)) (wire.Header, error) {
	return ask(ctx, c, r, func(body []byte) (wire.Header, error) {
		h, err := decode(body)
		if err == nil && !strings.EqualFold(h.Report.ID, reportID) {
			return wire.Header{}, errors.New("the answer is another report than was asked for")
		}
		return h, err
	})
}
