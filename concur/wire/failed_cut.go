package wire

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// cutter passes a failed list on and puts a note in the place of each entry that is not
// well-formed, so that the decoder of the list comes to the entries behind it.
type cutter struct {
	in   io.ByteReader
	next func() error // reads on, and writes to out
	back [][]byte     // are read again before in, the last one first
	out  []byte       // is ready
	err  error        // of in, after what is ready

	entry []byte // as far as it was read; nil between entries
	long  bool   // the entry is longer than maxEntry, and only its beginning is kept
	// plain has comments, CDATA sections and strings read as if they were none. An entry
	// that is not well-formed is read once more like that: what has no end in it would
	// hide the entries behind it.
	plain   bool
	rereads int

	wellFormed func(entry []byte) bool
	put        func(entry []byte) // writes an entry, or a note when it is nil
}

// maxRereads bounds how many entries are read twice; from then on all are read plainly.
const maxRereads = 20

// broken is the name in a note by which the decoder knows it.
const broken = "entry-that-is-not-well-formed"

var errBroken = errors.New("not well-formed")

// Read returns what is ready, and reads on when nothing is.
func (c *cutter) Read(p []byte) (int, error) {
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
func (c *cutter) take() (byte, error) {
	last := len(c.back) - 1
	if last < 0 {
		return c.in.ReadByte()
	}
	b := c.back[last][0]
	if c.back[last] = c.back[last][1:]; len(c.back[last]) == 0 {
		c.back = c.back[:last]
	}
	return b, nil
}

// again has a text read again.
func (c *cutter) again(text ...byte) {
	if len(text) > 0 {
		c.back = append(c.back, text)
	}
}

// add keeps a part of the entry.
func (c *cutter) add(part ...byte) {
	switch {
	case len(c.entry)+len(part) <= maxEntry:
		c.entry = append(c.entry, part...)
	case c.plain:
		c.long = true
	default:
		c.reread(part)
	}
}

// reread has the entry and what follows it read again, plainly.
func (c *cutter) reread(rest []byte) {
	c.again(slices.Concat(c.entry, rest)...)
	c.entry, c.plain = nil, true
	c.rereads++
}

// end writes the entry. What was read of the text behind it is read again.
func (c *cutter) end(rest []byte) {
	entry := c.entry
	if c.long || !c.wellFormed(entry) {
		if !c.plain {
			c.reread(rest)
			return
		}
		entry = nil
	}
	c.put(entry)
	c.entry, c.long, c.plain = nil, false, c.rereads >= maxRereads
	c.again(rest...)
}

// cut is called at the end of the list within an entry.
func (c *cutter) cut(err error) error {
	if !c.plain && errors.Is(err, io.EOF) {
		c.reread(nil)
		return nil
	}
	c.out = append(c.out, c.entry...) // for the decoder to say that it is not whole
	c.entry = nil
	return err
}

// addresses returns what a note says: the addresses that are still to be seen in the
// entry. Of two of a name it takes none.
func (c *cutter) addresses(pattern *regexp.Regexp, format string) (text []byte) {
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
