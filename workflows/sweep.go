package workflows

import (
	"cmp"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// sweepPart is how many entries of the failed list one activity result holds. After sweepParts parts
// a sweep continues as new. So neither a result nor a history grows with the list.
const (
	sweepPart  = 200
	sweepParts = 5
)

const (
	maxWhy      = 50   // reasons, and reports, that a result lists
	maxReported = 2000 // hashes of reported entries that a result holds
)

// reportAgain is the time after which scheduled sweeps report again what is still in the list, for
// an operator who missed it.
const reportAgain = 24 * time.Hour

// defaultGrace is the grace of a sweep whose input gives none.
const defaultGrace = time.Hour

// SweepInput is the input of SweepFailedNotifications. Without one, a sweep acts.
type SweepInput struct {
	ReadOnly bool `json:"readOnly,omitempty"` // count, and start nothing

	// MissedAfter is how long a report may wait without a run before it counts as missed. Zero: the sweep
	// does not look for missed reports.
	MissedAfter time.Duration `json:"missedAfter,omitempty"`

	After    string      `json:"after,omitempty"`    // the last entry of the sweep that this one continues
	Before   SweepResult `json:"before,omitzero"`    // its result so far
	Reported []string    `json:"reported,omitempty"` // by the sweeps before, see SweepResult
}

// SweepResult is what one sweep did. The query "status" returns it as it is so far.
type SweepResult struct {
	Found      int `json:"found"`
	Started    int `json:"started"`              // a new run
	Signaled   int `json:"signaled"`             // an open run was signaled, or handles it already
	Skipped    int `json:"skipped,omitempty"`    // because of their last run
	Unreadable int `json:"unreadable,omitempty"` // stay in the list
	NotOurs    int `json:"notOurs,omitempty"`    // not known to be for this deployment, stay in the list
	Failed     int `json:"failed,omitempty"`     // Temporal refused to start their run

	// Why lists the first of the unreadable entries, of those for another connector, and of the
	// failed ones. Scheduled sweeps list each of the first two kinds once within reportAgain.
	Why []expense.UnreadableEntry `json:"why,omitempty"`
	// Reported holds a hash of each entry that was reported since ReportedSince.
	Reported      []string  `json:"reported,omitempty"`
	ReportedSince time.Time `json:"reportedSince,omitzero"`

	Waiting          int      `json:"waiting,omitempty"`          // reports that wait for longer than the grace
	Missed           int      `json:"missed,omitempty"`           // those of them without a run
	Undetermined     int      `json:"undetermined,omitempty"`     // those of them that a run may handle which has not read its report yet
	Reports          []string `json:"reports,omitempty"`          // the first of the missed
	MissedStarted    int      `json:"missedStarted,omitempty"`    // those of the missed for which a run was started
	NotStartedReason string   `json:"notStartedReason,omitempty"` // why no run was started for some
	NotCheckedReason string   `json:"notCheckedReason,omitempty"` // why the reports could not be checked

	// Unannounced counts the waiting reports that are not known to be at a step of this deployment.
	// The sweep skips them.
	Unannounced         int      `json:"unannounced,omitempty"`
	UnannouncedReports  []string `json:"unannouncedReports,omitempty"`  // the first of them
	UnannouncedPolicies []string `json:"unannouncedPolicies,omitempty"` // theirs, and those of the travel requests
	UnannouncedRequests int      `json:"unannouncedRequests,omitempty"` // travel requests of the same sort

	Requests                 int    `json:"requests,omitempty"`                 // travel requests that wait for the connector
	RequestsStarted          int    `json:"requestsStarted,omitempty"`          // those of them for which a run was started
	RequestsSkipped          int    `json:"requestsSkipped,omitempty"`          // others that a person may want to look at
	RequestsSkippedReason    string `json:"requestsSkippedReason,omitempty"`    // why, for the last of them
	RequestsNotCheckedReason string `json:"requestsNotCheckedReason,omitempty"` // why the travel requests could not be checked
}

// SweepFailedNotifications starts a run for every notification that Concur could not deliver, or
// signals the open one, with the same code as for a callout. Then it looks for missed reports and
// travel requests. It deletes nothing: each run deletes its own entries, last.
func (w Workflows) SweepFailedNotifications(ctx workflow.Context, input SweepInput) (SweepResult, error) {
	s, err := w.setupSweep(ctx, input)
	if err != nil {
		return SweepResult{}, err
	}
	for range sweepParts {
		part, err := s.sweepPart(ctx)
		if err != nil && ctx.Err() != nil {
			return s.SweepResult, err
		}
		if err != nil || part.Next == "" {
			// If this list cannot be read, still check the others.
			return s.SweepResult, sweepError(err, s.lookForMissed(ctx, input.MissedAfter), s.lookForRequests(ctx))
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
	before   []string // the hashes that the sweeps before have reported
}

func (w Workflows) setupSweep(ctx workflow.Context, input SweepInput) (*sweep, error) {
	s := &sweep{Workflows: w, SweepResult: input.Before, readOnly: input.ReadOnly, grace: cmp.Or(input.MissedAfter, defaultGrace), after: input.After, before: input.Reported}
	if input.After == "" && workflow.HasLastCompletionResult(ctx) { // of the schedule
		var last SweepResult
		if err := workflow.GetLastCompletionResult(ctx, &last); err == nil {
			s.before, s.ReportedSince = last.Reported, last.ReportedSince
		}
	}
	if s.began = workflow.Now(ctx); input.After == "" && s.began.Sub(s.ReportedSince) >= reportAgain {
		s.before, s.ReportedSince = nil, time.Time{}
	}
	return s, workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (SweepResult, error) { return s.SweepResult, nil },
		workflow.QueryHandlerOptions{Description: "What the sweep has done so far."})
}

// sweepPart starts or signals the runs of one part of the failed list.
func (s *sweep) sweepPart(ctx workflow.Context) (expense.FailedNotifications, error) {
	listed := workflow.Now(ctx)
	ask := expense.ListFailedNotificationsInput{After: s.after, Limit: sweepPart, Reported: s.before}
	part, err := call[expense.FailedNotifications](s.listOptions(ctx, "list failed notifications", requestsOfList), &s.calls, ListFailedNotifications, ask)
	if err != nil {
		return part, err
	}
	s.Found += len(part.Items) + len(part.Unreadable) + part.Unlisted + part.NotOurs
	s.NotOurs += part.NotOurs
	s.Unreadable += len(part.Unreadable) + part.Unlisted
	s.reportEntries(ctx, part)
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
	s.addWhy(done.Failed)
	return part, nil
}

// start starts a run for each notification of a list that was read at that time, or signals the
// open one.
func (s *sweep) start(ctx workflow.Context, found []expense.Notification, listed time.Time) (done expense.StartedProcessing, err error) {
	options := s.localOptions(ctx, "start "+count(len(found), "run"))
	input := expense.StartProcessingInput{Notifications: found, ListedAt: listed, Grace: s.grace}
	return call[expense.StartedProcessing](options, &s.calls, StartProcessing, input)
}

// reportEntries logs the entries that no sweep has reported within reportAgain. It remembers what
// was reported for as long as it is in the list. The next sweep reports the entries that do not
// fit into this result.
func (s *sweep) reportEntries(ctx workflow.Context, part expense.FailedNotifications) {
	for _, hash := range part.Reported {
		s.reported(hash)
	}
	s.report(ctx, "entries of the failed list are unreadable and stay there", part.Unreadable)
	s.report(ctx, "entries of the failed list name a step that no callout of this deployment has announced, and stay there", part.NotOursEntries)
}

func (s *sweep) report(ctx workflow.Context, what string, entries []expense.UnreadableEntry) {
	fit := entries[:min(len(entries), maxWhy-len(s.Why))]
	for _, entry := range fit {
		s.reported(entry.Hash())
	}
	if len(fit) > 0 {
		workflow.GetLogger(ctx).Warn(what, "count", len(fit), "first", fit[0].Reason)
	}
	s.addWhy(fit)
}

func (s *sweep) reported(hash string) {
	if len(s.Reported) < maxReported && !slices.Contains(s.Reported, hash) {
		s.Reported = append(s.Reported, hash)
		if s.ReportedSince.IsZero() {
			s.ReportedSince = s.began
		}
	}
}

// unannounced remembers the policies of what the sweep skipped as another connector's, and logs
// those that no sweep has logged within reportAgain.
func (s *sweep) unannounced(ctx workflow.Context, noun string, policies []string) {
	var fresh []string
	for _, policy := range policies {
		hash := expense.UnreadableEntry{ObjectURI: noun, Reason: policy}.Hash()
		if !slices.Contains(s.before, hash) && !slices.Contains(s.Reported, hash) {
			fresh = append(fresh, policy)
		}
		s.reported(hash)
		if len(s.UnannouncedPolicies) < maxWhy && !slices.Contains(s.UnannouncedPolicies, policy) {
			s.UnannouncedPolicies = append(s.UnannouncedPolicies, policy)
		}
	}
	if len(fresh) > 0 {
		workflow.GetLogger(ctx).Warn(noun+" wait at external validation with a policy for which no callout of this deployment was ever received: the sweep skips them; "+
			"if they are for this deployment, call concurctl steps add or set CONCUR_OWN_STEPS", "policies", fresh)
	}
}

func (r *SweepResult) addWhy(why []expense.UnreadableEntry) {
	r.Why = append(r.Why, why[:min(len(why), maxWhy-len(r.Why))]...)
}
