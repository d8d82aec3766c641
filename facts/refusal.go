package facts

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"

	"concur-connector/expense"
)

// refusal explains an answer with another status than 200. The text completes a sentence that
// begins with the host.
func refusal(status int) (kind expense.Kind, says string) {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return expense.Forbidden, "rejects the connector: check that both have the same signing secret"
	case status == http.StatusTooManyRequests:
		return expense.RateLimited, "got too many requests"
	case status == http.StatusRequestTimeout, status >= 500:
		return expense.Unavailable, "cannot answer now"
	case status >= 300 && status < 400:
		return expense.Rejected, "answers with a redirect, which the connector does not follow: give the final address in the rules file"
	case status < 300:
		return expense.Malformed, "answers with a success other than 200"
	}
	return expense.Rejected, "rejects the question"
}

// isPage reports whether an answer does not come from a fact service, which answers in JSON. It
// recognizes web pages by their type or first character, and proxies that ask for a login.
func isPage(h http.Header, status int, body []byte) bool {
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	start := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	return status == http.StatusProxyAuthRequired || bytes.HasPrefix(start, []byte("<")) || media == "text/html" && !json.Valid(body)
}
