package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

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
		return nil, errors.New("there can be at most 1000 faults")
	}
	for _, p := range s.payloads {
		if err := p.checkFaults(list); err != nil {
			return nil, err
		}
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

// UnmarshalYAML accepts a mapping or a sequence of mappings.
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
	if b.Request > 0 && b.Request <= s.journal.Requests() {
		return nil, fmt.Errorf("request %d has already come: %w", b.Request, errTaken)
	}
	if len(s.breakpoints) >= 1000 {
		return nil, errors.New("there can be at most 1000 breakpoints")
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

// breakpoint holds one incoming request: before it has any effect, or after its effect and
// before its answer. It names the number of the request, or an endpoint whose next request
// is held. When it is released, the connection is closed without an answer; with Answer the
// request continues late.
type breakpoint struct {
	Request  int    `json:"request" yaml:"request"`
	Endpoint string `json:"endpoint,omitempty" yaml:"endpoint"`
	Phase    string `json:"phase" yaml:"phase"`
	Answer   bool   `json:"answer,omitempty" yaml:"answer"`
	Reached  bool   `json:"reached" yaml:"-"`
	N        int    `json:"n,omitempty" yaml:"-"`

	released bool
}

func (b *breakpoint) check() error {
	if b.Request < 1 && b.Endpoint == "" {
		return fmt.Errorf("request %d: want the number of an incoming request, counted from 1", b.Request)
	}
	if b.Phase != "before" && b.Phase != "after" {
		return fmt.Errorf("phase %q: want before or after", b.Phase)
	}
	return nil
}

// pauseAt holds the request if a breakpoint is set for it, until it is released or maxWait
// is over. It returns true if the connection must then be closed.
func (s *simulator) pauseAt(request int, phase string, c *call) bool {
	s.mu.Lock()
	var hit *breakpoint
	for _, b := range s.breakpoints {
		named := b.Request == request || b.Request == 0 && b.Endpoint == c.endpoint
		if named && b.Phase == phase && !b.Reached {
			hit = b
			break
		}
	}
	if hit == nil {
		s.mu.Unlock()
		return false
	}
	hit.Reached, hit.Endpoint, hit.N = true, c.endpoint, c.entry.N()
	c.entry.AddNote("held " + phase)
	s.broadcast()
	s.mu.Unlock()

	s.wait(context.Background(), maxWait, func() bool { return hit.released })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.breakpoints = slices.DeleteFunc(s.breakpoints, func(b *breakpoint) bool { return b == hit })
	return !hit.Answer
}

// releaseBreakpoints releases every held request. With all it also removes the breakpoints
// that were not reached.
func (s *simulator) releaseBreakpoints(all bool) int {
	released := 0
	s.breakpoints = slices.DeleteFunc(s.breakpoints, func(b *breakpoint) bool {
		if b.Reached {
			b.released = true
			released++
		}
		return b.Reached || all
	})
	s.broadcast()
	return released
}

// reachedBreakpoint waits until a breakpoint holds a request.
func (s *simulator) reachedBreakpoint(ctx context.Context, timeout time.Duration) breakpoint {
	var found breakpoint
	s.wait(ctx, timeout, func() bool {
		for _, b := range s.breakpoints {
			if b.Reached {
				found = *b
				return true
			}
		}
		return false
	})
	return found
}
