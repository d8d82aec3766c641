package approvals

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/cmd/concurctl/clitest"
	"concur-connector/expense"
	"concur-connector/internal/record"
	"concur-connector/workflows"
)

const (
	completed = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	canceled  = enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED
	running   = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
)

// day is a time in May.
func day(d int) time.Time { return time.Date(2026, 5, d, 9, 30, 0, 0, time.UTC) }

func event(number, d int, by string) expense.TaskEvent {
	return expense.TaskEvent{Number: number, At: day(d), Kind: expense.TaskCounted, Decision: expense.DecideApprove, By: by, Comment: "fine\n"}
}

// pastRun is a run that Temporal knows.
type pastRun struct {
	id     string
	status enumspb.WorkflowExecutionStatus
	events []expense.TaskEvent
	fails  error // of the query
}

// deployment is a deployment with these runs.
func deployment(t *testing.T, runs ...pastRun) *cli.Deployment {
	t.Helper()
	d, m := clitest.Deployment(t)
	list := &workflowservice.ListWorkflowExecutionsResponse{}
	for _, r := range runs {
		info := clitest.RunInfo(t, r.id, r.status, map[string]string{workflows.ReportIDAttribute: "R-" + r.id})
		info.FirstRunId, info.Execution.RunId = "first-"+r.id, "last-"+r.id
		list.Executions = append([]*workflowpb.WorkflowExecutionInfo{info}, list.Executions...)
		r.answer(t, m, info.Execution.RunId)
	}
	m.On("ListWorkflow", mock.Anything, mock.Anything).Return(list, nil)
	return d
}

func (r pastRun) answer(t *testing.T, m *mocks.Client, runID string) {
	result := workflows.Result{Outcome: expense.Approved, Record: r.events}
	run := mocks.NewWorkflowRun(t)
	switch r.status {
	case completed:
		run.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) { *args.Get(1).(*workflows.Result) = result }).Return(nil)
	case canceled:
		run.On("Get", mock.Anything, mock.Anything).Return(temporal.NewCanceledError(result))
	default:
		answer, err := converter.GetDefaultDataConverter().ToPayloads(workflows.Status{Record: r.events})
		require.NoError(t, err)
		m.On("QueryWorkflow", mock.Anything, r.id, runID, workflows.StatusQuery).Return(encoded{answer}, r.fails)
		return
	}
	m.On("GetWorkflow", mock.Anything, r.id, runID).Return(run)
}

func threeRuns() []pastRun {
	return []pastRun{
		{"EXPRPT:a", completed, []expense.TaskEvent{event(1, 1, "Kim"), event(2, 5, "Kim")}, nil},
		{"EXPRPT:b", canceled, []expense.TaskEvent{event(1, 2, "Lee")}, nil},
		{"EXPRPT:c", running, []expense.TaskEvent{event(1, 1, "Max"), event(4, 4, "Max")}, nil},
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	all, err := os.ReadFile(path)
	require.NoError(t, err)
	return all
}

// exportTo exports all and returns what was printed.
func exportTo(t *testing.T, path string, between period, runs ...pastRun) exported {
	t.Helper()
	e, err := export(t.Context(), deployment(t, runs...), path, between, io.Discard)
	require.NoError(t, err)
	return e
}

func TestExportWritesEveryEventInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	e := exportTo(t, path, period{}, threeRuns()...)
	require.Equal(t, 5, e.Added)
	require.NoError(t, e.complete())
	var order []string
	found, err := record.Each(bytes.NewReader(content(t, path)), func(line record.Line, _ string) {
		order = append(order, line.NotificationID+" "+line.Event.At.Format(time.DateOnly))
		require.Equal(t, "first-"+line.NotificationID, line.RunID)
		require.Equal(t, "R-"+line.NotificationID, line.ReportID)
	})
	require.NoError(t, err)
	require.Equal(t, e.head, head{found.Lines, found.Hash})
	require.Equal(t, []string{
		"EXPRPT:a 2026-05-01", "EXPRPT:c 2026-05-01", "EXPRPT:b 2026-05-02", "EXPRPT:c 2026-05-04", "EXPRPT:a 2026-05-05",
	}, order)
}

func TestTwoExportsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	one, two := filepath.Join(folder, "1"), filepath.Join(folder, "2")
	exportTo(t, one, period{}, threeRuns()...)
	exportTo(t, two, period{}, threeRuns()...)
	before := content(t, one)
	require.Equal(t, before, content(t, two))

	again := exportTo(t, one, period{}, threeRuns()...)
	require.Zero(t, again.Added)
	require.Equal(t, before, content(t, one))

	more := threeRuns()
	more[2].events = append(more[2].events, event(5, 9, "Max"))
	more[2].status = completed
	require.Equal(t, 1, exportTo(t, one, period{}, more...).Added)
	require.True(t, bytes.HasPrefix(content(t, one), before), "what is there stays as it is")
}

func TestExportContinuesTheFileOfAWorker(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	_, err := record.NewFile(path, nil).Append(t.Context(), record.Entry{NotificationID: "EXPRPT:a", RunID: "first-EXPRPT:a", Event: event(1, 1, "Kim")})
	require.NoError(t, err)
	require.Equal(t, 4, exportTo(t, path, period{}, threeRuns()...).Added)
}

func TestExportOfAPeriod(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	between, err := parsePeriod("2026-05-02", "2026-05-05T09:30:00Z")
	require.NoError(t, err)
	require.Equal(t, 2, exportTo(t, path, between, threeRuns()...).Added, "those of the 2nd and the 4th")

	for _, flags := range [][2]string{{"yesterday", ""}, {"", "2026-13-01"}, {"2026-05-02", "2026-05-02"}, {"2026-05-03", "2026-05-02"}} {
		_, err := parsePeriod(flags[0], flags[1])
		require.ErrorContains(t, err, "--", flags)
	}
}

func TestExportNamesARunThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	runs := threeRuns()
	runs[2].fails = serviceerror.NewDeadlineExceeded("no worker")
	e := exportTo(t, path, period{}, runs...)
	require.Equal(t, 3, e.Added, "the others are exported")
	require.ErrorContains(t, e.complete(), "EXPRPT:c")
}

func TestExportAddsNothingToARecordThatWasChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	exportTo(t, path, period{}, threeRuns()...)
	changed := bytes.Replace(content(t, path), []byte("Lee"), []byte("Kim"), 1)
	require.NoError(t, os.WriteFile(path, changed, 0o600))
	d, _ := clitest.Deployment(t)
	_, err := export(t.Context(), d, path, period{}, io.Discard)
	var coded *cli.ExitError
	require.ErrorAs(t, err, &coded)
	require.Equal(t, exitBroken, coded.Code)
	require.ErrorContains(t, err, "line 3")
	require.Equal(t, changed, content(t, path))
}

func TestVerify(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	e := exportTo(t, path, period{}, threeRuns()...)
	all := string(content(t, path))
	lines := strings.SplitAfter(all, "\n")[:5]

	ok := concurctl.Run(t, "", "approvals", "verify", path)
	require.Zero(t, ok.Code, ok.Errs)
	require.Contains(t, ok.Out, e.Hash)
	printed := clitest.Read[map[string]any](t, concurctl.Run(t, all, "approvals", "verify", "-", "-o", "json"))
	require.Equal(t, map[string]any{"lines": 5.0, "head": e.Hash}, printed)

	earlier, err := record.Verify(strings.NewReader(strings.Join(lines[:3], "")))
	require.NoError(t, err)
	count, hash := json.Number("3").String(), earlier.Hash
	require.Zero(t, concurctl.Run(t, all, "approvals", "verify", "-", "--count", count, "--head", hash).Code, "it has grown since")

	forged := filepath.Join(t.TempDir(), "forged.jsonl")
	runs := threeRuns()
	runs[0].events[0].By = "Eve"
	exportTo(t, forged, period{}, runs...)
	for name, c := range map[string]struct {
		in   string
		args []string
		says string
	}{
		"a changed line":                       {strings.Replace(all, "Max", "Eve", 1), nil, "line 2"},
		"a missing line":                       {lines[0] + lines[2], nil, "line 2"},
		"a missing end":                        {lines[0] + lines[1], []string{"--count", count, "--head", hash}, "its end was removed"},
		"a record whose hashes are made again": {string(content(t, forged)), []string{"--count", count, "--head", hash}, "computed the hashes anew"},
	} {
		o := concurctl.Run(t, c.in, append([]string{"approvals", "verify", "-"}, c.args...)...)
		require.Equal(t, exitBroken, o.Code, name)
		require.Contains(t, o.Errs, c.says, name)
		require.Empty(t, o.Out, name)
	}
	for _, args := range [][]string{{"no-such-file"}, {path, "--count", "3"}, {path, "--head", hash}, {}} {
		require.Equal(t, 1, concurctl.Run(t, "", append([]string{"approvals", "verify"}, args...)...).Code)
	}
}
