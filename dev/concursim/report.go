package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"concur-connector/dev/concursim/journal"
)

const (
	detailsPath = "/api/expense/expensereport/v1.1/reportfulldetails/"
	reportPath  = "/api/expense/expensereport/v1.1/report/"
)

// report is the state of a report or a travel request. step identifies its present workflow
// step; it is empty when nobody can decide.
type report struct {
	n int // the number of the report, in the order of creation

	name, path, key, reportID, rptKey string

	desc    description
	payload *payload
	entries []*reportEntry
	objects map[string]object
	v4Keys  map[string]string // the objects' v1.1 keys, by their v4 identifiers
	content journal.Content   // nil until it is computed again
	uuid    string            // of a travel request, in v4

	steps    []step
	at       int
	step     string
	stepHost string // the host whose URL the step has
	stepName string
	instance int
	version  int // grows with every step, also with steps where nobody decides

	status, statusName                  string
	changed                             time.Time // the last change, as the list of reports shows it
	everSentBack, hasException, deleted bool
	failing                             bool // the first callout goes to the failed list
	created, submitDate                 time.Time

	decisions  []decision
	exceptions []journal.Exception
	existing   []existingException
	comments   []string
	moves      []moved
	unshown    []unshown // writes that reads do not show yet, in their order

	reads, writes, writeRequests int
	listings                     int // how often a read has begun to list its rows
	lastRead                     int
}

// reportEntry is the part of an entry that changes.
type reportEntry struct {
	key               string
	itemizations      []itemization
	allocations       []string
	hasExceptions     bool
	modified          time.Time
	replacedAttendees int // how often somebody else has replaced the first attendee
}

type itemization struct {
	Key           string   `json:"key"`
	ExpenseID     string   `json:"expenseId"` // in v4
	Allocations   []string `json:"allocations"`
	AllocationIDs []string `json:"allocationIds"` // in v4
}

// object is an object of the report on which an exception can be posted.
type object struct {
	kind  string
	entry *reportEntry
	item  int // the itemization that it is or belongs to; -1 for none
}

type decision struct {
	Action  string `json:"action"`
	Comment string `json:"comment"`
	// ExpenseRejectedComment says why expenses were rejected (approvals by v4 only).
	ExpenseRejectedComment string `json:"expenseRejectedComment,omitempty"`

	Step string    `json:"step"`
	At   time.Time `json:"at"`
}

type moved struct {
	What string    `json:"what"`
	At   time.Time `json:"at"`
}

// errTaken means that another report already has a name or a key.
var errTaken = errors.New("already taken")

// addReport makes the described report. It submits the report unless the description says
// not to.
func (s *simulator) addReport(d description) (*report, error) {
	now := time.Now().UTC()
	if err := d.complete(now); err != nil {
		return nil, err
	}
	return s.makeReport(d, now)
}

// makeReport makes the report of a complete description.
func (s *simulator) makeReport(d description, now time.Time) (*report, error) {
	r := &report{
		name: d.Name, key: d.Key, reportID: d.ReportID, rptKey: d.RptKey,
		desc: d, steps: d.Steps, at: -1,
		status: notSubmitted, statusName: statusName(notSubmitted),
		hasException: d.HasException, created: now, failing: d.Failed,
		objects: map[string]object{},
	}
	setDefault(&r.key, makeKey(s.draw(d.Name, "key")))
	setDefault(&r.rptKey, makeKey(s.draw(d.Name, "rptKey")))
	setDefault(&r.reportID, makeReportID(s.draw(d.Name, "reportId")))
	r.path = detailsPath + r.key
	if d.Request {
		s.makeRequest(r)
	}
	for i, described := range d.Entries {
		r.addEntry(s, i, described, now)
	}
	r.addExisting()
	if err := s.register(r); err != nil {
		return nil, err
	}
	r.changed = now.Add(-17 * time.Millisecond)
	if *d.Submit {
		r.submitDate = now
		s.enter(r, 0)
	}
	return r, nil
}

func (r *report) addEntry(s *simulator, i int, d entryDescription, now time.Time) {
	e := &reportEntry{key: makeKey(s.draw(r.name, "entry", i)), hasExceptions: d.Exceptions, modified: now}
	r.entries = append(r.entries, e)
	r.objects[e.key] = object{"Entry", e, -1}
	allocate := func(n, item int, where ...any) []string {
		keys := []string{}
		for a := range n {
			key := makeKey(s.draw(append([]any{r.name, "allocation", i, a}, where...)...))
			r.objects[key] = object{"Allocation", e, item}
			keys = append(keys, key)
		}
		return keys
	}
	e.allocations = allocate(len(d.Allocations), -1)
	e.itemizations = []itemization{}
	for j, item := range d.Itemizations {
		key := makeKey(s.draw(r.name, "itemization", i, j))
		r.objects[key] = object{"Entry", e, j}
		e.itemizations = append(e.itemizations, itemization{Key: key, Allocations: allocate(len(item.Allocations), j, j)})
	}
}

func (s *simulator) register(r *report) error {
	if len(s.reports) >= maxReports {
		return fmt.Errorf("report %s: there are %d reports already, which is the limit", r.name, maxReports)
	}
	if s.directory.names[r.name] != nil {
		return fmt.Errorf("report %s: the name is %w", r.name, errTaken)
	}
	for _, other := range s.directory.paths[r.path] {
		if other.path == r.path {
			return fmt.Errorf("report %s: its path is %w by report %s", r.name, errTaken, other.name)
		}
	}
	r.n = len(s.reports)
	s.reports = append(s.reports, r)
	s.directory.add(r)
	s.rememberItemsOf(r.desc)
	s.broadcast()
	return nil
}

// actionURL returns the present WorkflowActionURL. It begins with http, as in the
// documentation, although only https works.
func (s *simulator) actionURL(r *report) string {
	if r.step == "" {
		return ""
	}
	return s.actionURLOf(r.stepHost, r.step)
}

func (s *simulator) actionURLOf(host, step string) string {
	return "http://" + s.authority(host) + reportPath + step + "/WorkFlowAction"
}

// position returns where the report is, as the journal records it.
func (r *report) position() journal.Position {
	return journal.Position{Status: r.status, Step: r.step}
}

func (s *simulator) objectURI(r *report) string { return s.homeBase() + r.path }

// v4URI returns the address of the report or the travel request in v4. A raw payload
// without JSON documents has none.
func (s *simulator) v4URI(r *report) string {
	switch {
	case r.desc.Request:
		return s.homeBase() + requestsPath + "/" + r.uuid
	case r.payload != nil && len(r.payload.docs) == 0:
		return ""
	}
	return s.longPath(r, "TRAVELER")
}

// addException records a posted exception and raises the flags.
func (s *simulator) addException(r *report, e journal.Exception, visibility string) {
	r.exceptions = append(r.exceptions, e)
	blocking := s.blocking[e.Code] || slices.Contains(r.desc.BlockingCodes, e.Code)
	r.existing = append(r.existing, existingException{Exception: e, Visibility: visibility, Blocking: blocking})
	r.hasException = true
	if o, ok := r.objects[e.ObjectID]; ok {
		o.entry.hasExceptions = true
	}
	r.exceptionChanged()
	s.broadcast()
}

// exceptionChanged changes the header's modification date and version, if exceptions do
// that on this report.
func (r *report) exceptionChanged() {
	if r.desc.ExceptionsChangeHeader {
		r.version++
		r.touch()
	}
}

func (r *report) deleteExceptions() {
	r.hasException, r.desc.HasException, r.existing = false, false, nil
	for i := range r.desc.Entries {
		r.desc.Entries[i].Exceptions = false
	}
	for _, e := range r.entries {
		e.hasExceptions = false
	}
}
