package workflows

import (
	"cmp"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// sweepPart is how many entries of the failed list one activity result holds, and
// sweepParts after how many parts a sweep continues as new, so that neither a result
// nor a history grows with the list.
const (
	sweepPart  = 200
	sweepParts = 5
)

const (
	maxWhy  = 50   // reasons that a result holds, and reports that it names
	maxTold = 2000 // quarantined entries that it remembers
)

// tellAgain is after what time the scheduled sweeps name again what they have named and what
// is still there, so that an operator who missed it hears of it.
const tellAgain = 24 * time.Hour

// defaultGrace is that of a sweep to which none was given.
const defaultGrace = time.Hour

// SweepInput says how to sweep. It may be left out: a sweep then acts.
type SweepInput struct {
	ReadOnly bool `json:"readOnly,omitempty"` // count, and start nothing

	// MissedAfter is how long a report may wait before it is missed when no run knows of it.
	// Zero: reports that nobody told of are not looked for.
	MissedAfter time.Duration `json:"missedAfter,omitempty"`

	After    string      `json:"after,omitempty"`    // of a sweep that continued as this one
	Before   SweepResult `json:"before,omitzero"`    // what it had done
	Reported []string    `json:"reported,omitempty"` // of the sweep before, see SweepResult
}

// SweepResult is what one sweep did. The query "status" answers what it has done so far.
type SweepResult struct {
	Found      int `json:"found"`
	Started    int `json:"started"`              // a new run
	Signaled   int `json:"signaled"`             // an open run was told
	Skipped    int `json:"skipped,omitempty"`    // left alone: its last run says so
	Unreadable int `json:"unreadable,omitempty"` // not understood, left where they are
	NotOurs    int `json:"notOurs,omitempty"`    // of another connector, as far as is known, left where they are
	Failed     int `json:"failed,omitempty"`     // refused by Temporal

	// Why names the first of the quarantined, of those of another connector, and of the failed
	// ones. Each of the first two kinds is named once a day: not again by the scheduled sweeps
	// that follow within tellAgain.
	Why []expense.UnreadableEntry `json:"why,omitempty"`
	// Reported remembers what was named since ToldSince, by a hash of each.
	Reported      []string  `json:"reported,omitempty"`
	ReportedSince time.Time `json:"reportedSince,omitzero"`

	Waiting          int      `json:"waiting,omitempty"`          // reports at external validation longer than the grace
	Missed           int      `json:"missed,omitempty"`           // of those, the ones that no run knows of
	Undetermined     int      `json:"undetermined,omitempty"`     // of those, the ones held back: a young run that has yet to read may know of them
	Reports          []string `json:"reports,omitempty"`          // the first of the forgotten
	MissedStarted    int      `json:"missedStarted,omitempty"`    // of the forgotten, those for which a run was started
	NotStartedReason string   `json:"notStartedReason,omitempty"` // why none was started for some
	NotCheckedReason string   `json:"notCheckedReason,omitempty"` // why they could not be looked for

	// Unannounced counts the waiting reports that are not known to be at a step of this
	// deployment. They are left alone.
	Unannounced         int      `json:"unannounced,omitempty"`
	UnannouncedReports  []string `json:"unannouncedReports,omitempty"`  // the first of them
	UnannouncedPolicies []string `json:"unannouncedPolicies,omitempty"` // theirs, and those of the travel requests
	UnannouncedRequests int      `json:"unannouncedRequests,omitempty"` // travel requests of the same sort

	Requests                 int    `json:"requests,omitempty"`                 // travel requests that wait for us
	RequestsStarted          int    `json:"requestsStarted,omitempty"`          // of those, the ones for which a run was started
	RequestsSkipped          int    `json:"requestsSkipped,omitempty"`          // others that a person may want to look at
	RequestsSkippedReason    string `json:"requestsSkippedReason,omitempty"`    // why, for the last of them
	RequestsNotCheckedReason string `json:"requestsNotCheckedReason,omitempty"` // why they could not be looked for
}

// SweepFailedNotifications starts a run for every notification that Concur could
// not deliver, or tells the open one, by the same code as a callout. It deletes
// nothing: that is for each run to do, last.
func (w Workflows) SweepFailedNotifications(ctx workflow.Context, input SweepInput) (SweepResult, error) {
	s, err := w.setupSweep(ctx, input)
	if err != nil {
		return SweepResult{}, err
	}
	parts := sweepParts
	if workflow.GetVersion(ctx, "sweep-parts", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		parts = 20 // of a sweep that was under way when it was so
	}
	for range parts {
		part, err := s.sweepPart(ctx)
		if err != nil && ctx.Err() != nil {
			return s.SweepResult, err
		}
		if err != nil || part.Next == "" {
			// A list that cannot be had is no reason not to look for what is in none.
			return s.SweepResult, failedSweep(err, s.lookForForgotten(ctx, input.MissedAfter), s.lookForRequests(ctx))
		}
		s.after = part.Next
	}
	input.After, input.Before, input.Reported = s.after, s.SweepResult, s.before
	return s.SweepResult, workflow.NewContinueAsNewError(ctx, SweepFailedNotifications, input)
}

// sweep is one run of SweepFailedNotifications.
type sweep struct {
	Workflows
	SweepResult
	calls    calls
	began    time.Time
	readOnly bool
	grace    time.Duration
	after    string
	before   []string // what the sweeps before have named
}

func (w Workflows) setupSweep(ctx workflow.Context, input SweepInput) (*sweep, error) {
	s := &sweep{Workflows: w, SweepResult: input.Before, readOnly: input.ReadOnly, grace: cmp.Or(input.MissedAfter, defaultGrace), after: input.After, before: input.Reported}
	if input.After == "" && workflow.HasLastCompletionResult(ctx) { // of the schedule
		var last SweepResult
		if err := workflow.GetLastCompletionResult(ctx, &last); err == nil {
			s.before, s.ReportedSince = last.Reported, last.ReportedSince
		}
	}
	if s.began = workflow.Now(ctx); input.After == "" && s.began.Sub(s.ReportedSince) >= tellAgain {
		s.before, s.ReportedSince = nil, time.Time{}
	}
	return s, workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (SweepResult, error) { return s.SweepResult, nil },
		workflow.QueryHandlerOptions{Description: "What the sweep has done so far."})
}

// sweepPart takes up one part of the failed list.
func (s *sweep) sweepPart(ctx workflow.Context) (expense.FailedNotifications, error) {
	listed := workflow.Now(ctx)
	ask := expense.ListFailedNotificationsInput{After: s.after, Limit: sweepPart, Reported: s.before}
	part, err := call[expense.FailedNotifications](s.netOptions(ctx, "list failed notifications", requestsOfList), &s.calls, ListFailedNotifications, ask)
	if err != nil {
		return part, err
	}
	s.Found += len(part.Items) + len(part.Unreadable) + part.Unlisted + part.NotOurs
	s.NotOurs += part.NotOurs
	s.Unreadable += len(part.Unreadable) + part.Unlisted
	s.quarantine(ctx, part)
	if len(part.Items) == 0 || s.readOnly {
		return part, nil
	}
	done, err := s.start(ctx, part.Items, listed)
	if err != nil {
		return part, err
	}
	s.Started += done.Started
	s.Signaled += done.Signaled
	s.Skipped += done.Skipped
	s.Failed += len(done.Failed)
	s.because(done.Failed)
	return part, nil
}

// start starts a run for each notification of a list that was read at that moment, or tells
// the open one.
func (s *sweep) start(ctx workflow.Context, found []expense.Notification, listed time.Time) (done expense.StartedProcessing, err error) {
	options := s.localOptions(ctx, "start "+count(len(found), "run"))
	input := expense.StartProcessingInput{Notifications: found, ListedAt: listed, Grace: s.grace}
	return call[expense.StartedProcessing](options, &s.calls, StartProcessing, input)
}

// quarantine names, loud, those that no sweep has named within tellAgain, and remembers what was
// named for as long as it is there. What finds no room is named by the next sweep.
func (s *sweep) quarantine(ctx workflow.Context, part expense.FailedNotifications) {
	for _, mark := range part.Reported {
		s.told(mark)
	}
	s.name(ctx, "entries of the failed list cannot be understood and are left there", part.Unreadable)
	s.name(ctx, "entries of the failed list name a step that no callout of this deployment has announced, and are left there", part.NotOursEntries)
}

func (s *sweep) name(ctx workflow.Context, what string, entries []expense.UnreadableEntry) {
	named := entries[:min(len(entries), maxWhy-len(s.Why))]
	for _, q := range named {
		s.told(q.Hash())
	}
	if len(named) > 0 {
		workflow.GetLogger(ctx).Warn(what, "count", len(named), "first", named[0].Reason)
	}
	s.because(named)
}

func (s *sweep) told(mark string) {
	if len(s.Reported) < maxTold && !slices.Contains(s.Reported, mark) {
		s.Reported = append(s.Reported, mark)
		if s.ReportedSince.IsZero() {
			s.ReportedSince = s.began
		}
	}
}

// unannounced remembers the policies of what was left alone as another connector's, and says
// so, loud, of those of which no sweep has said it within tellAgain.
func (s *sweep) unannounced(ctx workflow.Context, noun string, policies []string) {
	var fresh []string
	for _, policy := range policies {
		mark := expense.UnreadableEntry{ObjectURI: noun, Reason: policy}.Hash()
		if !slices.Contains(s.before, mark) && !slices.Contains(s.Reported, mark) {
			fresh = append(fresh, policy)
		}
		s.told(mark)
		if len(s.UnannouncedPolicies) < maxWhy && !slices.Contains(s.UnannouncedPolicies, policy) {
			s.UnannouncedPolicies = append(s.UnannouncedPolicies, policy)
		}
	}
	if len(fresh) > 0 {
		workflow.GetLogger(ctx).Warn(noun+" wait at external validation with a policy for which no callout of this deployment was ever received: they are left alone; "+
			"if they are for this deployment, call concurctl steps add or set CONCUR_OWN_STEPS", "policies", fresh)
	}
}

func (r *SweepResult) because(why []expense.UnreadableEntry) {
	r.Why = append(r.Why, why[:min(len(why), maxWhy-len(r.Why))]...)
}
