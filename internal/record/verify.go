package record

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// The reasons of a [Fault].
var (
	errNoHash  = errors.New("it is not a line of a record: it does not end with its hash")
	errChanged = errors.New("its content does not match its hash: somebody has changed it")
	errBroken  = errors.New("it does not continue the line before it: a line was removed, added or moved here")
	errNumber  = errors.New("its number does not follow the number of the line before it")
	errTorn    = errors.New("it has no end: the program or the machine stopped while writing it")
	errLong    = fmt.Errorf("it is longer than %d bytes", maxLine)
)

// maxLine is the greatest length of a line in bytes. A payload of Temporal has at most 2 MiB, and
// JSON may write one byte as six.
const maxLine = 16 << 20

// Fault is the first line that breaks the chain.
type Fault struct {
	Line int // from 1
	Why  error
}

func (f *Fault) Error() string { return fmt.Sprintf("line %d: %s", f.Line, f.Why) }

func (f *Fault) Unwrap() error { return f.Why }

// Verify reads a record from its beginning and returns its end. The error is a [*Fault] if a
// line breaks the chain; the head is then that of the lines before it.
func Verify(in io.Reader) (Head, error) { return read(in, Head{}, nil) }

// Each is Verify, and calls each for every line, with the hash of the line.
func Each(in io.Reader, each func(line Line, hash string)) (Head, error) {
	return read(in, Head{}, func(line Line, hash string, _ int) { each(line, hash) })
}

// read follows the chain after a head and calls each for every line, with the line's hash and its
// length in bytes.
func read(in io.Reader, head Head, each func(line Line, hash string, length int)) (Head, error) {
	lines := bufio.NewReaderSize(in, 64<<10)
	for {
		raw, err := readLine(lines)
		switch {
		case errors.Is(err, io.EOF) && len(raw) == 0:
			return head, nil
		case errors.Is(err, io.EOF):
			return head, &Fault{Line: head.Lines + 1, Why: errTorn}
		case errors.Is(err, errLong):
			return head, &Fault{Line: head.Lines + 1, Why: err}
		case err != nil:
			return head, fmt.Errorf("read the record: %w", err)
		}
		line, after, err := head.parse(raw)
		if err != nil {
			return head, &Fault{Line: head.Lines + 1, Why: err}
		}
		if head = after; each != nil {
			each(line, head.Hash, len(raw)+1)
		}
	}
}

// readLine returns a line without its newline. At the end of the input it returns what is left
// and io.EOF.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return line, err
		}
		return line[:len(line)-1], nil
	}
}
