// Package factservice simulates the services that answer facts. It is never shipped and shares
// no code with the connector: the form of a request and its signature are written here
// again, from the documents, so that both can disagree.
package factservice

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

// Options are the options of Open.
type Options struct {
	CertFile, KeyFile string
	Secret            string // whsec_…, which signs the requests
}

// Service is one server that answers facts. It is safe for concurrent use.
type Service struct {
	URL string // https://127.0.0.1:port

	server      http.Server
	unavailable atomic.Bool

	mu         sync.Mutex
	mode       string
	key        []byte
	rules      map[string][]Reply
	seen       map[string]string     // the first report with a receipt
	answers    map[string]pastAnswer // to each request
	requests   []Request
	violations []string
}

// Reply is the answer about an object that has the values of When; an empty When matches
// any object.
type Reply struct {
	When map[string]any `yaml:"when"`
	Then map[string]any `yaml:"then"`
}

// Request is one recorded request.
type Request struct {
	Fact   string
	ID     string
	Fields []string // of each object, sorted; several rows if the objects differ
	Items  int
	Status int
}

// pastAnswer is an answer that is repeated when the request is repeated.
type pastAnswer struct {
	body   string
	answer []byte
}

// The modes of the service.
const (
	Working     = "working"
	Unavailable = "unavailable"  // no connection
	Slow        = "slow"         // no answer
	Broken      = "error"        // 500
	Outage      = "outage"       // 503 with Retry-After
	Busy        = "busy"         // 429 with Retry-After
	Redirect    = "redirect"     // 307 to another path of the service
	Forbidden   = "forbidden"    // 403
	Malformed   = "malformed"    // not JSON
	Page        = "page"         // 403 with a firewall's web page
	Missing     = "missing"      // the answer lacks one object
	Twice       = "twice"        // the answer has one object twice
	WrongSecret = "wrong-secret" // the service has another secret
)

var modes = []string{Working, Unavailable, Slow, Broken, Outage, Busy, Redirect, Forbidden, Malformed, Page, Missing, Twice, WrongSecret}

// Open starts the service on a port of loopback.
func Open(o Options) (*Service, error) {
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
	c := &Service{
		URL: "https://" + listener.Addr().String(), mode: Working, key: key,
		seen: map[string]string{}, answers: map[string]pastAnswer{},
	}
	c.server.Handler = http.HandlerFunc(c.serve)
	c.server.ReadHeaderTimeout = 10 * time.Second
	go func() {
		_ = c.server.Serve(tls.NewListener(refusingListener{listener, c}, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	}()
	return c, nil
}

// refusingListener closes every connection at once while the service is unavailable. It keeps its
// port.
type refusingListener struct {
	net.Listener
	service *Service
}

func (l refusingListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || !l.service.unavailable.Load() {
			return conn, err
		}
		_ = conn.Close()
	}
}

// Close stops the service.
func (c *Service) Close() {
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		_ = c.server.Close()
	}
}

// SetMode sets how the service behaves from now on.
func (c *Service) SetMode(mode string) error {
	if !slices.Contains(modes, mode) {
		return fmt.Errorf("unknown mode %q: want one of %v", mode, modes)
	}
	c.mu.Lock()
	c.mode = mode
	c.mu.Unlock()
	c.unavailable.Store(mode == Unavailable)
	c.server.SetKeepAlivesEnabled(mode != Unavailable) // closes the open connections
	return nil
}

// SetReplies sets the answers about facts, by the last part of their address.
func (c *Service) SetReplies(replies map[string][]Reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rules = replies
}

// Requests returns the recorded requests.
func (c *Service) Requests() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}

// Violations returns an error for every request that is wrong in any mode.
func (c *Service) Violations() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []error
	for _, text := range c.violations {
		all = append(all, errors.New(text))
	}
	return errors.Join(all...)
}
