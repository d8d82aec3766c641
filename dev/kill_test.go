package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// killed are the main stories that write, by the interface: they are played once for
// every request of their journal and each side of it. KILL_POINTS=all plays every story
// so, and KILL_POINTS='approve gone' those; KILL_INTERFACE=v4 by that interface alone.
var killed = map[string][]string{
	"v1.1": {"approve", "exceptions", "send-back", "two-steps", "lost-answer"},
	"v4":   {"exceptions"},
}

// unfit are stories that cannot be told with a killed worker: their faults are
// counted by request, and a killed attempt is one more.
const unfit = "# No kills: "

// TestKillPoints kills the worker before and after each single request that a
// story makes, and expects the story to be told the same.
func TestKillPoints(t *testing.T) {
	t.Parallel()
	suite := theSuite(t)
	for _, via := range interfaces {
		names := killed[via]
		switch asked := os.Getenv("KILL_POINTS"); asked {
		case "":
		case "all":
			names = suite.stories()
		default:
			names = strings.Fields(asked)
		}
		if only := os.Getenv("KILL_INTERFACE"); only != "" && only != via {
			continue
		}
		setup := suite.setup()
		setup.via = via
		for _, name := range names {
			script, err := os.ReadFile(storyFile(name))
			if err == nil && strings.Contains(string(script), unfit) {
				require.NotContains(t, killed[via], name)
				continue
			}
			if !playable(string(script), via) {
				continue
			}
			t.Run(via+" "+name, func(t *testing.T) {
				t.Parallel()
				killAtEach(t, setup, name)
			})
		}
	}
}

// killAtEach plays a story once for each of its requests and each side of it.
func killAtEach(t *testing.T, setup systemSetup, name string) {
	for n := range requests(t, setup, name) {
		for _, phase := range []string{"before", "after"} {
			playing := fmt.Sprintf("%s.%s.%s-request-%d", name, label(setup.via), phase, n+1)
			t.Run(fmt.Sprintf("%s request %d", phase, n+1), func(t *testing.T) {
				t.Parallel()
				testscript.Run(t, params(context.Background(), setup, playing, storyFile(name), func(s *story) func() {
					return s.killAt(t, n+1, phase)
				}))
			})
		}
	}
}

// requests plays a story undisturbed and counts the requests of its journal.
func requests(t *testing.T, setup systemSetup, name string) int {
	t.Helper()
	count := 0
	r := &storyRun{name: name}
	testscript.RunT(r, params(context.Background(), setup, name+"."+label(setup.via)+".count", storyFile(name), func(s *story) func() {
		return func() {
			entries, err := s.system.sim.journal(s.ctx)
			require.NoError(t, err)
			for _, e := range entries {
				count = max(count, e.Request)
			}
		}
	}))
	require.False(t, r.failed, "the undisturbed story: %s", r.log.String())
	require.Positive(t, count)
	return count
}

// killAt kills the worker while the simulator holds its nth request, and starts
// another.
func (s *story) killAt(t *testing.T, n int, phase string) (ended func()) {
	s.killing = true
	body, err := json.Marshal(map[string]any{"request": n, "phase": phase})
	require.NoError(t, err)
	require.NoError(t, s.system.sim.do(s.ctx, http.MethodPost, "/breakpoints", body, nil))
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan error, 1)
	go func() {
		for {
			var point struct{ Reached bool }
			if err := s.system.sim.do(ctx, http.MethodGet, "/breakpoints?wait=20s", nil, &point); err != nil {
				done <- err
				return
			}
			if !point.Reached {
				continue
			}
			s.system.killWorker()
			if err := s.system.sim.do(s.ctx, http.MethodPost, "/breakpoints/release", nil, nil); err != nil {
				done <- err
				return
			}
			done <- s.system.startWorker(s.ctx)
			return
		}
	}()
	return func() {
		cancel()
		// A worker that is being started again is waited for: one that came up after the
		// house was closed would be left behind.
		switch err := <-done; {
		case errors.Is(err, context.Canceled):
			// Which requests a story makes depends a little on what meets what; the
			// last ones may not come.
			t.Logf("request %d was not made this time", n)
		case err != nil && !t.Failed():
			t.Errorf("the worker was not killed and started again: %v", err)
		}
	}
}

func TestTheKilledStoriesAreMainOnes(t *testing.T) {
	t.Parallel()
	for _, names := range killed {
		for _, name := range names {
			require.True(t, slices.Contains(onceStories, name), name)
		}
	}
}
