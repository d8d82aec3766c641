package main

import (
	"maps"
	"net/http"
	"regexp"
	"strings"
)

// The states of a broken list item. List v4 shows a deleted item as deleted, and does not
// find a gone item. customData calls the value of an invalid item invalid; for a deleted
// item the seed chooses.
const (
	itemDeleted = "deleted"
	itemInvalid = "invalid"
	itemGone    = "gone"
)

// listItem is a value of a list. A description writes it as "(code) name".
type listItem struct{ code, name string }

var listValue = regexp.MustCompile(`^\(([^()]+)\) ?(.+)$`)

// itemOf reads a field's text as a list value.
func itemOf(text string) (listItem, bool) {
	found := listValue.FindStringSubmatch(text)
	if found == nil {
		return listItem{}, false
	}
	return listItem{found[1], found[2]}, true
}

// guid returns the identifier that v4 prints instead of the value: 32 hexadecimal digits,
// the same in every report.
func (s *simulator) guid(item listItem) string {
	return letters(s.draw("list item", item.code, item.name), hexDigits, 32)
}

const hexDigits = "0123456789ABCDEF"

// rememberItems remembers every list value in the texts for List v4.
func (s *simulator) rememberItems(all ...map[int]string) {
	for _, texts := range all {
		for _, text := range texts {
			if item, is := itemOf(text); is {
				s.directory.items[s.guid(item)] = item
			}
		}
	}
}

func (s *simulator) rememberItemsOf(d description) {
	maps.Copy(s.directory.itemStates, d.ListItems)
	s.rememberItems(d.Custom, d.OrgUnit)
	for _, e := range d.Entries {
		s.rememberItems(e.Custom, e.OrgUnit)
		s.rememberAllocated(e.Allocations)
		for _, item := range e.Itemizations {
			s.rememberItems(item.Custom, item.OrgUnit)
			s.rememberAllocated(item.Allocations)
		}
	}
}

func (s *simulator) rememberAllocated(allocations []allocationDescription) {
	for _, a := range allocations {
		s.rememberItems(a.Custom)
	}
}

// handleListItem simulates a list item of List v4. The item's id is written as a UUID; the path
// accepts both forms. As in the documented example, the item is on the second level of its
// list: its code begins with its parent's code, and its short code is its own.
// https://developer.concur.com/api-reference/common/list-item/v4.list-item.html.
func (s *simulator) handleListItem(c *call) answer {
	id := plainID(c.about.object)
	item, known := s.directory.items[id]
	state := s.directory.itemStates[item.code]
	if !known || state == itemGone {
		return s.errorAnswer(c, http.StatusNotFound, "listItem not found")
	}
	list := dashed(letters(s.draw("list"), hexDigits, 32))
	return jsonAnswer(fields{
		"id": dashed(id), "code": "TOP-" + item.code, "shortCode": item.code, "value": item.name,
		"parentId": dashed(letters(s.draw("parent item"), hexDigits, 32)), "level": 2, "listId": list, "lists": []any{fields{"id": list, "hasChildren": false}},
		"hasChildren": false, "isDeleted": state == itemDeleted,
	})
}

// validItem reports whether customData calls a value valid.
func (s *simulator) validItem(item listItem) bool {
	switch s.directory.itemStates[item.code] {
	case itemInvalid:
		return false
	case itemDeleted:
		return s.draw("a deleted item", item.code).IntN(2) == 0
	}
	return true
}

// dashed writes 32 hexadecimal digits as a UUID.
func dashed(hex string) string {
	hex = strings.ToLower(hex)
	return hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:]
}
