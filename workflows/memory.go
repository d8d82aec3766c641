package workflows

import (
	"slices"
	"time"

	"concur-connector/expense"
)

// ProcessInput is what a run of ProcessNotification begins with.
type ProcessInput struct {
	Notification expense.Notification `json:"notification"`
	Memory       *Memory              `json:"memory,omitempty"` // of the run that continued as this one
}

// Memory is the state of a run, as it is carried over when a long run continues
// as new. The report itself is not in it: it is read again.
type Memory struct {
	ObjectURI   string `json:"objectUri"`
	AddressRead bool   `json:"addressRead,omitempty"` // ObjectURI has been read once

	NewStepNames []StepName  `json:"newStepNames,omitempty"` // names of the stop that came since the last read began
	NamedSteps   []NamedStep `json:"namedSteps,omitempty"`   // where the report was found, and how those stops were named

	Addresses []string `json:"addresses,omitempty"` // others of the same object, while none has been read

	// Callout is the address by which a callout names the report, if ObjectURI is another one.
	// A run that joined this one has told it. It is used when ObjectURI is not enough.
	Callout string `json:"callout,omitempty"`

	NotFoundAddresses []string `json:"notFoundAddresses,omitempty"` // addresses of the same object that were not found, while none has been read

	MustRead            bool `json:"mustRead,omitempty"`            // the report is to be read (again)
	NotificationPending bool `json:"notificationPending,omitempty"` // a notified came since the last read began
	Reevaluate          bool `json:"reevaluate,omitempty"`          // an operator may have mended the rules

	// Ours is set when the report is known to be this deployment's: something else than an entry
	// of the failed list has told of it, or a read has shown it.
	Ours bool `json:"ours,omitempty"`
	// Nameless is set when a callout has told of the report and named no event.
	Nameless bool `json:"nameless,omitempty"`
	// FailedListEventTypes are the events that entries of the failed list have named. Policies is its policy
	// when that, too, does not show that it is ours.
	FailedListEventTypes []string `json:"failedListEventTypes,omitempty"`
	Policies             []string `json:"policies,omitempty"`

	HandedOverToUs   bool `json:"handedOverToUs,omitempty"`   // another run has left its report to this one
	CheckedForOthers bool `json:"checkedForOthers,omitempty"` // it was looked for other runs of the report

	ReportID     string `json:"reportId,omitempty"`
	ValidationID string `json:"validationId,omitempty"`
	Revision     string `json:"revision,omitempty"`
	Content      string `json:"content,omitempty"`
	StepChanges  int    `json:"stepChanges,omitempty"` // in a row, nothing else changed

	TotalDiffers string `json:"totalDiffers,omitempty"` // what the last read said of the entries' sum

	Via        expense.Interface `json:"via,omitempty"`        // by which the last read was made
	HeaderHash string            `json:"headerHash,omitempty"` // of the last read, or of that after our own exceptions
	// ReadHashes holds digests of what the last read showed; ReadAt is when that was, and
	// ReadParts are what was read.
	ReadHashes string        `json:"readHashes,omitempty"`
	ReadAt     time.Time     `json:"readAt,omitzero"`
	ReadParts  expense.Parts `json:"readParts,omitzero"`
	// Changes counts, in a row, the writes that were not sent because the report had changed.
	Changes int `json:"changes,omitempty"`
	// Written is set while exceptions may have been put or taken off since Mark was read.
	Written    bool                        `json:"written,omitempty"`
	NotDeleted []expense.ExistingException `json:"notDeleted,omitempty"` // exceptions that are not ours to take off

	DryRunRemovals []expense.ExistingException `json:"dryRunRemovals,omitempty"` // exceptions that were only shown to be taken off

	Verdict           *expense.Verdict  `json:"verdict,omitempty"`           // of Revision
	VerdictEventType  string            `json:"verdictEventType,omitempty"`  // the name of the stop that it is for
	DependsOnStepName bool              `json:"dependsOnStepName,omitempty"` // without that name it would say something else, or ask other people
	Task              *Task             `json:"task,omitempty"`
	TaskOpenedAt      time.Time         `json:"taskOpenedAt,omitzero"` // when the task began
	Tasks             int               `json:"tasks,omitempty"`
	AcceptedDecision  *expense.Decision `json:"acceptedDecision,omitempty"` // the decision that counts

	DryRun          expense.DryRunReason `json:"dryRun,omitempty"`          // why nothing is written, by the last read
	DryRunRevision  string               `json:"dryRunRevision,omitempty"`  // the revision whose writes were shown
	LimitOverridden bool                 `json:"limitOverridden,omitempty"` // an operator has it go on in spite of the brake

	Posted        []PostedAtStep `json:"posted,omitempty"`
	RejectedPosts int            `json:"rejectedPosts,omitempty"` // of exceptions, in a row
	Calls         int            `json:"calls,omitempty"`         // how many activities were called
	CheckedRuns   []string       `json:"checkedRuns,omitempty"`   // run IDs of the runs before this one that it knows of
	UnknownWrite  *UnknownWrite  `json:"unknownWrite,omitempty"`

	// ActedAtValidation is the stop of the last action, and ActedAt when Concur had answered: for a while
	// the report may be shown there still.
	ActedAtValidation string    `json:"actedAtValidation,omitempty"`
	ActedAt           time.Time `json:"actedAt,omitzero"`

	DeletedAt     time.Time     `json:"deletedAt,omitzero"`     // when the last notification was deleted
	VisibleWithin time.Duration `json:"visibleWithin,omitzero"` // for how long after a write Concur may not show it, as the last read said

	PendingDeletes []string `json:"pendingDeletes,omitempty"` // notification URIs to delete
	Deleted        []string `json:"deleted,omitempty"`        // so often as Concur said that it deleted it
	// RefusedDeletes counts how often Concur has refused to delete the first of the owed, and
	// listed it still.
	RefusedDeletes int `json:"refusedDeletes,omitempty"`

	UncheckedURIs []string `json:"uncheckedUris,omitempty"` // those of the owed that no read has checked yet

	Parked     *ParkReason  `json:"parked,omitempty"` // while the run is parked
	ParkedAt   time.Time    `json:"parkedAt,omitzero"`
	TryAt      time.Time    `json:"tryAt,omitzero"`  // when it tries again by itself
	Parks      int          `json:"parks,omitempty"` // in a row, of the same kind
	ParkedKind expense.Kind `json:"parkedKind,omitempty"`

	Rules *RulesUsed `json:"rules,omitempty"` // by which it was judged last

	Decisions        []DecisionTaken    `json:"decisions,omitempty"`
	Unreadable       []UnreadableSignal `json:"unreadable,omitempty"`
	UnnamedDecisions int                `json:"unnamedDecisions,omitempty"` // decisions that came without an ID
	Done             []string           `json:"done,omitempty"`
	Outcome          expense.Outcome    `json:"outcome,omitempty"`
	Cause            string             `json:"cause,omitempty"`
}

// PostedAtStep is an exception that is on the report and is not posted again at this stop.
type PostedAtStep struct {
	ValidationID string `json:"validationId"`
	Approves     bool   `json:"approves,omitempty"` // it is to pass the report on, and says nothing against it
	expense.PostedException
}

// UnknownWrite is a write that ended without an answer: it may have taken effect.
type UnknownWrite struct {
	ValidationID string         `json:"validationId"`
	Action       expense.Action `json:"action,omitempty"`     // empty: exceptions were posted or taken off
	Flags        expense.Flags  `json:"flags,omitzero"`       // as they were before that post
	HeaderHash   string         `json:"headerHash,omitempty"` // of the read before that action
	Code         string         `json:"code,omitempty"`       // of the exception that was posted in the place of that action

	Earlier  bool `json:"earlier,omitempty"`  // a run before this one was permitted to write
	Deleting bool `json:"deleting,omitempty"` // exceptions were taken off: that may come late, too
}

// maxKept bounds the lists that a run shows, so that no sender can fill its memory.
const maxKept = 200

// maxAddresses bounds how many addresses of its object a run tries.
const maxAddresses = 8

// posted returns what is on the report at this stop.
func (m *Memory) posted(stop string) []PostedAtStep {
	var here []PostedAtStep
	for _, p := range m.Posted {
		if p.ValidationID == stop {
			here = append(here, p)
		}
	}
	return here
}

// forgetPosted forgets what was posted at a stop, when another has come that bears its
// name.
func (m *Memory) forgetPosted(stop string) {
	m.Posted = slices.DeleteFunc(m.Posted, func(p PostedAtStep) bool { return p.ValidationID == stop })
}

// missing returns the exceptions that are still to be posted at this stop, each once.
func (m *Memory) missing(stop string, wanted []expense.Exception) []expense.Exception {
	here := m.posted(stop)
	var missing []expense.Exception
	for _, e := range wanted {
		posted := slices.ContainsFunc(here, func(p PostedAtStep) bool { return p.Same(e) })
		if !posted && !slices.ContainsFunc(missing, e.Same) {
			missing = append(missing, e)
		}
	}
	return missing
}

// did adds a line to what was done in Concur.
func (m *Memory) did(line string) {
	m.Done = append(m.Done, line)
	if len(m.Done) > maxKept {
		m.Done = append(m.Done[:1:1], m.Done[len(m.Done)-maxKept+1:]...)
	}
}

// owe remembers a notification URI to be deleted and reports whether it is new. One that
// comes again after it was deleted is still in Concur's list: it is owed again, unless it was
// deleted so lately that the list may not show it yet, and is no news of the report.
func (m *Memory) owe(uri string, lately bool) bool {
	if slices.Contains(m.PendingDeletes, uri) {
		return false
	}
	times := 0
	for _, u := range m.Deleted {
		if u == uri {
			times++
		}
	}
	if times == 0 || times < mostDeletes && m.DryRun == "" && !lately {
		m.PendingDeletes = append(m.PendingDeletes, uri)
		m.UncheckedURIs = append(m.UncheckedURIs, uri)
	}
	return times == 0
}

// deleted moves a notification URI from owed to known.
func (m *Memory) deleted(uri string, now time.Time) {
	m.DeletedAt = now
	m.PendingDeletes = slices.DeleteFunc(m.PendingDeletes, func(u string) bool { return u == uri })
	m.Deleted = append(m.Deleted, uri)
	if len(m.Deleted) > maxKept {
		m.Deleted = slices.Clone(m.Deleted[len(m.Deleted)-maxKept:])
	}
}
