package httpserver

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// DefaultConnections is the default limit of open connections of a listener.
	DefaultConnections = 1000
	// reservedFiles is the number of file descriptors reserved for everything but connections:
	// the Temporal client, certificates, logs.
	reservedFiles = 64
	// maxListeners is the number of listeners of a program: public, internal and for approvers.
	maxListeners = 3
	// minConnections is the lowest limit, even if the process may open very few files.
	minConnections = 8
	// arrivalTicks is how many ticks a connection at the limit stays open for its request to arrive.
	// Without it, a burst of connections would close those whose requests the server has yet to read.
	// A tick is longer while the processor is busy elsewhere, so that the server has time to read.
	arrivalTicks = 10
	tickTime     = 20 * time.Millisecond
	// logInterval is the interval of the warning that connections are closed at the limit.
	logInterval = time.Minute
)

// connectionLimit lowers a limit of connections to fit the limit of open files. Zero files
// means that the limit of open files is unknown.
func connectionLimit(limit, files int) int {
	if files <= 0 {
		return limit
	}
	return min(limit, max((files-reservedFiles)/maxListeners, minConnections))
}

// maxOpenFiles returns the number of files that the process may open, or zero if it is unknown.
func maxOpenFiles() int {
	limits, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok {
			soft, _ := strconv.Atoi(strings.Fields(rest + " 0")[0]) // "unlimited" becomes zero
			return soft
		}
	}
	return 0
}

// connections enforces the limit of open connections. At the limit it closes one connection:
// an idle one if there is any, else one whose request has not arrived completely in arrivalTicks.
// Among several it closes the one that has been in this state for longest. It never closes a
// connection whose request has arrived completely. If it may close none, a new connection waits.
type connections struct {
	limit  int
	logger *slog.Logger

	mu      sync.Mutex
	open    map[net.Conn]connection
	ticks   int // counted while connections are closed only after arrivalTicks
	ticking bool
	closed  int // number of connections closed at the limit since the last warning
	logged  time.Time
}

type connection struct {
	state connState
	since time.Time
	tick  int // the value of ticks at since
}

// connState is the state of a connection. Connections in the first state are closed first,
// those in the last state never.
type connState int

const (
	idle     connState = iota // its last request has been answered
	arriving                  // its request has not arrived completely
	served                    // its request is being answered
)

type connectionKey struct{}

func newConnections(limit int, logger *slog.Logger) *connections {
	return &connections{limit: limit, logger: logger, open: map[net.Conn]connection{}}
}

// accepted is the server's ConnContext. It records a new connection.
func (c *connections) accepted(ctx context.Context, conn net.Conn) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[conn] = connection{state: arriving, since: time.Now(), tick: c.ticks}
	c.closeAtLimit()
	return context.WithValue(ctx, connectionKey{}, conn)
}

// changed is the server's ConnState. It records the new state of a connection.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateActive:
		c.set(conn, arriving)
	case http.StateIdle:
		c.set(conn, idle)
	case http.StateClosed, http.StateHijacked:
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.open, conn)
	}
}

// protect wraps a handler. It marks a connection as served once its request has arrived with
// its body, so that the connection stays open until the server has written the answer.
func (c *connections) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, ok := r.Context().Value(connectionKey{}).(net.Conn)
		switch {
		case !ok:
		case r.ContentLength == 0:
			c.set(conn, served)
		default:
			r.Body = &arrivingBody{ReadCloser: r.Body, arrived: func() { c.set(conn, served) }}
		}
		next.ServeHTTP(w, r)
	})
}

// arrivingBody calls arrived when the body has been read to its end.
type arrivingBody struct {
	io.ReadCloser
	arrived func()
}

func (b *arrivingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.arrived()
	}
	return n, err
}

// set records the new state of an open connection. It ignores a connection that is being closed.
func (c *connections) set(conn net.Conn, state connState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before, open := c.open[conn]; open && before.state != state {
		c.open[conn] = connection{state: state, since: time.Now(), tick: c.ticks}
		c.closeAtLimit()
	}
}

// closeAtLimit closes connections at the limit, so that one more can be accepted.
func (c *connections) closeAtLimit() {
	for len(c.open) >= c.limit {
		next := c.nextToClose()
		if next == nil {
			break
		}
		if found := c.open[next]; found.state == arriving && c.ticks-found.tick < arrivalTicks {
			if !c.ticking {
				c.ticking = true
				time.AfterFunc(tickTime, c.tick)
			}
			break
		}
		delete(c.open, next)
		c.closed++
		go next.Close() // the end of a TLS connection may take a moment
	}
	if c.closed > 0 && time.Since(c.logged) >= logInterval {
		c.logger.Warn("too many open connections: closing idle and slow ones", "limit", c.limit, "closed", c.closed)
		c.closed, c.logged = 0, time.Now()
	}
}

func (c *connections) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ticks++
	c.ticking = false
	c.closeAtLimit()
}

// nextToClose returns the connection to close first, or nil if all are being served.
func (c *connections) nextToClose() (conn net.Conn) {
	var found connection
	for candidate, other := range c.open {
		if other.state == served {
			continue
		}
		if conn == nil || other.state < found.state || other.state == found.state && other.since.Before(found.since) {
			conn, found = candidate, other
		}
	}
	return conn
}
