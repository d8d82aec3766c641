package concur

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"concur-connector/concur/wire"
)

// The most that is read of a list. None of one report or travel request is that long.
const (
	mostPages = 1000
	mostRows  = 100_000
)

// everyPage reads a list to its end. A next page that is not named as a whole, or that was
// read before, leaves a part of the list missing: that is of kind [Incomplete].
func everyPage[T any](ctx context.Context, c *Client, r request, decode func([]byte) (wire.Page[T], error)) ([]T, error) {
	var all []T
	seen := map[string]bool{}
	for range mostPages {
		seen[r.target.query] = true
		page, err := ask(ctx, c, r, decode)
		if err != nil {
			return nil, err
		}
		if all = append(all, page.Rows...); len(all) > mostRows {
			return nil, &Error{Op: r.op, Kind: TooLarge, Message: fmt.Sprintf("there are more than %d rows", mostRows)}
		}
		if page.Next == "" {
			return all, nil
		}
		if r.target.query, err = c.nextPage(r, page.Next); err != nil {
			return nil, err
		}
		if seen[r.target.query] {
			return nil, &Error{Op: r.op, Kind: Incomplete, Message: "the list's next page is one that was read: the rest of the list is missing"}
		}
	}
	return nil, &Error{Op: r.op, Kind: TooLarge, Message: fmt.Sprintf("the list has more than %d pages", mostPages)}
}

// onePage reads a page of a list and hands over its rows, and of each row that cannot be
// read an error of kind [Malformed] in its place. It returns what names the next page:
// nothing after the last.
func onePage[T any](ctx context.Context, c *Client, r request, decode func([]byte) (wire.Page[T], error), yield func(row T, unread error) error) (next string, err error) {
	if err := plain("?" + r.target.query); err != nil {
		return "", misused(r.op, "the page "+err.Error())
	}
	page, err := ask(ctx, c, r, decode)
	if err != nil {
		return "", err
	}
	for _, row := range page.Rows {
		if err := yield(row, nil); err != nil {
			return "", err
		}
	}
	for _, why := range page.Unread {
		var none T
		if err := yield(none, &Error{Op: r.op, Kind: Malformed, Message: "a row cannot be read: " + why.Error()}); err != nil {
			return "", err
		}
	}
	if page.Next == "" {
		return "", nil
	}
	next, err = c.nextPage(r, page.Next)
	if err == nil && next == r.target.query {
		err = &Error{Op: r.op, Kind: Malformed, Message: "the list's next page is the one that was read"}
	}
	if e := (*Error)(nil); errors.As(err, &e) && e.Kind == Incomplete {
		e.Kind = Malformed // it is no report of which something is missing
	}
	return next, err
}

// nextPage takes the query of a next page's URL; host and path must be those of the list
// that was read. A URL that ends too early is no danger: a part of the list is missing.
func (c *Client) nextPage(r request, raw string) (string, error) {
	t, err := c.target(r.op, NextPage, raw)
	switch {
	case err != nil:
		return "", err
	case isCut(t.path, r.target.path):
		return "", &Error{Op: r.op, Kind: Incomplete, Message: NextPage + " is cut off: the rest of the list is missing"}
	case !strings.EqualFold(strings.TrimSuffix(t.path, "/"), r.target.path):
		return "", &Error{Op: r.op, Kind: Untrusted, Message: NextPage + " has another path than the list"}
	case t.query == "":
		return "", &Error{Op: r.op, Kind: Incomplete, Message: NextPage + " names no page: the rest of the list is missing"}
	}
	return t.query, nil
}

// isCut reports whether a path is the beginning of the list's, and not all of it.
func isCut(path, list string) bool {
	return len(path) < len(list) && strings.HasPrefix(strings.ToLower(list), strings.ToLower(path))
}
