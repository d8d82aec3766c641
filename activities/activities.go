package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/policy"
)

// Starter starts the run of a notification that a sweep found, signals the open run, or
// skips the notification. It skips an object whose last run was a dry run, as long as the
// object is unchanged and another run would be a dry run, too. If Temporal refuses the
// notification itself, the error is a *serviceerror.InvalidArgument.
type Starter interface {
	Sweep(ctx context.Context, n expense.Notification, list expense.ListRead) (expense.Swept, error)
}

// RunFinder finds the runs that handle reports which Concur lists as waiting.
type RunFinder interface {
	// HasRun reports whether a run handles the report, or has handled it lately.
	HasRun(ctx context.Context, n expense.Notification, list expense.ListRead) (bool, error)
	// CountUnread counts the open runs that began after since and have not read their
	// report yet. Any of them may handle any report.
	CountUnread(ctx context.Context, since time.Time) (int, error)
}

// OlderRuns finds another run of a report that Concur names in two ways, so that one of the
// two runs can hand the report over to the other.
type OlderRuns interface {
	// OlderRun returns the notification ID of the run that keeps the report. It is empty if
	// the asking run does.
	OlderRun(ctx context.Context, reportID, notificationID, runID string) (string, error)
	// NotifyRun signals a run what another run hands over; ended is true if the run is no
	// longer open.
	NotifyRun(ctx context.Context, n expense.Notification, id string) (ended bool, err error)
}

// EarlierWrites finds what earlier runs have written to a report at its validation step.
type EarlierWrites interface {
	EarlierWrites(ctx context.Context, in expense.EarlierInput) (expense.EarlierRuns, error)
}

// Permits asks a run to permit a write. The answer says how often the run has permitted the
// same write before. An error means that the write is not permitted.
type Permits interface {
	Permit(ctx context.Context, notificationID, runID string, p expense.Permission) (expense.Permitted, error)
}

// SendBackCounter counts the actions of the rules, and says whether the rules may send one
// more report back. An error leaves that open.
type SendBackCounter interface {
	CheckSendBack(ctx context.Context, check expense.SendBackCheck) (expense.SendBackAnswer, error)
}

// Rules are the current rules. They may change between two calls, so every attempt of an
// activity calls Current once.
type Rules interface {
	Current() *policy.Policy
}

// RequestsPerActivity is the most requests that one attempt of an activity sends to Concur
// by v1.1: a write with a read before it and a read after a refusal, or the pages of one part
// of the list of reports. A worker divides its rate of requests by it to get the rate of its
// queue in activities. It does not count requests for a token, a request that is repeated
// with a new token or another spelling of a percent sign, and the reads that wait for a
// write. By v3 and v4 a report takes many requests, which the client's own pace limits.
const RequestsPerActivity = 3

// Activities are the side effects of the workflows. Every exported method is an activity,
// registered under its own name.
type Activities struct {
	options   Options
	announced announcedSteps
}

// Options are what the activities work with.
type Options struct {
	Concur        *concur.Client
	Rules         Rules
	Facts         FactClient // nil if the rules need no facts
	Starter       Starter
	RunFinder     RunFinder
	OlderRuns     OlderRuns // nil: no run looks for another run of its report
	EarlierWrites EarlierWrites
	Permits       Permits
	Approvers     Approvers
	Notifier      Notifier      // nil: nobody is told about tasks
	Tasks         TaskLister    // needed to send digests
	RecordFile    RecordFile    // nil: no file keeps the record of decisions
	RecordWebhook RecordWebhook // nil: no other system gets the record of decisions
	Steps         Steps         // nil: steps that callouts announce are not remembered
	// OwnSteps says which of the objects that a sweep finds are this deployment's.
	OwnSteps  expense.OwnSteps
	Interface InterfaceOptions
	Guard     concur.Guard // what Concur compares before an action by v4
	// ActOnAmbiguousStep allows an action by v4 on a report that may wait at any of several
	// steps of the rules file.
	ActOnAmbiguousStep bool
	Writes             Writes
	SendBackLimit      SendBackLimit
	Links              Links // open reports and travel requests in Concur
	Delays             Delays
	Logger             *slog.Logger // nil disables logging

	// RequestTimeout is how long Concur may still act on a request of an earlier attempt.
	RequestTimeout time.Duration
	// ReadAgainAfter is the age of a read after which the whole report is read again before
	// a write, if v1.1 does not show the report.
	ReadAgainAfter time.Duration
	// MaxReportBytes is the size of the largest report that is stored in a payload.
	MaxReportBytes int
	// Heartbeat sends one heartbeat and returns when Temporal has acknowledged it. nil: the
	// worker's own client sends it.
	Heartbeat func(ctx context.Context, details ...any) error
}

// New returns the activities, or an error if a required option is missing or invalid.
func New(o Options) (*Activities, error) {
	switch {
	case o.Concur == nil:
		return nil, errors.New("activities: option Concur is missing")
	case o.Rules == nil:
		return nil, errors.New("activities: option Rules is missing")
	case o.Starter == nil:
		return nil, errors.New("activities: option Starter is missing")
	case o.RunFinder == nil:
		return nil, errors.New("activities: option RunFinder is missing")
	case o.EarlierWrites == nil:
		return nil, errors.New("activities: option EarlierWrites is missing")
	case o.Permits == nil:
		return nil, errors.New("activities: option Permits is missing")
	case o.Approvers == nil:
		return nil, errors.New("activities: option Approvers is missing")
	case o.Interface.check() != nil:
		return nil, o.Interface.check()
	case concur.CheckGuard(o.Guard) != nil:
		return nil, fmt.Errorf("activities: %w", concur.CheckGuard(o.Guard))
	case o.Writes.check() != nil:
		return nil, o.Writes.check()
	case o.SendBackLimit.on() && o.SendBackLimit.Counter == nil:
		return nil, errors.New("activities: option SendBackLimit has no Counter")
	case o.checkFacts() != nil:
		return nil, o.checkFacts()
	case o.RequestTimeout <= 0:
		return nil, errors.New("activities: option RequestTimeout must be positive")
	case o.MaxReportBytes <= 0:
		return nil, errors.New("activities: option MaxReportBytes must be positive")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Heartbeat == nil {
		o.Heartbeat = heartbeat
	}
	return &Activities{options: o}, nil
}

// sign names the activity in its result, so that the run can tell the result from one that
// an operator typed.
func sign(ctx context.Context, answer *expense.Answer) { answer.Of = nameOf(ctx) }

func nameOf(ctx context.Context) string {
	info := activity.GetInfo(ctx)
	return expense.ActivityName(info.WorkflowExecution.ID, info.ActivityID)
}
