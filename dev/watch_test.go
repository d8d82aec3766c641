package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// screen keeps what several goroutines print.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// TestTheDevCommandPrintsWhatHappens does to a running system what people do, and reads what
// the dev command prints.
func TestTheDevCommandPrintsWhatHappens(t *testing.T) {
	t.Parallel()
	suite := theSuite(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const rule = "apiVersion: concur-connector/v1\nrules:\n  - {name: ask, level: report, expression: 'false', message: Look at it., then: {ask: finance}}\n"
	setup := suite.setup()
	setup.queue, setup.rules = "watched", filepath.Join(t.TempDir(), "rules.yaml")
	write := func(text string) { require.NoError(t, os.WriteFile(setup.rules, []byte(text), 0o600)) }
	write(rule)
	shown := &screen{}
	w := newWatch(shown, "http://ui")
	setup.onWorkerLine = w.worker
	sys, err := open(ctx, setup, t.TempDir())
	require.NoError(t, err)
	defer sys.close()
	w.story = &story{ctx: ctx, system: sys, reports: map[string]string{}}
	defer w.story.clear()
	followed := make(chan error, 1)
	go func() { followed <- w.follow(ctx) }()
	says := func(words ...string) {
		t.Helper()
		require.Eventually(t, func() bool {
			for line := range strings.Lines(shown.String()) {
				if strings.Contains(strings.Join(strings.Fields(line), " "), strings.Join(words, " ")) {
					return true
				}
			}
			return false
		}, patience, 20*time.Millisecond, "%v\n%s", words, shown)
	}

	write(rule + "# another\n")
	says("rules", "file", "accepted the changed file: ")
	write(rule + "rules: []\n")
	says("rules", "file", "rejected the changed file, ")

	report, err := sys.sim.add(ctx, []byte("name: watched\nentries: [{type: MEALS, amount: \"1.00\", receipt: true}]\n"))
	require.NoError(t, err)
	says("run", "watched", "waits for a person")

	runs := setup.temporal.client
	require.NoError(t, runs.TerminateWorkflow(ctx, report.run(), "", "an operator did it"))
	says("run", "watched", "was ended from outside: terminated")
	require.NoError(t, sys.sim.do(ctx, http.MethodPost, "/reports/watched/callout", nil, nil))
	says("run", "watched", "was terminated, and a new run has started")
	says("run", "watched", "waits for a person")

	require.NoError(t, sys.sim.do(ctx, http.MethodPost, "/faults", []byte("{endpoint: all, kind: down, times: -1}"), nil))
	says("concur", "fault 1", "begins: down at all")
	require.NoError(t, sys.sim.do(ctx, http.MethodPost, "/reports/watched/callout", nil, nil))
	says("retry", "watched", "FetchReport is retried: ")
	require.NoError(t, sys.sim.do(ctx, http.MethodDelete, "/faults", nil, nil))
	says("concur", "fault 1", "has ended")

	sys.concur.kill()
	says("program", "concursim", "has ended: ")
	says("concur", "simulator", "does not answer; the connector retries")
	cancel()
	require.ErrorIs(t, <-followed, context.Canceled)
}
