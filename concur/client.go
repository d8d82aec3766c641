package concur

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Options configure a [Client]. Geolocation, ClientID, ClientSecret and
// RefreshToken are required.
type Options struct {
	Geolocation  string // the base URL that came with the refresh token; https
	ClientID     string
	ClientSecret string
	RefreshToken string

	Hosts   []string       // allowed beside Concur's own, each a host or host:port
	RootCAs *x509.CertPool // nil: the system's

	AnswerLimit time.Duration // of each request, until its body is read; 0: 60 s, which is Concur's
	MaxBody     int64         // of an answer, in bytes; 0: 32 MiB
	Logger      *slog.Logger  // one debug line for each request; nil: none
	UserAgent   string        // "": concur-connector
}

// Client speaks to Concur for one company. It is safe for concurrent use.
type Client struct {
	door    *door
	hosts   hosts
	tokens  *tokens
	limit   time.Duration
	maxBody int64
	log     *slog.Logger
}

// New returns a client, or one error that says everything that is wrong with the
// options. It opens no connection.
func New(o Options) (*Client, error) {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for _, field := range []struct{ name, value string }{
		{"the client ID", o.ClientID}, {"the client secret", o.ClientSecret}, {"the refresh token", o.RefreshToken},
	} {
		switch {
		case field.value == "":
			refuse("%s is missing", field.name)
		case !printable(field.value):
			refuse("%s has a space or a character that is not printable ASCII", field.name)
		}
	}
	hosts, err := newHosts(o.Hosts)
	if err != nil {
		problems = append(problems, err)
	}
	base, err := hosts.base("the geolocation", o.Geolocation)
	if err != nil {
		problems = append(problems, err)
	}
	if o.AnswerLimit < 0 {
		refuse("the answer limit is negative")
	}
	if o.MaxBody < 0 {
		refuse("the largest body is negative")
	}
	if strings.ContainsFunc(o.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		refuse("the user agent has a character that is not printable ASCII")
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("concur client: %w", errors.Join(problems...))
	}
	if o.AnswerLimit == 0 {
		o.AnswerLimit = time.Minute
	}
	if o.MaxBody == 0 {
		o.MaxBody = 32 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.UserAgent == "" {
		o.UserAgent = "concur-connector"
	}
	door := &door{hosts: hosts, userAgent: o.UserAgent, transport: newTransport(o.RootCAs)}
	return &Client{
		door:    door,
		hosts:   hosts,
		limit:   o.AnswerLimit,
		maxBody: o.MaxBody,
		log:     o.Logger,
		tokens: &tokens{
			http: &http.Client{Transport: jsonAnswers{door}, CheckRedirect: stay}, hosts: hosts, limit: o.AnswerLimit, log: o.Logger,
			clientID: o.ClientID, clientSecret: o.ClientSecret, refreshToken: o.RefreshToken, base: base,
		},
	}, nil
}

// newTransport speaks HTTP/1.1: there it is certain whether any of a request was
// written. It sets no time limit of its own: each request's context does.
func newTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.door.transport.CloseIdleConnections() }

// stay follows no redirect.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// printable reports whether every byte is ASCII, visible and no space.
func printable(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// ended returns the error of a context that is over, or nil.
func ended(err error) error {
	for _, cause := range []error{context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, cause) {
			return cause
		}
	}
	return nil
}
