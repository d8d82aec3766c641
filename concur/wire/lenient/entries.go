package lenient

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// repairer passes a list on, and replaces each entry that is not well-formed by a note, so
// that the decoder of the list reaches the entries behind it.
//
// It reads an entry that is not well-formed a second time, plainly: as if comments, CDATA
// sections and strings were ordinary text. If one of them has no end, it would hide the entries
// behind it.
type repairer struct {
	in     io.ByteReader
	next   func() error // reads on and writes to out
	unread [][]byte     // is read again before in, the last one first
	out    []byte       // is ready to be read
	err    error        // of in, after what is ready

	entry   []byte // what was read of it so far; nil between entries
	tooLong bool   // the entry is longer than MaxEntry; only its beginning is kept
	plain   bool   // the entry is being read plainly
	rereads int

	wellFormed func(entry []byte) bool
	write      func(entry []byte) // writes an entry, or a note when entry is nil
}

// MaxEntry limits an entry of a list that is held in memory, in bytes. A longer entry is
// replaced by a note.
const MaxEntry = 4 << 20

// maxRereads limits how many entries are read twice. After that the repairer reads every entry
// plainly at once.
const maxRereads = 20

// MalformedEntry is the name that a note has instead of the names of an entry.
const MalformedEntry = "entry-that-is-not-well-formed"

// ErrMalformedEntry is the error of an entry that a note replaces.
var ErrMalformedEntry = errors.New("not well-formed")

// Read returns what is ready. If nothing is, it reads on.
func (c *repairer) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		c.err = c.next()
	}
	n := copy(p, c.out)
	c.out = c.out[:copy(c.out, c.out[n:])]
	return n, nil
}

// take reads one byte.
func (c *repairer) take() (byte, error) {
	last := len(c.unread) - 1
	if last < 0 {
		return c.in.ReadByte()
	}
	b := c.unread[last][0]
	if c.unread[last] = c.unread[last][1:]; len(c.unread[last]) == 0 {
		c.unread = c.unread[:last]
	}
	return b, nil
}

// readAgain puts a text back, to be read next.
func (c *repairer) readAgain(text ...byte) {
	if len(text) > 0 {
		c.unread = append(c.unread, text)
	}
}

// add adds to the entry.
func (c *repairer) add(part ...byte) {
	switch {
	case len(c.entry)+len(part) <= MaxEntry:
		c.entry = append(c.entry, part...)
	case c.plain:
		c.tooLong = true
	default:
		c.reread(part)
	}
}

// reread puts back the entry and the text behind it, to be read plainly.
func (c *repairer) reread(rest []byte) {
	c.readAgain(slices.Concat(c.entry, rest)...)
	c.entry, c.plain = nil, true
	c.rereads++
}

// end writes the entry, and puts back what was read of the text behind it.
func (c *repairer) end(rest []byte) {
	entry := c.entry
	if c.tooLong || !c.wellFormed(entry) {
		if !c.plain {
			c.reread(rest)
			return
		}
		entry = nil
	}
	c.write(entry)
	c.entry, c.tooLong, c.plain = nil, false, c.rereads >= maxRereads
	c.readAgain(rest...)
}

// endInEntry is called when the document ends inside an entry.
func (c *repairer) endInEntry(err error) error {
	if !c.plain && errors.Is(err, io.EOF) {
		c.reread(nil)
		return nil
	}
	c.out = append(c.out, c.entry...) // the decoder then reports that the document is cut off
	c.entry = nil
	return err
}

// addresses returns the content of a note: the addresses that can still be read in the entry.
// An address that occurs twice is left out.
func (c *repairer) addresses(pattern *regexp.Regexp, format string) (text []byte) {
	found := map[string][]string{}
	for _, match := range pattern.FindAllSubmatch(c.entry, 20) {
		name := strings.Replace(strings.ToLower(string(match[1])), "url", "uri", 1)
		found[name] = append(found[name], string(match[2]))
	}
	for _, name := range []string{"notificationuri", "objecturi"} {
		if len(found[name]) == 1 {
			text = fmt.Appendf(text, format, name, found[name][0])
		}
	}
	return text
}
