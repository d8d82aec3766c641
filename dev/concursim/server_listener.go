package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxLine limits the length of a request line.
const maxLine = 32 << 10

// splitListener accepts connections on the API's port and finishes the TLS handshake. A
// connection without a handshake is plain HTTP on the wrong port. It goes to the plain
// listener, which notices a token in clear text.
type splitListener struct {
	net.Listener
	plain *chanListener
	tls   *chanListener
}

func newSplitListener(l net.Listener, certificate tls.Certificate, accept func() bool) *splitListener {
	split := &splitListener{Listener: l, plain: newChanListener(l.Addr()), tls: newChanListener(l.Addr())}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				split.plain.Close()
				split.tls.Close()
				return
			}
			if !accept() {
				conn.Close()
				continue
			}
			go split.sort(conn, config, accept)
		}
	}()
	return split
}

func (l *splitListener) sort(conn net.Conn, config *tls.Config, accept func() bool) {
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	peeked := newLineConn(conn, accept)
	first, err := peeked.reader.Peek(1)
	if err != nil {
		conn.Close()
		return
	}
	const handshake = 0x16
	if first[0] != handshake {
		l.plain.give(peeked)
		return
	}
	secured := tls.Server(peeked.rest(), config)
	if err := secured.Handshake(); err != nil {
		conn.Close()
		return
	}
	l.tls.give(newLineConn(secured, accept))
}

func (l *splitListener) Accept() (net.Conn, error) { return l.tls.Accept() }

// lineConn lets request lines through net/http that contain an invalid escape, as Concur's
// sample keys do. It writes such a % as %25 and remembers the original line. A connection
// may carry many requests, one after another.
type lineConn struct {
	net.Conn
	reader *bufio.Reader
	accept func() bool // called before every request but the first

	head []byte // the unread rest of the present request's corrected head
	body int64  // the unread bytes of its body
	raw  bool   // the start of the next request is unknown: everything passes unchanged
	used bool   // there was a request

	mu      sync.Mutex
	targets []string // targets of requests that were read but not handled yet
}

func newLineConn(conn net.Conn, accept func() bool) *lineConn {
	return &lineConn{Conn: conn, reader: bufio.NewReaderSize(conn, maxLine), accept: accept}
}

// rest returns the connection including the bytes that were peeked, without corrections.
func (c *lineConn) rest() net.Conn { return &restConn{Conn: c.Conn, reader: c.reader} }

type restConn struct {
	net.Conn
	reader *bufio.Reader
}

func (c *restConn) Read(p []byte) (int, error) { return c.reader.Read(p) }

// readHead reads the head of the next request and corrects its first line. If the read
// fails, what has arrived stays in the reader.
func (c *lineConn) readHead() error {
	var head []byte
	for {
		head, _ = c.reader.Peek(c.reader.Buffered())
		if at := bytes.Index(head, []byte("\r\n\r\n")); at >= 0 {
			head = head[:at+4]
			break
		}
		_, err := c.reader.Peek(len(head) + 1)
		if c.raw = errors.Is(err, bufio.ErrBufferFull); c.raw {
			return nil
		}
		if err != nil {
			return err
		}
	}
	if c.used && !c.accept() {
		c.Conn.Close()
		return net.ErrClosed
	}
	c.used = true
	line, fields, _ := strings.Cut(string(head), "\r\n")
	c.reader.Discard(len(head))
	target := ""
	if parts := strings.Split(line, " "); len(parts) == 3 {
		target = parts[1]
		line = parts[0] + " " + escapeStray(parts[1]) + " " + parts[2]
	}
	c.mu.Lock()
	c.targets = append(c.targets, target)
	c.mu.Unlock()
	c.head, c.body = []byte(line+"\r\n"+fields), 0
	for field := range strings.SplitSeq(fields, "\r\n") {
		name, value, _ := strings.Cut(field, ":")
		switch {
		case strings.EqualFold(name, "Content-Length"):
			c.body, _ = strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		case strings.EqualFold(name, "Transfer-Encoding"):
			c.raw = true
		}
	}
	return nil
}

// Read reads from the present request, then from the next.
func (c *lineConn) Read(p []byte) (int, error) {
	if len(c.head) == 0 && c.body <= 0 && !c.raw {
		if err := c.readHead(); err != nil {
			return 0, err
		}
	}
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	if c.raw {
		return c.reader.Read(p)
	}
	n, err := c.reader.Read(p[:min(int64(len(p)), c.body)])
	c.body -= int64(n)
	return n, err
}

// escapeStray writes every % that does not begin a valid escape as %25.
func escapeStray(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if _, valid := escapeAt(s, i); s[i] == '%' && !valid {
			b.WriteString("25")
		}
	}
	return b.String()
}

// unescape decodes valid escapes and leaves every other % unchanged.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if decoded, valid := escapeAt(s, i); valid {
			b.WriteByte(decoded)
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// escapeAt returns the byte of the percent escape at i, and false if none is there.
func escapeAt(s string, i int) (byte, bool) {
	if s[i] != '%' || i+2 >= len(s) {
		return 0, false
	}
	n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
	return byte(n), err == nil
}

// sameSegment reports whether a key in a link and a path segment that a client sent mean
// the same: byte for byte, or after decoding percent escapes.
func sameSegment(key, sent string) bool {
	return key == sent || key == unescape(sent) || unescape(key) == unescape(sent)
}

type lineKey struct{}

// withRequestLine puts the connection into the context of its requests.
func withRequestLine(ctx context.Context, conn net.Conn) context.Context {
	if line, ok := conn.(*lineConn); ok {
		return context.WithValue(ctx, lineKey{}, line)
	}
	return ctx
}

// targetOf returns the target of the request line exactly as it was sent. Call it once per
// request.
func targetOf(r *http.Request) string {
	line, ok := r.Context().Value(lineKey{}).(*lineConn)
	if !ok {
		return r.RequestURI
	}
	line.mu.Lock()
	defer line.mu.Unlock()
	if len(line.targets) == 0 {
		return r.RequestURI
	}
	target := line.targets[0]
	line.targets = line.targets[1:]
	return cmp.Or(target, r.RequestURI)
}

// chanListener hands out connections that another listener accepted.
type chanListener struct {
	addr  net.Addr
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newChanListener(addr net.Addr) *chanListener {
	return &chanListener{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

// give hands out a connection once a whole head has arrived in time.
func (l *chanListener) give(conn *lineConn) {
	if err := conn.readHead(); err != nil {
		conn.Close()
		return
	}
	conn.SetDeadline(time.Time{})
	select {
	case l.conns <- conn:
	case <-l.done:
		conn.Close()
	}
}

func (l *chanListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *chanListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *chanListener) Addr() net.Addr { return l.addr }
