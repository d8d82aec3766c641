package main

import (
	"errors"
	"fmt"
	"net/http"

	"go.yaml.in/yaml/v4"
)

func (s *simulator) controlFaults(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	faults := []fault{}
	for _, f := range s.faults {
		faults = append(faults, *f)
	}
	return faults, nil
}

// controlAddFaults takes one fault or a list of them.
func (s *simulator) controlAddFaults(r *http.Request) (any, error) {
	var list faultList
	if err := readControl(r, &list); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("there is no fault in the body")
	}
	for _, f := range list {
		if err := f.check(); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults)+len(list) > 1000 {
		return nil, errors.New("1000 faults are enough")
	}
	added := []fault{}
	for _, f := range list {
		s.faultCount++
		f.ID = s.faultCount
		s.faults = append(s.faults, f)
		added = append(added, *f)
	}
	s.broadcast()
	return added, nil
}

// faultList reads a single fault as a list of one.
type faultList []*fault

// UnmarshalYAML accepts a mapping or a sequence of them.
func (l *faultList) UnmarshalYAML(value *yaml.Node) error {
	if value.Kind == yaml.MappingNode {
		var one fault
		if err := strictNode(value, &one); err != nil {
			return err
		}
		*l = faultList{&one}
		return nil
	}
	if value.Kind != yaml.SequenceNode {
		return errors.New("want a fault or a list of faults")
	}
	for _, item := range value.Content {
		var one fault
		if err := strictNode(item, &one); err != nil {
			return err
		}
		*l = append(*l, &one)
	}
	return nil
}

func strictNode(value *yaml.Node, into any) error {
	text, err := yaml.Marshal(value)
	if err != nil {
		return err
	}
	return yaml.Load(text, into, yaml.WithKnownFields())
}

func (s *simulator) controlClearFaults(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cleared := len(s.faults)
	s.faults = nil
	s.broadcast()
	return map[string]int{"cleared": cleared}, nil
}

func (s *simulator) controlBreakpoints(r *http.Request) (any, error) {
	wait, err := readWait(r)
	if err != nil {
		return nil, err
	}
	return s.reachedBreakpoint(r.Context(), wait), nil
}

func (s *simulator) controlAddBreakpoint(r *http.Request) (any, error) {
	var b breakpoint
	if err := readControl(r, &b); err != nil {
		return nil, err
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Request > 0 && b.Request <= s.journal.requests {
		return nil, fmt.Errorf("request %d has already come: %w", b.Request, errTaken)
	}
	if len(s.breakpoints) >= 1000 {
		return nil, errors.New("1000 breakpoints are enough")
	}
	s.breakpoints = append(s.breakpoints, &b)
	return b, nil
}

func (s *simulator) controlClearBreakpoints(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]int{"released": s.releaseBreakpoints(true)}, nil
}

func (s *simulator) controlRelease(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]int{"released": s.releaseBreakpoints(false)}, nil
}
