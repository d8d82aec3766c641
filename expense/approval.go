package expense

import (
	"cmp"
	"fmt"
	"time"
)

// RequiredApproval is a group of approvers that must approve a report or travel request.
type RequiredApproval struct {
	Group string   `json:"group"`           // empty means that any approver may decide
	Count int      `json:"count"`           // how many different people of the group, at least 1
	Rules []string `json:"rules,omitempty"` // the rules that ask for it
}

// String names the people: "finance", "2 of finance", "any approver".
func (a RequiredApproval) String() string {
	name := cmp.Or(a.Group, "any approver")
	if a.Count > 1 {
		return fmt.Sprintf("%d of %s", a.Count, name)
	}
	return name
}

// Owner is the employee who owns a report or travel request. An empty Login means that Concur
// did not say who the owner is.
type Owner struct {
	Login string `json:"login,omitempty"` // Concur's login ID, usually an e-mail address
	Name  string `json:"name,omitempty"`
}

// Identification says how the endpoint has identified an approver.
type Identification string

// The ways to identify an approver.
const (
	ByToken Identification = "token" // a bearer token of the approvers' file
	ByOIDC  Identification = "oidc"  // an ID token or access token of the OpenID provider
	ByProxy Identification = "proxy" // a header of the single sign-on proxy
)

// Actor is the person who decides, as the approvals endpoint identified them.
type Actor struct {
	Name         string         `json:"name"` // in the approvers' file, or else as the provider names them
	IdentifiedBy Identification `json:"identifiedBy"`
	// Logins are the person's Concur logins and e-mail addresses.
	Logins []string `json:"logins,omitempty"`
	// Groups are those that the OpenID provider or the proxy names. The approvers' file may add
	// others; the worker reads that file when it checks the decision.
	Groups []string `json:"groups,omitempty"`
}

// CheckDecisionInput is a decision to check against the approvers and the rules in force.
type CheckDecisionInput struct {
	Task     Task      `json:"task"`
	Decision Decision  `json:"decision"`
	Owner    Owner     `json:"owner"`
	At       time.Time `json:"at"` // when the run received the decision
}

// CheckedDecision says whether a decision counts. It is part of the history.
type CheckedDecision struct {
	Answer
	Accepted bool   `json:"accepted"`
	Why      string `json:"why,omitempty"` // one sentence; why the decision does not count
	// By is the name to show. It is Unverified if nobody has verified who sent the decision.
	By           string         `json:"by"`
	IdentifiedBy Identification `json:"identifiedBy,omitempty"` // empty if not verified
	OnBehalfOf   string         `json:"onBehalfOf,omitempty"`   // the approver who delegated to By
	Groups       []string       `json:"groups,omitempty"`       // the task's groups for which the decision counts
}

// Unverified is the name shown for a decision that bypassed the approvals endpoint.
const Unverified = "an operator, through Temporal (identity not verified)"

// Task is a question to approvers about one revision of a report or travel request.
type Task struct {
	ID       string      `json:"id"`
	OpenedAt time.Time   `json:"openedAt"`
	Groups   []TaskGroup `json:"groups"`
	// CommentRequired is true if an approval needs a comment, too. A send-back always does.
	CommentRequired bool `json:"commentRequired,omitempty"`
	// DifferentPeople is true if nobody may approve for two groups.
	DifferentPeople bool       `json:"differentPeople,omitempty"`
	ClaimedBy       string     `json:"claimedBy,omitempty"`
	Delegates       []Delegate `json:"delegates,omitempty"`
	Plan            []TaskStep `json:"plan,omitempty"` // still to come, in order of time
}

// TaskGroup is a group of the task and the approvals that it has given.
type TaskGroup struct {
	RequiredApproval
	Approvals []TaskApproval `json:"approvals,omitempty"`
	// EscalatedFrom is set for a group that was added because another group had not decided.
	// Its approvals count for that group.
	EscalatedFrom string `json:"escalatedFrom,omitempty"`
}

// TaskApproval is an approval that counts for a group.
type TaskApproval struct {
	By         string    `json:"by"`
	OnBehalfOf string    `json:"onBehalfOf,omitempty"`
	At         time.Time `json:"at"`
}

// Delegate is a person to whom an approver has delegated one task.
type Delegate struct {
	To   string `json:"to"`
	From string `json:"from"`
}

// TaskStep is a reminder, an escalation or the deadline of a task.
type TaskStep struct {
	At    time.Time    `json:"at"`
	Kind  TaskStepKind `json:"kind"`
	Group string       `json:"group"`
	To    string       `json:"to,omitempty"`   // of an escalation: the group that is asked, too
	Then  string       `json:"then,omitempty"` // of a deadline: ThenKeepWaiting or ThenSendBack
}

// What becomes of a task at its deadline. Silence never approves.
const (
	ThenKeepWaiting = "keep-waiting"
	ThenSendBack    = "send-back"
)

// TaskStepKind is what happens to a task at a time.
type TaskStepKind string

// The kinds of steps.
const (
	Remind   TaskStepKind = "remind"
	Escalate TaskStepKind = "escalate"
	Deadline TaskStepKind = "deadline"
)

// PlanTaskInput asks when a task's reminders, escalations and deadlines are due.
type PlanTaskInput struct {
	Groups   []RequiredApproval `json:"groups"`
	OpenedAt time.Time          `json:"openedAt"`
}

// TaskPlan is what the rules in force say about a task. The rules may change while the task is
// open; the plan stays.
type TaskPlan struct {
	Answer
	Steps           []TaskStep    `json:"steps,omitempty"` // in order of time
	CommentRequired bool          `json:"commentRequired,omitempty"`
	DifferentPeople bool          `json:"differentPeople,omitempty"`
	CheckEvery      time.Duration `json:"checkEvery,omitempty"` // how often to read the report again; zero means never
	Notify          bool          `json:"notify,omitempty"`     // people are told about the task
}

// ShownReport is what the approvers' page shows of a report or travel request: the fields that
// the rules file names, and no others.
type ShownReport struct {
	Fields  []ShownField  `json:"fields,omitempty"`
	Objects []ShownObject `json:"objects,omitempty"` // in the order of the report
	// LeftOut says in one sentence what is not shown, because the report is too large.
	LeftOut string `json:"leftOut,omitempty"`
	// URL opens the report in Concur. It is empty if the deployment does not configure it.
	URL string `json:"url,omitempty"`
}

// ShownObject is an entry, itemization, allocation, expected expense or segment.
type ShownObject struct {
	ID     string       `json:"id"`
	Parent string       `json:"parent,omitempty"`
	Level  string       `json:"level"` // as in the rules file: entry, itemization, allocation, …
	Fields []ShownField `json:"fields,omitempty"`
}

// ShownField is one value. Exactly one of Text, Money, Date, Number and Yes is set; a field
// without a value is left out.
type ShownField struct {
	Name   string `json:"name"` // as in the rules file, such as entry.posted
	Text   string `json:"text,omitempty"`
	Money  *Money `json:"money,omitempty"`
	Date   Date   `json:"date,omitempty"`
	Number string `json:"number,omitempty"` // a decimal number
	Yes    *bool  `json:"yes,omitempty"`
}

// TaskEvent is one line of the record of a task: what a person did, or what became of the task.
type TaskEvent struct {
	Number     int           `json:"number,omitempty"` // in the record of the run, from 1
	At         time.Time     `json:"at"`
	Kind       TaskEventKind `json:"kind"`
	TaskID     string        `json:"taskId,omitempty"`
	DecisionID string        `json:"decisionId,omitempty"`

	// The person, if Kind names something that a person did.
	Decision     DecisionChoice `json:"decision,omitempty"`
	By           string         `json:"by,omitempty"`
	IdentifiedBy Identification `json:"identifiedBy,omitempty"` // empty if not verified
	OnBehalfOf   string         `json:"onBehalfOf,omitempty"`
	To           string         `json:"to,omitempty"` // of a delegation
	Comment      string         `json:"comment,omitempty"`

	Groups    []string `json:"groups,omitempty"`
	Why       string   `json:"why,omitempty"` // why a decision does not count, or why a task was withdrawn
	RulesHash string   `json:"rulesHash,omitempty"`
	// Seal is that of a decision that was refused before anybody had verified who sent it. It tells
	// the decision from others that use the same ID.
	Seal     string `json:"seal,omitempty"`
	Revision string `json:"revision,omitempty"`
}

// TaskEventKind is what happened to a task.
type TaskEventKind string

// The kinds of events.
const (
	TaskOpened     TaskEventKind = "opened"
	TaskReminded   TaskEventKind = "reminded"
	TaskEscalated  TaskEventKind = "escalated"
	TaskOverdue    TaskEventKind = "overdue"     // the deadline has passed
	TaskWithdrawn  TaskEventKind = "withdrawn"   // nobody needs to decide any more
	TaskCounted    TaskEventKind = "counted"     // a decision, comment, claim, release or delegation counts
	TaskRefused    TaskEventKind = "refused"     // it does not count
	TaskSignalLost TaskEventKind = "unreadable"  // a signal could not be decoded
	TaskCarriedOut TaskEventKind = "carried-out" // Concur shows what was decided
)

// TaskNews is something to tell the approvers of a task.
type TaskNews string

// The kinds of news.
const (
	NewsOpened    TaskNews = "opened"
	NewsReminder  TaskNews = "reminder"
	NewsEscalated TaskNews = "escalated"
	NewsOverdue   TaskNews = "overdue"
	NewsWithdrawn TaskNews = "withdrawn"
)

// NotifyApproversInput is a piece of news and who is told. Sending it twice tells people once.
type NotifyApproversInput struct {
	NotificationID string       `json:"notificationId"`
	TaskID         string       `json:"taskId"`
	News           TaskNews     `json:"news"`
	At             time.Time    `json:"at"` // when it happened or was due; tells two reminders of a task apart
	Groups         []string     `json:"groups"`
	Deadline       time.Time    `json:"deadline,omitzero"`
	Why            string       `json:"why,omitempty"`  // why the task was withdrawn
	Owner          Owner        `json:"owner,omitzero"` // is not told, even as an approver
	Fields         []ShownField `json:"fields,omitempty"`
}

// DeliverDigestsInput asks to tell each approver once about all tasks that wait for them. Sending the
// digests of one time twice tells people once.
type DeliverDigestsInput struct {
	At time.Time `json:"at"` // when they were due
}

// ExportRecordInput is what happened to the tasks of one run, to be kept for longer than
// Temporal keeps the run. Exporting an event twice stores it once.
type ExportRecordInput struct {
	NotificationID string      `json:"notificationId"`
	RunID          string      `json:"runId"` // the first run of the chain of runs
	ReportID       string      `json:"reportId,omitempty"`
	Outcome        Outcome     `json:"outcome,omitempty"`
	Cause          string      `json:"cause,omitempty"`
	Events         []TaskEvent `json:"events"`
}

// ExportedRecord says which events are stored.
type ExportedRecord struct {
	Answer
	Last int `json:"last"` // the number of the last one
}

// TaskSummary is what the list of waiting tasks shows of one task. Temporal stores it in the
// run's memo, so that listing tasks needs no worker.
type TaskSummary struct {
	NotificationID string     `json:"notificationId"`
	ReportID       string     `json:"reportId,omitempty"`
	Kind           ObjectKind `json:"kind"`
	TaskID         string     `json:"taskId"`
	OpenedAt       time.Time  `json:"openedAt"`
	Deadline       time.Time  `json:"deadline,omitzero"`
	Overdue        bool       `json:"overdue,omitempty"`
	// Groups still need approvals. Those that have approved are left out.
	Groups     []string     `json:"groups"`
	ClaimedBy  string       `json:"claimedBy,omitempty"`
	Delegates  []Delegate   `json:"delegates,omitempty"`
	ApprovedBy []string     `json:"approvedBy,omitempty"` // who has approved, and on whose behalf
	Fields     []ShownField `json:"fields,omitempty"`     // of the report itself, as the rules file names them
	Findings   int          `json:"findings,omitempty"`   // how many findings with an effect
	Owner      Owner        `json:"owner,omitzero"`       // the endpoint shows nobody their own report as a task
}
