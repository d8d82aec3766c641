package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
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
	return s.journal.since(since, query.Get("report")), nil
}

func (s *simulator) controlViolations(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.violations(), nil
}

// controlCodes sets the exception codes that are configured, and which of them keep a
// report where it is.
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
