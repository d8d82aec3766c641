package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// xmlCutter cuts a list in XML. An entry ends at its end tag. One that has none ends where
// the next entry begins, or an element ends in which the entry stands. Nothing but the
// entries and the root element is passed on.
type xmlCutter struct {
	cutter
	name  string         // of the entry's element
	outer []string       // the elements that are open around the entries
	inner map[string]int // how many elements of a name are open in the entry
	ends  string         // how the comment, CDATA section or instruction ends that is being read
}

func cutXML(in io.ByteReader) io.Reader {
	x := &xmlCutter{cutter: cutter{in: in}}
	x.next, x.wellFormed, x.put = x.step, x.isWellFormed, x.write
	return x
}

func (x *xmlCutter) step() error {
	inSection := x.ends != ""
	text, err := x.piece()
	switch {
	case err != nil && x.entry == nil:
		return err
	case err != nil:
		x.ends = ""
		return x.cut(err)
	case x.entry == nil && (inSection || text[0] != '<' || x.ends != "" || isSection(text)):
		switch {
		case len(x.outer) == 0:
			x.out = append(x.out, text...)
		case text[0] != '<' && !inSection && !x.isWellFormed(text):
			x.note()
		}
		return nil
	case x.entry == nil:
		return x.around(text)
	}
	tag := tagOf(text)
	outside := tag.ends && tag.name != x.name && x.inner[tag.name] == 0 && slices.Contains(x.outer, tag.name)
	if outside || tag.begins && tag.name == x.name {
		x.end(text)
		return nil
	}
	switch {
	case tag.begins:
		x.inner[tag.name]++
	case tag.ends && x.inner[tag.name] > 0:
		x.inner[tag.name]--
	}
	if x.add(text...); x.entry == nil {
		x.ends = "" // it is read again
	} else if tag.ends && tag.name == x.name {
		x.end(nil)
	}
	return nil
}

// maxOuter bounds how many elements may be open around the entries.
const maxOuter = 1000

// around reads a tag outside of the entries. What is no tag, and an end without a
// beginning, is what is left of an entry that is not well-formed.
func (x *xmlCutter) around(text []byte) error {
	tag := tagOf(text)
	at := lastIndex(x.outer, tag.name)
	switch {
	case tag.begins && isEntry(tag.name):
		x.entry, x.name, x.inner = text, tag.name, map[string]int{}
	case len(x.outer) == 0:
		x.out = append(x.out, text...)
		if tag.begins {
			x.outer = []string{tag.name}
		}
	case bytes.HasPrefix(text, []byte("<!")):
		x.out = append(x.out, "<!DOCTYPE x>"...) // for the decoder to refuse
	case tag.ends && at == 0:
		x.out, x.outer = append(x.out, text...), nil
	case tag.ends && at > 0:
		x.outer = x.outer[:at]
	case len(x.outer) == maxOuter:
		return fmt.Errorf("nested deeper than %d elements", maxOuter)
	case tag.begins:
		x.outer = append(x.outer, tag.name)
	case tag.ends || tag.name == "" || isEntry(tag.name):
		x.note()
	}
	return nil
}

// note writes a note about something that is in no entry.
func (x *xmlCutter) note() {
	x.name = "notification"
	x.write(nil)
}

func lastIndex(names []string, name string) int {
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] == name {
			return i
		}
	}
	return -1
}

// maxPiece bounds a piece, in bytes.
const maxPiece = 16 << 10

// piece reads one tag, or a piece of text, of a comment, a CDATA section or an instruction.
func (x *xmlCutter) piece() (text []byte, err error) {
	quote := byte(0)
	for {
		b, err := x.take()
		switch {
		case err != nil && len(text) > 0:
			return text, nil // it comes again
		case err != nil:
			return nil, err
		case b == '<' && len(text) > 0 && x.ends == "":
			x.again(b)
			return text, nil
		}
		text = append(text, b)
		switch inTag := text[0] == '<' && x.ends == ""; {
		case x.ends != "" && b == '>' && bytes.HasSuffix(text, []byte(x.ends)):
			x.ends = ""
			return text, nil
		case inTag && !x.plainly() && len(text) <= len("<![CDATA[") && sectionEnds[string(text)] != "":
			x.ends = sectionEnds[string(text)]
			return text, nil
		case inTag && quote == 0 && b == '>':
			return text, nil
		case inTag && (quote == 0 && (b == '"' || b == '\'') || b == quote):
			quote ^= b
		case len(text) >= maxPiece && !strings.ContainsRune("-]?", rune(b)):
			return text, nil
		}
	}
}

var sectionEnds = map[string]string{"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}

// isSection reports whether a piece is a whole comment, CDATA section or instruction.
func isSection(text []byte) bool {
	for begin := range sectionEnds {
		if bytes.HasPrefix(text, []byte(begin)) {
			return true
		}
	}
	return false
}

// plainly reports whether sections are none here.
func (x *xmlCutter) plainly() bool { return x.plain && x.entry != nil }

// tag is what a piece is, when it is a tag.
type tag struct {
	name         string // local, in lower case
	begins, ends bool   // neither: of an empty element, or no tag
}

var tagPattern = regexp.MustCompile(`^<(/?)(?:[^\s<>/:"'=]+:)?([^\s<>/:"'=!?]+)(?:\s[^<]*)?(/?)>$`)

func tagOf(text []byte) tag {
	if text[0] != '<' || text[len(text)-1] != '>' {
		return tag{}
	}
	found := tagPattern.FindSubmatch(text)
	if found == nil {
		return tag{}
	}
	empty := bytes.HasSuffix(text, []byte("/>"))
	return tag{name: strings.ToLower(string(found[2])), begins: len(found[1]) == 0 && !empty, ends: len(found[1]) > 0}
}

func isEntry(name string) bool { return name == "notification" || name == "failure" }

// isWellFormed reports whether the decoder of the list takes the entry.
func (x *xmlCutter) isWellFormed(entry []byte) bool {
	d := newDocument(bytes.NewReader(entry), maxNotificationDepth-1)
	for {
		if _, err := d.next(); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

var addressesXML = regexp.MustCompile(`(?i)<(?:[^\s<>/:]+:)?(NotificationUR[IL]|ObjectURI)\s*>([^<>]*)</`)

func (x *xmlCutter) write(entry []byte) {
	if entry != nil {
		x.out = append(x.out, entry...)
		return
	}
	// An ampersand in an address is perhaps what is wrong with the entry.
	addresses := bytes.ReplaceAll(x.addresses(addressesXML, "<%[1]s>%[2]s</%[1]s>"), []byte("&amp;"), []byte("&"))
	x.out = append(x.out, "<"+x.name+"><"+broken+"/>"...)
	x.out = append(x.out, bytes.ReplaceAll(addresses, []byte("&"), []byte("&amp;"))...)
	x.out = append(x.out, "</"+x.name+">"...)
}
