package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"concur-connector/dev/concursim/journal"
)

// reportView is a report as the control API shows it.
type reportView struct {
	Name          string              `json:"name"`
	Key           string              `json:"key"`
	ReportID      string              `json:"reportId"`
	RptKey        string              `json:"rptKey"`
	ObjectURI     string              `json:"objectUri"`
	V4URI         string              `json:"v4Uri,omitempty"`
	UUID          string              `json:"uuid,omitempty"` // of a travel request, in v4
	UserID        string              `json:"userId,omitempty"`
	Version       int                 `json:"version"`
	Status        string              `json:"status"`
	StepName      string              `json:"stepName"`
	Step          string              `json:"step"`
	StepCode      string              `json:"stepCode,omitempty"`
	StepInstance  string              `json:"stepInstance,omitempty"` // the identifier of the step in a v4 guard
	Deleted       bool                `json:"deleted"`
	HasException  bool                `json:"hasException"`
	EverSentBack  bool                `json:"everSentBack"`
	Entries       []string            `json:"entries"`
	ExpenseIDs    []string            `json:"expenseIds"` // of the entries, in v4
	Itemizations  [][]itemization     `json:"itemizations"`
	Allocations   [][]string          `json:"allocations"`
	AllocationIDs [][]string          `json:"allocationIds"` // in v4
	Decisions     []decision          `json:"decisions"`
	Exceptions    []journal.Exception `json:"exceptions"`
	Existing      []existingException `json:"existing"`
	Comments      []string            `json:"comments"`
	Moves         []moved             `json:"moves"`
	Writes        int                 `json:"writes"`
	WriteRequests int                 `json:"writeRequests"`
	Reads         int                 `json:"reads"`
}

func (s *simulator) view(r *report) reportView {
	v := reportView{
		Name: r.name, Key: r.key, ReportID: r.reportID, RptKey: r.rptKey, ObjectURI: s.objectURI(r), V4URI: s.v4URI(r),
		Status: r.shownStatus(), StepName: r.stepName, Step: r.step, Deleted: r.deleted, UUID: r.uuid, Version: r.version,
		HasException: r.hasException, EverSentBack: r.everSentBack,
		Entries: []string{}, ExpenseIDs: []string{}, Itemizations: [][]itemization{}, Allocations: [][]string{}, AllocationIDs: [][]string{},
		Decisions:  append([]decision{}, r.decisions...),
		Exceptions: append([]journal.Exception{}, r.exceptions...),
		Existing:   append([]existingException{}, r.existing...),
		Comments:   append([]string{}, r.comments...),
		Moves:      append([]moved{}, r.moves...),
		Writes:     r.writes, WriteRequests: r.writeRequests, Reads: r.reads,
	}
	if r.desc.Login != "" {
		v.UserID = s.userID(r.desc.Login)
	}
	if at, is := r.present(); is {
		v.StepCode, v.StepInstance = at.Code, s.stepInstance(r)
	}
	for _, e := range r.entries {
		v.Entries = append(v.Entries, e.key)
		v.ExpenseIDs = append(v.ExpenseIDs, s.v4ID(e.key))
		items := []itemization{}
		for _, one := range e.itemizations {
			items = append(items, itemization{one.Key, s.v4ID(one.Key), one.Allocations, s.v4IDs(one.Allocations)})
		}
		v.Itemizations = append(v.Itemizations, items)
		v.Allocations = append(v.Allocations, append([]string{}, e.allocations...))
		v.AllocationIDs = append(v.AllocationIDs, s.v4IDs(e.allocations))
	}
	return v
}

func (s *simulator) v4IDs(keys []string) []string {
	ids := []string{}
	for _, key := range keys {
		ids = append(ids, s.v4ID(key))
	}
	return ids
}

// stepInstance returns the identifier of the present step in a v4 guard.
func (s *simulator) stepInstance(r *report) string {
	return letters(s.draw(r.name, "step instance", r.instance), hexDigits, 32)
}

func (s *simulator) controlAddReport(r *http.Request) (any, error) {
	var d description
	if err := readControl(r, &d); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.Copies != 0 {
		return s.addCopies(d)
	}
	made, err := s.addReport(d)
	if err != nil {
		return nil, err
	}
	return s.view(made), nil
}

func (s *simulator) controlReports(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	views := []reportView{}
	for _, r := range s.reports {
		views = append(views, s.view(r))
	}
	return views, nil
}

// named returns the report that the path names. The caller holds mu.
func (s *simulator) named(r *http.Request) (*report, error) {
	name := mux.Vars(r)["name"]
	if found := s.directory.names[name]; found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("report %s: %w", name, errNoSuch)
}

func (s *simulator) controlReport(r *http.Request) (any, error) {
	s.mu.Lock()
	found, err := s.named(r)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	until, err := readUntil(r.URL.Query().Get("until"))
	if err != nil {
		return nil, err
	}
	wait, err := readWait(r)
	if err != nil {
		return nil, err
	}
	s.wait(r.Context(), wait, func() bool { return until(found) })
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view(found), nil
}

// readUntil reads a condition: status:CODE, deleted, or a count (writes, writeRequests,
// reads, exceptions, decisions) that must reach a number.
func readUntil(text string) (func(*report) bool, error) {
	if text == "" {
		return func(*report) bool { return true }, nil
	}
	what, value, _ := strings.Cut(text, ":")
	if what == "status" && value != "" {
		return func(r *report) bool { return r.shownStatus() == value }, nil
	}
	if text == "deleted" {
		return func(r *report) bool { return r.deleted }, nil
	}
	counts := map[string]func(*report) int{
		"writes":        func(r *report) int { return r.writes },
		"writeRequests": func(r *report) int { return r.writeRequests },
		"reads":         func(r *report) int { return r.reads },
		"exceptions":    func(r *report) int { return len(r.exceptions) },
		"decisions":     func(r *report) int { return len(r.decisions) },
	}
	count, known := counts[what]
	n, err := strconv.Atoi(value)
	if !known || err != nil {
		return nil, fmt.Errorf("until %q: want status:CODE, deleted, or writes, writeRequests, reads, exceptions or decisions with a number", text)
	}
	return func(r *report) bool { return count(r) >= n }, nil
}

func (s *simulator) controlMove(r *http.Request) (any, error) {
	var how moveOptions
	if err := readControl(r, &how); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.named(r)
	if err != nil {
		return nil, err
	}
	if err := s.move(found, mux.Vars(r)["move"], how); err != nil {
		return nil, err
	}
	return s.view(found), nil
}

// controlCodes sets the exception codes that are configured, and which of them block a
// report.
func (s *simulator) controlCodes(r *http.Request) (any, error) {
	var body struct {
		Codes    []string `yaml:"codes"`
		Blocking []string `yaml:"blockingCodes"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if body.Codes != nil {
		s.codes = map[string]bool{}
	}
	s.blocking = map[string]bool{}
	for _, code := range body.Codes {
		s.codes[code] = true
	}
	for _, code := range body.Blocking {
		s.codes[code], s.blocking[code] = true, true
	}
	return map[string][]string{"codes": slices.Sorted(maps.Keys(s.codes)), "blockingCodes": body.Blocking}, nil
}
