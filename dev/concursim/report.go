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

// report is a report's state. The identifier of its present workflow step is
// step; it is empty when nobody can decide.
type report struct {
	n int // in the order of their making

	name, path, key, reportID, rptKey string

	desc    description
	payload *payload
	entries []*reportEntry
	objects map[string]object
	v4Keys  map[string]string // the objects' keys by their identifiers in v4
	content journal.Content   // of the report as it is, or nil when it is to be computed anew
	uuid    string            // of a travel request, in v4

	steps    []step
	at       int
	step     string
	stepHost string // in whose data centre the step began: its URL names that
	stepName string
	instance int
	version  int // grows with every step, also where nobody decides

	status, statusName                  string
	changed                             time.Time // last, as the list of reports says
	everSentBack, hasException, deleted bool
	failing                             bool // its first callout goes to the failed list
	created, submitDate                 time.Time

	decisions  []decision
	exceptions []journal.Exception
	held       []heldException
	comments   []string
	moves      []moved
	unshown    []unshown // writes that reads do not show yet, in their order

	reads, writes, writeRequests int
	listings                     int // how often a list of it was begun, in whatever order
	lastRead                     int
}

// reportEntry is what changes about an entry.
type reportEntry struct {
	key           string
	itemizations  []itemization
	allocations   []string
	hasExceptions bool
	modified      time.Time
	guests        int // how often the first of its attendees was replaced by somebody else
}

type itemization struct {
	Key           string   `json:"key"`
	ExpenseID     string   `json:"expenseId"` // in v4
	Allocations   []string `json:"allocations"`
	AllocationIDs []string `json:"allocationIds"` // in v4
}

// object is what an exception can be posted to besides the report.
type object struct {
	kind  string
	entry *reportEntry
	item  int // the itemization that it is, or belongs to; -1 is none
}

type decision struct {
	Action  string `json:"action"`
	Comment string `json:"comment"`
	// ExpenseRejectedComment says why expenses of it were rejected, in an approval by v4.
	ExpenseRejectedComment string `json:"expenseRejectedComment,omitempty"`

	Step string    `json:"step"`
	At   time.Time `json:"at"`
}

type moved struct {
	What string    `json:"what"`
	At   time.Time `json:"at"`
}

// errTaken is a handle or a key that another report already has.
var errTaken = errors.New("already taken")

// addReport makes the described report and submits it unless told not to.
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
	r.preset()
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
		return fmt.Errorf("report %s: %d reports are enough", r.name, maxReports)
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
	s.knowItemsOf(r.desc)
	s.broadcast()
	return nil
}

// actionURL is the present WorkflowActionURL: http, as the documentation
// prints it, although only https is right.
func (s *simulator) actionURL(r *report) string {
	if r.step == "" {
		return ""
	}
	return s.actionURLOf(r.stepHost, r.step)
}

func (s *simulator) actionURLOf(host, step string) string {
	return "http://" + s.authority(host) + reportPath + step + "/WorkFlowAction"
}

// position is where the report is, as the journal records it.
func (r *report) position() journal.Position {
	return journal.Position{Status: r.status, Step: r.step}
}

func (s *simulator) objectURI(r *report) string { return s.homeBase() + r.path }

// v4URI is where the report, or the travel request, is in v4; a raw payload without documents of JSON is nowhere.
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
	r.held = append(r.held, heldException{Exception: e, Visibility: visibility, Blocking: blocking})
	r.hasException = true
	if o, ok := r.objects[e.ObjectID]; ok {
		o.entry.hasExceptions = true
	}
	r.touchedByException()
	s.broadcast()
}

// touchedByException changes what the headers show of changes, where exceptions do.
func (r *report) touchedByException() {
	if r.desc.Touched {
		r.version++
		r.touch()
	}
}

func (r *report) clearExceptions() {
	r.hasException, r.desc.HasException, r.held = false, false, nil
	for i := range r.desc.Entries {
		r.desc.Entries[i].Exceptions = false
	}
	for _, e := range r.entries {
		e.hasExceptions = false
	}
}
