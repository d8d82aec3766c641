package concur

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"concur-connector/expense"
)

// Options configure a [Client]. Geolocation, ClientID, ClientSecret, and RefreshToken
// or a TokenFile that exists, are required.
type Options struct {
	Geolocation   string // the base URL that came with the refresh token; https
	ClientID      string
	ClientSecret  string
	ClientSecret2 string // accepted by Concur too, while the secret is changed; "": none
	RefreshToken  string // with a TokenFile: what begins it when it does not exist

	TokenFile    string        // the token store; "": in memory, and lost with the process
	TokenWarning time.Duration // warnings begin so long before the refresh token ends; 0: 30 days
	AuthScheme   string        // scheme of the header, Bearer or (for tokens from before 2017) OAuth; "": Bearer

	TrustedHosts []string       // allowed beside Concur's own, each a host or host:port
	RootCAs      *x509.CertPool // nil: the system's

	RequestTimeout time.Duration // of each request, until its body is read; 0: 60 s, which is Concur's
	MaxBody        int64         // of an answer that is held in memory, in bytes; 0: 32 MiB

	// RequestsPerSecond bounds what this client sends, its requests for tokens included;
	// 0: nothing does.
	RequestsPerSecond float64

	// ReadOnly has every write to a report or to the failed list refused before anything
	// is sent.
	ReadOnly  bool
	Logger    *slog.Logger // a line for each request: info for writes and failures, else debug; nil: none
	UserAgent string       // "": concur-connector
}

// Client speaks to Concur for one company. It is safe for concurrent use.
type Client struct {
	reportReading // of reports, by the newer interfaces

	transport *transport
	hosts     hosts
	tokens    *tokens
	scheme    string // of the Authorization header
	limit     time.Duration
	maxBody   int64
	log       *slog.Logger

	readOnly bool

	userIDs   lookups[string]
	owners    lookups[expense.Owner]
	listItems lookups[expense.Field]
}

// New returns a client, or one error of kind [InvalidArgument] that names everything that is
// wrong with the options. It opens no connection. It reads the token store, and returns an
// error if the store cannot be written.
func New(o Options) (*Client, error) {
	c, err := assemble(o, o.TokenFile != "")
	if err != nil || c.tokens.store == nil {
		return c, err
	}
	if err := c.tokens.open(); err != nil {
		return nil, fmt.Errorf("concur client: %w", err)
	}
	return c, nil
}

// assemble checks the options and returns a client that has read nothing yet.
func assemble(o Options, unseeded bool) (*Client, error) {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for _, field := range []struct {
		name, value string
		optional    bool
	}{
		{"the client ID", o.ClientID, false}, {"the client secret", o.ClientSecret, false},
		{"the second client secret", o.ClientSecret2, true}, {"the refresh token", o.RefreshToken, unseeded},
	} {
		switch {
		case field.value == "" && field.optional:
		case field.value == "":
			refuse("%s is missing", field.name)
		case !printable(field.value):
			refuse("%s has a space or a character that is not printable ASCII", field.name)
		}
	}
	hosts, err := newHosts(o.TrustedHosts)
	if err != nil {
		problems = append(problems, err)
	}
	base, err := hosts.base("the geolocation", o.Geolocation)
	if err != nil {
		problems = append(problems, err)
	}
	if o.AuthScheme != "" && o.AuthScheme != "Bearer" && o.AuthScheme != "OAuth" {
		refuse("the scheme of the Authorization header is neither Bearer nor OAuth")
	}
	if o.TokenWarning < 0 {
		refuse("the warning time of the refresh token is negative")
	}
	if o.RequestTimeout < 0 {
		refuse("the answer limit is negative")
	}
	if o.MaxBody < 0 {
		refuse("the largest body is negative")
	}
	if !(o.RequestsPerSecond >= 0) || math.IsInf(o.RequestsPerSecond, 1) {
		refuse("the requests per second are not a number of 0 or more")
	}
	if strings.ContainsFunc(o.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		refuse("the user agent has a character that is not printable ASCII")
	}
	if len(problems) > 0 {
		return nil, argumentError{fmt.Errorf("concur client: %w", errors.Join(problems...))}
	}
	o.AuthScheme = cmp.Or(o.AuthScheme, "Bearer")
	o.TokenWarning = cmp.Or(o.TokenWarning, defaultWarning)
	o.RequestTimeout = cmp.Or(o.RequestTimeout, time.Minute)
	o.MaxBody = cmp.Or(o.MaxBody, 32<<20)
	o.UserAgent = cmp.Or(o.UserAgent, "concur-connector")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	checked := &transport{hosts: hosts, userAgent: o.UserAgent, http: newTransport(o.RootCAs), pace: newPace(o.RequestsPerSecond),
		deprecations: &deprecations{log: o.Logger, byOp: map[string]*Deprecation{}}}
	c := &Client{
		readOnly:  o.ReadOnly,
		transport: checked, hosts: hosts, scheme: o.AuthScheme, limit: o.RequestTimeout, maxBody: o.MaxBody, log: o.Logger,
		tokens: &tokens{
			http:  &http.Client{Transport: tokenTransport{checked}, CheckRedirect: stay},
			hosts: hosts, limit: o.RequestTimeout, log: o.Logger, clientID: o.ClientID, secrets: []string{o.ClientSecret},
			warning: o.TokenWarning, state: state{RefreshToken: o.RefreshToken, Geolocation: base},
		},
	}
	c.users = c
	if o.ClientSecret2 != "" {
		c.tokens.secrets = append(c.tokens.secrets, o.ClientSecret2)
	}
	if o.TokenFile != "" {
		c.tokens.store = newStore(o.TokenFile, hosts, o.RequestTimeout)
	}
	return c, nil
}

// newTransport speaks HTTP/1.1, where it is certain whether any part of a request was written.
// It sets no timeout, because each request's context has one.
func newTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// Close closes the idle connections. With a token store it first waits until the answer of a
// refresh under way is written to the store. It starts no other refresh.
func (c *Client) Close() {
	c.tokens.stop()
	c.transport.http.CloseIdleConnections()
}

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

// contextError returns the error of a context that has ended, or nil.
func contextError(err error) error {
	for _, cause := range []error{context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, cause) {
			return cause
		}
	}
	return nil
}

// limiter spreads the requests of one client over time. Temporal limits the requests of all
// workers together. This limit also holds for other requests of the process, and if Temporal's
// limit is set wrong.
type limiter struct {
	limiter *rate.Limiter // nil: no limit
}

// together is how many requests may follow one another at once: those of one activity,
// so that no write waits behind its own read.
const together = 3

func newPace(perSecond float64) limiter {
	if perSecond == 0 {
		return limiter{}
	}
	return limiter{limiter: rate.NewLimiter(rate.Limit(perSecond), together)}
}

// wait returns when it is the caller's turn, or with an error when ctx has ended or
// would end before.
func (p limiter) wait(ctx context.Context) error {
	if p.limiter == nil {
		return ctx.Err()
	}
	return p.limiter.Wait(ctx)
}
