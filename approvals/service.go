package approvals

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"concur-connector/approvals/approvers"
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
	// Earlier returns the status of the last earlier run that has another revision and a task, or
	// false if there is none.
	Earlier(ctx context.Context, notificationID, revision string) (workflows.Status, bool, error)
	// Tasks lists the tasks that wait for approvers. It needs no worker.
	Tasks(ctx context.Context) ([]expense.TaskSummary, error)
	// Records returns the records of the newest runs that were open since then. It returns no more
	// than number, and from when on they are complete; zero means all of the time.
	Records(ctx context.Context, since time.Time, number int) (records []workflows.RunRecord, from time.Time, err error)
}

// People is the approvers' file of the moment; approvers.Watched implements it.
type People interface{ Current() *approvers.Approvers }

// SealKeys are the keys of the moment; approvers.Watched implements it.
type SealKeys interface{ Current() *approvers.SealKeys }

// ServiceOptions configures the use cases.
type ServiceOptions struct {
	Runs     Runs
	People   People
	SealKeys SealKeys // seal each decision
	Logger   *slog.Logger

	// StatusLimit is the longest wait for a worker when somebody looks at a task. Zero means 2 s.
	// DecisionLimit is the longest wait for the run's answer to a decision. Zero means 3 s.
	StatusLimit, DecisionLimit time.Duration
}

// storeLimit is the timeout of each call to Temporal that needs no worker.
const storeLimit = 5 * time.Second

// Service is what approvers can do. Every method takes the person whom the endpoint has
// identified, and shows only tasks that this person may decide. Its errors are of type *[Problem].
// It is safe for concurrent use.
type Service struct {
	runs                       Runs
	people                     People
	keys                       SealKeys
	logger                     *slog.Logger
	statusLimit, decisionLimit time.Duration
	pace                       pace
}

// NewService returns an error if an option is missing.
func NewService(o ServiceOptions) (*Service, error) {
	if o.Runs == nil || o.People == nil || o.SealKeys == nil || o.Logger == nil {
		return nil, errors.New("the options Runs, People, SealKeys and Logger are required")
	}
	s := &Service{
		runs: o.Runs, people: o.People, keys: o.SealKeys, logger: o.Logger,
		statusLimit: o.StatusLimit, decisionLimit: o.DecisionLimit,
	}
	if s.statusLimit <= 0 {
		s.statusLimit = 2 * time.Second
	}
	if s.decisionLimit <= 0 {
		s.decisionLimit = 3 * time.Second
	}
	return s, nil
}

// The wait between two queries for a status grows from firstWait to lastWait.
const (
	firstWait = 50 * time.Millisecond
	lastWait  = 250 * time.Millisecond
)

// status queries the run until a worker answers or the limit ends. A single query may give up
// earlier.
func (s *Service) status(ctx context.Context, id string) (workflows.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, s.statusLimit)
	defer cancel()
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		status, err := s.runs.Status(ctx, id)
		if !errors.Is(err, workflows.ErrNoAnswer) || !pause(ctx, wait) {
			return status, err
		}
	}
}

// exists returns a problem if no run is known for a notification ID. It rejects texts that cannot
// be one, so that nobody can reach other workflows of the namespace.
func (s *Service) exists(ctx context.Context, id string) error {
	if !expense.IsNotificationID(id) {
		return problem(NotFound, workflows.ErrNoRun.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	if err := s.runs.CheckExists(ctx, id); err != nil {
		return s.unanswered(ctx, id, err)
	}
	return nil
}

// unanswered is the problem that the status is not available.
func (s *Service) unanswered(ctx context.Context, id string, err error) error {
	if errors.Is(err, workflows.ErrNoRun) {
		return problem(NotFound, workflows.ErrNoRun.Error())
	}
	s.logger.WarnContext(ctx, "cannot query the run's status", "notification", id, "error", err)
	if errors.Is(err, workflows.ErrNoAnswer) {
		return problem(Unavailable, workflows.ErrNoAnswer.Error()+"; try again")
	}
	return problem(Unavailable, "Temporal cannot be reached; try again")
}

// pause waits. It returns false if ctx ends first.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
