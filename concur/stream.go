package concur

import (
	"bufio"
	"errors"
	"io"

	"concur-connector/concur/wire"
)

// maxStream limits an answer that is read as it comes, in bytes. No list of Concur is that
// long.
const maxStream = 512 << 20

// peekSize is how much of an answer is searched for a gateway's page, in bytes.
const peekSize = 1 << 10

// stream reads a success as it comes. It returns nil, the reader's error, or that the body was
// truncated.
func (c *Client) stream(r request, a *answer, body io.Reader, contentType string) *Error {
	limited := &boundedReader{r: body, left: maxStream}
	clean := wire.NewCleaner(limited, contentType)
	buffered := bufio.NewReaderSize(clean, 64<<10)
	head, err := buffered.Peek(peekSize) // its error comes again
	a.html = a.html || wire.IsHTML(head)
	switch {
	case limited.err != nil:
		return r.truncatedAnswer(a, limited.err)
	case err != nil && !errors.Is(err, io.EOF): // of an encoding that is not known
		return r.malformedAnswer(a, err)
	case wire.IsHTML(head), wire.IsText(head), isEmpty(head) && len(head) < peekSize:
		a.body = head
		return r.emptyAnswer(a)
	}
	err = r.consume(buffered)
	c.logReplaced(r, a, clean.Replaced())
	switch {
	case limited.tooLong:
		return r.answerTooLarge(a, maxStream)
	case limited.err != nil:
		return r.truncatedAnswer(a, limited.err)
	case err != nil:
		return r.malformedAnswer(a, err)
	}
	return nil
}

// boundedReader limits the bytes of an answer. It keeps the reason why the answer ended, because
// to a decoder a truncated answer looks like a wrong one.
type boundedReader struct {
	r       io.Reader
	left    int64
	tooLong bool  // there was more than it may read
	err     error // of r, other than its end
}

var errTooLong = errors.New("more than may be read")

// Read reads from r until the limit.
func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.tooLong = true
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		b.err = err
	}
	return n, err
}
