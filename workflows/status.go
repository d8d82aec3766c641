package workflows

import (
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// State is what a run does or waits for.
type State string

// The states of a run.
const (
	Fetching      State = "fetching"
	FetchingFacts State = "consulting" // waits for the fact services
	Validating    State = "validating"
	Waiting       State = "waiting" // for a person's decision
	Posting       State = "posting"
	Acting        State = "acting"
	Deleting      State = "deleting"
	Exporting     State = "exporting" // stores the record of decisions, the last thing that a run does
	Parked        State = "parked"    // for an operator; the run stays open
	Closed        State = "closed"
)

// Status is the answer of the query "status".
type Status struct {
	NotificationID string         `json:"notificationId"`
	ReportID       string         `json:"reportId"`
	State          State          `json:"state"`
	WaitingFor     string         `json:"waitingFor"`
	Since          time.Time      `json:"since"`                // when State was entered
	ReadsAgain     string         `json:"readsAgain,omitempty"` // why, while it reads the report again
	ValidationID   string         `json:"validationId"`
	StepName       string         `json:"stepName,omitempty"`  // in the notifications, if they agree
	StepNames      []string       `json:"stepNames,omitempty"` // in the notifications, if they contradict each other
	Revision       string         `json:"revision"`
	Task           *expense.Task  `json:"task"`
	Verdict        *VerdictStatus `json:"verdict"`
	// Record is what happened to the tasks of the run: decisions that count and those that do not,
	// reminders, escalations, and so on. It holds the newest.
	Record         []expense.TaskEvent `json:"record"`
	Done           []string            `json:"done"` // what was done in Concur, in order
	Parked         *ParkReason         `json:"parked"`
	PendingDeletes []string            `json:"pendingDeletes"`         // notification URIs
	Facts          []string            `json:"facts,omitempty"`        // that are being fetched
	TotalDiffers   string              `json:"totalDiffers,omitempty"` // the sum of the entries and the total
	Outcome        expense.Outcome     `json:"outcome"`

	// Unchecked is how many decisions have arrived and are not checked yet.
	Unchecked int `json:"unchecked,omitempty"`

	Unreadable []UnreadableSignal `json:"unreadable,omitempty"` // signals that could not be decoded
}

// VerdictStatus is what the rules said about the present revision.
type VerdictStatus struct {
	Action     expense.Action        `json:"action"`
	Exceptions []expense.Exception   `json:"exceptions"`
	Findings   []expense.Finding     `json:"findings"`
	Rules      []expense.RuleSummary `json:"rules"` // each rule, in the order of the file
	RulesHash  string                `json:"rulesHash"`
	Version    string                `json:"version"` // given in the rules file

	Assumed []string `json:"assumed,omitempty"` // about the amounts, a sentence each

	// Owner and Shown are set if Action is ask: who must not decide, and what the approvers see.
	Owner *expense.Owner       `json:"owner,omitempty"`
	Shown *expense.ShownReport `json:"shown,omitempty"`

	ApproveByException string `json:"approveByException,omitempty"` // the code of the exception that approves it
}

// ParkReason is why a run is parked and what a person can do about it.
type ParkReason struct {
	Kind    expense.Kind `json:"kind"`
	Message string       `json:"message"`
	Fix     string       `json:"fix"`
	// RefusedHost is set when the address in the run's own notification is refused. The run then does
	// not try again by itself.
	expense.RefusedHost
}

// Result is what a run returns: the outcome and what was done.
type Result struct {
	Outcome expense.Outcome `json:"outcome"`
	Cause   string          `json:"cause,omitempty"` // of sent-back: rules or person
	Done    []string        `json:"done,omitempty"`
	// Rules are those of the last evaluation.
	Rules *RulesUsed `json:"rules,omitempty"`
	// Record is what happened to the tasks of the run. It holds the newest events.
	Record []expense.TaskEvent `json:"record,omitempty"`
	// DryRun says why nothing was written when the outcome is dry-run, or why failed notifications
	// stay in the list.
	DryRun expense.DryRunReason `json:"dryRun,omitempty"`
	// FailedListEventTypes and Policies are set for the outcome not-ours: the event types in the failed
	// list, and the policy of the report.
	FailedListEventTypes []string `json:"failedListEventTypes,omitempty"`
	Policies             []string `json:"policies,omitempty"`
}

// RulesUsed identifies rules: the hash of their file and of its lists, and the version that the file
// gives.
type RulesUsed struct {
	Hash    string `json:"hash"`
	Version string `json:"version,omitempty"`
}

// withoutNulls makes absent lists empty, so that the JSON has no nulls.
func (s Status) withoutNulls() Status {
	s.Record = orEmpty(s.Record)
	if s.Task != nil {
		task := *s.Task
		task.Groups = orEmpty(task.Groups)
		s.Task = &task
	}
	s.Done = orEmpty(s.Done)
	s.PendingDeletes = orEmpty(s.PendingDeletes)
	if v := s.Verdict; v != nil {
		v.Exceptions, v.Findings, v.Rules = orEmpty(v.Exceptions), orEmpty(v.Findings), orEmpty(v.Rules)
	}
	return s
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// enter moves the run to a state and shows it in the status, in the search attributes, and in the
// details that the Web UI prints.
func (r *run) enter(ctx workflow.Context, s State) {
	if r.status.State != s {
		r.status.State, r.status.Since = s, workflow.Now(ctx)
	}
	r.show(ctx)
}

func (r *run) show(ctx workflow.Context) {
	r.status.WaitingFor = ""
	switch {
	case r.status.State == Parked:
		r.status.WaitingFor = WaitingForOperator
	case r.status.State != Closed && r.Decision.Task != nil && r.Decision.Result == nil:
		r.status.WaitingFor = WaitingForApprover
	}
	r.upsert(ctx)
	r.summarizeTask(ctx)
	workflow.SetCurrentDetails(ctx, r.details(ctx))
}

// upsert sets the search attributes that have changed.
func (r *run) upsert(ctx workflow.Context) {
	var updates []temporal.SearchAttributeUpdate
	set := func(key temporal.SearchAttributeKeyKeyword, value string) {
		now := workflow.GetTypedSearchAttributes(ctx)
		before, known := now.GetKeyword(key)
		switch {
		case value == "" && known && before != "":
			updates = append(updates, key.ValueUnset())
		case value != "" && before != value:
			updates = append(updates, key.ValueSet(value))
		}
	}
	set(reportIDKey(), cutForIndex(r.Read.ReportID))
	set(waitingForKey(), r.status.WaitingFor)
	if r.status.State == Closed {
		set(outcomeKey(), string(r.Progress.Outcome))
	}
	if len(updates) > 0 {
		if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
			workflow.GetLogger(ctx).Warn("search attributes cannot be set", "error", err)
		}
	}
}

// cutForIndex cuts a foreign text to the length of a search attribute: Temporal fails a run that sets
// a longer one.
func cutForIndex(text string) string {
	const most = 100
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// answer is the answer of the status query.
func (r *run) answer() Status {
	s := r.status
	s.ReportID, s.ValidationID, s.Revision = r.Read.ReportID, r.Step.ValidationID, r.Read.Revision
	s.Task, s.Record, s.Done, s.PendingDeletes, s.Parked = r.Decision.Task, r.Decision.Record, r.Progress.Done, r.Deletes.Pending, r.Parking.Reason
	s.TotalDiffers = r.Read.TotalDiffers
	if s.State == Fetching {
		s.ReadsAgain = r.readsAgain
	}
	if s.State == Closed {
		s.Outcome = r.Progress.Outcome
	}
	s.Unreadable, s.Unchecked = r.Inbox.Unreadable, len(r.Decision.Received)
	if here := r.Step.here(); here != nil && s.State != Closed {
		s.StepName = r.Step.name()
		s.StepNames = r.Step.contradiction()
	}
	if s.State == FetchingFacts {
		s.Facts = r.Evaluation.pendingFacts
	}
	if v := r.Evaluation.Verdict; v != nil {
		s.Verdict = &VerdictStatus{
			Action: v.Action, Exceptions: v.Exceptions, Findings: v.Findings, Rules: v.Rules,
			RulesHash: v.RulesHash, Version: v.Version, ApproveByException: v.ApproveByException,
			Assumed: v.Assumed, Owner: v.Owner, Shown: v.Shown,
		}
	}
	return s.withoutNulls()
}
