package workflows

import (
	"time"

	"concur-connector/expense"
)

// State is where a run is in the life of its notification.
type State string

// The states of a run.
const (
	Fetching      State = "fetching"
	FetchingFacts State = "consulting" // waits for an answer of the company's own systems
	Validating    State = "validating"
	Waiting       State = "waiting" // for a person's decision
	Posting       State = "posting"
	Acting        State = "acting"
	Deleting      State = "deleting"
	Parked        State = "parked" // for an operator; the run stays open
	Closed        State = "closed"
)

// Status is the answer of the query "status": what a run knows of itself.
type Status struct {
	NotificationID string          `json:"notificationId"`
	ReportID       string          `json:"reportId"`
	State          State           `json:"state"`
	WaitingFor     string          `json:"waitingFor"`
	Since          time.Time       `json:"since"`                // when State was entered
	ReadsAgain     string          `json:"readsAgain,omitempty"` // why, while it reads the report again
	ValidationID   string          `json:"validationId"`
	StepName       string          `json:"stepName,omitempty"`  // as the notifications call it, if they agree
	StepNames      []string        `json:"stepNames,omitempty"` // as they call it, if they contradict each other
	Revision       string          `json:"revision"`
	Task           *Task           `json:"task"`
	Verdict        *VerdictStatus  `json:"verdict"`
	Decisions      []DecisionTaken `json:"decisions"`
	Done           []string        `json:"done"` // what was done in Concur, in order
	Parked         *ParkReason     `json:"parked"`
	PendingDeletes []string        `json:"pendingDeletes"`         // notification URIs
	Facts          []string        `json:"facts,omitempty"`        // that are asked for, while consulting
	TotalDiffers   string          `json:"totalDiffers,omitempty"` // what the entries sum to and what the total is
	Outcome        expense.Outcome `json:"outcome"`

	Unreadable []UnreadableSignal `json:"unreadable,omitempty"` // signals that could not be read
}

// Task is what a person is asked.
type Task struct {
	ID    string `json:"id"`
	Group string `json:"group"`
}

// VerdictStatus is what the rules said of the present revision.
type VerdictStatus struct {
	Action     expense.Action        `json:"action"`
	Exceptions []expense.Exception   `json:"exceptions"`
	Findings   []expense.Finding     `json:"findings"`
	Rules      []expense.RuleSummary `json:"rules"` // each rule, in the order of the file
	RulesHash  string                `json:"rulesHash"`
	Version    string                `json:"version"` // as the rules file calls itself

	Assumed []string `json:"assumed,omitempty"` // of the amounts, a sentence each

	ApproveByException string `json:"approveByException,omitempty"` // the code that passes it on
}

// DecisionTaken is a decision that reached the run, and whether it counted.
type DecisionTaken struct {
	ID       string                 `json:"id"`
	TaskID   string                 `json:"taskId"`
	By       string                 `json:"by"`
	Decision expense.DecisionChoice `json:"decision"`
	Accepted bool                   `json:"accepted"`
	Why      string                 `json:"why,omitempty"` // why not
}

// ParkReason is why a run is parked and what a person can do about it.
type ParkReason struct {
	Kind    expense.Kind `json:"kind"`
	Message string       `json:"message"`
	Fix     string       `json:"fix"`
	// RefusedHost is set when the notification's own address is refused. The run then does
	// not try again by itself.
	expense.RefusedHost
}

// Result is what a run returns: the outcome and what was done on the way.
type Result struct {
	Outcome expense.Outcome `json:"outcome"`
	Cause   string          `json:"cause,omitempty"` // of sent-back: rules or person
	Done    []string        `json:"done,omitempty"`
	// Rules are those by which it was judged last.
	Rules *RulesUsed `json:"rules,omitempty"`
	// DryRun says why nothing was written, of the outcome dry-run, or why failed
	// notifications were left in the list.
	DryRun expense.DryRunReason `json:"dryRun,omitempty"`
	// FailedListEventTypes and Policies say of the outcome not-ours which events the failed list has named,
	// and which policy the report has.
	FailedListEventTypes []string `json:"failedListEventTypes,omitempty"`
	Policies             []string `json:"policies,omitempty"`
}

// RulesUsed names rules: the hash of their file and of its lists, and what the file calls
// itself.
type RulesUsed struct {
	Hash    string `json:"hash"`
	Version string `json:"version,omitempty"`
}

// withoutNulls makes absent lists empty, so that a reader of the JSON needs no
// special case.
func (s Status) withoutNulls() Status {
	s.Decisions = orEmpty(s.Decisions)
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
