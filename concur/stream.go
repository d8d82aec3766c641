package concur

import (
	"bufio"
	"errors"
	"io"

	"concur-connector/concur/wire"
)

// maxStream bounds an answer that is read as it comes, in bytes: far above any list
// that Concur can mean, and below for ever.
const maxStream = 512 << 20

// peeked is how much of an answer is looked at for a gateway's page.
const peeked = 1 << 10

// stream has a success read as it comes, and says what became of it: nothing, what the
// reader found wrong, or that the body did not come to its end.
func (c *Client) stream(r request, a *answer, body io.Reader, contentType string) *Error {
	limited := &boundedReader{r: body, left: maxStream}
	clean := wire.NewCleaner(limited, contentType)
	buffered := bufio.NewReaderSize(clean, 64<<10)
	head, err := buffered.Peek(peeked) // its error comes again
	a.html = a.html || wire.IsHTML(head)
	switch {
	case limited.err != nil:
		return r.cut(a, limited.err)
	case err != nil && !errors.Is(err, io.EOF): // of an encoding that is not known
		return r.unreadable(a, err)
	case wire.IsHTML(head), wire.IsText(head), isEmpty(head) && len(head) < peeked:
		a.body = head
		return r.hollow(a)
	}
	err = r.consume(buffered)
	c.replaced(r, a, clean.Replaced())
	switch {
	case limited.full:
		return r.oversized(a, maxStream)
	case limited.err != nil:
		return r.cut(a, limited.err)
	case err != nil:
		return r.unreadable(a, err)
	}
	return nil
}

// boundedReader reads no more than it may, and remembers why it ended: a decoder does
// not tell an answer that is wrong from one that was cut.
type boundedReader struct {
	r    io.Reader
	left int64
	full bool  // there was more than it may read
	err  error // of r, other than its end
}

var errFull = errors.New("more than may be read")

// Read reads from r while something is left.
func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.full = true
		return 0, errFull
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		b.err = err
	}
	return n, err
}
