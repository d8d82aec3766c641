package concur

import (
	"context"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const needsLists = "the scope spend.listitem.read"

// ListItem returns code and name of a list item, of which the v4 interfaces give the
// identifier only, and whether it is valid: one that is deleted is not. It is remembered for
// some hours. An item that Concur does not show is an error of kind [NotFound].
//
// Source: https://developer.concur.com/api-reference/common/list-item/v4.list-item.html#get-list-item-ID
func (c *Client) ListItem(ctx context.Context, id string) (expense.Field, error) {
	r := get("read list item", needsLists, "/list/v4/items/%s", id)
	found, err := c.listItems.get(ctx, r.op, bareID(id), func(ctx context.Context) (expense.Field, error) {
		return ask(ctx, c, r, about(id, func(i expense.Field) string { return i.ListItem }, wire.DecodeListItem))
	})
	if err != nil {
		return expense.Field{}, err
	}
	found.ListItem = id // as it was asked for: in any case, and with or without hyphens
	return found, nil
}
