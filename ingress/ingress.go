package ingress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"concur-connector/expense"
)

const (
	// DefaultNotifyPath is the path of the callout that Concur suggests.
	DefaultNotifyPath = "/concur/v1.0/notify"
	// TestConnectionPath is what Concur calls before it uses a connector.
	TestConnectionPath = "/system/v1.0/testconnection"
	// DefaultDeadline bounds the time from the last byte of a callout to its answer.
	DefaultDeadline = 5 * time.Second
	// MaxBody is the size in bytes of the largest body that is read.
	MaxBody = 64 << 10
)

// Starter makes a notification durable and reports whether a new run began. After
// a nil error the notification can no longer be lost; after any other it may or
// may not be durable, and Concur keeps it.
type Starter interface {
	Start(ctx context.Context, n expense.Notification) (started bool, err error)
}

// Options configures the endpoint.
type Options struct {
	NotifyPath  string       // DefaultNotifyPath when empty
	Credentials []Credential // one, or two while a password is changed
	Starter     Starter
	Logger      *slog.Logger
	Deadline    time.Duration // DefaultDeadline when zero
}

// server answers requests that carry a credential.
type server struct {
	keys     keyring
	starter  Starter
	logger   *slog.Logger
	deadline time.Duration
}

// New returns the handler of the public listener. The error says which option is invalid.
func New(o Options) (http.Handler, error) {
	s, err := newServer(&o)
	if err != nil {
		return nil, err
	}
	// Nothing here may answer with a redirect: a POST would not survive it.
	router := mux.NewRouter().SkipClean(true)
	router.Handle(o.NotifyPath+"{slash:/?}", s.handler(s.notify))
	router.Handle(TestConnectionPath+"{slash:/?}", s.handler(s.testConnection))
	router.NotFoundHandler = s.handler(func(*http.Request) answer {
		return answer{status: http.StatusNotFound, text: "unknown path"}
	})
	return s.guard(router), nil
}

var pathPattern = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

func newServer(o *Options) (*server, error) {
	if o.NotifyPath == "" {
		o.NotifyPath = DefaultNotifyPath
	}
	if o.Deadline == 0 {
		o.Deadline = DefaultDeadline
	}
	o.NotifyPath = strings.TrimSuffix(o.NotifyPath, "/")
	switch {
	case !pathPattern.MatchString(o.NotifyPath):
		return nil, errors.New("the notify path must be a plain path such as " + DefaultNotifyPath)
	case o.NotifyPath == TestConnectionPath:
		return nil, errors.New("the notify path must differ from the path of the connection test")
	case len(o.Credentials) < 1 || len(o.Credentials) > 2:
		return nil, fmt.Errorf("one or two credentials are needed, not %d", len(o.Credentials))
	case o.Starter == nil:
		return nil, errors.New("a starter is needed")
	case o.Logger == nil:
		return nil, errors.New("a logger is needed")
	case o.Deadline < 0:
		return nil, errors.New("the deadline must be longer than 0s")
	}
	for _, c := range o.Credentials {
		if c == (Credential{}) {
			return nil, errors.New("a credential is empty")
		}
	}
	return &server{keys: newKeyring(o.Credentials), starter: o.Starter, logger: o.Logger, deadline: o.Deadline}, nil
}

// guard requires a credential. It runs before the router, so that unknown paths and the parser
// need one, too.
func (s *server) guard(next http.Handler) http.Handler {
	refuse := s.handler(func(*http.Request) answer {
		return answer{status: http.StatusUnauthorized, text: "a user name and a password are needed"}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.keys.admits(r) {
			refuse.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
