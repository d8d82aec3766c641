// Package journal records what clients do to the simulator, and checks the records against
// the invariants.
//
// A handler adds what happened through the methods of Journal and Entry. It cannot change or
// remove what was recorded, and only this package decides which invariants are broken.
package journal

import (
	"cmp"
	"time"
)

// MaxLines is the most lines that a journal holds.
const MaxLines = 250_000

// Values that the invariants depend on.
const (
	Waiting    = "A_EXTV"  // the status of a report at an external validation
	Approve    = "Approve" // the action that moves a report on
	MaxComment = 2000      // the most characters of a comment
)

// Kind says what a request can do to a report. The invariants depend on the kind; the name of
// the endpoint is only recorded.
type Kind int

// The kinds of requests.
const (
	Other            Kind = iota // none of the kinds below
	PlainHTTP                    // came over plain HTTP; it gets no request number
	ReadsEntries                 // shows the entries of a report
	PostsExceptions              // posts any number of exceptions at once
	ChangesException             // puts or deletes one exception
	ActsAtStep                   // an action whose path names the step
	Acts                         // an action that may name the step in its body
	ActsOnRequest                // an action on a travel request, which names no step
)

// Writes reports whether requests of this kind change a report.
func (k Kind) Writes() bool { return k >= PostsExceptions }

// IsAction reports whether requests of this kind approve a report or send it back.
func (k Kind) IsAction() bool { return k >= ActsAtStep }

// Line is a line of the journal as the control API shows it. N counts all lines, Request only
// the incoming requests; both start at 1. A line never holds a token, a secret or a body.
type Line struct {
	N             int       `json:"n"`
	Request       int       `json:"request,omitempty"`
	At            time.Time `json:"at"`
	Direction     string    `json:"direction"` // in or out
	Method        string    `json:"method"`
	Path          string    `json:"path"`
	Endpoint      string    `json:"endpoint"`
	Host          string    `json:"host,omitempty"` // the host that got the request
	Report        string    `json:"report,omitempty"`
	Status        int       `json:"status"`
	Fault         string    `json:"fault,omitempty"`
	Effect        bool      `json:"effect"`
	Complete      bool      `json:"complete"` // the whole answer was sent
	Note          string    `json:"note,omitempty"`
	Action        string    `json:"action,omitempty"`
	CommentLength int       `json:"commentLength,omitempty"`
	Step          string    `json:"step,omitempty"`

	State *Position `json:"state,omitempty"` // of the report when the request was handled
	Shown *Position `json:"shown,omitempty"` // in the answer to a read

	Posted  []Exception `json:"posted,omitempty"`
	Deleted []Exception `json:"deleted,omitempty"`
	Guarded bool        `json:"guarded,omitempty"` // the action named the step that it expects
}

// Position is the status of a report and the identifier of its step.
type Position struct {
	Status string `json:"status"`
	Step   string `json:"step"`
}

// Exception is an exception that a client posted or deleted.
type Exception struct {
	ObjectType string `json:"objectType"`
	ObjectID   string `json:"objectId"`
	ExpenseID  string `json:"expenseId,omitempty"` // in v4: of the object, or of the expense that an allocation belongs to
	Code       string `json:"code"`
	Step       string `json:"step"`
}

// Content holds a hash of each part of a report's content, by the name of the part.
type Content map[string]string

// Journal holds one entry per incoming request and per outgoing request. The zero value is
// empty and ready to use. Its user must not call it from two goroutines at once.
type Journal struct {
	// Now tells the time; nil is time.Now.
	Now func() time.Time

	entries  []*Entry
	requests int
}

// Entry is one line of the journal while the request is handled.
type Entry struct {
	journal *Journal
	line    Line
	request Request

	content      Content  // of the report when the request was handled
	shows        []string // names the parts of the content that the answer shows
	movesOn      bool     // an exception was posted that moves the report to its next step
	showsEarlier bool     // the read showed the report as it was before a write of the client
	undecided    bool     // a failed notification was deleted while its report waited
	overdue      time.Duration
	completedAt  time.Time
	completedN   int // the number of lines when the answer was sent
}

// Request is an incoming request as it arrived.
type Request struct {
	Method, Path, Endpoint string
	Kind                   Kind
	Host                   string    // the host that got it
	Report                 string    // the name of the report that its path names
	State                  *Position // of that report
	Step                   string    // the step that an action is about

	TokenInURL   bool // a token or a secret is in the URL
	TokenInClear bool // a token or a secret came over plain HTTP
	ForeignToken bool // the access token belongs to another host
	Chunked      bool // the body is chunked
	BadMethod    bool // the path is known, with another method
}

// AddRequest records an incoming request. It returns nil once the journal is full: the
// simulator then refuses work, because it could not check it.
func (j *Journal) AddRequest(r Request) *Entry {
	e := j.add(Line{
		Direction: "in", Method: r.Method, Path: r.Path, Endpoint: r.Endpoint,
		Host: r.Host, Report: r.Report, State: r.State, Step: r.Step,
	})
	if e == nil {
		return nil
	}
	e.request = r
	if r.Kind != PlainHTTP {
		j.requests++
		e.line.Request = j.requests
	}
	return e
}

// Outgoing is a request that the simulator sends: a callout or a test of the connection.
type Outgoing struct{ Method, Path, Endpoint, Report, Fault string }

// AddOutgoing records a request that the simulator sends. It returns nil once the journal is
// full.
func (j *Journal) AddOutgoing(o Outgoing) *Entry {
	return j.add(Line{Direction: "out", Method: o.Method, Path: o.Path, Endpoint: o.Endpoint, Report: o.Report, Fault: o.Fault})
}

func (j *Journal) add(line Line) *Entry {
	if len(j.entries) >= MaxLines {
		return nil
	}
	line.N, line.At = len(j.entries)+1, j.now()
	e := &Entry{journal: j, line: line}
	j.entries = append(j.entries, e)
	return e
}

func (j *Journal) now() time.Time {
	if j.Now != nil {
		return j.Now().UTC()
	}
	return time.Now().UTC()
}

// N is the number of the line.
func (e *Entry) N() int { return e.line.N }

// Request is the number of the request.
func (e *Entry) Request() int { return e.line.Request }

// Arrived is the request as it arrived.
func (e *Entry) Arrived() Request { return e.request }

// SetFaults records the names of the faults that the request met.
func (e *Entry) SetFaults(names string) { e.line.Fault = names }

// AddNote adds a remark for people.
func (e *Entry) AddNote(note string) {
	if e.line.Note != "" && note != "" {
		note = e.line.Note + "; " + note
	}
	e.line.Note = cmp.Or(note, e.line.Note)
}

// SetStatus records the status of the answer; 0 is no answer.
func (e *Entry) SetStatus(status int) { e.line.Status = status }

// SetAction records the action that a request asks for and the length of its comment.
func (e *Entry) SetAction(action string, commentLength int) {
	e.line.Action, e.line.CommentLength = action, commentLength
}

// SetState records where the report is when the request is handled.
func (e *Entry) SetState(at Position) { e.line.State = &at }

// SetStep records the step that an action is about when the request is handled.
func (e *Entry) SetStep(step string) { e.line.Step = step }

// SetGuarded records that an action names the step that it expects.
func (e *Entry) SetGuarded() { e.line.Guarded = true }

// Guarded reports whether an action names the step that it expects.
func (e *Entry) Guarded() bool { return e.line.Guarded }

// SetEffect records that the request changed something.
func (e *Entry) SetEffect() { e.line.Effect = true }

// Effect reports whether the request changed something.
func (e *Entry) Effect() bool { return e.line.Effect }

// AddPosted records an exception that the request posted.
func (e *Entry) AddPosted(x Exception) { e.line.Posted = append(e.line.Posted, x) }

// Posted lists the exceptions that the request posted.
func (e *Entry) Posted() []Exception { return e.line.Posted }

// AddDeleted records an exception that the request deleted.
func (e *Entry) AddDeleted(x Exception) { e.line.Deleted = append(e.line.Deleted, x) }

// SetMovesOn records that a posted exception moves the report to its next step.
func (e *Entry) SetMovesOn() { e.movesOn = true }

// SetUndecided records that the request deleted the failed notification of a step at which
// the report still waits.
func (e *Entry) SetUndecided() { e.undecided = true }

// SetOverdue records for how long the access token of the request had been expired.
func (e *Entry) SetOverdue(since time.Duration) { e.overdue = since }

// ShowPosition records the status and the step that the answer to a read shows.
func (e *Entry) ShowPosition(at Position) { e.line.Shown = &at }

// ShowContent records the content of the report, and the names of the parts that the answer
// shows.
func (e *Entry) ShowContent(content Content, parts []string) { e.content, e.shows = content, parts }

// ShowNothing records that the answer shows nothing of the report after all.
func (e *Entry) ShowNothing() { e.line.Shown, e.shows = nil, nil }

// SetShowsEarlier records that the answer shows the report as it was before a write of the
// client.
func (e *Entry) SetShowsEarlier() { e.showsEarlier = true }

// IsRead reports whether the answer shows the status and the step of a report.
func (e *Entry) IsRead() bool { return e.line.Shown != nil }

// Complete records that the whole answer is sent now.
func (e *Entry) Complete() {
	e.line.Complete = true
	e.completedAt = e.journal.now()
	e.completedN = len(e.journal.entries)
}

// Len is the number of lines.
func (j *Journal) Len() int { return len(j.entries) }

// Requests is the number of incoming requests.
func (j *Journal) Requests() int { return j.requests }

// Since copies the lines after line n, for one report only if its name is given.
func (j *Journal) Since(n int, report string) []Line {
	lines := []Line{}
	for _, e := range j.entries[min(max(n, 0), len(j.entries)):] {
		if report == "" || e.line.Report == report {
			lines = append(lines, e.line)
		}
	}
	return lines
}

// Count counts the incoming requests by endpoint, and by the host that got them.
func (j *Journal) Count() (byEndpoint, byHost map[string]int) {
	byEndpoint, byHost = map[string]int{}, map[string]int{}
	for _, e := range j.entries {
		if e.line.Direction != "in" {
			continue
		}
		byEndpoint[e.line.Endpoint]++
		if e.line.Host != "" {
			byHost[e.line.Host]++
		}
	}
	return byEndpoint, byHost
}
