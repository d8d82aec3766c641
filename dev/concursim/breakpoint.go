package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// breakpoint holds one incoming request still: before it has any effect, or
// after its effect and before its answer. The request is named by its number, or it is
// the next one to an endpoint. When it is released, the connection is closed without an
// answer; with Answer it goes on instead, late.
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

// pauseAt holds the request if a breakpoint is set for it, until it is
// released or maxWait is over; true means that its connection is then to be closed.
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
	hit.Reached, hit.Endpoint, hit.N = true, c.endpoint, c.entry.N
	c.entry.Note = joinNotes(c.entry.Note, "held "+phase)
	s.broadcast()
	s.mu.Unlock()

	s.wait(context.Background(), maxWait, func() bool { return hit.released })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.breakpoints = slices.DeleteFunc(s.breakpoints, func(b *breakpoint) bool { return b == hit })
	return !hit.Answer
}

// releaseBreakpoints lets every held request go; with all it also takes back
// the breakpoints that nothing reached.
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

func joinNotes(notes, note string) string {
	if notes == "" {
		return note
	}
	return notes + "; " + note
}
