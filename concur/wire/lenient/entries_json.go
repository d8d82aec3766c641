package lenient

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
)

// jsonRepairer repairs a list in JSON. Each value in a list is an entry. The repairer writes
// the commas between entries itself, so that a missing or doubled comma hides nothing.
type jsonRepairer struct {
	repairer
	outer    []byte // the objects and lists that are open around the entries
	inString bool   // outside of an entry
	notFirst bool   // the list already has an entry
}

// RepairJSON returns a reader of the same document in which every value of a list is
// well-formed. A note replaces a value that is not: an object with the name [MalformedEntry].
func RepairJSON(in io.ByteReader) io.Reader {
	j := &jsonRepairer{repairer: repairer{in: in}}
	j.next, j.wellFormed, j.write = j.step, json.Valid, j.writeEntry
	return j
}

func (j *jsonRepairer) step() error {
	b, err := j.take()
	if err != nil {
		return err
	}
	if n := len(j.outer); n > 0 && j.outer[n-1] == '[' {
		switch {
		case strings.ContainsRune(", \t\r\n", rune(b)):
			return nil
		case b == ':', (b == ']' || b == '}') && j.isLeftOver(b):
			return nil // left over from an entry that is not well-formed
		case b != ']' && b != '}':
			j.readAgain(b)
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
		j.outer, j.notFirst = append(j.outer, b), false
	case (b == '}' || b == ']') && len(j.outer) > 0:
		j.outer = j.outer[:len(j.outer)-1]
	}
	return nil
}

// element reads one entry of a list.
func (j *jsonRepairer) element() error {
	depth, inString, before := 0, false, byte(0)
	j.entry = []byte{}
	for j.entry != nil {
		b, err := j.take()
		if err != nil {
			return j.endInEntry(err)
		}
		if j.plain {
			j.addPlainly(b)
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

// addPlainly adds a byte to an entry that is not well-formed. The entry ends where an object
// begins that is not the value of a name, or before the end of the list.
func (j *jsonRepairer) addPlainly(b byte) {
	if before := bytes.TrimRight(j.entry, " \t\r\n"); len(before) > 0 {
		last := before[len(before)-1]
		if b == '{' && last != ':' || b == ']' && last == '}' && !j.isLeftOver(b) {
			j.end([]byte{b})
			return
		}
	}
	j.add(b)
}

// maxAhead limits how far isLeftOver reads ahead, in bytes.
const maxAhead = 1 << 10

// isLeftOver reports whether a bracket or brace in a list is left over from an entry that is
// not well-formed, so that it does not end the list. The end of a list is followed by as many
// ends as there are open objects and lists, or by the next name of the object around it.
func (j *jsonRepairer) isLeftOver(b byte) bool {
	var ahead []byte
	defer func() { j.readAgain(ahead...) }()
	ends, comma := []byte{b}, false
	for len(ahead) < maxAhead {
		c, err := j.take()
		if err != nil {
			break // the next read returns the error again
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

// writeEntry writes an entry, or a note if entry is nil.
func (j *jsonRepairer) writeEntry(entry []byte) {
	if j.notFirst {
		j.out = append(j.out, ',')
	}
	j.notFirst = true
	if entry == nil {
		entry = append([]byte(`{"`+MalformedEntry+`":true`), j.addresses(addressesJSON, `,"%s":%s`)...)
		entry = append(entry, '}')
	}
	j.out = append(j.out, entry...)
}
