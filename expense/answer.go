package expense

import "time"

// Answer names the activity that gave a result. Every result of an activity holds one. A
// result that somebody typed by hand does not, and the workflow does not use it.
type Answer struct {
	Of string `json:"of,omitempty"`
}

// AnswerOf returns the name of the activity that gave the result.
func (a Answer) AnswerOf() string { return a.Of }

// ActivityName names one activity of one workflow, whatever attempt of it.
func ActivityName(workflowID, activityID string) string { return workflowID + "/" + activityID }

// Permission is what an activity asks of its run before it writes. The run's history then
// holds it: no operator can erase it, and a killed worker cannot forget it.
type Permission struct {
	Activity string `json:"activity"` // its ActivityName
	// ValidationID is where the report was judged, and Via the interface that names the stop so.
	ValidationID string    `json:"validationId"`
	Via          Interface `json:"via,omitempty"`
	// HeaderHash is the mark of the read before the write.
	HeaderHash string `json:"headerHash,omitempty"`
	// Code is that of the exception that is to pass the report on, if one is to be posted.
	Code string `json:"code,omitempty"`
}

// Permitted is the run's answer. The activity may write, unless Full is set.
type Permitted struct {
	// Earlier counts the permissions that attempts of the same activity had before: each of
	// them may have written.
	Earlier int `json:"earlier,omitempty"`
	// Full is set when the run's history is too long to go on. The activity ends without
	// writing, and the run continues as new.
	Full bool `json:"full,omitempty"`
}

// EarlierInput asks what runs before this one have written to the report.
type EarlierInput struct {
	NotificationID string
	RunID          string // of the run that asks
	ReportID       string
	ValidationID   string
	Via            Interface
	CheckedRuns    []string // run IDs that were looked at before
	// VisibleWithin is how long Concur may go on to show the report where it was before a write.
	VisibleWithin time.Duration
}

// EarlierRuns says what runs before this one have written to the report at its stop.
type EarlierRuns struct {
	CheckedRuns []string `json:"checkedRuns,omitempty"` // the run IDs that were looked at now
	// Wrote is set when one of them was permitted to write.
	Wrote bool `json:"wrote,omitempty"`
	// Code is that of the exception by which one of them was to pass the report on.
	Code string `json:"code,omitempty"`
	// ActedAt is when one that wrote at this stop came to its end, if that was so lately that
	// Concur may not show yet what it did.
	ActedAt time.Time `json:"actedAt,omitzero"`
}
