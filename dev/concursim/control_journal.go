package main

import (
	"fmt"
	"net/http"
	"strconv"
)

func (s *simulator) controlJournal(r *http.Request) (any, error) {
	query := r.URL.Query()
	since := 0
	if text := query.Get("since"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("since %q: want a journal number", text)
		}
		since = n
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.Since(since, query.Get("report")), nil
}

func (s *simulator) controlViolations(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.Violations(), nil
}

// summary counts what there is, so that a test with thousands of reports needs only a short
// answer.
type summary struct {
	Reports    int            `json:"reports"`
	Statuses   map[string]int `json:"statuses"` // a deleted report counts as "deleted"
	Decisions  decided        `json:"decisions"`
	Failed     int            `json:"failed"`
	Queued     int            `json:"queued"`
	Requests   map[string]int `json:"requests"` // incoming requests, by endpoint
	Hosts      map[string]int `json:"hosts"`    // incoming requests, by the host that got them
	Lines      int            `json:"lines"`    // of the journal
	Violations int            `json:"violations"`
}

// decided counts reports by the number of the client's decisions.
type decided struct {
	Never int `json:"never"`
	Once  int `json:"once"`
	More  int `json:"more"`
}

func (s *simulator) controlSummary(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := summary{
		Reports: len(s.reports), Statuses: map[string]int{},
		Failed: len(s.failed.items), Queued: len(s.callouts.Queue),
		Lines: s.journal.Len(), Violations: len(s.journal.Violations()),
	}
	sum.Requests, sum.Hosts = s.journal.Count()
	for _, r := range s.reports {
		status := r.shownStatus()
		if r.deleted {
			status = "deleted"
		}
		sum.Statuses[status]++
		switch len(r.decisions) {
		case 0:
			sum.Decisions.Never++
		case 1:
			sum.Decisions.Once++
		default:
			sum.Decisions.More++
		}
	}
	return sum, nil
}
