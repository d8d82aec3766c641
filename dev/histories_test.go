package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"concur-connector/workflows"
)

var record = flag.Bool("record", false, "record the histories of every story into workflows/testdata/histories")

// TestRecordHistories plays every story and stores the histories of its runs for the replay
// test of workflows: go test ./dev -run TestRecordHistories -record
func TestRecordHistories(t *testing.T) {
	if !*record {
		t.Skip("SKIPPED without -record: it rewrites workflows/testdata/histories")
	}
	suite := theSuite(t)
	dir := filepath.Join(suite.root, "workflows", "testdata", "histories")
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for _, name := range suite.stories() {
		testscript.Run(t, params(context.Background(), suite.setup(), name, storyFile(name), func(s *story) func() {
			return func() { s.record(t, dir, name) }
		}))
	}
}

// record stores the history of every run of the test system.
func (s *story) record(t *testing.T, dir, name string) {
	c := s.system.setup.temporal.client
	runs, err := c.ListWorkflow(s.ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: s.runsQuery(),
	})
	if err != nil {
		t.Errorf("list the runs of %s: %v", name, err)
		return
	}
	number, sweeps := 0, 0
	for _, run := range runs.GetExecutions() {
		file := name + "-steps.json"
		switch kind := run.GetType().GetName(); {
		case kind != workflows.RememberSteps:
			number++
			file = fmt.Sprintf("%s-%d.json", name, number)
		case name != "not-our-steps":
			continue // every story has such a run; only this one is stored
		}
		if run.GetType().GetName() == workflows.SweepFailedNotifications {
			if sweeps++; sweeps > 2 || run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				continue // more sweeps show nothing new, and a sweep that has only begun shows nothing
			}
		}
		var history historypb.History
		events := c.GetWorkflowHistory(s.ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			if err != nil {
				t.Errorf("read a history of %s: %v", name, err)
				return
			}
			history.Events = append(history.Events, event)
		}
		text, err := protojson.Marshal(&history)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), append(anonymous(text), '\n'), 0o644)
		}
		if err != nil {
			t.Errorf("keep a history of %s: %v", name, err)
		}
	}
}

// anonymous removes the name and the processes of the machine from a history.
func anonymous(history []byte) []byte {
	return identity.ReplaceAll(history, []byte(`"identity":"dev"`))
}

var identity = regexp.MustCompile(`"identity": ?"[^"]*"`)
