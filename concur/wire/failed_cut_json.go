package wire

import (
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
	if n := len(j.outer); n > 0 && j.outer[n-1] == '[' && !strings.ContainsRune("]}:", rune(b)) {
		if strings.ContainsRune(", \t\r\n", rune(b)) {
			return nil
		}
		j.again(b)
		return j.element()
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
		escaped := inString && before == '\\'
		switch {
		case j.plain && b == '}':
			if j.add(b); j.atEnd() {
				j.end(nil)
			}
			continue
		case b == '"' && !escaped && !j.plain:
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
		if j.add(b); depth == 0 && (b == '}' || b == ']') && !inString && j.entry != nil && !j.plain {
			j.end(nil)
		}
	}
	return nil
}

// atEnd reports whether a list goes on, or ends, behind the brace that was read.
func (j *jsonCutter) atEnd() bool {
	var ahead []byte
	defer func() { j.again(ahead...) }()
	comma := false
	for {
		b, err := j.take()
		if err != nil {
			return false // it comes again
		}
		ahead = append(ahead, b)
		switch {
		case strings.ContainsRune(" \t\r\n", rune(b)):
		case b == ',' && !comma:
			comma = true
		default:
			return b == ']' && !comma || b == '{'
		}
	}
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
