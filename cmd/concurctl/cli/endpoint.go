package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// endpointTimeout bounds one request to the public endpoint, its answer included. The endpoint
// itself takes five seconds at most.
const endpointTimeout = 15 * time.Second

// Credential is what Concur sends with every callout.
type Credential struct{ User, Password string }

// Endpoint is the connector's public endpoint as Concur sees it from outside.
type Endpoint struct {
	Base      *url.URL
	transport *http.Transport
}

// answer is what the endpoint answers.
type answer struct {
	Status int
	Text   string // its first line, bounded
	Took   time.Duration
}

// NewEndpoint takes the base URL: https, or plain http to this machine only, since the
// password travels.
func NewEndpoint(raw string, roots *x509.CertPool) (*Endpoint, error) {
	base, err := url.Parse(raw)
	switch {
	case raw == "":
		return nil, errors.New("--url is missing: it is the base URL of the public endpoint, such as https://connector.example.com")
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" || strings.Trim(base.Path, "/") != "":
		return nil, errors.New("--url must be https://host or https://host:port, without a path")
	case base.Scheme != "https" && !(base.Scheme == "http" && isLoopback(base.Hostname())):
		return nil, errors.New("--url must begin with https: the password would travel in clear")
	}
	return &Endpoint{Base: base, transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true,
	}}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Ask sends one request and follows no redirect. An empty user sends no credential.
func (d *Endpoint) Ask(ctx context.Context, method, path, user, password, body string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, endpointTimeout)
	defer cancel()
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, method, d.Base.Scheme+"://"+d.Base.Host+path, strings.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("ask %s: %w", path, err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/xml; charset=utf-8")
	}
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	resp, err := d.transport.RoundTrip(req)
	if err != nil {
		return answer{}, fmt.Errorf("reach %s: %w", d.Base.Host, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return answer{}, fmt.Errorf("read the answer of %s: %w", d.Base.Host, err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return answer{Status: resp.StatusCode, Text: Plain(first), Took: time.Since(began)}, nil
}

// Handshake makes one TLS connection, closes it and returns what was negotiated.
func (d *Endpoint) Handshake(ctx context.Context, config *tls.Config) (tls.ConnectionState, error) {
	ctx, cancel := context.WithTimeout(ctx, endpointTimeout)
	defer cancel()
	port := d.Base.Port()
	if port == "" {
		port = "443"
	}
	config.ServerName = d.Base.Hostname()
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", net.JoinHostPort(d.Base.Hostname(), port))
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState(), nil
}
