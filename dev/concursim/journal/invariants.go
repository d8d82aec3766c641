package journal

import (
	"fmt"
	"time"
)

// Violation says which invariant a client broke, and names the lines of the journal that show
// it. The last of them is the request that broke it.
type Violation struct {
	Invariant string `json:"invariant"`
	Report    string `json:"report,omitempty"`
	Journal   []int  `json:"journal"`
	Detail    string `json:"detail"`
}

// Invariant is a rule that a client must keep, whatever goes wrong.
type Invariant struct{ Name, Forbids string }

// Invariants lists the rules that Violations checks.
func Invariants() []Invariant {
	return []Invariant{
		{"decided-twice", "an action after another one that took effect, without a complete read in between that showed the report waiting at this step; the read must show the report as it was after the first action"},
		{"decided-unread", "an action that took effect after another one, without a read of the report's entries in between"},
		{"approved-unevaluated", "approving a report or a travel request whose content changed after the client last saw it and before the client's last complete read; or whose changed content only that last read has shown"},
		{"wrong-step", "an action at a step that the client's last complete read of the report did not show waiting"},
		{"stale-read", "a write more than 10 seconds after the last complete read of the report, or with another write in between"},
		{"exception-twice", "posting the same exception on the same object at the same step twice, with effect and without a deletion in between"},
		{"exception-off-step", "exceptions for a report that is not at an external validation, when the client's last complete read said so"},
		{"token-in-url", "a token or a secret in a URL"},
		{"token-in-clear", "a token or a secret over plain HTTP"},
		{"token-elsewhere", "an access token of the company at another host than its geolocation"},
		{"token-expired", "an access token more than 5 seconds after its announced end"},
		{"chunked", "a chunked request body"},
		{"deleted-undecided", "deleting the failed notification of a step at which its report still waits"},
		{"bad-method", "a known path with a wrong method"},
		{"comment-too-long", "a comment of more than 2000 characters"},
	}
}

const (
	freshFor   = 10 * time.Second
	tokenGrace = 5 * time.Second
)

// Violations checks the whole journal. The time it takes grows in proportion to the journal.
func (j *Journal) Violations() []Violation {
	c := checker{reports: map[string]*history{}, found: []Violation{}}
	for _, e := range j.entries {
		c.check(e)
	}
	return c.found
}

// checker reads the journal once, line by line, and remembers the history of each report.
type checker struct {
	reports map[string]*history
	found   []Violation
}

// history is what the lines read so far say about one report. Every list is in the order of
// the journal.
type history struct {
	reads    []*Entry            // the complete reads
	waits    []*Entry            // the complete reads that showed the report waiting
	waitsAt  map[string][]*Entry // the same reads by the step that they showed
	writes   []*Entry
	bigger   []*Entry                        // the writes except those that put or delete one exception
	action   *Entry                          // the last action that took effect
	entries  *Entry                          // the last complete read of the report's entries
	posted   map[Exception]map[string]*Entry // who posted an exception first, by the step
	lastSeen map[string]sight                // by the name of a part of the content
}

func (c *checker) history(report string) *history {
	h := c.reports[report]
	if h == nil {
		h = &history{}
		c.reports[report] = h
	}
	return h
}

func (c *checker) add(invariant, detail string, e *Entry, earlier ...*Entry) {
	v := Violation{Invariant: invariant, Report: e.line.Report, Detail: detail}
	for _, one := range earlier {
		v.Journal = append(v.Journal, one.line.N)
	}
	v.Journal = append(v.Journal, e.line.N)
	c.found = append(c.found, v)
}

func (c *checker) check(e *Entry) {
	c.checkRequest(e)
	if e.IsRead() && e.line.Complete {
		c.history(e.line.Report).addRead(e)
	}
	if e.line.Complete && len(e.shows) > 0 {
		c.history(e.line.Report).addContent(e)
	}
	if e.request.Kind == ReadsEntries && e.line.Complete {
		c.history(e.line.Report).entries = e
	}
	if e.request.Kind.Writes() {
		c.checkWrite(e)
		// A write that was refused for its token never reached the report.
		if e.line.Status != 401 && e.line.Status != 403 {
			c.history(e.line.Report).addWrite(e)
		}
	}
}

func (h *history) addRead(e *Entry) {
	h.reads = append(h.reads, e)
	if e.line.Shown.Status != Waiting {
		return
	}
	if h.waitsAt == nil {
		h.waitsAt = map[string][]*Entry{}
	}
	h.waits = append(h.waits, e)
	h.waitsAt[e.line.Shown.Step] = append(h.waitsAt[e.line.Shown.Step], e)
}

func (h *history) addWrite(e *Entry) {
	h.writes = append(h.writes, e)
	if e.request.Kind != ChangesException {
		h.bigger = append(h.bigger, e)
	}
	if e.request.Kind.IsAction() && e.line.Effect {
		h.action = e
	}
	for _, x := range e.line.Deleted {
		delete(h.posted, withoutStep(x))
	}
	if h.posted == nil && len(e.line.Posted) > 0 {
		h.posted = map[Exception]map[string]*Entry{}
	}
	for _, x := range e.line.Posted {
		steps := h.posted[withoutStep(x)]
		if steps == nil {
			steps = map[string]*Entry{}
			h.posted[withoutStep(x)] = steps
		}
		if steps[x.Step] == nil {
			steps[x.Step] = e
		}
	}
}

func withoutStep(x Exception) Exception {
	x.Step = ""
	return x
}

// checkRequest checks what a single request shows.
func (c *checker) checkRequest(e *Entry) {
	r := e.request
	if r.TokenInURL {
		c.add("token-in-url", "the URL holds a token or a secret", e)
	}
	if r.TokenInClear {
		c.add("token-in-clear", "a token or a secret came over plain HTTP", e)
	}
	if r.ForeignToken {
		c.add("token-elsewhere", "the access token was issued by another host than "+r.Host, e)
	}
	if e.overdue > tokenGrace {
		c.add("token-expired", fmt.Sprintf("used %s after its end", e.overdue.Round(time.Second)), e)
	}
	if r.Chunked {
		c.add("chunked", "the request body is chunked", e)
	}
	if r.BadMethod {
		c.add("bad-method", r.Method+" is not the method of this path", e)
	}
	if e.undecided {
		c.add("deleted-undecided", "the report still waits at the step of the notification", e)
	}
	if e.line.CommentLength > MaxComment {
		c.add("comment-too-long", fmt.Sprintf("%d characters", e.line.CommentLength), e)
	}
}
