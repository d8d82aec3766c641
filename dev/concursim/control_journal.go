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
	return s.journal.since(since, query.Get("report")), nil
}

func (s *simulator) controlViolations(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.violations(), nil
}

// controlCodes sets the exception codes that are configured.
func (s *simulator) controlCodes(r *http.Request) (any, error) {
	var body struct {
		Codes []string `yaml:"codes"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes = map[string]bool{}
	for _, code := range body.Codes {
		s.codes[code] = true
	}
	return map[string][]string{"codes": body.Codes}, nil
}
