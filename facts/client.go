package facts

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"concur-connector/expense"
)

const (
	defaultTimeout = 10 * time.Second
	maxAnswer      = 1 << 20 // bytes of one answer
	batch          = 200     // objects of one request
)

// Options configure a [Client].
type Options struct {
	Hosts   []string       // allowed hosts, each host or host:port; the default port is 443
	Secrets []string       // signing secrets: one, or two during a change; see [CheckSecret]
	RootCAs *x509.CertPool // nil means the system's certificates
	Timeout time.Duration  // of each request, including its body; 0 means 10 s
	Logger  *slog.Logger   // gets a line for each request; nil disables logging
}

// Client asks fact services. It is safe for concurrent use.
type Client struct {
	hosts   map[string]bool
	keys    [][]byte
	timeout time.Duration
	log     *slog.Logger
	http    *http.Client
	now     func() time.Time
}

// New returns a client, or one error that lists all problems of the options. It opens no
// connection.
func New(o Options) (*Client, error) {
	c := &Client{hosts: map[string]bool{}, timeout: cmp.Or(o.Timeout, defaultTimeout), log: o.Logger, now: time.Now}
	var problems []error
	for _, entry := range o.Hosts {
		host, err := expense.HostPort(entry)
		if err != nil {
			problems = append(problems, fmt.Errorf("the allowed host %q %w: give a host or host:port", entry, err))
			continue
		}
		c.hosts[host] = true
	}
	for i, secret := range o.Secrets {
		key, err := decodeSecret(secret)
		if err != nil {
			problems = append(problems, fmt.Errorf("secret %d %w", i+1, err))
			continue
		}
		c.keys = append(c.keys, key)
	}
	if n := len(o.Secrets); n < 1 || n > 2 {
		problems = append(problems, errors.New("give one secret, or two during a change"))
	}
	if o.Timeout < 0 {
		problems = append(problems, errors.New("the timeout is negative"))
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("facts client: %w", errors.Join(problems...))
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.http = &http.Client{Transport: newTransport(o.RootCAs), CheckRedirect: stay}
	return c, nil
}

// newTransport ignores the proxy of the environment: it is for the internet, and fact services
// belong to the company.
func newTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  nil,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DisableCompression:     true, // so that maxAnswer limits the bytes in memory, too
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// stay makes the HTTP client follow no redirect.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Close closes the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }
