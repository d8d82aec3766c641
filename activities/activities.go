package activities

import (
	"context"
	"encoding/json"
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
	Sweep(ctx context.Context, n expense.Notification, now expense.Withheld) (expense.Swept, error)
}

// Knower says whether a run knows of a report: one that is open, or one that closed
// after that moment. One that has only shown it counts while it is withheld still.
// Unread counts the open runs that have yet to read their report: any of them may know.
type Knower interface {
	Knows(ctx context.Context, reportID string, since time.Time, now expense.Withheld) (bool, error)
	Unread(ctx context.Context) (int, error)
}

// Brake says whether one more report may be sent back, or counts one that was passed
// on. An error leaves that open.
type Brake interface {
	Admit(ctx context.Context, a expense.Admission) (expense.Admitted, error)
}

// RequestsPerActivity is how many requests one attempt of an activity sends to Concur at
// most: a write has a read before it and, when it is refused, one behind it; a part of the
// list of reports has so many pages; the failed list is asked for twice when its XML cannot
// be read; every other activity sends one. To this come the token, once
// an hour and process, and a request again whose token or whose stray percent sign was
// refused. A queue's rate in activities is its rate in requests divided by this.
const RequestsPerActivity = 3

// Activities are the side effects of the workflows. Every exported method is an
// activity, registered under its own name.
type Activities struct {
	options Options
}

// Options are what the activities work with.
type Options struct {
	Concur  *concur.Client
	Rules   *policy.Policy
	Starter Starter
	Knower  Knower
	Writes  Writes
	Braking Braking
	Delays  Delays
	Logger  *slog.Logger // nil: nothing is said

	// AnswerLimit is how long a request of an earlier attempt may still be acting
	// in Concur.
	AnswerLimit time.Duration
	// ReportLimit is the size above which a report does not fit a payload, in bytes.
	ReportLimit int
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
	case o.Knower == nil:
		return nil, errors.New("activities: nothing to look for runs with")
	case o.Writes.check() != nil:
		return nil, o.Writes.check()
	case o.Braking.on() && o.Braking.Brake == nil:
		return nil, errors.New("activities: limits for send-backs, and nothing that keeps them")
	case o.AnswerLimit <= 0 || o.ReportLimit <= 0:
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

// FetchReport reads a report. One that does not wait for us is a value: it says
// where the report is and holds nothing of it.
func (a *Activities) FetchReport(ctx context.Context, in expense.FetchReportInput) (expense.FetchedReport, error) {
	ctx, _, stop := a.alive(ctx)
	defer stop()
	found, err := a.read(ctx, in.ObjectURI)
	if err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	fetched := expense.FetchedReport{Reading: found.Reading, Withheld: found.withheld}
	if found.report != nil {
		fetched.ReportID = found.report.ID
	}
	if found.Kind != "" {
		return fetched, nil
	}
	if err := a.usable(found.report); err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	report, rules := found.report, a.options.Rules
	fetched.Revision, fetched.Content = report.Revision(), report.Content()
	fetched.Report, fetched.RulesHash = rules.Keep(report), rules.Hash()
	return fetched, a.failure(ctx, a.fits("read the report", fetched))
}

// usable says at once what would otherwise stop the action at the end: nothing is
// posted on a report that could not be passed on.
func (a *Activities) usable(report *expense.Report) error {
	if report.ActionURL == "" {
		return &concur.Error{Op: "read the report", Kind: expense.Malformed, Message: "the report waits at external validation " +
			"but has no WorkflowActionURL; the connector's user needs the Web Services Administrator role"}
	}
	return a.options.Concur.CheckURL(concur.ActionURL, report.ActionURL)
}

func (a *Activities) fits(op string, result any) error {
	data, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if len(data) <= a.options.ReportLimit {
		return nil
	}
	return &concur.Error{Op: op, Kind: expense.TooLarge,
		Message: fmt.Sprintf("the report takes %d KiB and at most %d KiB can be handled", len(data)>>10, a.options.ReportLimit>>10)}
}

// found is a report as one read showed it.
type found struct {
	expense.Reading
	report   *expense.Report  // nil when it is gone
	withheld expense.Withheld // why nothing is written to it
}

// read reads the report afresh and says where it is.
func (a *Activities) read(ctx context.Context, objectURI string) (found, error) {
	writes := a.options.Writes
	report, tested, err := a.options.Concur.ReportOf(ctx, objectURI, writes.TestUsers)
	switch {
	case errors.Is(err, concur.NotFound):
		return found{Reading: expense.Reading{Kind: expense.NotFound}, withheld: writes.withhold(false)}, nil
	case err != nil:
		return found{}, err
	}
	f := found{Reading: expense.Reading{Status: report.Status, Stop: report.Stop()}, report: report, withheld: writes.withhold(tested)}
	if !report.AtStop() {
		f.Kind = expense.NotWaiting
	}
	return f, nil
}

// readAt reads the report afresh; its reading has a Kind unless the report waits
// at this very stop.
func (a *Activities) readAt(ctx context.Context, objectURI, stop string) (found, error) {
	f, err := a.read(ctx, objectURI)
	if err == nil && f.Kind == "" && f.Stop != stop {
		f.Kind = expense.NotWaiting
	}
	return f, err
}

// maxExceptions bounds what is posted on one report, and with it what a run carries.
const maxExceptions = 1000

// ValidateReport judges a report by the rules. One that was read for other rules,
// by a worker that has not yet been replaced, may lack what these read.
func (a *Activities) ValidateReport(ctx context.Context, in expense.ValidateReportInput) (expense.Judgement, error) {
	ctx, _, stop := a.alive(ctx)
	defer stop()
	if in.RulesHash != a.options.Rules.Hash() {
		return expense.Judgement{}, nil
	}
	verdict := a.options.Rules.Evaluate(in.Report)
	if n := len(verdict.Exceptions); n > maxExceptions {
		return expense.Judgement{}, a.failure(ctx, &concur.Error{Op: "judge the report", Kind: expense.TooLarge,
			Message: fmt.Sprintf("the rules want %d exceptions posted and at most %d can be handled", n, maxExceptions)})
	}
	judgement := expense.Judgement{Verdict: &verdict}
	return judgement, a.failure(ctx, a.fits("judge the report", judgement))
}

// DeleteNotification deletes an entry of Concur's failed list. One that is gone
// already is done.
func (a *Activities) DeleteNotification(ctx context.Context, in expense.DeleteNotificationInput) (expense.DeletedNotification, error) {
	ctx, _, stop := a.alive(ctx)
	defer stop()
	writes := a.options.Writes
	switch {
	case in.Withheld != "":
		return expense.DeletedNotification{Withheld: in.Withheld}, nil
	case writes.Mode == WritesDryRun:
		return expense.DeletedNotification{Withheld: expense.ByDryRun}, nil
	}
	err := writes.allow("delete notification")
	if err == nil {
		err = a.options.Concur.DeleteNotification(ctx, in.NotificationURI)
	}
	return expense.DeletedNotification{}, a.failure(ctx, err)
}

// first reports whether this attempt may be the first to write. Every other one
// treats the outcome as unknown, whatever the error before it was: a killed
// process leaves no trace.
func first(ctx context.Context, attempt expense.Attempt) bool {
	info := activity.GetInfo(ctx)
	return info.Attempt == 1 &&
		!activity.HasHeartbeatDetails(ctx) &&
		!attempt.Doubtful &&
		info.WorkflowExecution.RunID == attempt.OriginalRunID
}
