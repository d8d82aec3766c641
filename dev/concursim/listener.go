package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"time"
)

// maxLine bounds a request line.
const maxLine = 32 << 10

// splitListener accepts on the API's port and finishes the TLS handshake
// there. A connection that does not begin with one is plain HTTP on the wrong
// port: it goes to the plain listener, where a token in clear is seen.
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
			go split.sort(conn, config)
		}
	}()
	return split
}

func (l *splitListener) sort(conn net.Conn, config *tls.Config) {
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	peeked := &lineConn{Conn: conn, reader: bufio.NewReaderSize(conn, maxLine)}
	first, err := peeked.reader.Peek(1)
	if err != nil {
		conn.Close()
		return
	}
	const handshake = 0x16
	if first[0] != handshake {
		l.plain.give(peeked, peeked.readLine)
		return
	}
	secured := tls.Server(peeked, config)
	if err := secured.Handshake(); err != nil {
		conn.Close()
		return
	}
	line := &lineConn{Conn: secured, reader: bufio.NewReaderSize(secured, maxLine)}
	l.tls.give(line, line.readLine)
}

func (l *splitListener) Accept() (net.Conn, error) { return l.tls.Accept() }

// lineConn lets the request line through net/http although it holds a % that
// escapes nothing, as Concur's own sample keys do: it writes such a % as %25
// and remembers the line as it came.
type lineConn struct {
	net.Conn
	reader *bufio.Reader
	head   string
	target string
}

// readLine reads the request line and mends it; false means that none came.
func (c *lineConn) readLine() bool {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return false
	}
	c.head = string(line)
	if parts := strings.Split(strings.TrimRight(c.head, "\r\n"), " "); len(parts) == 3 {
		c.target = parts[1]
		c.head = parts[0] + " " + escapeStray(parts[1]) + " " + parts[2] + "\r\n"
	}
	c.SetDeadline(time.Time{})
	return true
}

func (c *lineConn) Read(p []byte) (int, error) {
	if c.head != "" {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.reader.Read(p)
}

// escapeStray writes every % that begins no valid escape as %25.
func escapeStray(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		if s[i] == '%' && !(i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])) {
			b.WriteString("25")
		}
	}
	return b.String()
}

// unescape decodes what is a valid escape and leaves every other % alone.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b.WriteByte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// sameSegment says whether a key, as it stands in a link, and a path segment,
// as a client sent it, mean the same thing: byte for byte, or with stray % (or
// anything else) percent-encoded.
func sameSegment(key, sent string) bool {
	return key == sent || key == unescape(sent) || unescape(key) == unescape(sent)
}

type targetKey struct{}

// withRequestLine hands the target of the request line, exactly as sent, to
// the request's context.
func withRequestLine(ctx context.Context, conn net.Conn) context.Context {
	if line, ok := conn.(*lineConn); ok {
		return context.WithValue(ctx, targetKey{}, line.target)
	}
	return ctx
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

func (l *chanListener) give(conn net.Conn, ready func() bool) {
	if !ready() {
		conn.Close()
		return
	}
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
