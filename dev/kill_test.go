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

// killed are the main stories that write, by interface. Each is played once for every
// request in its journal, with a kill before it and a kill after it. KILL_POINTS=all does
// so with every story, KILL_POINTS='approve gone' with those two. KILL_INTERFACE=v4 uses
// that interface only.
var killed = map[string][]string{
	"v1.1": {"approve", "exceptions", "send-back", "two-steps", "lost-answer"},
	"v4":   {"exceptions"},
}

// noKills marks stories that cannot be played with a killed worker. Mostly their faults count
// requests, and a killed attempt adds one.
const noKills = "# No kills: "

// TestKillPoints kills the worker before and after each request that a story makes. The
// story must still succeed.
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
			if err == nil && strings.Contains(string(script), noKills) {
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

// killAtEach plays a story once for each of its requests and each phase.
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

// requests plays a story without kills and counts the requests in its journal.
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

// killAt kills the worker while the simulator holds the nth request, and starts another
// worker.
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
		// Wait for a worker that is being started: one that came up after the test system
		// was closed would be left behind.
		switch err := <-done; {
		case errors.Is(err, context.Canceled):
			// The number of a story's requests varies a little, so the last ones may not
			// come.
			t.Logf("request %d was not made this time", n)
		case err != nil && !t.Failed():
			t.Errorf("the worker was not killed and started again: %v", err)
		}
	}
}

func TestKilledStoriesAreMainStories(t *testing.T) {
	t.Parallel()
	for _, names := range killed {
		for _, name := range names {
			require.True(t, slices.Contains(onceStories, name), name)
		}
	}
}
