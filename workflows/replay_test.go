package workflows_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"concur-connector/workflows"
)

// histories are the runs of the stories, recorded by "make histories".
func histories(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files, "there are no histories to replay; record them with: make histories")
	return files
}

// A worker may have other settings than the worker that made the history: what a run does must
// not depend on them.
func TestEveryRecordedHistoryReplays(t *testing.T) {
	t.Parallel()
	replayers := map[string]worker.WorkflowReplayer{
		"the default settings":       newReplayer(t, workflows.DefaultSettings()),
		"settings of a millisecond":  newReplayer(t, settingsOf(time.Millisecond)),
		"settings of a hundred days": newReplayer(t, settingsOf(100*24*time.Hour)),
	}
	for _, file := range histories(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			for name, replayer := range replayers {
				require.NoError(t, replay(replayer, file), "by %s", name)
			}
		})
	}
}

// newReplayer returns a replayer with every workflow.
func newReplayer(t *testing.T, settings workflows.Settings) worker.WorkflowReplayer {
	w := workflows.Workflows{Settings: settings}
	replayer := worker.NewWorkflowReplayer()
	for name, run := range w.All() {
		replayer.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name})
	}
	return replayer
}

// settingsOf returns settings whose durations are all d.
func settingsOf(d time.Duration) workflows.Settings {
	var s workflows.Settings
	for _, field := range reflect.ValueOf(&s).Elem().Fields() {
		switch field.Interface().(type) {
		case time.Duration:
			field.SetInt(int64(d))
		case []time.Duration:
			field.Set(reflect.ValueOf([]time.Duration{d}))
		default:
			panic("a setting of another kind: " + field.Type().String())
		}
	}
	return s
}

// replay replays a history under the ID of its workflow: a run compares that with the name in
// each result.
func replay(replayer worker.WorkflowReplayer, file string) error {
	data, err := os.Open(file)
	if err != nil {
		return err
	}
	defer data.Close()
	history, err := client.HistoryFromJSON(data, client.HistoryJSONOptions{})
	if err != nil {
		return err
	}
	started := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	return replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()},
	})
}

func TestEveryOutcomeSignalAndKindIsInARecordedHistory(t *testing.T) {
	t.Parallel()
	var seen strings.Builder
	for _, file := range histories(t) {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var history any
		require.NoError(t, json.Unmarshal(data, &history))
		spell(&seen, history)
	}
	text := seen.String()
	for _, outcome := range workflows.Outcomes() {
		require.True(t, strings.Contains(text, `"outcome":"`+string(outcome)+`"`), "no history ends %s: add a story and record it", outcome)
	}
	for _, signal := range []string{workflows.Notified, workflows.Decided, workflows.Retried} {
		require.True(t, strings.Contains(text, "signalName="+signal+"\n"), "no history has the signal %s: add a story and record it", signal)
	}
	// No recorded history can show these two. InvalidArgument is a mistake of the connector's
	// own code: rules, callouts and decisions are checked before they reach a run. Interrupted
	// ends an attempt whose worker stops or whose time is over; it is tried again, and a history
	// holds the failure of the last attempt alone. TestEveryKindHasItsTreatment shows both.
	unseen := []string{"InvalidArgument", "Interrupted"}
	for _, kind := range workflows.Kinds() {
		if slices.Contains(unseen, string(kind)) {
			continue
		}
		failed := strings.Contains(text, "type="+string(kind)+"\n")
		value := strings.Contains(text, `"kind":"`+string(kind)+`"`)
		require.True(t, failed || value, "no history shows the kind %s: add a story and record it", kind)
	}
}

// spell writes every text of a history, payloads decoded.
func spell(out *strings.Builder, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			text, ok := child.(string)
			if !ok {
				spell(out, child)
				continue
			}
			if plain, err := base64.StdEncoding.DecodeString(text); key == "data" && err == nil {
				text = string(plain)
			}
			out.WriteString(key + "=" + text + "\n")
		}
	case []any:
		for _, child := range v {
			spell(out, child)
		}
	}
}
