package expense

import "cmp"

// ObjectType is the kind of object that has an exception.
type ObjectType string

// The object types of Concur's exceptions. An itemization counts as an entry.
const (
	OnReport     ObjectType = "Report"
	OnEntry      ObjectType = "Entry"
	OnAllocation ObjectType = "Allocation"
)

// Exception is an exception code to post on one object of a report. Concur's configuration
// holds the text that people see for each code.
type Exception struct {
	ObjectType ObjectType `json:"objectType"`
	ObjectID   string     `json:"objectId,omitempty"` // empty for the report
	Code       string     `json:"code"`               // 1 to 8 characters
	Rule       string     `json:"rule,omitempty"`
	// Visibility says who sees the exception. Empty means everybody. v1.1 ignores it.
	Visibility Visibility `json:"visibility,omitempty"`
}

// Same reports whether Concur treats two exceptions as the same one.
func (e Exception) Same(other Exception) bool {
	return e.ObjectType == other.ObjectType && e.ObjectID == other.ObjectID && e.Code == other.Code
}

// Visibility says who sees an exception in v4.
type Visibility string

// The visibilities.
const (
	VisibleToAll        Visibility = "ALL"
	VisibleToApprovers  Visibility = "APPROVER_PROCESSOR"
	VisibleToProcessors Visibility = "PROCESSOR"
)

// Is reports whether an existing exception's visibility may be the wanted one. An empty wanted
// visibility means everybody. If Concur's answer has none, any visibility is possible.
func (v Visibility) Is(wanted Visibility) bool {
	return v == "" || v == cmp.Or(wanted, VisibleToAll)
}

// ExistingException is an exception that Exceptions v4 lists on a report. Its object is the
// allocation if the list names one, else the expense, else the report.
type ExistingException struct {
	Exception
	Blocking bool `json:"blocking,omitempty"` // nobody can approve the report while it has this exception
	// ExpenseID is the expense, or the expense of the allocation. It is empty for the report.
	ExpenseID string `json:"expenseId,omitempty"`
}

// PostExceptionsInput lists the exceptions to post, with the exception flags of the report
// that was evaluated.
type PostExceptionsInput struct {
	Attempt
	ObjectURI    string      `json:"objectUri"`
	ValidationID string      `json:"validationId"`
	Exceptions   []Exception `json:"exceptions"`
	Flags        Flags       `json:"flags"`
}

// PostedExceptions says what happened to each exception, in the order of the input. If Kind is
// not empty, the report no longer waited at the step, and nothing more was sent.
type PostedExceptions struct {
	Answer
	ReportState
	Items []PostedException `json:"items,omitempty"`
	// OutcomeUnknown is true if Kind is set and some exceptions may have been posted.
	OutcomeUnknown bool `json:"outcomeUnknown,omitempty"`
	// HeaderHash is from a read after the writes. MayHaveMoved is true if it differs from the
	// input. If Kind is not empty, MayHaveMoved means that the report may wait at another step
	// with the same ID, and nothing was sent.
	HeaderHash   string `json:"headerHash,omitempty"`
	MayHaveMoved bool   `json:"mayHaveMoved,omitempty"`
	// DryRun says why nothing was sent. Items is then empty.
	DryRun DryRunReason `json:"dryRun,omitempty"`
}

// PostState is what happened to one exception.
type PostState string

// The states of an exception after the attempt to post it.
const (
	Posted      PostState = "posted"
	Refused     PostState = "refused"     // Concur rejected it; Message says why
	Unconfirmed PostState = "unconfirmed" // the object's flag was set before; not sent again
	Unlisted    PostState = "unlisted"    // Concur accepted it but does not list it; not sent again
)

// PostedException is one exception and what happened to it.
type PostedException struct {
	Exception
	State   PostState `json:"state"`
	Message string    `json:"message,omitempty"` // Concur's message
}

// DeleteExceptionsInput lists exceptions to delete. The connector posted them at an earlier
// step, or for a verdict that no longer applies.
type DeleteExceptionsInput struct {
	Attempt
	ObjectURI    string              `json:"objectUri"`
	ValidationID string              `json:"validationId"`
	Exceptions   []ExistingException `json:"exceptions"`
}

// DeletedExceptions says what happened to each exception.
type DeletedExceptions struct {
	Answer
	ReportState
	Deleted    []ExistingException `json:"deleted,omitempty"`
	NotDeleted []ExistingException `json:"notDeleted,omitempty"` // Concur keeps them: somebody else posted them
	// HeaderHash is from a read after the writes. MayHaveMoved is true if it differs from the
	// input. If Kind is not empty, MayHaveMoved means that the report may wait at another step
	// with the same ID, and nothing was sent.
	HeaderHash   string `json:"headerHash,omitempty"`
	MayHaveMoved bool   `json:"mayHaveMoved,omitempty"`
	// DryRun says why nothing was sent.
	DryRun DryRunReason `json:"dryRun,omitempty"`
}
