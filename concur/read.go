package concur

import "concur-connector/expense"

// ReadOptions say how a report or a travel request is read.
type ReadOptions struct {
	// Via is the interface for a report that a callout names by its v1.1 address; "" is
	// v1.1. One that is named by a v4 address is read by v4 when Via is v4, and else by v3:
	// its v1.1 key is not known.
	Via expense.Interface
	// Fallback lets a report that a callout names be read by v1.1 when Via's interface
	// refuses it, which proves that nothing was done.
	Fallback bool
	Parts    expense.Parts
	// Whole has a report that does not wait at an external validation read like one that
	// does, by v3 and v4; v1.1 shows all of it in any case.
	Whole  bool
	Logins []string // of the employees in [Read.Theirs]
}

// Read is what one read showed.
type Read struct {
	Report  *expense.Report
	Request *expense.TravelRequest // in the place of a report
	Theirs  bool                   // the owner is one of the logins
	// Mark changes with whatever Concur shows of the header in v3 and v4, which name no
	// workflow step; empty by v1.1.
	Mark string
	// FellBack says why the report was not read by the interface that was asked for.
	FellBack string
}
