package main

import (
	"fmt"
	"slices"
	"strings"
)

// junkKind is one way in which an entry of the failed list is malformed.
type junkKind struct {
	name, does string
	deform     func(*failedItem, []part) []part
}

// foreignHost is a host that does not belong to Concur.
const foreignHost = "https://evil.example"

var junkKinds = []junkKind{
	{"no-object-uri", "there is no ObjectURI", without("ObjectURI")},
	{"no-notification-uri", "there is no link to the notification", without(linkPart)},
	{"empty", "the entry is empty", func(*failedItem, []part) []part { return []part{} }},
	{"unknown-element", "the entry also has unknown elements", func(_ *failedItem, parts []part) []part {
		inner := []part{{name: "ObjectType", text: "NONE"}, {name: "Weight", text: "7"}}
		return append([]part{{name: "Priority", text: "high"}, {name: "Attachment", parts: inner}}, parts...)
	}},
	{"nested", "everything is inside an unknown element", func(_ *failedItem, parts []part) []part {
		return []part{{name: "Details", parts: parts}}
	}},
	{"not-text", "the ObjectURI is an element in XML; in JSON it is a number, an object or null", func(item *failedItem, parts []part) []part {
		return with(parts, "ObjectURI", part{
			xml:  "<Part>" + escapeText(item.ObjectURI) + "</Part>",
			json: []string{"7", `{"Part": "1"}`, "null"}[item.n%3],
		})
	}},
	{"foreign-uri", "the ObjectURI and the link name a host that does not belong to Concur", func(item *failedItem, parts []part) []part {
		parts = with(parts, "ObjectURI", part{text: foreignHost + pathOf(item.ObjectURI)})
		return with(parts, linkPart, part{text: foreignHost + pathOf(item.NotificationURI)})
	}},
	{"not-well-formed", "the EventType has an unescaped ampersand (XML) or lacks a quote (JSON)", func(_ *failedItem, parts []part) []part {
		return with(parts, "EventType", part{xml: "Travel & Expense", json: `"Travel and Expense`})
	}},
	{"bad-date", "the EventDateTime is not a date", func(_ *failedItem, parts []part) []part {
		return with(parts, "EventDateTime", part{text: "2026-13-32:25:61:61 or so"})
	}},
	{"long-text", "the EventType has 100,000 characters", func(_ *failedItem, parts []part) []part {
		return with(parts, "EventType", part{text: strings.Repeat("a step & ", 100_000/9+1)[:100_000]})
	}},
}

func without(name string) func(*failedItem, []part) []part {
	return func(_ *failedItem, parts []part) []part {
		return slices.DeleteFunc(parts, func(p part) bool { return p.name == name })
	}
}

// with replaces the content of the part with that name.
func with(parts []part, name string, content part) []part {
	for i := range parts {
		if parts[i].name == name {
			parts[i] = content
			parts[i].name = name
		}
	}
	return parts
}

func junkNamed(name string) *junkKind {
	i := slices.IndexFunc(junkKinds, func(k junkKind) bool { return k.name == name })
	if i < 0 {
		return nil
	}
	return &junkKinds[i]
}

// checkJunk refuses an unknown kind.
func checkJunk(name string) error {
	if name == "" || junkNamed(name) != nil {
		return nil
	}
	names := make([]string, len(junkKinds))
	for i, kind := range junkKinds {
		names[i] = kind.name
	}
	return fmt.Errorf("junk %q is not one of %s", name, strings.Join(names, ", "))
}
