package main

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
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

func (s *simulator) controlExpireTokens(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]int{"expired": s.tokens.expireAll()}, nil
}

// controlTokenLife sets the life of the tokens issued from now on.
func (s *simulator) controlTokenLife(r *http.Request) (any, error) {
	var body struct {
		Life string `yaml:"life"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	life, err := time.ParseDuration(body.Life)
	if err != nil || life < time.Second {
		return nil, fmt.Errorf("life %q: want a duration of a second or more", body.Life)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.life = life
	return map[string]string{"life": life.String()}, nil
}

// controlStrictRotation makes a refresh token good once, or for ever, from now on.
func (s *simulator) controlStrictRotation(r *http.Request) (any, error) {
	var body struct {
		Strict *bool `yaml:"strict"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	if body.Strict == nil {
		return nil, errors.New("strict: want true or false")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.strict = *body.Strict
	return map[string]bool{"strict": s.tokens.strict}, nil
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
