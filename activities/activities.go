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

// Starter starts the run of a notification that a sweep found, tells the one that is
// open, or leaves it alone. An error that says that the notification itself is refused
// is a *serviceerror.InvalidArgument.
// What its last run has only shown, and is withheld still, is left alone until it changes.
type Starter interface {
	Sweep(ctx context.Context, n expense.Notification, seen expense.ListRead) (expense.Swept, error)
}

// RunFinder says whether a run sees to a report that a list shows as waiting, or has lately:
// then it need not be looked at. Unread counts the open runs that began after that moment
// and have yet to read their report: any of them may see to it.
type RunFinder interface {
	HasRun(ctx context.Context, n expense.Notification, seen expense.ListRead) (bool, error)
	CountUnread(ctx context.Context, since time.Time) (int, error)
}

// OlderRuns finds the run to which the run that asks leaves a report, when Concur names it in
// two ways. It returns that run's notification ID, or nothing; and it tells a run what
// another leaves to it.
type OlderRuns interface {
	OlderRun(ctx context.Context, reportID, notificationID, runID string) (string, error)
	NotifyRun(ctx context.Context, n expense.Notification, id string) (ended bool, err error)
}

// EarlierWrites finds what runs before the one that asks have written to the report at its stop.
type EarlierWrites interface {
	EarlierWrites(ctx context.Context, in expense.EarlierInput) (expense.EarlierRuns, error)
}

// Permits has a run permit a write, and says how often it has permitted the same one
// before. An error means that the write is not permitted.
type Permits interface {
	Permit(ctx context.Context, notificationID, runID string, p expense.Permission) (expense.Permitted, error)
}

// SendBackCounter says whether one more report may be sent back, or counts one that was passed
// on. An error leaves that open.
type SendBackCounter interface {
	CheckSendBack(ctx context.Context, a expense.SendBackCheck) (expense.SendBackAnswer, error)
}

// Rules are the rules that hold now, which may be others at the next call. Every attempt
// of an activity asks once and stays with what it was given.
type Rules interface {
	Current() *policy.Policy
}

// RequestsPerActivity is how many requests one attempt of an activity sends to Concur at
// most by v1.1: a write has a read before it and, when it is refused, one behind it; a part
// of the list of reports has so many pages; the failed list is asked for twice when its XML
// cannot be read, and once or twice more after a delete that is refused; every other activity
// sends one. Not counted are the token, once an hour and process; a request that is sent again
// because its token or a stray percent sign was refused; and the reads of a write that Concur
// shows late, between which there are growing pauses. A queue's rate in activities is its rate
// in requests divided by this. A report of v3 or v4 is many requests; there it is the client's
// own pace that holds.
const RequestsPerActivity = 3

// Activities are the side effects of the workflows. Every exported method is an
// activity, registered under its own name.
type Activities struct {
	options   Options
	announced announced
}

// Options are what the activities work with.
type Options struct {
	Concur        *concur.Client
	Rules         Rules
	Facts         FactClient // nil: the rules ask the company's own systems for nothing
	Starter       Starter
	RunFinder     RunFinder
	OlderRuns     OlderRuns // nil: two runs of one report do not know of each other
	EarlierWrites EarlierWrites
	Permits       Permits
	Steps         Steps            // nil: what callouts announce is not remembered
	OwnSteps      expense.OwnSteps // of what a sweep finds
	Interface     InterfaceOptions
	Guard         concur.Guard // what Concur compares before it acts by v4
	// ActOnAmbiguousStep has a report acted on by v4 whose stop cannot be told from another one that
	// the rules name.
	ActOnAmbiguousStep bool
	Writes             Writes
	SendBackLimit      SendBackLimit
	Delays             Delays
	Logger             *slog.Logger // nil: nothing is said

	// RequestTimeout is how long a request of an earlier attempt may still be acting
	// in Concur.
	RequestTimeout time.Duration
	// ReadAgainAfter is the age of a read after which a report is read whole once more before
	// it is written to, where v1.1 does not show it.
	ReadAgainAfter time.Duration
	// MaxReportBytes is the size above which a report does not fit a payload, in bytes.
	MaxReportBytes int
	// Heartbeat sends one heartbeat and returns when it is acknowledged. When nil,
	// it is sent by the worker's own client.
	Heartbeat func(ctx context.Context, details ...any) error
}

// New returns the activities. It refuses options without which an activity would
// fail at midnight.
func New(o Options) (*Activities, error) {
	switch {
	case o.Concur == nil:
		return nil, errors.New("activities: no client for Concur")
	case o.Rules == nil:
		return nil, errors.New("activities: no rules")
	case o.Starter == nil:
		return nil, errors.New("activities: nothing to start runs with")
	case o.RunFinder == nil:
		return nil, errors.New("activities: nothing to look for runs with")
	case o.EarlierWrites == nil || o.Permits == nil:
		return nil, errors.New("activities: nothing to ask runs with whether a write was made before")
	case o.Interface.check() != nil:
		return nil, o.Interface.check()
	case concur.CheckGuard(o.Guard) != nil:
		return nil, fmt.Errorf("activities: %w", concur.CheckGuard(o.Guard))
	case o.Writes.check() != nil:
		return nil, o.Writes.check()
	case o.SendBackLimit.on() && o.SendBackLimit.Counter == nil:
		return nil, errors.New("activities: limits for send-backs, and nothing that keeps them")
	case o.checkAsker() != nil:
		return nil, o.checkAsker()
	case o.RequestTimeout <= 0 || o.MaxReportBytes <= 0:
		return nil, errors.New("activities: the answer limit and the report limit must be positive")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Heartbeat == nil {
		o.Heartbeat = heartbeat
	}
	return &Activities{options: o}, nil
}

// DeleteNotification deletes an entry of Concur's failed list. One that is gone
// already is done. A URI that must not be followed is a value: no retry would change that.
func (a *Activities) DeleteNotification(ctx context.Context, in expense.DeleteNotificationInput) (result expense.DeletedNotification, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.alive(ctx)
	defer stop()
	if why := a.refuses(in.NotificationURI); why != "" {
		return expense.DeletedNotification{Untrusted: why}, nil
	}
	writes := a.options.Writes
	switch {
	case in.DryRun != "":
		return expense.DeletedNotification{DryRun: in.DryRun}, nil
	case writes.Mode == WritesDryRun:
		return expense.DeletedNotification{DryRun: expense.DryRunMode}, nil
	}
	err := writes.allow("delete notification")
	if err == nil {
		err = a.options.Concur.EnsureDeleted(ctx, in.NotificationURI)
	}
	return expense.DeletedNotification{}, a.failure(ctx, err)
}

// sign names the activity in its result, so that the run can tell it from one that somebody
// typed by hand.
func sign(ctx context.Context, answer *expense.Answer) { answer.Of = nameOf(ctx) }

func nameOf(ctx context.Context) string {
	info := activity.GetInfo(ctx)
	return expense.ActivityName(info.WorkflowExecution.ID, info.ActivityID)
}

// first reports whether this attempt may be the first to write. Every other one
// treats the outcome as unknown, whatever the error before it was: a killed
// process leaves no trace. An attempt that looks like the first may still be one that an
// operator has reset: the run, which permits every write, knows.
func first(ctx context.Context, attempt expense.Attempt) bool {
	info := activity.GetInfo(ctx)
	return info.Attempt == 1 &&
		!activity.HasHeartbeatDetails(ctx) &&
		!attempt.OutcomeUnknown &&
		info.WorkflowExecution.RunID == attempt.OriginalRunID
}

// mayHaveSent reports whether an attempt before this one may have got as far as its write.
func mayHaveSent(ctx context.Context, attempt expense.Attempt) bool {
	return storedBefore(ctx) != "" || attempt.OutcomeUnknown || activity.GetInfo(ctx).WorkflowExecution.RunID != attempt.OriginalRunID
}
