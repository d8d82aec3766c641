package ingress

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
)

const notStored = "the notification could not be stored; send it again later"

// answer is what a request is answered and what the log says of it.
type answer struct {
	status int
	text   string // one sentence for the sender, which quotes nothing of the request

	notification string // its ID, when one was understood
	kind         string
	started      bool
	replaced     int   // how many characters of the notification U+FFFD stands for
	err          error // for the log only
}

// handler answers with what endpoint returns, also when that panics, and logs once.
func (s *server) handler(endpoint func(*http.Request) answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := rescue(endpoint, r)
		send(w, a)
		s.log(r, a)
	})
}

func rescue(endpoint func(*http.Request) answer, r *http.Request) (a answer) {
	defer func() {
		if v := recover(); v != nil {
			// The value may quote what was sent; its type and the stack do not.
			a = answer{
				status: http.StatusServiceUnavailable,
				text:   notStored,
				err:    fmt.Errorf("panic of type %T at %s", v, debug.Stack()),
			}
		}
	}()
	return endpoint(r)
}

func send(w http.ResponseWriter, a answer) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	switch a.status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Basic realm="concur-connector", charset="UTF-8"`)
	case http.StatusMethodNotAllowed:
		h.Set("Allow", "GET, HEAD, POST")
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "60")
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.text+"\n")
}

func (s *server) log(r *http.Request, a answer) {
	level, message := slog.LevelWarn, "refused"
	attributes := []slog.Attr{slog.Int("status", a.status)}
	switch {
	case a.status == http.StatusOK && a.notification == "":
		level, message = slog.LevelInfo, "probed"
	case a.status == http.StatusOK:
		level, message = slog.LevelInfo, "notified"
	case a.status == http.StatusServiceUnavailable:
		level, message = slog.LevelError, "not stored"
	default:
		attributes = append(attributes, slog.String("reason", a.text))
	}
	if a.notification != "" {
		attributes = append(attributes,
			slog.String("notification", a.notification), slog.String("kind", a.kind), slog.Bool("started", a.started))
	}
	if a.replaced > 0 {
		attributes = append(attributes, slog.Int("replaced", a.replaced))
	}
	if a.err != nil {
		attributes = append(attributes, slog.Any("error", a.err))
	}
	s.logger.LogAttrs(r.Context(), level, message, attributes...)
}
