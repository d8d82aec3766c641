package main

import "time"

const maxJournal = 250_000

// journal holds one entry per incoming request and per outgoing callout.
type journal struct {
	entries  []*entry
	requests int
}

// entry is a line of the journal. N counts all lines, Request the incoming
// requests alone, both from 1. It never holds a token, a secret or a body.
type entry struct {
	N             int       `json:"n"`
	Request       int       `json:"request,omitempty"`
	At            time.Time `json:"at"`
	Direction     string    `json:"direction"`
	Method        string    `json:"method"`
	Path          string    `json:"path"`
	Endpoint      string    `json:"endpoint"`
	Host          string    `json:"host,omitempty"` // at which a request came
	Report        string    `json:"report,omitempty"`
	Status        int       `json:"status"`
	Fault         string    `json:"fault,omitempty"`
	Effect        bool      `json:"effect"`
	Complete      bool      `json:"complete"`
	Note          string    `json:"note,omitempty"`
	Action        string    `json:"action,omitempty"`
	CommentLength int       `json:"commentLength,omitempty"`
	Step          string    `json:"step,omitempty"`

	// State is the report's when the request was handled, Shown what a read's
	// answer said.
	State *stop `json:"state,omitempty"`
	Shown *stop `json:"shown,omitempty"`

	Posted  []postedException `json:"posted,omitempty"`
	Deleted []postedException `json:"deleted,omitempty"`

	// Guarded says that an action named the step that it expects.
	Guarded bool `json:"guarded,omitempty"`

	// content is what the report says when the request is handled, and showed names the parts
	// of it that the answer shows.
	content content
	showed  []string
	// passesOn says that an exception was posted that moves the report on.
	passesOn bool
	// late says that a read showed what the report was before a write of the client's.
	late bool

	completedAt time.Time
	completedN  int

	chunked, badMethod, tokenInURL, tokenInClear, elsewhere, undecided bool
	overdue                                                            time.Duration
}

// stop is where a report is: its status and the identifier of its step.
type stop struct {
	Status string `json:"status"`
	Step   string `json:"step"`
}

// begin writes a new line. It is nil once the journal is full: the simulator
// then refuses work rather than forget what it saw.
func (j *journal) begin(direction, method, path, endpoint string) *entry {
	if len(j.entries) >= maxJournal {
		return nil
	}
	e := &entry{
		N: len(j.entries) + 1, At: time.Now().UTC(),
		Direction: direction, Method: method, Path: path, Endpoint: endpoint,
	}
	if direction == "in" && endpoint != "trap" {
		j.requests++
		e.Request = j.requests
	}
	j.entries = append(j.entries, e)
	return e
}

// complete marks that the whole answer goes out now.
func (j *journal) complete(e *entry) {
	e.Complete = true
	e.completedAt = time.Now().UTC()
	e.completedN = len(j.entries)
}

// since copies the lines after n, those of one report when it is named.
func (j *journal) since(n int, report string) []entry {
	lines := []entry{}
	for _, e := range j.entries[min(max(n, 0), len(j.entries)):] {
		if report == "" || e.Report == report {
			lines = append(lines, *e)
		}
	}
	return lines
}
