package lenient

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bytes returns a document as UTF-8 without characters that XML 1.0 forbids, and how
// many were replaced. A document that needs no change is returned as it is. The content
// type is that of the answer, or empty. Bytes of what Bytes has returned changes nothing.
func Bytes(document []byte, contentType string) (clean []byte, replaced int, err error) {
	r := NewReader(bytes.NewReader(document), contentType)
	clean, err = io.ReadAll(r)
	if err != nil {
		return nil, 0, err
	}
	if bytes.Equal(clean, document) {
		clean = document
	}
	return clean, r.Replaced(), nil
}

// Reader reads a document as Bytes does, as it comes.
type Reader struct {
	r           io.Reader
	contentType string
	source      *source // nil before the first read
	syntax      syntax
	back        []rune // were read and are read again
	out         []byte // is ready; a part of buffer, unless that was too small
	buffer      []byte
	err         error // of r, after what is ready
	replaced    int
}

// syntax follows a document as far as that is needed to know what a character means.
type syntax interface {
	// next reads at least one character and writes what stands for it.
	next(r *Reader) error
}

// NewReader returns a reader of the document that r holds.
func NewReader(r io.Reader, contentType string) *Reader {
	return &Reader{r: r, contentType: contentType}
}

// Replaced returns how many characters were replaced so far.
func (r *Reader) Replaced() int { return r.replaced }

const chunk = 4 << 10

// Read reads what is there, without waiting for a full buffer.
func (r *Reader) Read(p []byte) (int, error) {
	if r.source == nil {
		s, err := open(r.r, r.contentType)
		if err != nil {
			r.err = err
		}
		r.source, r.syntax = &s, &prolog{}
		r.buffer = make([]byte, 0, 2*chunk)
		r.out = r.buffer
		if s.mark {
			r.out = append(r.out, ByteOrderMark...)
		}
	}
	for r.err == nil && len(r.out) < chunk && (len(r.out) == 0 || r.source.in.Buffered() > 0) {
		r.err = r.syntax.next(r)
	}
	if len(r.out) == 0 {
		return 0, r.err
	}
	n := copy(p, r.out)
	if r.out = r.out[n:]; len(r.out) == 0 {
		r.out = r.buffer[:0]
	}
	return n, nil
}

// bad stands for a byte that no encoding explains.
const bad rune = -1

// take reads one character.
func (r *Reader) take() (rune, error) {
	if n := len(r.back); n > 0 {
		c := r.back[n-1]
		r.back = r.back[:n-1]
		return c, nil
	}
	c, size, err := r.source.in.ReadRune()
	switch {
	case err != nil:
		return 0, err
	case c == utf8.RuneError && size == 1:
		if r.source.fallback == nil {
			return bad, nil
		}
		_ = r.source.in.UnreadRune() // was read
		b, err := r.source.in.ReadByte()
		if c = r.source.fallback.DecodeByte(b); c == utf8.RuneError {
			c = bad
		}
		return c, err
	case c == utf8.RuneError && r.source.decoded:
		return bad, nil
	}
	return c, nil
}

// run writes the characters that follow, as far as they are at hand and mean nothing to
// the syntax, and returns them.
func (r *Reader) run(means string) []byte {
	if len(r.back) > 0 {
		return nil
	}
	text, _ := r.source.in.Peek(r.source.in.Buffered()) // no more than there is
	end := bytes.IndexFunc(text, func(c rune) bool {
		return c < ' ' || c >= utf8.RuneSelf || strings.ContainsRune(means, c)
	})
	if end < 0 {
		end = len(text)
	}
	r.out = append(r.out, text[:end]...)
	run := r.out[len(r.out)-end:]
	_, _ = r.source.in.Discard(end) // was peeked
	return run
}

// giveBack has characters read again.
func (r *Reader) giveBack(text []rune) {
	for i := len(text) - 1; i >= 0; i-- {
		r.back = append(r.back, text[i])
	}
}

// put writes a character, or U+FFFD in its place.
func (r *Reader) put(c rune) {
	if !allowed(c) {
		r.replaced++
		c = utf8.RuneError
	}
	r.out = utf8.AppendRune(r.out, c)
}

// allowed reports whether XML 1.0 has the character.
func allowed(c rune) bool {
	return c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c <= 0xD7FF ||
		c >= 0xE000 && c <= 0xFFFD || c >= 0x10000 && c <= utf8.MaxRune
}

// prolog is the white space before the first character, which shows what follows.
type prolog struct{}

func (prolog) next(r *Reader) error {
	c, err := r.take()
	switch {
	case err != nil:
		return err
	case strings.ContainsRune("\uFEFF \t\r\n", c):
		r.put(c)
		return nil
	case c == '<':
		r.syntax = &inXML{}
	default:
		r.syntax = &inJSON{}
	}
	r.giveBack([]rune{c})
	return nil
}

// inXML finds comments, CDATA sections and processing instructions. In them, unlike in text and
// attributes, a reference does not stand for a character.
type inXML struct {
	end  string                 // of the section that began last; empty: none is open
	last [longestDelimiter]byte // the characters read last; 0 for one that is in no delimiter
}

const longestDelimiter = len("<![CDATA[")

// sections are what a reference has no meaning in: how each begins and ends.
var sections = [...]struct{ begin, end string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}}

func (x *inXML) next(r *Reader) error {
	if run := r.run("&>-[?"); len(run) > 0 {
		x.read(run)
		return nil
	}
	c, err := r.take()
	if err != nil {
		return err
	}
	if c == '&' && x.end == "" {
		x.read([]byte{0})
		return r.reference()
	}
	r.put(c)
	if c >= utf8.RuneSelf {
		c = 0
	}
	x.read([]byte{byte(c)})
	switch {
	case c == '>' && x.end != "" && x.follows(x.end):
		x.end, x.last = "", [longestDelimiter]byte{}
	case x.end == "" && (c == '-' || c == '[' || c == '?'):
		for _, s := range sections {
			if x.follows(s.begin) {
				x.end, x.last = s.end, [longestDelimiter]byte{}
			}
		}
	}
	return nil
}

// read remembers the characters that were read last.
func (x *inXML) read(text []byte) {
	text = text[max(0, len(text)-longestDelimiter):]
	copy(x.last[:], x.last[len(text):])
	copy(x.last[longestDelimiter-len(text):], text)
}

func (x *inXML) follows(delimiter string) bool {
	return string(x.last[longestDelimiter-len(delimiter):]) == delimiter
}

// maxReference bounds a reference that is understood, in characters: one with more
// leading zeros is left for the decoder.
const maxReference = 64

// reference reads what follows an ampersand. A character reference to what XML 1.0
// forbids is replaced, everything else stays as it is.
func (r *Reader) reference() error {
	text := []rune{'&'}
	for len(text) < maxReference {
		c, err := r.take()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return err
			}
			break
		}
		text = append(text, c)
		if c == ';' || len(text) == 2 && c != '#' || c >= utf8.RuneSelf || c < '#' {
			break
		}
	}
	if number, ok := referred(string(text)); ok && !allowed(number) {
		r.put(bad)
		return nil
	}
	r.out = append(r.out, '&')
	r.giveBack(text[1:])
	return nil
}

// referred returns the character that a reference stands for.
func referred(text string) (c rune, ok bool) {
	digits, isReference := strings.CutPrefix(text, "&#")
	digits, ends := strings.CutSuffix(digits, ";")
	if !isReference || !ends || strings.ContainsAny(digits, "+-_") {
		return 0, false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	number, err := strconv.ParseUint(digits, base, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), number > utf8.MaxRune:
		return bad, true
	case err != nil:
		return 0, false
	}
	return rune(number), true
}

// inJSON finds strings. Only in a string does a backslash escape a character.
type inJSON struct{ inString bool }

func (j *inJSON) next(r *Reader) error {
	if len(r.run(`"\`)) > 0 {
		return nil
	}
	c, err := r.take()
	switch {
	case err != nil:
		return err
	case c == '"':
		j.inString = !j.inString
	case j.inString && c == '\\':
		return r.escape()
	case j.inString && (c == '\t' || c == '\n' || c == '\r'):
		c = ' ' // which is right also if a quote is missing, and this is not in a string
	}
	r.put(c)
	return nil
}

// escape reads what follows a backslash. What stands for a character that XML 1.0
// forbids is replaced, everything else stays as it is.
func (r *Reader) escape() error {
	c, err := r.take()
	switch {
	case err != nil:
		r.out = append(r.out, '\\')
		return err
	case c == 'b', c == 'f':
		r.replaceEscape()
		return nil
	case c != 'u':
		r.out = append(r.out, '\\')
		r.put(c)
		return nil
	}
	digits, number, ok := r.hex()
	if !ok {
		r.out = append(r.out, `\u`...)
		r.giveBack(digits)
		return nil
	}
	if number >= 0xD800 && number <= 0xDBFF {
		return r.pair(digits)
	}
	if !allowed(number) {
		r.replaceEscape()
		return nil
	}
	r.out = append(r.out, `\u`+string(digits)...)
	return nil
}

// pair reads the second half of a surrogate pair. A first half alone is replaced.
func (r *Reader) pair(first []rune) error {
	var read []rune
	for _, want := range `\u` {
		c, err := r.take()
		if err == nil {
			read = append(read, c)
		}
		if err != nil || c != want {
			r.replaceEscape()
			r.giveBack(read)
			return nil // an error comes again
		}
	}
	digits, number, ok := r.hex()
	if !ok || number < 0xDC00 || number > 0xDFFF {
		r.replaceEscape()
		r.giveBack(append(read, digits...))
		return nil
	}
	r.out = append(r.out, `\u`+string(first)+`\u`+string(digits)...)
	return nil
}

// hex reads four hexadecimal digits. What it read is returned also when they are none.
func (r *Reader) hex() (digits []rune, number rune, ok bool) {
	for range 4 {
		c, err := r.take()
		if err != nil {
			return digits, 0, false // it comes again
		}
		digits = append(digits, c)
		value := strings.IndexRune("0123456789abcdef", c|0x20)
		if c < '0' || c > 'f' || value < 0 {
			return digits, 0, false
		}
		number = number<<4 | rune(value)
	}
	return digits, number, true
}

func (r *Reader) replaceEscape() {
	r.replaced++
	r.out = append(r.out, `\ufffd`...)
}
