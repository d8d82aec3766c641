package expense

import "time"

// Attempt is the part of a write's input that says how the report was read, and whether an
// earlier write may have taken effect. If the write may not be the first, its outcome counts
// as unknown until a read proves otherwise.
type Attempt struct {
	// OriginalRunID is the run that first scheduled this write. After a reset it differs from
	// the run ID of the activity.
	OriginalRunID string `json:"originalRunId"`
	// OutcomeUnknown is true if an earlier write at this validation step ended without an answer.
	OutcomeUnknown bool `json:"outcomeUnknown,omitempty"`
	// Via is the interface that read the report.
	Via Interface `json:"via,omitempty"`
	// HeaderHash is from the read that was evaluated. If exceptions were posted or deleted
	// since, it is from the read after the last of those writes.
	HeaderHash string `json:"headerHash,omitempty"`
	// ContentHashes holds hashes of the content that was evaluated.
	ContentHashes string `json:"contentHashes,omitempty"`
	// ReadAt is the time of that read, and Parts are the parts that it covered. If the read is
	// old, the activity reads the report in full before it writes.
	ReadAt time.Time `json:"readAt,omitzero"`
	Parts  Parts     `json:"parts,omitzero"`
	// ApproverAsked is true if a person was asked after the read. The activity then also reads
	// the report in full.
	ApproverAsked bool `json:"approverAsked,omitempty"`
}

// FailedWrite is the detail of the error of a failed write.
type FailedWrite struct {
	Answer
	// OutcomeUnknown is false only if no attempt of this write has taken effect for certain.
	OutcomeUnknown bool `json:"outcomeUnknown"`
	// Fix is what an operator should do. It is empty if Concur's code does not identify the cause.
	Fix string `json:"fix,omitempty"`
}

// Permission is the request of an activity to its run before it writes. The run records it in
// its history, so neither an operator nor a killed worker can make the run forget the write.
type Permission struct {
	Activity string `json:"activity"` // its ActivityName
	// ValidationID is the validation step at which the report was evaluated. Via is the
	// interface that gave this ID.
	ValidationID string    `json:"validationId"`
	Via          Interface `json:"via,omitempty"`
	// HeaderHash is from the read just before the write.
	HeaderHash string `json:"headerHash,omitempty"`
	// Code is the code of the exception that approves the report, if the write posts one.
	Code string `json:"code,omitempty"`
}

// Permitted is the run's answer to a [Permission]. The activity may write unless Full is true.
type Permitted struct {
	// Earlier counts the permissions that earlier attempts of the same activity got. Each of
	// them may have written.
	Earlier int `json:"earlier,omitempty"`
	// Full is true if the run's history is too long for another write. The activity then ends
	// without writing, and the run continues as new.
	Full bool `json:"full,omitempty"`
}

// EarlierInput asks what earlier runs have written to a report.
type EarlierInput struct {
	NotificationID string
	RunID          string // of the run that asks
	ReportID       string
	ValidationID   string
	Via            Interface
	CheckedRuns    []string // run IDs that need no second check
	// VisibleWithin is the longest time for which Concur may show the state before a write.
	VisibleWithin time.Duration
}

// EarlierRuns says what earlier runs have written to the report at this validation step.
type EarlierRuns struct {
	CheckedRuns []string `json:"checkedRuns,omitempty"` // run IDs checked by this call
	// Wrote is true if one of these runs had permission to write.
	Wrote bool `json:"wrote,omitempty"`
	// Code is the code of the exception with which one of these runs was to approve the report.
	Code string `json:"code,omitempty"`
	// ActedAt is the time at which a run that wrote at this step ended. It is set only if that
	// was so recent that Concur may not show the write yet.
	ActedAt time.Time `json:"actedAt,omitzero"`
}

// MaxWaitsUntilVisible limits how often one attempt of an activity waits until Concur shows a
// write. Each wait may take as long as Concur may need. A run extends the timeout of the
// activity accordingly.
const MaxWaitsUntilVisible = 3
