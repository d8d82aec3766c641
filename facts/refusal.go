package facts

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"mime"
	"net"
	"net/http"
	"strconv"
	"time"

	"concur-connector/expense"
)

// refusal says what an answer that is no success means.
func refusal(status int) (kind expense.Kind, says string) {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return expense.Forbidden, "refuses the connector: does it know the secret that the request is signed with?"
	case status == http.StatusTooManyRequests:
		return expense.RateLimited, "was asked too often"
	case status == http.StatusRequestTimeout, status >= 500:
		return expense.Unavailable, "cannot answer now"
	case status >= 300 && status < 400:
		return expense.Rejected, "answers with a redirect, which is not followed: the rules file names the address itself"
	case status < 300:
		return expense.Malformed, "answers with a success that is not 200"
	}
	return expense.Rejected, "refuses the question"
}

// isPage reports whether an answer is no answer of a company's system, which answers in JSON: a
// web page, by what it says of itself or by how it begins, or a request for the login of a proxy.
func isPage(h http.Header, status int, body []byte) bool {
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	start := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	return status == http.StatusProxyAuthRequired || bytes.HasPrefix(start, []byte("<")) || media == "text/html" && !json.Valid(body)
}

// maxRetryAfter bounds for how long a system may have us wait.
const maxRetryAfter = time.Hour

// retryAfter reads the header, in seconds or as a date.
func retryAfter(header string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// away says why there was no answer. What the network says may hold addresses; only what
// an operator can mend is told apart.
func away(host string, err error) string {
	var untrusted *tls.CertificateVerificationError
	var unknown *net.DNSError
	switch {
	case errors.As(err, &untrusted):
		return "the certificate of " + host + " is not trusted (CONCUR_FACT_CA)"
	case errors.As(err, &unknown):
		return "the host " + host + " is not known here"
	}
	return "there is no connection to " + host
}
