package lenient

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// xmlRepairer repairs a list in XML. An entry ends at its end tag. Without an end tag it ends
// where the next entry begins, or where an element around it ends. The repairer passes on the
// entries and the root element, and nothing else.
type xmlRepairer struct {
	repairer
	entries  []string       // the names of elements that are entries, in lower case
	maxDepth int            // of elements in an entry
	name     string         // of the entry's element
	outer    []string       // the elements that are open around the entries
	inner    map[string]int // how many elements of a name are open in the entry
	ends     string         // the end of the comment, CDATA section or instruction being read
}

// RepairXML returns a reader of the same document in which every entry is well-formed. Entries
// are the elements of these names, in lower case. A note replaces an entry that is not
// well-formed: an entry with the element [MalformedEntry].
func RepairXML(in io.ByteReader, maxDepth int, entries ...string) io.Reader {
	x := &xmlRepairer{repairer: repairer{in: in}, entries: entries, maxDepth: maxDepth}
	x.next, x.wellFormed, x.write = x.step, x.isWellFormed, x.writeEntry
	return x
}

func (x *xmlRepairer) step() error {
	inSection := x.ends != ""
	text, err := x.piece()
	switch {
	case err != nil && x.entry == nil:
		return err
	case err != nil:
		x.ends = ""
		return x.endInEntry(err)
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
		x.ends = "" // the entry is read again
	} else if tag.ends && tag.name == x.name {
		x.end(nil)
	}
	return nil
}

// maxOuter limits how many elements may be open around the entries.
const maxOuter = 1000

// around reads a tag outside of the entries. Text that is no tag, and an end tag without a
// beginning, are left over from an entry that is not well-formed.
func (x *xmlRepairer) around(text []byte) error {
	tag := tagOf(text)
	at := lastIndex(x.outer, tag.name)
	switch {
	case tag.begins && x.isEntry(tag.name):
		x.entry, x.name, x.inner = text, tag.name, map[string]int{}
	case len(x.outer) == 0:
		x.out = append(x.out, text...)
		if tag.begins {
			x.outer = []string{tag.name}
		}
	case bytes.HasPrefix(text, []byte("<!")):
		x.out = append(x.out, "<!DOCTYPE x>"...) // the decoder refuses it
	case tag.ends && at == 0:
		x.out, x.outer = append(x.out, text...), nil
	case tag.ends && at > 0:
		x.outer = x.outer[:at]
	case len(x.outer) == maxOuter:
		return fmt.Errorf("nested deeper than %d elements", maxOuter)
	case tag.begins:
		x.outer = append(x.outer, tag.name)
	case tag.ends || tag.name == "" || x.isEntry(tag.name):
		x.note()
	}
	return nil
}

// note writes a note about text that is in no entry.
func (x *xmlRepairer) note() {
	x.name = x.entries[0]
	x.writeEntry(nil)
}

func lastIndex(names []string, name string) int {
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] == name {
			return i
		}
	}
	return -1
}

// maxPiece limits a piece, in bytes.
const maxPiece = 16 << 10

// piece reads one tag, or a piece of text, of a comment, a CDATA section or an instruction.
func (x *xmlRepairer) piece() (text []byte, err error) {
	quote := byte(0)
	for {
		b, err := x.take()
		switch {
		case err != nil && len(text) > 0:
			return text, nil // the next read returns the error again
		case err != nil:
			return nil, err
		case b == '<' && len(text) > 0 && x.ends == "":
			x.readAgain(b)
			return text, nil
		}
		text = append(text, b)
		switch inTag := text[0] == '<' && x.ends == ""; {
		case x.ends != "" && b == '>' && bytes.HasSuffix(text, []byte(x.ends)):
			x.ends = ""
			return text, nil
		case inTag && !x.isPlain() && len(text) <= len("<![CDATA[") && sectionEnds[string(text)] != "":
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

// isPlain reports whether comments, CDATA sections and instructions are ordinary text here.
func (x *xmlRepairer) isPlain() bool { return x.plain && x.entry != nil }

// tag describes a piece that is a tag.
type tag struct {
	name         string // local, in lower case
	begins, ends bool   // both false: an empty element, or no tag
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

func (x *xmlRepairer) isEntry(name string) bool { return slices.Contains(x.entries, name) }

// isWellFormed reports whether [XML] can read the entry.
func (x *xmlRepairer) isWellFormed(entry []byte) bool {
	d := NewXML(bytes.NewReader(entry), x.maxDepth-1)
	for {
		if _, err := d.Next(); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

var addressesXML = regexp.MustCompile(`(?i)<(?:[^\s<>/:]+:)?(NotificationUR[IL]|ObjectURI)\s*>([^<>]*)</`)

// writeEntry writes an entry, or a note if entry is nil.
func (x *xmlRepairer) writeEntry(entry []byte) {
	if entry != nil {
		x.out = append(x.out, entry...)
		return
	}
	// Perhaps the entry is not well-formed because of an ampersand in an address.
	addresses := bytes.ReplaceAll(x.addresses(addressesXML, "<%[1]s>%[2]s</%[1]s>"), []byte("&amp;"), []byte("&"))
	x.out = append(x.out, "<"+x.name+"><"+MalformedEntry+"/>"...)
	x.out = append(x.out, bytes.ReplaceAll(addresses, []byte("&"), []byte("&amp;"))...)
	x.out = append(x.out, "</"+x.name+">"...)
}
