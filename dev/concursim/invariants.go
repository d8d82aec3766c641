package main

import (
	"fmt"
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
	{"decided-twice", "an action after one that took effect, without a complete read in between that showed this very step waiting, and showed it as it was after that action"},
	{"decided-unread", "an action that took effect after another one, without the report's entries having been read in between"},
	{"approved-unjudged", "passing on a report, or a travel request, whose content changed after the client was shown it, and before its last complete read; or whose content only the read directly before has shown, after others had shown another"},
	{"wrong-stop", "an action on a step that the client's last complete read of the report did not show waiting"},
	{"stale-read", "a write more than 10 seconds after the last complete read of the report, or with another write in between"},
	{"exception-twice", "the same exception on the same object at the same step, twice with effect and no deletion in between"},
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
	waits   []*entry            // of those, the ones that showed it waiting
	waiting map[string][]*entry // the same by the step that they showed
	writes  []*entry
	others  []*entry // the writes that put and delete no single exception
	decided *entry   // the last action that took effect
	content *entry   // the last complete read of the report's entries
	posted  map[postedException]map[string]*entry
	seen    map[string]sight // what the client was shown last of each part of the content
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
	if e.Shown != nil && e.Complete {
		v.past(e.Report).read(e)
	}
	if e.Complete && len(e.showed) > 0 {
		v.past(e.Report).look(e)
	}
	switch e.Endpoint {
	case detailsEndpoint, entriesV3Endpoint, expensesV4Endpoint:
		if e.Complete {
			v.past(e.Report).content = e
		}
	}
	if isWrite(e.Endpoint) {
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
	p.waits = append(p.waits, e)
	p.waiting[e.Shown.Step] = append(p.waiting[e.Shown.Step], e)
}

func (p *past) write(e *entry) {
	p.writes = append(p.writes, e)
	if !e.single() {
		p.others = append(p.others, e)
	}
	if isAction(e.Endpoint) && e.Effect {
		p.decided = e
	}
	for _, gone := range e.Deleted {
		delete(p.posted, anyStep(gone))
	}
	if p.posted == nil && len(e.Posted) > 0 {
		p.posted = map[postedException]map[string]*entry{}
	}
	for _, posted := range e.Posted {
		steps := p.posted[anyStep(posted)]
		if steps == nil {
			steps = map[string]*entry{}
			p.posted[anyStep(posted)] = steps
		}
		if steps[posted.Step] == nil {
			steps[posted.Step] = e
		}
	}
}

// anyStep is the exception wherever the report was.
func anyStep(posted postedException) postedException {
	posted.Step = ""
	return posted
}

// single says whether a write puts or deletes one exception, of which many follow one
// read: to put the same one again does nothing.
func (e *entry) single() bool {
	return e.Endpoint == exceptionPutEndpoint || e.Endpoint == exceptionDeleteEndpoint
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
