// Package company plays the company's own systems, which the rules ask for facts. It is
// never shipped, and shares no code with the connector: what a question must look like and
// how it is signed is written here again, from the documents, so that the two can disagree.
package company

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what a company is opened with.
type Options struct {
	CertFile, KeyFile string
	Secret            string // whsec_…, that questions are signed with
}

// Company is one server with the systems of a company behind it. It is safe for concurrent
// use.
type Company struct {
	URL string // https://127.0.0.1:port

	server http.Server
	away   atomic.Bool

	mu      sync.Mutex
	mood    string
	key     []byte
	rules   map[string][]Reply
	seen    map[string]string // the report in which a receipt was handed in first
	told    map[string]told   // what each request was answered
	asked   []Asked
	refuses []string
}

// Reply is what is answered about an object that has these values; none: any object.
type Reply struct {
	When map[string]any `yaml:"when"`
	Then map[string]any `yaml:"then"`
}

// Asked is one request of the journal.
type Asked struct {
	Fact   string
	ID     string
	Fields []string // of each object, sorted; more than one row when objects differ
	Items  int
	Status int
}

// told is an answer that was given once and is given again to the same request.
type told struct {
	body   string
	answer []byte
}

// The moods of a company: how its systems answer.
const (
	Well      = "well"
	Away      = "away"      // no connection
	Slow      = "slow"      // no answer
	Broken    = "error"     // 500
	Outage    = "outage"    // 503 with Retry-After
	Busy      = "busy"      // 429 with Retry-After
	Redirect  = "redirect"  // 307 to another path of its own
	Forbidden = "forbidden" // 403
	Malformed = "malformed" // no JSON
	Page      = "page"      // 403 with the web page of a firewall
	Missing   = "missing"   // one object is not answered
	Twice     = "twice"     // one object is answered twice
	Stranger  = "stranger"  // it has another secret
)

var moods = []string{Well, Away, Slow, Broken, Outage, Busy, Redirect, Forbidden, Malformed, Page, Missing, Twice, Stranger}

// Open starts a company on a port of loopback.
func Open(o Options) (*Company, error) {
	key, err := keyOf(o.Secret)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &Company{
		URL: "https://" + listener.Addr().String(), mood: Well, key: key,
		seen: map[string]string{}, told: map[string]told{},
	}
	c.server.Handler = http.HandlerFunc(c.serve)
	c.server.ReadHeaderTimeout = 10 * time.Second
	go func() {
		_ = c.server.Serve(tls.NewListener(door{listener, c}, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	}()
	return c, nil
}

// door shuts every connection at once while the company is away. Its port stays its own.
type door struct {
	net.Listener
	company *Company
}

func (d door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil || !d.company.away.Load() {
			return conn, err
		}
		_ = conn.Close()
	}
}

// Close ends the company.
func (c *Company) Close() {
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		_ = c.server.Close()
	}
}

// Is makes its systems answer so from now on.
func (c *Company) Is(mood string) error {
	if !slices.Contains(moods, mood) {
		return fmt.Errorf("the company is never %q; it is one of %v", mood, moods)
	}
	c.mu.Lock()
	c.mood = mood
	c.mu.Unlock()
	c.away.Store(mood == Away)
	c.server.SetKeepAlivesEnabled(mood != Away) // without them, those that are open are closed
	return nil
}

// Says is what is answered from now on to a fact, by the last part of its address.
func (c *Company) Says(replies map[string][]Reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rules = replies
}

// Asked returns the journal.
func (c *Company) Asked() []Asked {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

// Complaints are what no question may be, whatever the mood was.
func (c *Company) Complaints() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []error
	for _, text := range c.refuses {
		all = append(all, errors.New(text))
	}
	return errors.Join(all...)
}
