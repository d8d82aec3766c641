package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"concur-connector/concur/wire/lenient"
)

// What makes any XML payload unreadable. ErrUnexpectedEOF is wrapped where the
// payload ends too early, so that a cut answer can be told from a wrong one.
var (
	errDTD      = errors.New("a document type declaration is not accepted")
	errTrailing = errors.New("something follows the end of the document")
	errLeading  = errors.New("text before the root element")
	errEmpty    = errors.New("empty")
	errCut      = fmt.Errorf("ends before it is complete: %w", io.ErrUnexpectedEOF)
)

// document reads one XML document element by element, without holding it.
// Entities other than the five predefined ones do not exist for it, and nothing
// outside the document is ever read.
type document struct {
	dec      *xml.Decoder
	depth    int
	maxDepth int
	name     string // of the element begun last, as it was written
	null     bool   // that element says i:nil="true"
	counted  string // its attribute Count
	texts    int    // how many texts were read that are not empty
	chars    []byte // of the text being read
}

func newDocument(r io.Reader, maxDepth int) *document {
	d := &document{dec: xml.NewDecoder(r), maxDepth: maxDepth}
	// Package lenient has made UTF-8 of it, whatever it declares.
	d.dec.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	return d
}

// parse reads a whole document held in memory: the root must have one of the
// names, and f reads what is in it.
func parse(body []byte, maxDepth int, f func(d *document) error, roots ...string) error {
	body, err := clean(body)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return errEmpty
	}
	d := newDocument(bytes.NewReader(body), maxDepth)
	if err := d.root(roots...); err != nil {
		return err
	}
	if err := f(d); err != nil {
		return err
	}
	return d.end()
}

// clean returns a document that is held in memory as UTF-8 with only characters that XML
// and JSON may hold, and without a byte order mark.
func clean(body []byte) ([]byte, error) {
	body, _, err := Clean(body, "")
	return bytes.TrimPrefix(body, []byte(byteOrderMark)), err
}

// byteOrderMark may begin a document in UTF-8.
const byteOrderMark = "\uFEFF"

// Clean has what package lenient does done to a document, before anything is decoded. The
// decoders of this package do it themselves; they do not know the content type with which
// the document was sent, and do not say how many characters were replaced.
func Clean(body []byte, contentType string) (cleaned []byte, replaced int, err error) {
	return lenient.Bytes(body, contentType)
}

// NewCleaner is Clean for a document that is read as it comes.
func NewCleaner(r io.Reader, contentType string) *lenient.Reader {
	return lenient.NewReader(r, contentType)
}

func (d *document) next() (xml.Token, error) {
	token, err := d.dec.Token()
	if err != nil {
		return nil, d.explain(err)
	}
	switch t := token.(type) {
	case xml.StartElement:
		if d.depth++; d.depth > d.maxDepth {
			return nil, fmt.Errorf("nested deeper than %d elements", d.maxDepth)
		}
		d.name, d.null, d.counted = t.Name.Local, isNil(t.Attr), attribute(t.Attr, "Count")
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

// attribute returns the value of an attribute; empty when there is none of that name.
func attribute(attrs []xml.Attr, name string) string {
	for _, a := range attrs {
		if strings.EqualFold(a.Name.Local, name) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// explain keeps the line of a syntax error and drops its text, which quotes the document.
func (d *document) explain(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, lenient.ErrEncoding):
		return lenient.ErrEncoding
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

// root reads up to and into the root element, whose name must be one of names.
func (d *document) root(names ...string) error {
	for {
		token, err := d.next()
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

// end checks that nothing but white space, comments and processing instructions
// follows the root element.
func (d *document) end() error {
	for {
		token, err := d.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return errTrailing
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return errTrailing
			}
		}
	}
}

// each calls f with the lower-case local name of each child of the element that
// was begun last, up to that element's end. A child that f does not read is skipped.
func (d *document) each(f func(name string) error) error {
	level := d.depth
	for {
		token, err := d.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := f(strings.ToLower(t.Name.Local)); err != nil {
				return err
			}
			if d.depth > level {
				if _, err := d.skip(); err != nil {
					return err
				}
			}
		case xml.EndElement:
			return nil
		}
	}
}

// text reads the text of the element that was begun last, without white space
// around it. The element may hold nothing but text.
func (d *document) text() (string, error) {
	name := d.name
	text, ok, err := d.content()
	if err == nil && !ok {
		err = fmt.Errorf("%s holds elements where a text is expected", name)
	}
	return text, err
}

// content reads the element that was begun last to its end: its text, or false
// when there are elements in it.
func (d *document) content() (text string, ok bool, err error) {
	null, ok := d.null, true
	d.chars = d.chars[:0]
	for level := d.depth; d.depth >= level; {
		token, err := d.next()
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
	d.texts++
	return string(chars), true, nil
}

// skip reads to the end of the element that was begun last and reports whether
// there was any text in it; in one that is nil there is none.
func (d *document) skip() (text bool, err error) {
	null := d.null
	for level := d.depth; d.depth >= level; {
		token, err := d.next()
		if err != nil {
			return text, err
		}
		if t, ok := token.(xml.CharData); ok && !null && len(bytes.TrimSpace(t)) > 0 {
			text = true
		}
	}
	return text, nil
}
