package page

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/shopspring/decimal"

	"concur-connector/expense"
)

// UseCases are what a signed-in approver can do. The package approvals implements them. All errors
// may be transient except those below.
type UseCases interface {
	// List returns the tasks that an approver may decide, the most urgent first: overdue tasks,
	// then by deadline, then the oldest. It needs no worker.
	List(ctx context.Context, actor expense.Actor, f Filter) (Queue, error)
	// Show returns what an approver may see of the latest run of a notification. Its errors are
	// ErrNotFound, ErrOwnReport, ErrNotEntitled and ErrUnavailable.
	Show(ctx context.Context, actor expense.Actor, notificationID string) (Report, error)
	// Decide seals a decision, comment, claim, release or delegation, sends it to the run and waits
	// for its answer. Sending it again with the same ID has no further effect. Its errors are
	// ErrNotFound and ErrUnavailable; every other answer is in Answer.
	Decide(ctx context.Context, actor expense.Actor, notificationID string, d expense.Decision) (Answer, error)
	// Mine returns what an approver has decided, the newest first.
	Mine(ctx context.Context, actor expense.Actor) (Decided, error)
}

// Sessions remember who has signed in. The package approvals implements them.
type Sessions interface {
	// Actor returns who has signed in. It is checked against the approvers' file each time. Its
	// errors are ErrSignedOut, also after a session has ended, and ErrUnavailable.
	Actor(r *http.Request) (expense.Actor, error)
	// SignIn starts a session for the person to whom a token belongs, and sets its cookie. Its errors
	// are ErrToken, ErrThrottled and ErrUnavailable.
	SignIn(w http.ResponseWriter, r *http.Request, token string) error
	// SignOut ends the session, if there is one.
	SignOut(w http.ResponseWriter, r *http.Request)
}

// The errors of UseCases and Sessions that the page can explain.
var (
	ErrSignedOut   = errors.New("nobody has signed in, or the session has ended")
	ErrToken       = errors.New("this token belongs to no approver")
	ErrThrottled   = errors.New("too many attempts to sign in; wait a minute")
	ErrNotFound    = errors.New("there is no such task")
	ErrNotEntitled = errors.New("another group decides this task")
	ErrOwnReport   = errors.New("nobody decides about their own report")
	ErrUnavailable = errors.New("the tasks cannot be read at the moment")
)

// Filter says which tasks a person wants to see. The zero value is all of them.
type Filter struct {
	Group        string // of approvers
	Employee     string // a part of the employee's name or login, whatever the case
	OpenedBefore time.Time
	Least, Most  *decimal.Decimal // of the total, in Currency
	Currency     string           // ISO 4217; empty means any
	Mine         bool             // claimed by this person
	Cursor       string           // Queue.Next of the page before
	Limit        int              // most tasks per page; 0 means 25
}

// Queue is one page of tasks.
type Queue struct {
	Tasks  []QueuedTask
	Total  int      // with this filter, on all pages
	Next   string   // the cursor of the next page; empty on the last one
	Groups []string // of all tasks that the person may decide, to filter by
}

// QueuedTask is a task that the person may decide.
type QueuedTask struct {
	expense.TaskSummary
	Total         *expense.Money // of the report or travel request; nil if the rules file does not show it
	ApprovedByYou bool           // the task waits for somebody else
	OnBehalfOf    []string       // those for whom the person may decide
}

// Report is a report or travel request, its open task, and what has happened to it.
type Report struct {
	NotificationID string
	ReportID       string
	Kind           expense.ObjectKind
	Owner          expense.Owner
	Shown          *expense.ShownReport // nil if the rules did not ask a person
	Findings       []expense.Finding
	Changes        []Change // since the employee submitted it before
	StepName       string   // of Concur's workflow; empty if it is unknown

	Task    *expense.Task // the open task; nil if nobody needs to decide
	Missing []expense.RequiredApproval
	Overdue bool
	Record  []expense.TaskEvent // the oldest first

	// Refusal is empty if the person may decide; otherwise it is the sentence that says why not.
	Refusal string
	Groups  []string // of the task, for which the person may decide
	// OnBehalfOf are the approvers for whom the person may decide, beside their own right.
	OnBehalfOf []string
	// People are the approvers to whom the person may delegate the task.
	People []string

	State     string   // of the run, as in workflows.State
	Done      []string // in Concur, in order
	Unchecked int      // decisions that the run has received and not checked
	Parked    string   // what an operator must settle; empty if the run is not parked
	Outcome   expense.Outcome
}

// Change is one field that differs from what the employee submitted before. Before is nil for a
// new field or object, After for a removed one.
type Change struct {
	Level         string // report, request, entry, …
	Object        string // ID; empty for the report or request itself
	Label         string // names the object, such as its expense type; may be empty
	Name          string // of the field as in the rules file; empty if the whole object is new or removed
	Added         bool   // the whole object is new
	Removed       bool   // the whole object is gone
	Before, After *expense.ShownField
}

// Result is what became of a decision.
type Result string

// The results.
const (
	Counted        Result = "counted"         // it counts
	Stored         Result = "stored"          // Temporal has it; no worker has answered yet
	CommentMissing Result = "comment-missing" // it needs a comment
	Late           Result = "late"            // somebody else has decided; Winner says who
	Closed         Result = "closed"          // the task was withdrawn, or is an older one
	Refused        Result = "refused"         // the person may not do this; Why says so
	Unknown        Result = "unknown"         // it may or may not be stored; send it again with the same ID
)

// Answer is what became of a decision.
type Answer struct {
	Result  Result
	Why     string             // one sentence, if the decision does not count
	Winner  *expense.TaskEvent // the decision that ended the task
	Missing []expense.RequiredApproval
}

// Decided is what a person has decided.
type Decided struct {
	Items []DecidedItem
	Since time.Time // the page knows nothing older; zero if it knows everything
}

// DecidedItem is a decision of a person and what became of the report.
type DecidedItem struct {
	NotificationID string
	ReportID       string
	Kind           expense.ObjectKind
	Fields         []expense.ShownField // of the report itself
	Owner          expense.Owner
	Event          expense.TaskEvent
	Open           bool // the run has not ended
	Outcome        expense.Outcome
}
