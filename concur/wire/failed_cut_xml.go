package wire

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
)

// xmlCutter cuts a list in XML. An entry ends at its end tag. One that has none ends where
// the next entry begins, or an element ends in which the entry stands.
type xmlCutter struct {
	cutter
	name  string   // of the entry's element
	outer []string // the elements that are open around the entries
	ends  string   // how the comment, CDATA section or instruction ends that is being read
}

func cutXML(in io.ByteReader) io.Reader {
	x := &xmlCutter{cutter: cutter{in: in}}
	x.next, x.wellFormed, x.put = x.step, x.isWellFormed, x.write
	return x
}

func (x *xmlCutter) step() error {
	text, err := x.piece()
	if err != nil {
		if x.entry == nil {
			return err
		}
		x.ends = ""
		return x.cut(err)
	}
	tag := tagOf(text)
	begins := tag.begins && isEntry(tag.name)
	switch {
	case x.entry == nil && begins:
		x.entry, x.name = text, tag.name
	case x.entry == nil:
		if tag.begins {
			x.outer = append(x.outer, tag.name)
		} else if at := len(x.outer) - 1; tag.ends && at >= 0 {
			x.outer = x.outer[:at]
		}
		x.out = append(x.out, text...)
	case begins && tag.name == x.name, tag.ends && tag.name != x.name && slices.Contains(x.outer, tag.name):
		x.end(text)
	default:
		if x.add(text...); x.entry == nil {
			x.ends = "" // it is read again
		} else if tag.ends && tag.name == x.name {
			x.end(nil)
		}
	}
	return nil
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
	d := newDocument(bytes.NewReader(entry), maxNotificationDepth-len(x.outer))
	for {
		if _, err := d.next(); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

var addressesXML = regexp.MustCompile(`(?i)<(?:[^\s<>/:]+:)?(NotificationUR[IL]|ObjectURI)\s*>([^<>]*)</`)

func (x *xmlCutter) write(entry []byte) {
	if entry == nil {
		x.out = append(x.out, "<"+x.name+"><"+broken+"/>"...)
		x.out = append(x.out, x.addresses(addressesXML, "<%[1]s>%[2]s</%[1]s>")...)
		x.out = append(x.out, "</"+x.name+">"...)
		return
	}
	x.out = append(x.out, entry...)
}
