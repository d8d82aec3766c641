package wire

import (
	"slices"

	"concur-connector/expense"
)

// DecodeListItem reads one item of a list. Its code is the short code, which v1.1 and v3 print,
// too. Below the first level of a list, the long code begins with the code of the parent, and
// is not used. A deleted item is not valid and keeps its code and name.
//
// Source: https://developer.concur.com/api-reference/common/list-item/v4.list-item.html
func DecodeListItem(body []byte) (expense.Field, error) {
	return readObject(body, "the list item", readListItem)
}

func readListItem(r record) expense.Field {
	item := expense.Field{ListItem: r.Text("id"), Code: r.Text("shortCode", "code"), Value: r.Text("value")}
	if r.Text("shortCode") == "" && (r.Text("parentId") != "" || !slices.Contains([]string{"", "1"}, r.Text("level"))) {
		item.Code = "" // nobody knows where the parent's code ends in it
	}
	if deleted := r.Bool("isDeleted"); deleted != nil {
		item.Valid = new(!*deleted)
	}
	r.requireID(item.ListItem)
	if item.Code == "" && item.Value == "" {
		r.Refuse("it", "has neither a code nor a value")
	}
	return item
}
