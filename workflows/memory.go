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
	ObjectURI string `json:"objectUri"`
	Readable  bool   `json:"readable,omitempty"` // ObjectURI has been read once

	Heard []StopName  `json:"heard,omitempty"` // names of the stop that came since the last read began
	Stops []NamedStop `json:"stops,omitempty"` // where the report was found, and how those stops were named

	Addresses []string `json:"addresses,omitempty"` // others of the same object, while none has been read

	// Callout is the address by which a callout names the report, if ObjectURI is another one.
	// A run that joined this one has told it. It is used when ObjectURI is not enough.
	Callout string `json:"callout,omitempty"`

	Nowhere []string `json:"nowhere,omitempty"` // addresses of the same object that were not found, while none has been read

	MustRead bool `json:"mustRead,omitempty"` // the report is to be read (again)
	Unread   bool `json:"unread,omitempty"`   // a notified came since the last read began
	Rejudge  bool `json:"rejudge,omitempty"`  // an operator may have mended the rules

	// Ours is set when the report is known to be this deployment's: something else than an entry
	// of the failed list has told of it, or a read has shown it.
	Ours bool `json:"ours,omitempty"`
	// Nameless is set when a callout has told of the report and named no event.
	Nameless bool `json:"nameless,omitempty"`
	// Entries are the events that entries of the failed list have named. Policies is its policy
	// when that, too, does not show that it is ours.
	Entries  []string `json:"entries,omitempty"`
	Policies []string `json:"policies,omitempty"`

	Told  bool `json:"told,omitempty"`  // another run has left its report to this one
	Alone bool `json:"alone,omitempty"` // it was looked for other runs of the report

	ReportID    string `json:"reportId,omitempty"`
	Stop        string `json:"stop,omitempty"`
	Revision    string `json:"revision,omitempty"`
	Content     string `json:"content,omitempty"`
	StopChanges int    `json:"stopChanges,omitempty"` // in a row, nothing else changed

	TotalDiffers string `json:"totalDiffers,omitempty"` // what the last read said of the entries' sum

	Via  expense.Interface `json:"via,omitempty"`  // by which the last read was made
	Mark string            `json:"mark,omitempty"` // of the last read, or of that after our own exceptions
	// ReadShown holds digests of what the last read showed; ReadAt is when that was, and
	// ReadParts are what was read.
	ReadShown string        `json:"readShown,omitempty"`
	ReadAt    time.Time     `json:"readAt,omitzero"`
	ReadParts expense.Parts `json:"readParts,omitzero"`
	// Changes counts, in a row, the writes that were not sent because the report had changed.
	Changes int `json:"changes,omitempty"`
	// Written is set while exceptions may have been put or taken off since Mark was read.
	Written bool                    `json:"written,omitempty"`
	Kept    []expense.HeldException `json:"kept,omitempty"` // exceptions that are not ours to take off

	Spared []expense.HeldException `json:"spared,omitempty"` // exceptions that were only shown to be taken off

	Verdict *expense.Verdict  `json:"verdict,omitempty"` // of Revision
	Judged  string            `json:"judged,omitempty"`  // the name of the stop that it is for
	ByName  bool              `json:"byName,omitempty"`  // without that name it would say something else, or ask other people
	Task    *Task             `json:"task,omitempty"`
	Asked   time.Time         `json:"asked,omitzero"` // when the task began
	Tasks   int               `json:"tasks,omitempty"`
	Ruling  *expense.Decision `json:"ruling,omitempty"` // the decision that counts

	Withheld  expense.Withheld `json:"withheld,omitempty"`  // why nothing is written, by the last read
	Shown     string           `json:"shown,omitempty"`     // the revision whose writes were shown
	Overruled bool             `json:"overruled,omitempty"` // an operator has it go on in spite of the brake

	Posted   []PostedAt `json:"posted,omitempty"`
	Refusals int        `json:"refusals,omitempty"` // of exceptions, in a row
	Calls    int        `json:"calls,omitempty"`    // how many activities were called
	Looked   []string   `json:"looked,omitempty"`   // run IDs of the runs before this one that it knows of
	Doubt    *Doubt     `json:"doubt,omitempty"`

	// Acted is the stop of the last action, and ActedAt when Concur had answered: for a while
	// the report may be shown there still.
	Acted   string    `json:"acted,omitempty"`
	ActedAt time.Time `json:"actedAt,omitzero"`

	DeletedAt time.Time     `json:"deletedAt,omitzero"` // when the last notification was deleted
	LateFor   time.Duration `json:"lateFor,omitzero"`   // for how long after a write Concur may not show it, as the last read said

	Owed    []string `json:"owed,omitempty"`    // notification URIs to delete
	Deleted []string `json:"deleted,omitempty"` // so often as Concur said that it deleted it
	// RefusedDeletes counts how often Concur has refused to delete the first of the owed, and
	// listed it still.
	RefusedDeletes int `json:"refusedDeletes,omitempty"`

	Unchecked []string `json:"unchecked,omitempty"` // those of the owed that no read has checked yet

	Parked     *Trouble     `json:"parked,omitempty"` // while the run is parked
	ParkedAt   time.Time    `json:"parkedAt,omitzero"`
	TryAt      time.Time    `json:"tryAt,omitzero"`  // when it tries again by itself
	Parks      int          `json:"parks,omitempty"` // in a row, of the same kind
	ParkedKind expense.Kind `json:"parkedKind,omitempty"`

	Rules *RulesUsed `json:"rules,omitempty"` // by which it was judged last

	Decisions  []DecisionTaken    `json:"decisions,omitempty"`
	Unreadable []UnreadableSignal `json:"unreadable,omitempty"`
	Unnamed    int                `json:"unnamed,omitempty"` // decisions that came without an ID
	Done       []string           `json:"done,omitempty"`
	Outcome    expense.Outcome    `json:"outcome,omitempty"`
	Cause      string             `json:"cause,omitempty"`
}

// PostedAt is an exception that is on the report and is not posted again at this stop.
type PostedAt struct {
	Stop      string `json:"stop"`
	Approving bool   `json:"approving,omitempty"` // it is to pass the report on, and says nothing against it
	expense.PostedException
}

// Doubt is a write that ended without an answer: it may have taken effect.
type Doubt struct {
	Stop   string         `json:"stop"`
	Action expense.Action `json:"action,omitempty"` // empty: exceptions were posted or taken off
	Flags  expense.Flags  `json:"flags,omitzero"`   // as they were before that post
	Mark   string         `json:"mark,omitempty"`   // of the read before that action
	Code   string         `json:"code,omitempty"`   // of the exception that was posted in the place of that action

	Earlier  bool `json:"earlier,omitempty"`  // a run before this one was permitted to write
	Clearing bool `json:"clearing,omitempty"` // exceptions were taken off: that may come late, too
}

// maxKept bounds the lists that a run shows, so that no sender can fill its memory.
const maxKept = 200

// maxAddresses bounds how many addresses of its object a run tries.
const maxAddresses = 8

// posted returns what is on the report at this stop.
func (m *Memory) posted(stop string) []PostedAt {
	var here []PostedAt
	for _, p := range m.Posted {
		if p.Stop == stop {
			here = append(here, p)
		}
	}
	return here
}

// forgetPosted forgets what was posted at a stop, when another has come that bears its
// name.
func (m *Memory) forgetPosted(stop string) {
	m.Posted = slices.DeleteFunc(m.Posted, func(p PostedAt) bool { return p.Stop == stop })
}

// missing returns the exceptions that are still to be posted at this stop, each once.
func (m *Memory) missing(stop string, wanted []expense.Exception) []expense.Exception {
	here := m.posted(stop)
	var missing []expense.Exception
	for _, e := range wanted {
		posted := slices.ContainsFunc(here, func(p PostedAt) bool { return p.Same(e) })
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
	if slices.Contains(m.Owed, uri) {
		return false
	}
	times := 0
	for _, u := range m.Deleted {
		if u == uri {
			times++
		}
	}
	if times == 0 || times < mostDeletes && m.Withheld == "" && !lately {
		m.Owed = append(m.Owed, uri)
		m.Unchecked = append(m.Unchecked, uri)
	}
	return times == 0
}

// deleted moves a notification URI from owed to known.
func (m *Memory) deleted(uri string, now time.Time) {
	m.DeletedAt = now
	m.Owed = slices.DeleteFunc(m.Owed, func(u string) bool { return u == uri })
	m.Deleted = append(m.Deleted, uri)
	if len(m.Deleted) > maxKept {
		m.Deleted = slices.Clone(m.Deleted[len(m.Deleted)-maxKept:])
	}
}
