package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
)

// jsonCutter cuts a list in JSON. What stands in a list is an entry. It writes the commas
// between them: one too many or too few hides nothing.
type jsonCutter struct {
	cutter
	outer    []byte // the objects and lists that are open around the entries
	inString bool   // outside of an entry
	several  bool   // an entry stands in the list already
}

func cutJSON(in io.ByteReader) io.Reader {
	j := &jsonCutter{cutter: cutter{in: in}}
	j.next, j.wellFormed, j.put = j.step, json.Valid, j.write
	return j
}

func (j *jsonCutter) step() error {
	b, err := j.take()
	if err != nil {
		return err
	}
	if n := len(j.outer); n > 0 && j.outer[n-1] == '[' {
		switch {
		case strings.ContainsRune(", \t\r\n", rune(b)):
			return nil
		case b == ':', (b == ']' || b == '}') && j.isRemains(b):
			return nil // of an entry that is not well-formed
		case b != ']' && b != '}':
			j.again(b)
			return j.element()
		}
	}
	j.out = append(j.out, b)
	switch {
	case b == '\\' && j.inString:
		escaped, err := j.take()
		if err != nil {
			return err
		}
		j.out = append(j.out, escaped)
	case b == '"':
		j.inString = !j.inString
	case j.inString:
	case b == '{', b == '[':
		j.outer, j.several = append(j.outer, b), false
	case (b == '}' || b == ']') && len(j.outer) > 0:
		j.outer = j.outer[:len(j.outer)-1]
	}
	return nil
}

// element reads one entry of a list.
func (j *jsonCutter) element() error {
	depth, inString, before := 0, false, byte(0)
	j.entry = []byte{}
	for j.entry != nil {
		b, err := j.take()
		if err != nil {
			return j.cut(err)
		}
		if j.plain {
			j.plainly(b)
			continue
		}
		escaped := inString && before == '\\'
		switch {
		case b == '"' && !escaped:
			inString = !inString
		case inString:
		case b == '{', b == '[':
			depth++
		case depth == 0 && (b == ',' || b == ']' || b == '}'):
			j.end([]byte{b})
			continue
		case b == '}', b == ']':
			depth--
		}
		if before = b; escaped {
			before = 0
		}
		if j.add(b); depth == 0 && (b == '}' || b == ']') && !inString && j.entry != nil {
			j.end(nil)
		}
	}
	return nil
}

// plainly reads a byte of an entry that is not well-formed. The entry ends where another
// object begins that is not the value of a name, or before the end of the list.
func (j *jsonCutter) plainly(b byte) {
	if before := bytes.TrimRight(j.entry, " \t\r\n"); len(before) > 0 {
		last := before[len(before)-1]
		if b == '{' && last != ':' || b == ']' && last == '}' && !j.isRemains(b) {
			j.end([]byte{b})
			return
		}
	}
	j.add(b)
}

// maxAhead bounds how far ahead is looked, in bytes.
const maxAhead = 1 << 10

// isRemains reports whether a bracket or brace that was read in a list is a remainder of an
// entry that is not well-formed, and does not end the list. The end of the list is followed
// by as many others as are open, or by the next name of the object that holds the list.
func (j *jsonCutter) isRemains(b byte) bool {
	var ahead []byte
	defer func() { j.again(ahead...) }()
	ends, comma := []byte{b}, false
	for len(ahead) < maxAhead {
		c, err := j.take()
		if err != nil {
			break // it comes again
		}
		ahead = append(ahead, c)
		switch {
		case strings.ContainsRune(" \t\r\n", rune(c)):
		case c == ',':
			comma = true
		case c == ']', c == '}':
			ends = append(ends, c)
		default:
			return c != '[' && (c != '"' || !comma)
		}
	}
	return len(ends) > len(j.outer) || b == '}' && bytes.ContainsRune(ends, ']')
}

var addressesJSON = regexp.MustCompile(`(?i)"(NotificationUR[IL]|ObjectURI)"\s*:\s*("[^"\\]*")`)

func (j *jsonCutter) write(entry []byte) {
	if j.several {
		j.out = append(j.out, ',')
	}
	j.several = true
	if entry == nil {
		entry = append([]byte(`{"`+broken+`":true`), j.addresses(addressesJSON, `,"%s":%s`)...)
		entry = append(entry, '}')
	}
	j.out = append(j.out, entry...)
}
