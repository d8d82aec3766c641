package activities_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
	"concur-connector/internal/record"
)

// archive takes entries until the one that it refuses.
type archive struct {
	sent    []int // numbers of events
	refuses int
	with    error
}

func (a *archive) Send(_ context.Context, e record.Entry) error {
	if e.Event.Number == a.refuses {
		return a.with
	}
	a.sent = append(a.sent, e.Event.Number)
	return nil
}

func threeEvents() expense.ExportRecordInput {
	at := time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)
	return expense.ExportRecordInput{
		NotificationID: "EXPRPT:a", RunID: "run", ReportID: "R", Outcome: expense.SentBack, Cause: "person",
		Events: []expense.TaskEvent{
			{Number: 4, At: at, Kind: expense.TaskOpened}, {Number: 5, At: at, Kind: expense.TaskReminded}, {Number: 7, At: at, Kind: expense.TaskCounted, By: "Kim"},
		},
	}
}

func TestExportRecordStoresEachEventOnceInAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "record.jsonl")
	acts := newFakeConcur(t).activities(t, func(o *activities.Options) { o.RecordFile = record.NewFile(path, nil) })
	for range 2 {
		result, err := execute(attempt{}, acts.ExportRecord, threeEvents())
		require.NoError(t, err)
		var exported expense.ExportedRecord
		require.NoError(t, result.Get(&exported))
		require.Equal(t, 7, exported.Last)
		require.NotEmpty(t, exported.Of)
	}
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	head, err := record.Verify(file)
	require.NoError(t, err)
	require.Equal(t, 3, head.Lines)
}

func TestExportRecordOfAWorkerWithoutArchiveStoresNothing(t *testing.T) {
	t.Parallel()
	_, err := execute(attempt{}, newFakeConcur(t).activities(t).ExportRecord, threeEvents())
	require.NoError(t, err)
}

func TestExportRecordRetriesABrokenOrUnwritableFile(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "record.jsonl")
	require.NoError(t, os.WriteFile(broken, []byte("{}\n"), 0o600))
	for path, kind := range map[string]expense.Kind{broken: expense.Malformed, filepath.Join(t.TempDir(), "no folder", "record.jsonl"): expense.Unavailable} {
		acts := newFakeConcur(t).activities(t, func(o *activities.Options) { o.RecordFile = record.NewFile(path, nil) })
		_, err := execute(attempt{}, acts.ExportRecord, threeEvents())
		require.False(t, failed(t, err, kind).NonRetryable())
	}
}

func TestARetryOfExportRecordSendsOnlyTheRest(t *testing.T) {
	t.Parallel()
	b := &attempts{}
	a := &archive{refuses: 5, with: &record.WebhookError{Kind: expense.Rejected, Status: 422, Message: "archive.example.com rejects the event", RetryAfter: time.Minute}}
	acts := newFakeConcur(t).activities(t, heartbeat(b.beat), func(o *activities.Options) { o.RecordWebhook = a })
	_, err := execute(attempt{}, acts.ExportRecord, threeEvents())
	e := failed(t, err, expense.Rejected)
	require.False(t, e.NonRetryable(), "a run does not end without its record")
	require.Equal(t, time.Minute, e.NextRetryDelay())
	a.refuses = 0
	_, err = execute(attempt{before: b.details}, acts.ExportRecord, threeEvents())
	require.NoError(t, err)
	require.Equal(t, []int{4, 5, 7}, a.sent)
}

func TestAnExportThatHasLostItsPlaceSendsNothing(t *testing.T) {
	t.Parallel()
	a := &archive{}
	acts := newFakeConcur(t).activities(t, heartbeat(gone), func(o *activities.Options) { o.RecordWebhook = a })
	_, err := execute(attempt{}, acts.ExportRecord, threeEvents())
	require.Error(t, err)
	require.Empty(t, a.sent)
}
