package lenient

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"regexp"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// ErrEncoding says that a document is in an encoding that this package cannot read.
var ErrEncoding = errors.New("it is in an encoding that is not known")

// ByteOrderMark may begin a document in UTF-8.
const ByteOrderMark = "\uFEFF"

// maxDeclaration bounds how far the end of an XML declaration is looked for, in bytes.
const maxDeclaration = 1 << 10

// source is a document whose encoding is known.
type source struct {
	in       *bufio.Reader    // UTF-8, or nearly
	fallback *charmap.Charmap // how a byte is read that is not UTF-8; nil: as U+FFFD
	decoded  bool             // by a decoder, which writes U+FFFD for what it cannot read
	mark     bool             // the result needs a byte order mark: what it declares is no longer so
}

// open finds out the encoding of a document. In this order:
//
//   - A byte order mark, or a zero byte beside the first character, shows the encoding.
//   - The charset of the Content-Type wins over the XML declaration (RFC 7303): who
//     changes the encoding on the way changes the header and not the document.
//   - But some servers add a charset to everything. So when only the Content-Type
//     names another encoding than UTF-8, valid UTF-8 stays UTF-8, and only the other
//     bytes are read in the encoding that it names.
//
// UTF-16 that is only declared means nothing: without zero bytes it cannot be UTF-16.
// JSON is always UTF-8 (RFC 8259), but for the bytes that are not.
func open(r io.Reader, contentType string) (source, error) {
	in := bufio.NewReader(r)
	head, _ := in.Peek(2) // its error comes again
	switch string(head) {
	case "\xfe\xff", "\xff\xfe":
		_, _ = in.Discard(2) // was peeked
		return decoded(in, wide(head[0] == 0xfe)), nil
	}
	if len(head) == 2 && (head[0] == 0) != (head[1] == 0) {
		return decoded(in, wide(head[0] == 0)), nil
	}
	if head, _ := in.Peek(len(ByteOrderMark)); string(head) == ByteOrderMark {
		return source{in: in}, nil
	}
	declaration := declarationOf(in)
	_, params, _ := mime.ParseMediaType(contentType)
	sent, err := lookup(params["charset"])
	if err != nil {
		return source{}, err
	}
	declared, err := lookup(encodingOf(declaration))
	if err != nil {
		return source{}, err
	}
	named := params["charset"] != "" && sent == nil // UTF-8, by name
	first, other := sent, declared
	if first == nil && !named {
		first, other = declared, nil
	}
	byByte, single := first.(*charmap.Charmap)
	isXML := declaration != nil
	switch {
	case first == nil:
		fallback, _ := other.(*charmap.Charmap)
		return source{in: in, fallback: fallback, mark: declared != nil}, nil
	case declared == nil && single, !isXML && single:
		return source{in: in, fallback: byByte, mark: true}, nil
	case isXML:
		return decoded(in, first), nil
	}
	return source{in: in}, nil
}

func wide(big bool) encoding.Encoding {
	if big {
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
}

func decoded(in io.Reader, from encoding.Encoding) source {
	return source{in: bufio.NewReader(transform.NewReader(in, from.NewDecoder())), decoded: true, mark: true}
}

// declarationOf peeks at the XML declaration: empty, not nil, for XML without one. It
// waits for no byte beyond what it needs, for more may not be sent before an answer.
func declarationOf(in *bufio.Reader) []byte {
	for n := 1; n <= maxDeclaration; n++ {
		head, err := in.Peek(n)
		if err != nil {
			return nil
		}
		text := bytes.TrimLeft(head, " \t\r\n")
		switch {
		case len(text) == 0:
		case text[0] != '<':
			return nil
		case bytes.HasSuffix(text, []byte(">")):
			return text
		case len(text) >= 2 && text[1] != '?':
			return []byte{}
		}
	}
	return []byte{}
}

var encodingPattern = regexp.MustCompile(`(?i)^<\?xml\s[^>]*?encoding\s*=\s*(?:"([^"]*)"|'([^']*)')`)

// encodingOf returns the encoding that an XML declaration names.
func encodingOf(declaration []byte) string {
	found := encodingPattern.FindSubmatch(declaration)
	if found == nil {
		return ""
	}
	return string(found[1]) + string(found[2])
}

// lookup returns the encoding of a label, nil for what is read as UTF-8.
func lookup(label string) (encoding.Encoding, error) {
	if label = strings.ToLower(strings.TrimSpace(label)); label == "" {
		return nil, nil
	}
	bare := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, label)
	switch bare {
	case "utf8", "unicode11utf8", "ascii", "usascii", "iso646us", "ansix341968",
		"utf16", "utf16le", "utf16be", "ucs2", "iso10646ucs2", "unicode", "unicodefffe":
		return nil, nil
	}
	hyphens := strings.NewReplacer("_", "-", " ", "-").Replace(label)
	for _, name := range []string{label, hyphens} {
		if found, err := htmlindex.Get(name); err == nil && found != encoding.Replacement {
			return found, nil
		}
	}
	for _, name := range []string{label, hyphens} {
		if found, err := ianaindex.IANA.Encoding(name); err == nil && found != nil {
			return found, nil
		}
	}
	return nil, ErrEncoding
}
