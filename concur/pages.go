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
	maxPages = 1000
	maxRows  = 100_000
)

// everyPage reads a list to its end. If the next page is not named in full, or was read
// before, the rest of the list is missing and the error is of kind [Incomplete].
func everyPage[T any](ctx context.Context, c *Client, r request, decode func([]byte) (wire.Page[T], error)) ([]T, error) {
	var all []T
	seen := map[string]bool{}
	for range maxPages {
		seen[r.target.query] = true
		page, err := ask(ctx, c, r, decode)
		if err != nil {
			return nil, err
		}
		if all = append(all, page.Rows...); len(all) > maxRows {
			return nil, &Error{Op: r.op, Kind: TooLarge, Message: fmt.Sprintf("there are more than %d rows", maxRows)}
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
	return nil, &Error{Op: r.op, Kind: TooLarge, Message: fmt.Sprintf("the list has more than %d pages", maxPages)}
}

// onePage reads one page of a list and passes its rows to yield. A row that cannot be read is
// passed to yield as an error of kind [Malformed]. It returns the name of the next page, or "" after
// the last.
func onePage[T any](ctx context.Context, c *Client, r request, decode func([]byte) (wire.Page[T], error), yield func(row T, unread error) error) (next string, err error) {
	if err := checkCharacters("?" + r.target.query); err != nil {
		return "", invalidArgument(r.op, "the page "+err.Error())
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
		e.Kind = Malformed // the list is wrong, not a report
	}
	return next, err
}

// nextPage returns the query of the next page's URL. Host and path must be those of the list.
// A URL that ends too early is harmless, but the rest of the list is missing.
func (c *Client) nextPage(r request, raw string) (string, error) {
	t, err := c.target(r.op, NextPage, raw)
	switch {
	case err != nil:
		return "", err
	case isTruncatedPath(t.path, r.target.path):
		return "", &Error{Op: r.op, Kind: Incomplete, Message: NextPage + " is cut off: the rest of the list is missing"}
	case !strings.EqualFold(strings.TrimSuffix(t.path, "/"), r.target.path):
		return "", &Error{Op: r.op, Kind: Untrusted, Message: NextPage + " has another path than the list"}
	case t.query == "":
		return "", &Error{Op: r.op, Kind: Incomplete, Message: NextPage + " names no page: the rest of the list is missing"}
	}
	return t.query, nil
}

// isTruncatedPath reports whether a path is only the beginning of the list's path.
func isTruncatedPath(path, list string) bool {
	return len(path) < len(list) && strings.HasPrefix(strings.ToLower(list), strings.ToLower(path))
}
