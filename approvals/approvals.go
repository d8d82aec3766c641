package approvals

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"concur-connector/approvals/approvers"
	"concur-connector/expense"
	"concur-connector/workflows"
)

// Runs is what the door needs of Temporal; workflows.Client has it. All errors may
// be transient except workflows.ErrUnknown and, of Decide, workflows.ErrClosed.
type Runs interface {
	// CheckExists returns workflows.ErrUnknown when there is no run. It needs no worker.
	CheckExists(ctx context.Context, notificationID string) error
	// Status returns workflows.ErrNoAnswer when no worker answered before ctx ended.
	Status(ctx context.Context, notificationID string) (workflows.Status, error)
	// Decide tells the open run what a person decided.
	Decide(ctx context.Context, notificationID string, d expense.Decision) error
}

// Options is what the door needs.
type Options struct {
	Runs   Runs
	Logger *slog.Logger

	// Approvers are those who may look and decide. Without any the door answers 503.
	Approvers *approvers.Approvers

	// StatusLimit bounds the wait for a worker's answer to a GET, DecisionLimit
	// that to a decision. Zero means 2 s and 3 s.
	StatusLimit, DecisionLimit time.Duration
}

// storeLimit bounds each call of Temporal that needs no worker.
const storeLimit = 5 * time.Second

type door struct {
	runs                       Runs
	logger                     *slog.Logger
	approvers                  *approvers.Approvers
	statusLimit, decisionLimit time.Duration
}

// New returns the internal door, for paths that begin with /approvals/. The error
// says which option is missing.
func New(o Options) (http.Handler, error) {
	if o.Runs == nil || o.Logger == nil {
		return nil, errors.New("the approvals need runs and a logger")
	}
	d := &door{
		runs: o.Runs, logger: o.Logger, approvers: o.Approvers,
		statusLimit: o.StatusLimit, decisionLimit: o.DecisionLimit,
	}
	if d.statusLimit <= 0 {
		d.statusLimit = 2 * time.Second
	}
	if d.decisionLimit <= 0 {
		d.decisionLimit = 3 * time.Second
	}
	// The path is matched as it was sent, so that an ID is decoded exactly once.
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	router.Handle("/approvals/{id}", only(http.MethodGet, d.show))
	router.Handle("/approvals/{id}/decisions", only(http.MethodPost, d.decide))
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "there is nothing here")
	})
	return d.guard(router), nil
}

// approverKey is where guard leaves the approver's name.
type approverKey struct{}

// guard lets nobody in without a token, on whatever path.
func (d *door) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.approvers == nil {
			refuse(w, http.StatusServiceUnavailable, "nobody can decide here: the approvers' file is not configured (CONCUR_APPROVERS)")
			return
		}
		scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " ")
		name, known := d.approvers.Authenticate(token)
		if !found || !known || !strings.EqualFold(scheme, "Bearer") || len(r.Header.Values("Authorization")) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="concur-connector"`)
			refuse(w, http.StatusUnauthorized, "an approver's token is needed")
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), approverKey{}, name)))
	})
}

func approver(r *http.Request) string {
	name, _ := r.Context().Value(approverKey{}).(string)
	return name
}

func only(method string, serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			w.Header().Set("Allow", method)
			refuse(w, http.StatusMethodNotAllowed, "only "+method+" is answered here")
			return
		}
		serve(w, r)
	})
}

// notificationID returns the ID in the path, or answers and returns false. What
// cannot be one is unknown without a question to Temporal, whose other workflows
// are none of this door's business.
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

// show answers the status of a run. It never decides.
func (d *door) show(w http.ResponseWriter, r *http.Request) {
	id, ok := notificationID(w, r)
	if !ok {
		return
	}
	store, cancel := context.WithTimeout(r.Context(), storeLimit)
	defer cancel()
	if err := d.runs.CheckExists(store, id); err != nil {
		d.unanswered(w, r, id, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), d.statusLimit)
	defer cancel()
	status, err := d.ask(ctx, id)
	if err != nil {
		d.unanswered(w, r, id, err)
		return
	}
	answer(w, http.StatusOK, status)
}

// ask asks for the status until a worker answers or ctx ends: one question may
// give up long before that.
func (d *door) ask(ctx context.Context, id string) (workflows.Status, error) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		status, err := d.runs.Status(ctx, id)
		if !errors.Is(err, workflows.ErrNoAnswer) || !pause(ctx, wait) {
			return status, err
		}
	}
}

// unanswered answers for a run that could not be asked.
func (d *door) unanswered(w http.ResponseWriter, r *http.Request, id string, err error) {
	switch {
	case errors.Is(err, workflows.ErrNoRun):
		refuse(w, http.StatusNotFound, workflows.ErrNoRun.Error())
		return
	case errors.Is(err, workflows.ErrNoAnswer):
		refuse(w, http.StatusServiceUnavailable, workflows.ErrNoAnswer.Error())
	default:
		refuse(w, http.StatusServiceUnavailable, "Temporal cannot be reached")
	}
	d.logger.WarnContext(r.Context(), "a run could not be asked", "notification", id, "error", err)
}
