package main

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// The formats of the failed list. With as-asked the request's Accept header decides.
const (
	asAsked = "as-asked"
	asXML   = "xml"
	asJSON  = "json"
)

func checkFormat(format string) error {
	if !slices.Contains([]string{asAsked, asXML, asJSON}, format) {
		return fmt.Errorf("format %q: want %s, %s or %s", format, asXML, asJSON, asAsked)
	}
	return nil
}

// failedForm holds what the documentation of the failed list writes in several ways: the
// name of the root element, the name of the link, and a wrapper element that the text
// mentions and the examples omit. The seed chooses.
type failedForm struct {
	root, link string
	wrapped    bool
}

func newFailedForm(seed uint64) failedForm {
	random := draw(seed, "failed list")
	pick := func(forms ...string) string { return forms[random.IntN(len(forms))] }
	return failedForm{
		root:    pick("NotificationList", "NotificationsList"),
		link:    pick("NotificationURI", "NotificationURL", "NotificationUrl"),
		wrapped: random.IntN(3) == 0,
	}
}

// part is one element of an entry: a text, other parts or nil. xml and json replace the
// content with something else.
type part struct {
	name, text string
	parts      []part
	xml, json  string
}

const (
	// linkPart stands for the link until the form gives its name.
	linkPart = "the link"

	// The values of xml and json for a nil part.
	nilXML, nilJSON = "nil", "null"
)

// parts returns the elements of an entry in the documented order.
func (i *failedItem) parts(form failedForm) []part {
	parts := []part{
		{name: "Context", xml: nilXML, json: nilJSON},
		{name: "EventDateTime", text: i.EventDateTime},
		{name: "EventType", text: i.EventType},
		{name: linkPart, text: i.NotificationURI},
		{name: "ObjectType", text: i.ObjectType},
		{name: "ObjectURI", text: i.ObjectURI},
	}
	if kind := junkNamed(i.Junk); kind != nil {
		parts = kind.deform(i, parts)
	}
	parts = named(parts, form.link)
	if form.wrapped {
		return []part{{name: "Failure", parts: parts}}
	}
	return parts
}

func named(parts []part, link string) []part {
	for i := range parts {
		if parts[i].name == linkPart {
			parts[i].name = link
		}
		parts[i].parts = named(parts[i].parts, link)
	}
	return parts
}

// failedJSONAsked reports whether this request is answered in JSON.
func (s *simulator) failedJSONAsked(c *call) bool {
	if s.failed.format != asAsked {
		return s.failed.format == asJSON
	}
	for _, one := range strings.Split(strings.Join(c.request.Header.Values("Accept"), ","), ",") {
		if media, _, _ := mime.ParseMediaType(one); media != "application/json" {
			return false
		}
	}
	return true
}

// failedXML writes the list in XML. Each entry is rendered once, because it never changes
// and the list is read often.
func (s *simulator) failedXML() answer {
	head := s.failed.form.root + ` xmlns="` + notificationNamespace + `" xmlns:i="` + instanceNamespace + `"`
	declaration := `<?xml version="1.0" encoding="utf-8"?>` + "\n"
	items := s.failed.listed()
	if len(items) == 0 {
		return xmlAnswer(declaration + "<" + head + "/>")
	}
	entries := make([]string, len(items))
	for i, item := range items {
		if item.xml == "" {
			d := &document{empty: "<%s />", depth: 1}
			d.parts("Notification", item.parts(s.failed.form))
			item.xml = d.String()
		}
		entries[i] = item.xml
	}
	return xmlAnswer(declaration + "<" + head + ">\n" + strings.Join(entries, "") + "</" + s.failed.form.root + ">\n")
}

func (d *document) parts(tag string, parts []part) {
	if len(parts) == 0 {
		d.leaf(tag, "")
		return
	}
	d.open(tag)
	for _, p := range parts {
		switch {
		case p.parts != nil:
			d.parts(p.name, p.parts)
		case p.xml == nilXML:
			d.indent()
			d.WriteString("<" + p.name + ` i:nil="true" />` + "\n")
		case p.xml != "":
			d.indent()
			d.WriteString("<" + p.name + ">" + p.xml + "</" + p.name + ">\n")
		default:
			d.leaf(p.name, p.text)
		}
	}
	d.close(tag)
}

// failedJSON writes the list in JSON, as a bare array.
func (s *simulator) failedJSON() answer {
	items := s.failed.listed()
	entries := make([]string, len(items))
	for i, item := range items {
		if item.json == "" {
			item.json = jsonOf(item.parts(s.failed.form))
		}
		entries[i] = item.json
	}
	body := "[]"
	if len(entries) > 0 {
		body = "[\n  " + strings.Join(entries, ",\n  ") + "\n]"
	}
	return answer{status: http.StatusOK, contentType: "application/json", body: []byte(body)}
}

func jsonOf(parts []part) string {
	fields := make([]string, len(parts))
	for i, p := range parts {
		value := p.json
		switch {
		case p.parts != nil:
			value = jsonOf(p.parts)
		case value == "":
			text, err := json.Marshal(p.text)
			if err != nil {
				text = []byte(nilJSON)
			}
			value = string(text)
		}
		fields[i] = fmt.Sprintf("%q: %s", p.name, value)
	}
	return "{" + strings.Join(fields, ", ") + "}"
}
