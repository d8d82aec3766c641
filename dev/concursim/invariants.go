package main

import (
	"fmt"
	"slices"
	"time"
)

// violation says which invariant a client broke, and by which journal lines:
// the one that broke it last.
type violation struct {
	Invariant string `json:"invariant"`
	Report    string `json:"report,omitempty"`
	Journal   []int  `json:"journal"`
	Detail    string `json:"detail"`
}

// invariant is one rule that no client may break, whatever goes wrong.
type invariant struct{ name, forbids string }

var invariants = []invariant{
	{"decided-twice", "an action after one that took effect, without a complete read in between that showed this very step waiting"},
	{"wrong-stop", "an action on a step that the client's last complete read of the report did not show waiting"},
	{"stale-read", "a write more than 10 seconds after the last complete read of the report, or with another write in between"},
	{"exception-twice", "the same exception on the same object at the same step, twice with effect"},
	{"exception-off-stop", "exceptions for a report that was not at an external validation, as the client's last complete read said"},
	{"token-in-url", "a token or secret in a URL"},
	{"token-in-clear", "a token or secret over plain HTTP"},
	{"token-elsewhere", "an access token of the company at another host than its geolocation"},
	{"token-expired", "an access token more than 5 seconds after its announced end"},
	{"chunked", "a chunked request body"},
	{"deleted-undecided", "deleting the failed notification of a step at which its report still waits"},
	{"bad-method", "a known path with another method than its own"},
	{"comment-too-long", "a comment of more than 2000 characters"},
}

const (
	freshFor   = 10 * time.Second
	tokenGrace = 5 * time.Second
)

// violations computes every breach from the journal alone, in a time that grows
// with the journal and no faster.
func (j *journal) violations() []violation {
	v := verdicts{reports: map[string]*past{}, found: []violation{}}
	for _, e := range j.entries {
		v.judge(e)
	}
	return v.found
}

// verdicts walks through the journal with what it knows of each report.
type verdicts struct {
	reports map[string]*past
	found   []violation
}

// past is what the journal said of one report so far. Every list is in the order of
// the journal.
type past struct {
	reads   []*entry            // complete ones
	waiting map[string][]*entry // of those, the ones that showed that step waiting
	writes  []*entry
	decided *entry // the last action that took effect
	posted  map[postedException]*entry
}

func (v *verdicts) past(report string) *past {
	p := v.reports[report]
	if p == nil {
		p = &past{}
		v.reports[report] = p
	}
	return p
}

func (v *verdicts) add(name, detail string, e *entry, earlier ...*entry) {
	breach := violation{Invariant: name, Report: e.Report, Detail: detail}
	for _, one := range earlier {
		breach.Journal = append(breach.Journal, one.N)
	}
	breach.Journal = append(breach.Journal, e.N)
	v.found = append(v.found, breach)
}

func (v *verdicts) judge(e *entry) {
	v.judgeRequest(e)
	switch e.Endpoint {
	case detailsEndpoint:
		if e.Shown != nil && e.Complete {
			v.past(e.Report).read(e)
		}
	case actionEndpoint, exceptionsEndpoint:
		v.judgeWrite(e)
		// A write that authorization refused never reached the report.
		if e.Status != 401 && e.Status != 403 {
			v.past(e.Report).write(e)
		}
	}
}

func (p *past) read(e *entry) {
	p.reads = append(p.reads, e)
	if e.Shown.Status != waiting {
		return
	}
	if p.waiting == nil {
		p.waiting = map[string][]*entry{}
	}
	p.waiting[e.Shown.Step] = append(p.waiting[e.Shown.Step], e)
}

func (p *past) write(e *entry) {
	p.writes = append(p.writes, e)
	if e.Endpoint == actionEndpoint && e.Effect {
		p.decided = e
	}
	if p.posted == nil && len(e.Posted) > 0 {
		p.posted = map[postedException]*entry{}
	}
	for _, posted := range e.Posted {
		if p.posted[posted] == nil {
			p.posted[posted] = e
		}
	}
}

func (v *verdicts) judgeRequest(e *entry) {
	if e.tokenInURL {
		v.add("token-in-url", "the URL holds a token or secret", e)
	}
	if e.tokenInClear {
		v.add("token-in-clear", "a token or secret came over plain HTTP", e)
	}
	if e.elsewhere {
		v.add("token-elsewhere", "the access token is that of another host than "+e.Host, e)
	}
	if e.overdue > tokenGrace {
		v.add("token-expired", fmt.Sprintf("used %s after its end", e.overdue.Round(time.Second)), e)
	}
	if e.chunked {
		v.add("chunked", "the request body is chunked", e)
	}
	if e.badMethod {
		v.add("bad-method", e.Method+" is not this path's method", e)
	}
	if e.undecided {
		v.add("deleted-undecided", "the report still waits at the step that the notification was about", e)
	}
	if e.CommentLength > maxComment {
		v.add("comment-too-long", fmt.Sprintf("%d characters", e.CommentLength), e)
	}
}

func (v *verdicts) judgeWrite(e *entry) {
	p := v.past(e.Report)
	read := p.lastRead(e)
	if e.Endpoint == actionEndpoint {
		v.judgeAction(p, e, read)
	} else {
		v.judgeExceptions(p, e, read)
	}
	switch {
	case read == nil:
		v.add("stale-read", "written without a complete read", e)
	case e.At.Sub(read.completedAt) > freshFor:
		v.add("stale-read", fmt.Sprintf("the last complete read was %s earlier", e.At.Sub(read.completedAt).Round(time.Second)), e, read)
	default:
		if later := entriesAfter(p.writes, read); len(later) > 0 {
			v.add("stale-read", "another write came after the last complete read", e, read, later[0])
		}
	}
}

func (v *verdicts) judgeAction(p *past, e, read *entry) {
	switch {
	case read == nil:
		v.add("wrong-stop", "no complete read showed this step", e)
	case read.Shown.Step != e.Step || read.Shown.Status != waiting:
		v.add("wrong-stop", "the last complete read did not show this step waiting", e, read)
	}
	if p.decided == nil {
		return
	}
	seen := slices.ContainsFunc(entriesAfter(p.waiting[e.Step], p.decided), func(r *entry) bool { return completeBefore(r, e) })
	if !seen {
		v.add("decided-twice", "decided before, and no complete read since showed this step waiting", e, p.decided)
	}
}

func (v *verdicts) judgeExceptions(p *past, e, read *entry) {
	if e.State != nil && e.State.Status != waiting && read != nil && read.Shown.Status != waiting {
		v.add("exception-off-stop", "the report was not waiting, and the last complete read said so", e, read)
	}
	here := map[postedException]bool{}
	for _, posted := range e.Posted {
		earlier := p.posted[posted]
		switch {
		case here[posted]:
			v.add("exception-twice", posted.ObjectType+" "+posted.Code, e)
		case earlier != nil:
			v.add("exception-twice", posted.ObjectType+" "+posted.Code, e, earlier)
		}
		here[posted] = true
	}
}

// lastRead is the last read of the report that was complete before the entry came.
// Only reads that were under way at the same time are passed over.
func (p *past) lastRead(e *entry) *entry {
	for _, read := range slices.Backward(p.reads) {
		if completeBefore(read, e) {
			return read
		}
	}
	return nil
}

// entriesAfter are the entries that came after the earlier one.
func entriesAfter(entries []*entry, earlier *entry) []*entry {
	from, _ := slices.BinarySearchFunc(entries, earlier.N+1, func(e *entry, n int) int { return e.N - n })
	return entries[from:]
}

func completeBefore(read, e *entry) bool { return read.Complete && read.completedN < e.N }
