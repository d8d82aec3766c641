package approvals

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/mux"

	"concur-connector/approvals/approvers"
	"concur-connector/approvals/identity"
	"concur-connector/expense"
	"concur-connector/workflows"
)

// Runs is the access to runs in Temporal; workflows.Client implements it. All errors may be
// transient except workflows.ErrNoRun and, from Decide, workflows.ErrClosed.
type Runs interface {
	// CheckExists returns workflows.ErrNoRun if there is no run. It needs no worker.
	CheckExists(ctx context.Context, notificationID string) error
	// Status returns workflows.ErrNoAnswer if no worker answers before ctx ends.
	Status(ctx context.Context, notificationID string) (workflows.Status, error)
	// Decide sends a person's decision to the open run.
	Decide(ctx context.Context, notificationID string, d expense.Decision) error
}

// SealKeys are the keys of the moment; approvers.Watched implements it.
type SealKeys interface{ Current() *approvers.SealKeys }

// Options configures the endpoints.
type Options struct {
	Runs   Runs
	Logger *slog.Logger

	// Identity says who sends a request. If it is nil, every answer is 503.
	Identity identity.Identifier
	// SealKeys seal each decision. They are required together with Identity.
	SealKeys SealKeys

	// StatusLimit is the longest wait for a worker when a client asks for the status. Zero means
	// 2 s. DecisionLimit is the longest wait when a client sends a decision. Zero means 3 s.
	StatusLimit, DecisionLimit time.Duration
}

// storeLimit is the timeout of each call to Temporal that needs no worker.
const storeLimit = 5 * time.Second

type server struct {
	runs                       Runs
	logger                     *slog.Logger
	identity                   identity.Identifier
	keys                       SealKeys
	statusLimit, decisionLimit time.Duration
}

// New returns the handler for paths that begin with /approvals/. The error says which option is
// missing.
func New(o Options) (http.Handler, error) {
	if o.Runs == nil || o.Logger == nil {
		return nil, errors.New("the options Runs and Logger are required")
	}
	if o.Identity != nil && o.SealKeys == nil {
		return nil, errors.New("the option SealKeys is required together with Identity")
	}
	s := &server{
		runs: o.Runs, logger: o.Logger, identity: o.Identity, keys: o.SealKeys,
		statusLimit: o.StatusLimit, decisionLimit: o.DecisionLimit,
	}
	if s.statusLimit <= 0 {
		s.statusLimit = 2 * time.Second
	}
	if s.decisionLimit <= 0 {
		s.decisionLimit = 3 * time.Second
	}
	// The router matches the encoded path, so that an ID is decoded exactly once.
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	router.Handle("/approvals/{id}", only(http.MethodGet, s.show))
	router.Handle("/approvals/{id}/decisions", only(http.MethodPost, s.decide))
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "unknown path")
	})
	return s.guard(router), nil
}

// actorKey is the context key of the actor.
type actorKey struct{}

// guard requires an identity on every path.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.identity == nil {
			refuse(w, http.StatusServiceUnavailable, "approvals are off: no approvers' file is configured (CONCUR_APPROVERS)")
			return
		}
		actor, err := s.identity.Identify(r)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), actorKey{}, actor)))
		case errors.Is(err, identity.ErrNotApprover):
			refuse(w, http.StatusForbidden, err.Error())
		case errors.Is(err, identity.ErrUnavailable):
			refuse(w, http.StatusServiceUnavailable, err.Error())
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="concur-connector"`)
			refuse(w, http.StatusUnauthorized, err.Error())
		}
	})
}

func actorOf(r *http.Request) expense.Actor {
	actor, _ := r.Context().Value(actorKey{}).(expense.Actor)
	return actor
}

func only(method string, serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			w.Header().Set("Allow", method)
			refuse(w, http.StatusMethodNotAllowed, "only "+method+" is allowed")
			return
		}
		serve(w, r)
	})
}

// notificationID returns the ID in the path, or answers with an error and returns false. It
// rejects texts that cannot be a notification ID, so that nobody can reach other workflows of
// the namespace.
func notificationID(w http.ResponseWriter, r *http.Request) (string, bool) {
	id, err := url.PathUnescape(mux.Vars(r)["id"])
	if err != nil {
		refuse(w, http.StatusBadRequest, "the notification ID in the path cannot be decoded")
		return "", false
	}
	if expense.IsNotificationID(id) {
		return id, true
	}
	refuse(w, http.StatusNotFound, workflows.ErrNoRun.Error())
	return "", false
}

// show answers with the status of a run.
func (s *server) show(w http.ResponseWriter, r *http.Request) {
	id, ok := notificationID(w, r)
	if !ok {
		return
	}
	store, cancel := context.WithTimeout(r.Context(), storeLimit)
	defer cancel()
	if err := s.runs.CheckExists(store, id); err != nil {
		s.refuseStatus(w, r, id, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.statusLimit)
	defer cancel()
	status, err := s.status(ctx, id)
	if err != nil {
		s.refuseStatus(w, r, id, err)
		return
	}
	answer(w, http.StatusOK, status)
}

// status queries the run until a worker answers or ctx ends. A single query may give up
// earlier.
func (s *server) status(ctx context.Context, id string) (workflows.Status, error) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		status, err := s.runs.Status(ctx, id)
		if !errors.Is(err, workflows.ErrNoAnswer) || !pause(ctx, wait) {
			return status, err
		}
	}
}

// refuseStatus answers with the reason why the status is not available.
func (s *server) refuseStatus(w http.ResponseWriter, r *http.Request, id string, err error) {
	switch {
	case errors.Is(err, workflows.ErrNoRun):
		refuse(w, http.StatusNotFound, workflows.ErrNoRun.Error())
		return
	case errors.Is(err, workflows.ErrNoAnswer):
		refuse(w, http.StatusServiceUnavailable, workflows.ErrNoAnswer.Error())
	default:
		refuse(w, http.StatusServiceUnavailable, "Temporal cannot be reached")
	}
	s.logger.WarnContext(r.Context(), "cannot query the run's status", "notification", id, "error", err)
}
