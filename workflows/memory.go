package workflows

import (
	"slices"

	"concur-connector/expense"
)

// ProcessInput is the input of ProcessNotification.
type ProcessInput struct {
	Notification expense.Notification `json:"notification"`
	Memory       *Memory              `json:"memory,omitempty"` // set when this run continues another
}

// Memory is the state of a run. A run that continues as new hands it to the next one. The
// report is not part of it: the next run reads the report again.
//
// Each part is declared in the file that it names, together with everything that changes it.
type Memory struct {
	Address    address    `json:"address"`             // address.go: where the report is read
	Origin     origin     `json:"origin,omitzero"`     // inbox.go: who announced it
	Inbox      inbox      `json:"inbox,omitzero"`      // inbox.go: signals
	Read       lastRead   `json:"read,omitzero"`       // read.go: what the last read showed
	Step       step       `json:"step,omitzero"`       // step.go: the validation step and its names
	Runs       otherRuns  `json:"otherRuns,omitzero"`  // hand_over.go: other runs of the report
	Evaluation evaluation `json:"evaluation,omitzero"` // evaluate.go: what the rules said
	Decision   decision   `json:"decision,omitzero"`   // decide.go: what a person was asked and said
	Writes     writes     `json:"writes,omitzero"`     // writes.go: what was written to the report
	Deletes    deletes    `json:"deletes,omitzero"`    // delete_notifications.go: failed notifications
	Parking    parking    `json:"parking,omitzero"`    // park.go: why the run is parked
	Progress   progress   `json:"progress,omitzero"`   // what was done, and the outcome

	MustRead bool `json:"mustRead,omitempty"` // the next pass reads the report
	Calls    int  `json:"calls,omitempty"`    // how many activities were called
}

// maxListed bounds the lists that a run shows, so that no sender can fill its memory.
const maxListed = 200

// progress is what the run has done, and how it ends.
type progress struct {
	Done    []string        `json:"done,omitempty"`
	Outcome expense.Outcome `json:"outcome,omitempty"`
	Cause   string          `json:"cause,omitempty"` // who decided, while an action is under way and when it sent the report back
}

// record adds a line to what was done. It keeps the first line and the newest.
func (p *progress) record(line string) {
	p.Done = append(p.Done, line)
	if len(p.Done) > maxListed {
		p.Done = append(p.Done[:1:1], p.Done[len(p.Done)-maxListed+1:]...)
	}
}

// recordOnce adds a line unless it is there.
func (p *progress) recordOnce(line string) {
	if !slices.Contains(p.Done, line) {
		p.record(line)
	}
}

func (p *progress) end(outcome expense.Outcome) { p.Outcome, p.Cause = outcome, "" }

func (p *progress) sentBack(cause string) { p.Outcome, p.Cause = expense.SentBack, cause }

// reopen notes that the report waits for the connector again.
func (p *progress) reopen() { p.Outcome, p.Cause = "", "" }

// acts notes who decided on the action that is under way.
func (p *progress) acts(cause string) { p.Cause = cause }
