package expense

// Action is an action on a report, or the question to a person which action to take.
type Action string

// The actions of a verdict, in order of precedence: send back, ask, approve. An approval at
// external validation moves the report to its next workflow step.
const (
	SendBack Action = "send-back"
	Ask      Action = "ask"
	Approve  Action = "approve"
)

// CanLeadTo reports whether this action can have moved a report or a travel request from
// external validation to the approval status.
func (a Action) CanLeadTo(status string) bool {
	switch status {
	case RequestCanceled, RequestNotSubmitted: // only the owner can do this
		return false
	}
	back := status == StatusToBeResubmitted || status == StatusNotSubmitted || status == RequestSentBack
	return back == (a == SendBack)
}

// IsWithdrawn reports whether the approval status says that the owner has the report or travel
// request again, or has canceled it.
func IsWithdrawn(status string) bool {
	return SendBack.CanLeadTo(status) || status == RequestNotSubmitted || status == RequestCanceled
}

// TakeActionInput says which action to take on the report, and at which validation step.
type TakeActionInput struct {
	Attempt
	ObjectURI    string `json:"objectUri"`
	ValidationID string `json:"validationId"`
	Action       Action `json:"action"` // Approve or SendBack
	Comment      string `json:"comment,omitempty"`
	// ExpenseRejectedComment is sent only if Concur rejects an approval without it.
	ExpenseRejectedComment string `json:"expenseRejectedComment,omitempty"`
	// ByRules is true if the rules chose the action and no person did. The send-back limit
	// then applies.
	ByRules bool `json:"byRules,omitempty"`
	// LimitOverridden is true if an operator has lifted the send-back limit for this report.
	LimitOverridden bool `json:"limitOverridden,omitempty"`
}

// ActionTaken is the result of an action. If Kind is empty, the action was taken, and
// ValidationID is the next step at which the report waits for the connector, if Concur shows
// one. If Kind is not empty, the report no longer waited at the step, and this attempt sent
// nothing.
type ActionTaken struct {
	Answer
	ReportState
	// Confirmed is true if a read, and not Concur's answer, proved the action: the report has
	// left the step in the direction of the action. It may already wait at the next step.
	Confirmed bool `json:"confirmed,omitempty"`
	// OutcomeUnknown is true if an earlier attempt may have taken the action, although the
	// report does not look like it.
	OutcomeUnknown bool `json:"outcomeUnknown,omitempty"`
	// MayHaveMoved is true if the report waits, and either was edited since its evaluation or
	// waits at another step with the same ID. Nothing was sent. The run evaluates it again.
	MayHaveMoved bool `json:"mayHaveMoved,omitempty"`
	// Posted is true if this attempt or an earlier one has posted the exception that approves
	// the report.
	Posted bool `json:"posted,omitempty"`
	// StillWaiting is true if the report still waits at the step after the action.
	StillWaiting bool `json:"stillWaiting,omitempty"`
	// DryRun says why nothing was sent.
	DryRun DryRunReason `json:"dryRun,omitempty"`
}

// ApproveByExceptionInput approves a report by posting an exception. The company's workflow
// moves a report on when it has this exception. Comment is not sent.
type ApproveByExceptionInput struct {
	TakeActionInput
	Code string `json:"code"`
	// AlreadyPosted is true if the exception was posted at this step before. The activity then
	// posts nothing and only checks whether the report has moved.
	AlreadyPosted bool `json:"alreadyPosted,omitempty"`
	// FlagWasSet is true if the report's exception flag was or may have been set before. A set
	// flag then does not prove that the exception was posted.
	FlagWasSet bool `json:"flagWasSet,omitempty"`
}

// Exception returns the exception to post.
func (in ApproveByExceptionInput) Exception() Exception {
	return Exception{ObjectType: OnReport, Code: in.Code}
}
