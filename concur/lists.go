package concur

import (
	"context"
	"net/http"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const needsLists = "the scope spend.listitem.read"

// ListItem returns code and name of a list item, of which the v4 interfaces give the
// identifier only. It is remembered for some hours. An item that is deleted is of kind
// [NotFound], like one that never was.
//
// Source: https://developer.concur.com/api-reference/common/list-item/v4.list-item.html#get-list-item-ID
func (c *Client) ListItem(ctx context.Context, id string) (expense.Field, error) {
	r := request{op: "read list item", needs: needsLists, method: http.MethodGet, accept: mediaJSON}
	if err := checkID(id); err != nil {
		return expense.Field{}, &Error{Op: r.op, Kind: Untrusted, Message: "the list item's id " + err.Error()}
	}
	found, err := c.listItems.get(ctx, r.op, bareID(id), func(ctx context.Context) (expense.Field, error) {
		r.target.path = "/list/v4/items/" + id
		a, err := c.do(ctx, r)
		if err != nil {
			return expense.Field{}, err
		}
		item, err := wire.DecodeListItem(a.body)
		switch {
		case err != nil:
			return expense.Field{}, r.unreadable(a, err)
		case bareID(item.ListItem) != bareID(id):
			return expense.Field{}, &Error{Op: r.op, Kind: Malformed, Status: a.status, CorrelationID: a.correlation, Message: "the answer is about another list item"}
		case item.Deleted:
			return expense.Field{}, &Error{Op: r.op, Kind: NotFound, Status: a.status, CorrelationID: a.correlation, Message: "the list item is deleted"}
		}
		return item.Field, nil
	})
	found.ListItem = id // as it was asked for: in any case, and with or without hyphens
	if err != nil {
		return expense.Field{}, err
	}
	return found, nil
}

// bareID writes an identifier in the one form that can be compared.
func bareID(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }
