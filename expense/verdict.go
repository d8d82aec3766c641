package expense

// Action is what is to be done with a report, or was.
type Action string

// The actions of a verdict, by falling precedence: send back, ask, approve.
// Approving at external validation means passing the report on to its next step.
const (
	SendBack Action = "send-back"
	Ask      Action = "ask"
	Approve  Action = "approve"
)

// CanLeadTo reports whether a report that has left its stop with this approval
// status may have left it by this action.
func (a Action) CanLeadTo(status string) bool {
	switch status {
	case RequestCanceled, RequestNotSubmitted: // the owner's doing
		return false
	}
	back := status == StatusToBeResubmitted || status == StatusNotSubmitted || status == RequestSentBack
	return back == (a == SendBack)
}

// IsWithdrawn reports whether a report or a travel request with this approval status is
// with its owner again, or was given up.
func IsWithdrawn(status string) bool {
	return SendBack.CanLeadTo(status) || status == RequestNotSubmitted || status == RequestCanceled
}

// Verdict is what the rules say about one revision of a report: exceptions, and
// exactly one action.
type Verdict struct {
	Action     Action      `json:"action"`
	Group      string      `json:"group,omitempty"` // who is asked, when Action is Ask
	Exceptions []Exception `json:"exceptions,omitempty"`
	Findings   []Finding   `json:"findings,omitempty"`
	Comment    string      `json:"comment,omitempty"` // for the employee, composed from the messages

	// SendBackWithoutExceptions says that a report which is sent back gets no exceptions, whoever decides
	// that.
	SendBackWithoutExceptions bool `json:"sendBackWithoutExceptions,omitempty"`

	// ApproveByException is the code of the exception by which this company's workflow
	// moves a report on, in the place of an action; empty: by the action.
	ApproveByException string `json:"approveByException,omitempty"`

	// ApproveComment is for a report that is passed on by a person who says nothing about it,
	// and ExpenseRejectedComment is for an approval that Concur refuses without one: an
	// approver before us has rejected an expense.
	ApproveComment         string `json:"approveComment,omitempty"`
	ExpenseRejectedComment string `json:"expenseRejectedComment,omitempty"`

	// Assumed says what was taken for granted of the amounts, a sentence each.
	Assumed []string `json:"assumed,omitempty"`

	Rules     []RuleSummary `json:"rules,omitempty"`   // each rule, in the order of the file
	RulesHash string        `json:"rulesHash"`         // of the rules file, and of its lists, that said so
	Version   string        `json:"version,omitempty"` // as that file calls itself
}

// Finding is one violation of one rule, or a rule that could not be evaluated.
type Finding struct {
	Rule    string      `json:"rule"`
	Object  string      `json:"object,omitempty"` // the ID of the entry, itemization, allocation, expense or segment; empty for the whole
	Message string      `json:"message,omitempty"`
	Error   bool        `json:"error,omitempty"`  // the rule itself erred; the message says how
	Warn    bool        `json:"warn,omitempty"`   // it is said, and nothing follows
	Shadow  bool        `json:"shadow,omitempty"` // the rule is only watched: nothing follows
	Values  []RuleValue `json:"values,omitempty"`
}

// RuleValue is a value that a rule saw, as the rules print it.
type RuleValue struct {
	Name  string `json:"name"` // such as entry.posted
	Value string `json:"value"`
}

// RuleSummary is what one rule made of one report or travel request: on how many objects
// it was evaluated, and how that went. Those that its match left out are in no other
// number.
type RuleSummary struct {
	Rule      string `json:"rule"`
	Objects   int    `json:"objects,omitempty"`
	Satisfied int    `json:"satisfied,omitempty"`
	Violated  int    `json:"violated,omitempty"`
	Failed    int    `json:"failed,omitempty"`
	Shadow    bool   `json:"shadow,omitempty"`
	// Values is what a rule that held saw of the whole, unless that took too much.
	Values []RuleValue `json:"values,omitempty"`
	// OtherStep is set when the rule is limited to other stops than this one.
	OtherStep bool `json:"otherStep,omitempty"`
}

// ObjectType is the level at which Concur holds an exception.
type ObjectType string

// The levels that Concur's exceptions know. An itemization is addressed as an entry.
const (
	OnReport     ObjectType = "Report"
	OnEntry      ObjectType = "Entry"
	OnAllocation ObjectType = "Allocation"
)

// Exception is an exception code to be posted on one object of a report. The text
// that people see is configured in Concur, by code.
type Exception struct {
	ObjectType ObjectType `json:"objectType"`
	ObjectID   string     `json:"objectId,omitempty"` // empty for the report
	Code       string     `json:"code"`               // 1 to 8 characters
	Rule       string     `json:"rule,omitempty"`
	// Visibility says who sees it, by v4; empty: everybody. v1.1 has no such thing.
	Visibility Visibility `json:"visibility,omitempty"`
}

// Same reports whether two exceptions are one to Concur.
func (e Exception) Same(other Exception) bool {
	return e.ObjectType == other.ObjectType && e.ObjectID == other.ObjectID && e.Code == other.Code
}

// DecisionChoice is what a person decides.
type DecisionChoice string

// The two answers that a person can give.
const (
	DecideApprove  DecisionChoice = "approve"
	DecideSendBack DecisionChoice = "send-back"
)

// Decision is one person's answer to one task, the payload of the signal
// "decided". A decision is repeated safely with the same ID.
type Decision struct {
	TaskID   string         `json:"taskId"`
	ID       string         `json:"decisionId,omitempty"`
	Decision DecisionChoice `json:"decision"`
	Comment  string         `json:"comment,omitempty"`
	By       string         `json:"by,omitempty"`
}
