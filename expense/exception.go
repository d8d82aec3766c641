package expense

import "cmp"

// Visibility says who sees an exception, by v4.
type Visibility string

// The visibilities.
const (
	VisibleToAll        Visibility = "ALL"
	VisibleToApprovers  Visibility = "APPROVER_PROCESSOR"
	VisibleToProcessors Visibility = "PROCESSOR"
)

// Is reports whether two visibilities are one. Nothing said is everybody; one that Concur
// does not print could be any.
func (v Visibility) Is(wanted Visibility) bool {
	return v == "" || v == cmp.Or(wanted, VisibleToAll)
}

// ExistingException is an exception that Concur holds on a report, by Exceptions v4. Its
// object is the allocation, or else the expense, or else the report.
type ExistingException struct {
	Exception
	Blocking bool `json:"blocking,omitempty"` // it stops whoever would pass the report on
	// ExpenseID is the expense that an allocation belongs to, or the object itself; empty
	// for one of the report.
	ExpenseID string `json:"expenseId,omitempty"`
}
