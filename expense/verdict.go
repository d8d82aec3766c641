package expense

import (
	"slices"
	"strings"
)

// Verdict is what the rules say about one revision of a report: its exceptions and exactly one
// action.
type Verdict struct {
	Action Action `json:"action"`

	// Approvals says which groups must approve if Action is Ask. If it is empty, one approval
	// of any approver is enough.
	Approvals []RequiredApproval `json:"approvals,omitempty"`
	// Owner and Shown are set if Action is Ask: who must not decide, and what the approvers see.
	// Owner is nil if nothing is known of the owner.
	Owner *Owner       `json:"owner,omitempty"`
	Shown *ShownReport `json:"shown,omitempty"`

	Exceptions []Exception `json:"exceptions,omitempty"`
	Findings   []Finding   `json:"findings,omitempty"`
	Comment    string      `json:"comment,omitempty"` // for the employee; joins the messages of the rules

	// SendBackWithoutExceptions means that a report is sent back without exceptions, even if a
	// person decides to send it back.
	SendBackWithoutExceptions bool `json:"sendBackWithoutExceptions,omitempty"`

	// ApproveByException is the code of the exception that approves a report in this company's
	// workflow. Empty means that an action approves it.
	ApproveByException string `json:"approveByException,omitempty"`

	// ApproveComment is sent when a person approves a report without a comment.
	ApproveComment string `json:"approveComment,omitempty"`
	// ExpenseRejectedComment is sent when Concur rejects an approval without a comment, because
	// an earlier approver has rejected an expense.
	ExpenseRejectedComment string `json:"expenseRejectedComment,omitempty"`

	// Assumed lists the assumptions about amounts, one sentence each.
	Assumed []string `json:"assumed,omitempty"`

	Rules     []RuleSummary `json:"rules,omitempty"`   // in the order of the rules file
	RulesHash string        `json:"rulesHash"`         // of the rules file and its lists
	Version   string        `json:"version,omitempty"` // the version that the rules file states
}

// Groups returns the names of the groups that must approve.
func (v Verdict) Groups() []string {
	var names []string
	for _, a := range v.Approvals {
		names = append(names, a.Group)
	}
	return names
}

// AskedInWords says who must approve: "controllers and 2 of finance". It is empty if the verdict
// names nobody.
func (v Verdict) AskedInWords() string {
	var all []string
	for _, a := range v.Approvals {
		all = append(all, a.String())
	}
	return strings.Join(all, " and ")
}

// SameApprovals reports whether two verdicts ask the same people.
func (v Verdict) SameApprovals(other Verdict) bool {
	return slices.EqualFunc(v.Approvals, other.Approvals, func(a, b RequiredApproval) bool {
		return a.Group == b.Group && a.Count == b.Count
	})
}

// Finding is a rule that was violated on one object, or that could not be evaluated there.
type Finding struct {
	Rule    string `json:"rule"`
	Object  string `json:"object,omitempty"`  // ID of the entry, itemization, allocation, expense or segment; empty for the whole
	Message string `json:"message,omitempty"` // for the employee
	// ForApprover is what approvers read instead of Message. It is empty if they read the same.
	ForApprover string      `json:"forApprover,omitempty"`
	Error       bool        `json:"error,omitempty"`  // the evaluation failed; Message says how
	Warn        bool        `json:"warn,omitempty"`   // a warning, without effect on the action
	Shadow      bool        `json:"shadow,omitempty"` // from a shadow rule, without effect on the action
	Values      []RuleValue `json:"values,omitempty"`
}

// RuleValue is a value that a rule read, formatted as rules print it.
type RuleValue struct {
	Name  string `json:"name"` // such as entry.posted
	Value string `json:"value"`
}

// RuleSummary counts the results of one rule on one report or travel request. Objects that the
// rule's match excludes are not counted.
type RuleSummary struct {
	Rule      string `json:"rule"`
	Objects   int    `json:"objects,omitempty"`
	Satisfied int    `json:"satisfied,omitempty"`
	Violated  int    `json:"violated,omitempty"`
	Failed    int    `json:"failed,omitempty"`
	Shadow    bool   `json:"shadow,omitempty"`
	// Values lists the values that a satisfied rule read from the report or request itself. It
	// is empty if they take too much space.
	Values []RuleValue `json:"values,omitempty"`
	// OtherStep is true if the rule applies only at other workflow steps.
	OtherStep bool `json:"otherStep,omitempty"`
}
