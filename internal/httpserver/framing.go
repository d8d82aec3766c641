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

// A request can state the end of its body in two contradictory ways. A proxy may then read as a
// body what this server reads as another request, which the proxy has not checked (request
// smuggling). net/http accepts some of these requests and hides their headers from the handler,
// so this file checks the bytes of each connection.
//
// Source: https://www.rfc-editor.org/rfc/rfc9112#section-6.3

// framedListener rejects ambiguous requests on all its connections.
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

// framedConn passes on the bytes that it reads. It replaces the end of an ambiguous header with
// an invalid line, so that net/http answers 400 and closes the connection.
type framedConn struct {
	net.Conn
	logger *slog.Logger
	shake  sync.Once
	failed error // the error of the handshake

	framing framing
	insert  []byte      // to pass on next
	ended   atomic.Bool // nothing more is passed on
}

// notAHeader is an invalid header line and the end of a header.
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
	c.logger.Warn("request rejected: the end of its body is ambiguous", "from", c.RemoteAddr().String())
	c.insert = []byte(notAHeader)
	c.ended.Store(true)
	if good == 0 {
		return c.Read(p)
	}
	return good, nil
}

// The limits of reading from a rejected connection before it is closed.
const (
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 256 << 10
)

// Close closes the connection. After a rejected request it first reads what the client still
// sends. Otherwise the system would reset the connection, and the client might miss the answer.
func (c *framedConn) Close() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.ended.Load() && half.CloseWrite() == nil {
		_ = c.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
	}
	return c.Conn.Close()
}

// handshake performs the TLS handshake, because net/http does not see the TLS connection
// behind framedConn. The deadline of the first header applies.
func (c *framedConn) handshake() {
	conn, ok := c.Conn.(*tls.Conn)
	if !ok {
		return
	}
	if c.failed = conn.Handshake(); c.failed == nil {
		return
	}
	if errors.Is(c.failed, net.ErrClosed) { // closed at the limit of connections, which is logged elsewhere
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
	body    int64 // remaining bytes of the body
	endless bool  // a chunked body has begun; the connection is closed after it

	line      []byte
	lines     int  // complete lines of this header
	old       bool // older than HTTP/1.1
	chunked   bool
	length    string
	ambiguous bool
}

// read checks the next bytes. It returns how many of them may be passed on: all, or those
// before the end of an ambiguous header.
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

// take checks one line of a header. It returns false at the end of an ambiguous header.
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
	case f.lines > 0: // the end of the header; empty lines before a request do not count
		header := *f
		*f = framing{line: f.line}
		if header.ambiguous || header.chunked && (header.length != "" || header.old) {
			return false
		}
		f.endless = header.chunked
		f.body, _ = strconv.ParseInt(header.length, 10, 64) // net/http rejects other texts
	}
	return true
}

// closeAfterChunked closes the connection after a chunked request, because framing does not
// find the end of such a body.
func closeAfterChunked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
