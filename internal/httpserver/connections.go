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
	// DefaultConnections is how many connections a listener keeps open at most.
	DefaultConnections = 1000
	// keptFiles are the file descriptors that connections must leave to everything else: the
	// client of Temporal, certificates, logs.
	keptFiles = 64
	// listeners is how many listeners a program has at most: the public and the internal one.
	listeners = 2
	// leastConnections are kept even where the process may open very few files.
	leastConnections = 8
	// crowdedEvery is how often it is logged that connections are closed for want of room.
	crowdedEvery = time.Minute
)

// affordable lowers a limit of connections to what a limit of open files leaves room for.
// Of zero files nothing is known.
func affordable(limit, files int) int {
	if files <= 0 {
		return limit
	}
	return min(limit, max((files-keptFiles)/listeners, leastConnections))
}

// openFiles is how many files the process may open, or zero where the system does not say.
func openFiles() int {
	limits, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok {
			soft, _ := strconv.Atoi(strings.Fields(rest + " 0")[0]) // "unlimited" is no number
			return soft
		}
	}
	return 0
}

// connections keeps the number of open connections at the limit. When it is reached, one
// is closed: first one that has had its answer and is kept for the next request, then one
// whose request has not come as a whole; of several the one that has been so for longest. A
// request that has come is answered and never cut. When all are being answered, the next
// connection waits.
type connections struct {
	limit  int
	logger *slog.Logger

	mu     sync.Mutex
	open   map[net.Conn]connection
	closed int // for want of room, since that was last logged
	logged time.Time
}

type connection struct {
	doing activity
	since time.Time
}

// activity is what a connection does, from what is closed first to what is never closed.
type activity int

const (
	idle     activity = iota // it has had an answer
	arriving                 // its request has not come as a whole; perhaps nothing has
	served                   // its request is being answered
)

type connectionKey struct{}

func newConnections(limit int, logger *slog.Logger) *connections {
	return &connections{limit: limit, logger: logger, open: map[net.Conn]connection{}}
}

// accepted is the server's ConnContext: a connection has been opened.
func (c *connections) accepted(ctx context.Context, conn net.Conn) context.Context {
	c.set(conn, arriving)
	return context.WithValue(ctx, connectionKey{}, conn)
}

// changed is the server's ConnState.
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

// protect wraps a handler so that a request is not cut once it has arrived, body included.
// It stays so until the server has written the answer.
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

// arrivingBody says when a body has been read to its end.
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

// set notes what a connection does, and makes room when the limit is reached: one
// connection more can then be accepted.
func (c *connections) set(conn net.Conn, doing activity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before, known := c.open[conn]; !known || before.doing != doing {
		c.open[conn] = connection{doing: doing, since: time.Now()}
	}
	for len(c.open) >= c.limit {
		least := c.least()
		if least == nil {
			break
		}
		delete(c.open, least)
		c.closed++
		go least.Close() // TLS says farewell, which may take a moment
	}
	if c.closed > 0 && time.Since(c.logged) >= crowdedEvery {
		c.logger.Warn("too many connections are open: those that do the least are closed", "limit", c.limit, "closed", c.closed)
		c.closed, c.logged = 0, time.Now()
	}
}

// least is the connection that is closed first, or nil when all are being served.
func (c *connections) least() (conn net.Conn) {
	var found connection
	for candidate, is := range c.open {
		if is.doing == served {
			continue
		}
		if conn == nil || is.doing < found.doing || is.doing == found.doing && is.since.Before(found.since) {
			conn, found = candidate, is
		}
	}
	return conn
}
