package activities

import (
	"fmt"

	"concur-connector/concur"
	"concur-connector/expense"
)

// Writes says which writes are sent to Concur. The zero value sends all of them.
type Writes struct {
	Mode WriteMode
	// TestUsers are the logins of test users. If there are any, only their reports are
	// written to; every other report gets a dry run.
	TestUsers []string
}

// WriteMode says whether anything is written to Concur.
type WriteMode string

// The modes.
const (
	WritesOn     WriteMode = "on"
	WritesDryRun WriteMode = "dry-run" // runs only record what they would write
	WritesOff    WriteMode = "off"     // a run that has to write waits for an operator
)

func (w Writes) check() error {
	switch w.Mode {
	case "", WritesOn, WritesDryRun, WritesOff:
		return nil
	}
	return fmt.Errorf("activities: unknown write mode %q: use on, dry-run or off", w.Mode)
}

// dryRunFor says why a report gets a dry run, if it does. A report that is gone has no
// owner, so it is not a test user's.
func (w Writes) dryRunFor(ownerIsTestUser bool) expense.DryRunReason {
	switch {
	case len(w.TestUsers) > 0 && !ownerIsTestUser:
		return expense.NotTestUser(w.TestUsers)
	case w.Mode == WritesDryRun:
		return expense.DryRunMode
	}
	return ""
}

// dryRunNow says why a report that had a dry run would only get another one. A sweep skips
// such a report.
func (w Writes) dryRunNow() expense.DryRunReason {
	if w.Mode == WritesDryRun {
		return expense.DryRunMode
	}
	return w.dryRunFor(false)
}

// allow returns an error while writes are off.
func (w Writes) allow(op string) error {
	if w.Mode != WritesOff {
		return nil
	}
	return &concur.Error{Op: op, Kind: expense.WritesOff, Message: "writes to Concur are switched off (CONCUR_WRITES)"}
}
