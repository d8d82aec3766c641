package activities

import (
	"errors"

	"concur-connector/concur"
	"concur-connector/expense"
)

// Writes says which writes are sent to Concur. The zero value sends all of them.
type Writes struct {
	Mode WriteMode
	// TestUsers are the logins of those whose reports alone are written to; the others'
	// are shown as in a dry run. None: everybody's are written to.
	TestUsers []string
}

// WriteMode says whether anything is written to Concur.
type WriteMode string

// The modes.
const (
	WritesOn     WriteMode = "on"
	WritesDryRun WriteMode = "dry-run" // everything but the writes, which are shown
	WritesOff    WriteMode = "off"     // what is to be written waits for an operator
)

func (w Writes) check() error {
	switch w.Mode {
	case "", WritesOn, WritesDryRun, WritesOff:
		return nil
	}
	return errors.New("activities: the mode of the writes is none")
}

// withhold says why nothing is written to a report that is a test user's or not. One
// that is gone is nobody's.
func (w Writes) withhold(tested bool) expense.DryRunReason {
	switch {
	case len(w.TestUsers) > 0 && !tested:
		return expense.NotTestUser(w.TestUsers)
	case w.Mode == WritesDryRun:
		return expense.DryRunMode
	}
	return ""
}

// now is what these settings withhold of what was withheld before: a net leaves alone
// what a run has shown, for as long as it would only be shown again.
func (w Writes) now() expense.DryRunReason {
	if w.Mode == WritesDryRun {
		return expense.DryRunMode
	}
	return w.withhold(false)
}

// allow returns an error while writes are switched off.
func (w Writes) allow(op string) error {
	if w.Mode != WritesOff {
		return nil
	}
	return &concur.Error{Op: op, Kind: expense.WritesOff, Message: "writes to Concur are switched off (CONCUR_WRITES)"}
}
