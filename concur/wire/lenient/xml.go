package lenient

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The reasons why a document cannot be read. errCut wraps [io.ErrUnexpectedEOF], so that a
// caller can distinguish a truncated document from a wrong one.
var (
	ErrEmpty    = errors.New("empty")
	ErrTrailing = errors.New("something follows the end of the document")
	errDTD      = errors.New("a document type declaration is not accepted")
	errLeading  = errors.New("text before the root element")
	errCut      = fmt.Errorf("ends before it is complete: %w", io.ErrUnexpectedEOF)
)

// XML reads an XML document element by element and does not hold the document in memory. It
// knows the five predefined entities only, and reads nothing outside the document.
//
// Element names are compared by their local part, in any case.
type XML struct {
	// Texts counts the texts read so far that are not empty. A caller that reads something
	// which is no content sets it back.
	Texts int

	dec      *xml.Decoder
	depth    int
	maxDepth int
	name     string // of the element that began last, as the document writes it
	null     bool   // that element says i:nil="true"
	count    string // the attribute Count of that element
	chars    []byte // of the text being read
}

// NewXML returns a reader of a document that a [Reader] has already cleaned.
func NewXML(r io.Reader, maxDepth int) *XML {
	d := &XML{dec: xml.NewDecoder(r), maxDepth: maxDepth}
	// A Reader has written UTF-8, whatever the document declares.
	d.dec.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	return d
}

// ReadXML reads a document that is held in memory. Its root element must have one of the
// names; read is called to read what is in the root element.
func ReadXML(body []byte, maxDepth int, read func(d *XML) error, roots ...string) error {
	body, err := Clean(body)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return ErrEmpty
	}
	d := NewXML(bytes.NewReader(body), maxDepth)
	if err := d.Root(roots...); err != nil {
		return err
	}
	if err := read(d); err != nil {
		return err
	}
	return d.End()
}

// Clean is [Bytes] for a document of unknown content type, without its byte order mark.
func Clean(body []byte) ([]byte, error) {
	body, _, err := Bytes(body, "")
	return bytes.TrimPrefix(body, []byte(ByteOrderMark)), err
}

// Name returns the name of the element that began last, as the document writes it.
func (d *XML) Name() string { return d.name }

// Nil reports whether the element that began last says i:nil="true".
func (d *XML) Nil() bool { return d.null }

// Count returns the attribute Count of the element that began last.
func (d *XML) Count() string { return d.count }

// Depth returns how many elements are open.
func (d *XML) Depth() int { return d.depth }

// Next returns the next token. An error names the line of a mistake and quotes nothing of the
// document.
func (d *XML) Next() (xml.Token, error) {
	token, err := d.dec.Token()
	if err != nil {
		return nil, d.explain(err)
	}
	switch t := token.(type) {
	case xml.StartElement:
		if d.depth++; d.depth > d.maxDepth {
			return nil, fmt.Errorf("nested deeper than %d elements", d.maxDepth)
		}
		d.name, d.null, d.count = t.Name.Local, isNil(t.Attr), attribute(t.Attr, "Count")
	case xml.EndElement:
		d.depth--
	case xml.Directive:
		return nil, errDTD
	}
	return token, nil
}

func isNil(attrs []xml.Attr) bool {
	for _, a := range attrs {
		if a.Name.Local == "nil" && (a.Value == "true" || a.Value == "1") {
			return true
		}
	}
	return false
}

// attribute returns the value of an attribute, or "".
func attribute(attrs []xml.Attr, name string) string {
	for _, a := range attrs {
		if strings.EqualFold(a.Name.Local, name) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// explain keeps the line of a syntax error. It drops the text of the error, which quotes the
// document.
func (d *XML) explain(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, ErrEncoding):
		return ErrEncoding
	case errors.As(err, &syntax) && syntax.Msg == "unexpected EOF":
		return errCut
	case errors.As(err, &syntax):
		return fmt.Errorf("not well-formed XML (line %d)", syntax.Line)
	case errors.Is(err, io.EOF):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	}
	return errors.New("not well-formed XML 1.0")
}

// Root reads up to and into the root element, which must have one of the names.
func (d *XML) Root(names ...string) error {
	for {
		token, err := d.Next()
		if errors.Is(err, io.EOF) {
			return errCut
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			for _, name := range names {
				if strings.EqualFold(t.Name.Local, name) {
					return nil
				}
			}
			return fmt.Errorf("the root element is not %s", names[0])
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return errLeading
			}
		}
	}
}

// End checks that only white space, comments and processing instructions follow the root
// element.
func (d *XML) End() error {
	for {
		token, err := d.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return ErrTrailing
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return ErrTrailing
			}
		}
	}
}

// Each calls f with the lower-case local name of each child of the element that began last,
// up to the end of that element. Each skips a child that f does not read.
func (d *XML) Each(f func(name string) error) error {
	level := d.depth
	for {
		token, err := d.Next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := f(strings.ToLower(t.Name.Local)); err != nil {
				return err
			}
			if d.depth > level {
				if _, err := d.Skip(); err != nil {
					return err
				}
			}
		case xml.EndElement:
			return nil
		}
	}
}

// Text reads the text of the element that began last, without white space around it. The
// element must hold text only.
func (d *XML) Text() (string, error) {
	name := d.name
	text, ok, err := d.Content()
	if err == nil && !ok {
		err = fmt.Errorf("%s holds elements where a text is expected", name)
	}
	return text, err
}

// Content reads the element that began last to its end. It returns the text, and false if the
// element holds other elements.
func (d *XML) Content() (text string, ok bool, err error) {
	null, ok := d.null, true
	d.chars = d.chars[:0]
	for level := d.depth; d.depth >= level; {
		token, err := d.Next()
		if err != nil {
			return "", false, err
		}
		switch t := token.(type) {
		case xml.CharData:
			d.chars = append(d.chars, t...)
		case xml.StartElement:
			ok = false
		}
	}
	chars := bytes.TrimSpace(d.chars)
	if null || !ok || len(chars) == 0 {
		return "", ok, nil
	}
	d.Texts++
	return string(chars), true, nil
}

// Skip reads to the end of the element that began last and reports whether the element held
// any text. An element that is nil holds none.
func (d *XML) Skip() (text bool, err error) {
	null := d.null
	for level := d.depth; d.depth >= level; {
		token, err := d.Next()
		if err != nil {
			return text, err
		}
		if t, ok := token.(xml.CharData); ok && !null && len(bytes.TrimSpace(t)) > 0 {
			text = true
		}
	}
	return text, nil
}
