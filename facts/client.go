package facts

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"concur-connector/internal/webhook"
)

// The settings that errors name.
const (
	hostsSetting = "CONCUR_FACT_HOSTS"
	caSetting    = "CONCUR_FACT_CA"
)

const (
	defaultTimeout = 10 * time.Second
	maxAnswer      = 1 << 20 // bytes of one answer
	batch          = 200     // objects of one request
)

// Options configure a [Client].
type Options struct {
	Hosts   []string       // allowed hosts, each host or host:port; the default port is 443
	Secrets []string       // signing secrets: one, or two during a change; see [webhook.NewSigner]
	RootCAs *x509.CertPool // nil means the system's certificates
	Timeout time.Duration  // of each request, including its body; 0 means 10 s
	Logger  *slog.Logger   // gets a line for each request; nil disables logging
}

// Client asks fact services. It is safe for concurrent use.
type Client struct {
	hosts   webhook.Hosts
	signer  webhook.Signer
	timeout time.Duration
	log     *slog.Logger
	http    *http.Client
	now     func() time.Time
}

// New returns a client, or one error that lists all problems of the options. It opens no
// connection.
func New(o Options) (*Client, error) {
	hosts, hostsErr := webhook.NewHosts(hostsSetting, o.Hosts)
	signer, signerErr := webhook.NewSigner(o.Secrets)
	var timeoutErr error
	if o.Timeout < 0 {
		timeoutErr = errors.New("the timeout is negative")
	}
	if err := errors.Join(hostsErr, signerErr, timeoutErr); err != nil {
		return nil, fmt.Errorf("facts client: %w", err)
	}
	c := &Client{hosts: hosts, signer: signer, timeout: cmp.Or(o.Timeout, defaultTimeout), log: o.Logger, now: time.Now}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.http = webhook.NewClient(o.RootCAs)
	return c, nil
}

// Check returns an error if the client must not call an address. The error is a sentence that
// names the host. Check sends nothing.
func (c *Client) Check(address string) error {
	_, err := c.hosts.Parse(address)
	return err
}

// Close closes the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }
