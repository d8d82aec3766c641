package httpserver

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A request that says in two ways where its body ends can be read in two ways. A proxy in
// front of us may take for a body what we take for another request, which it then has not
// checked (request smuggling). net/http accepts some such requests and hides from the
// handler what they said, so each connection is looked at while it is read.
//
// Source: https://www.rfc-editor.org/rfc/rfc9112#section-6.3

// framedListener refuses ambiguous requests on all its connections.
type framedListener struct {
	net.Listener
	logger *slog.Logger
}

func (l framedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &framedConn{Conn: conn, logger: l.logger}, nil
}

// framedConn hands on what it reads, and instead of the end of an ambiguous header a line
// that net/http answers with 400 and by closing the connection.
type framedConn struct {
	net.Conn
	logger *slog.Logger
	shake  sync.Once
	failed error // of the handshake

	framing framing
	insert  []byte      // handed on next
	ended   atomic.Bool // nothing more is handed on
}

// notAHeader is a line that cannot be in a header, and the end of one.
const notAHeader = "\x00\r\n\r\n"

func (c *framedConn) Read(p []byte) (int, error) {
	if c.shake.Do(c.handshake); c.failed != nil {
		return 0, c.failed
	}
	if len(c.insert) > 0 {
		n := copy(p, c.insert)
		c.insert = c.insert[n:]
		return n, nil
	}
	if c.ended.Load() {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	good := c.framing.read(p[:n])
	if good == n {
		return n, err
	}
	c.logger.Warn("request refused: it does not say clearly where its body ends", "from", c.RemoteAddr().String())
	c.insert = []byte(notAHeader)
	c.ended.Store(true)
	if good == 0 {
		return c.Read(p)
	}
	return good, nil
}

// The bounds of what is read of a refused connection before it is closed.
const (
	lingerTime = 500 * time.Millisecond
	lingerMost = 256 << 10
)

// Close closes the connection. Of a refused one it first reads what the client still sends:
// the system would otherwise reset the connection, and the client might not see the answer.
func (c *framedConn) Close() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.ended.Load() && half.CloseWrite() == nil {
		_ = c.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, c.Conn, lingerMost)
	}
	return c.Conn.Close()
}

// handshake makes the handshake of TLS, which net/http makes only when it sees the
// connection itself. The deadline is that of the first header.
func (c *framedConn) handshake() {
	conn, ok := c.Conn.(*tls.Conn)
	if !ok {
		return
	}
	if c.failed = conn.Handshake(); c.failed == nil {
		return
	}
	if errors.Is(c.failed, net.ErrClosed) { // for want of room, which is logged elsewhere
		return
	}
	c.logger.Warn("TLS handshake failed", "from", c.RemoteAddr().String(), "error", c.failed)
	var plain tls.RecordHeaderError
	if errors.As(c.failed, &plain) && plain.Conn != nil {
		_, _ = io.WriteString(plain.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nThis port speaks HTTPS.\n")
	}
	_ = conn.Close()
}

// framing follows the requests of one connection.
type framing struct {
	body    int64 // bytes of the body that are still to come
	endless bool  // a chunked body has begun; the connection ends with it

	line      []byte
	lines     int // of this header, before this line
	old       bool
	chunked   bool
	length    string
	ambiguous bool
}

// read takes what comes next and returns how much of it may be handed on: all of it, or
// what comes before the end of an ambiguous header.
func (f *framing) read(p []byte) int {
	for i := 0; i < len(p); i++ {
		switch {
		case f.endless:
			return len(p)
		case f.body > 0:
			skipped := min(f.body, int64(len(p)-i))
			f.body -= skipped
			i += int(skipped) - 1
		case p[i] != '\n':
			if len(f.line) < maxHeaderBytes { // net/http refuses a longer header
				f.line = append(f.line, p[i])
			}
		default:
			line := bytes.TrimSuffix(f.line, []byte{'\r'})
			f.line = f.line[:0]
			if !f.take(line) {
				return i
			}
		}
	}
	return len(p)
}

// take takes a line of a header and reports whether the header may go on, or end.
func (f *framing) take(line []byte) bool {
	switch {
	case len(line) > 0 && f.lines == 0:
		f.old = !bytes.HasSuffix(line, []byte("HTTP/1.1"))
		f.lines++
	case len(line) > 0:
		name, value, _ := strings.Cut(string(line), ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "content-length":
			f.length = strings.TrimSpace(value)
		case "transfer-encoding":
			f.chunked = true
		}
		f.ambiguous = f.ambiguous || line[0] == ' ' || line[0] == '\t' // a folded line
		f.lines++
	case f.lines > 0: // the end of the header; an empty line before a request is none
		ends := *f
		*f = framing{line: f.line}
		if ends.ambiguous || ends.chunked && (ends.length != "" || ends.old) {
			return false
		}
		f.endless = ends.chunked
		f.body, _ = strconv.ParseInt(ends.length, 10, 64) // net/http refuses what is no number
	}
	return true
}

// lastOfItsConnection has the connection closed after a chunked request: framing does not
// follow where such a body ends.
func lastOfItsConnection(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
