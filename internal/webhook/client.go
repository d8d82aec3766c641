package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"
)

// NewClient returns an HTTP client that follows no redirect. A nil pool means the system's
// certificates. The client ignores the proxy of the environment: it is for the internet, and
// the client calls the company's own systems. It does not decompress answers, so that a limit
// on the bytes of an answer also limits the memory.
func NewClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			DisableCompression:     true,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// maxRetryAfter limits the wait that a Retry-After header can ask for.
const maxRetryAfter = time.Hour

// RetryAfter reads a Retry-After header, which holds seconds or a date. It returns at most an
// hour, and 0 for a header that it cannot read.
func RetryAfter(header string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// ConnectionError explains why no answer arrived. It does not quote err, which may contain
// addresses. It distinguishes only the causes that an operator can fix. caSetting names the
// setting for further certificates.
func ConnectionError(host, caSetting string, err error) string {
	var untrusted *tls.CertificateVerificationError
	var unknown *net.DNSError
	switch {
	case errors.As(err, &untrusted):
		return "the certificate of " + host + " is not trusted (" + caSetting + ")"
	case errors.As(err, &unknown):
		return "the name of the host " + host + " cannot be resolved"
	}
	return "cannot connect to " + host
}
