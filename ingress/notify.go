package ingress

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"concur-connector/concur/wire"
)

// notify answers the callout. Concur's guide leaves open what its test of the
// connection calls, so a GET or an empty POST is a probe: it starts nothing.
//
// Source: https://developer.concur.com/api-reference/callouts/post-event-notification.html
func (s *server) notify(r *http.Request) answer {
	body, early, ok := readBody(r)
	if !ok {
		return early
	}
	body, replaced, err := wire.Clean(body, r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return answer{status: http.StatusBadRequest, text: "the notification cannot be read: " + err.Error()}
	case len(body) > MaxBody:
		return answer{status: http.StatusRequestEntityTooLarge, text: tooLargeText}
	}
	n, err := wire.DecodeNotification(body)
	if err != nil {
		return answer{status: http.StatusBadRequest, text: err.Error()}
	}
	// Whoever hangs up after the last byte has notified us all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.deadline)
	defer cancel()
	a := answer{notification: n.ID(), kind: string(n.Kind), replaced: replaced}
	if a.started, a.err = s.starter.Start(ctx, n); a.err != nil {
		a.status, a.text = http.StatusServiceUnavailable, notStored
		return a
	}
	a.status, a.text = http.StatusOK, "stored"
	return a
}

// testConnection answers the test that a connector must pass before it is used.
//
// Source: https://developer.concur.com/api-reference/callouts/callouts-application-connectors.html
func (s *server) testConnection(r *http.Request) answer {
	if _, early, ok := readBody(r); !ok {
		return early
	}
	return answer{status: http.StatusBadRequest, text: "this path tests the connection and takes no notification"}
}

var tooLargeText = fmt.Sprintf("the body is larger than %d bytes", MaxBody)

// readBody returns the body of a POST that has one. Otherwise ok is false and
// early is the answer: 200 to a probe, or a refusal.
func readBody(r *http.Request) (body []byte, early answer, ok bool) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return nil, answer{status: http.StatusOK, text: "connected"}, false
	case http.MethodPost:
	default:
		return nil, answer{status: http.StatusMethodNotAllowed, text: "only GET, HEAD and POST are answered here"}, false
	}
	if encoding := strings.Join(r.Header.Values("Content-Encoding"), ","); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, answer{status: http.StatusBadRequest, text: "a body with a Content-Encoding cannot be read; send it as it is"}, false
	}
	tooLarge := answer{status: http.StatusRequestEntityTooLarge, text: tooLargeText}
	if r.ContentLength > MaxBody {
		return nil, tooLarge, false
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case err != nil:
		return nil, answer{status: http.StatusBadRequest, text: "the body did not arrive whole"}, false
	case len(body) > MaxBody:
		return nil, tooLarge, false
	case len(bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))) == 0:
		return nil, answer{status: http.StatusOK, text: "connected"}, false
	}
	return body, answer{}, true
}
