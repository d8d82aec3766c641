// Package whatif compares recorded verdicts with the verdicts of other rules. A rule that reads
// a field that the run did not store is unknown: nothing is guessed.
package whatif

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/workflows"
)

// Past is the last evaluation of a report or a travel request: its input and its verdict.
type Past struct {
	policy.Input
	ID       string // the notification's
	RunID    string
	ReportID string
	Kept     []string // fields that the run stored; nil if it did not record which
	Whole    bool     // nothing was left out of the input
	Verdict  expense.Verdict
}

// Skip is why a run cannot be compared.
type Skip string

func (s Skip) Error() string { return string(s) }

// Why a run is skipped.
const (
	NotEvaluated = Skip("it was not evaluated")
	NotDecoded   = Skip("its history cannot be decoded: is a codec missing?")
	NotThere     = Skip("its history is no longer kept")
)

// Reader reads past evaluations from the histories of runs.
type Reader struct {
	Temporal  client.Client
	Namespace string
	Data      converter.DataConverter
}

// Read returns the last evaluation of a run; an empty run ID means the latest run. It holds one
// page of the history at a time. The error is a [Skip] if the history has no evaluation to compare.
func (r *Reader) Read(ctx context.Context, id, runID string) (Past, error) {
	history := r.Temporal.GetWorkflowHistory(ctx, id, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var t trace
	for history.HasNext() {
		event, err := history.Next()
		var missing *serviceerror.NotFound
		switch {
		case errors.As(err, &missing):
			return Past{}, NotThere
		case err != nil:
			return Past{}, fmt.Errorf("read the history of %s: %w", id, err)
		}
		t.see(event)
	}
	past, err := t.past(r.Data)
	past.ID, past.RunID = id, runID
	return past, err
}

// trace holds the events of a history that an evaluation consists of.
type trace struct {
	scheduled map[int64]*historypb.HistoryEvent // reads and evaluations that have not completed, by event ID
	read      *historypb.HistoryEvent           // the result of the last read
	evaluated *historypb.HistoryEvent           // the input of the last evaluation
	result    *historypb.HistoryEvent           // the result of the last evaluation
	readThen  *historypb.HistoryEvent           // the read before the last evaluation
}

func (t *trace) see(event *historypb.HistoryEvent) {
	if scheduled := event.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
		switch scheduled.GetActivityType().GetName() {
		case workflows.FetchReport, workflows.FetchRequest, workflows.ValidateReport, workflows.ValidateRequest:
			if t.scheduled == nil {
				t.scheduled = map[int64]*historypb.HistoryEvent{}
			}
			t.scheduled[event.GetEventId()] = event
		}
		return
	}
	completed := event.GetActivityTaskCompletedEventAttributes()
	begun := t.scheduled[completed.GetScheduledEventId()]
	if begun == nil {
		return
	}
	delete(t.scheduled, begun.GetEventId())
	switch begun.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() {
	case workflows.ValidateReport, workflows.ValidateRequest:
		t.evaluated, t.result, t.readThen = begun, event, t.read
	default:
		t.read = event
	}
}

// past decodes the last evaluation. A result has no verdict if the worker was replacing its
// rules: the run evaluates again, unless it ended before.
func (t *trace) past(data converter.DataConverter) (Past, error) {
	if t.result == nil || t.readThen == nil {
		return Past{}, NotEvaluated
	}
	var evaluated expense.EvaluationResult
	var fetched struct { // of expense.FetchedReport
		ReportID     string   `json:"reportId"`
		RulesHash    string   `json:"rulesHash"`
		StoredFields []string `json:"storedFields"`
	}
	var in struct { // of either activity
		expense.ValidateReportInput
		Request *expense.TravelRequest `json:"request"`
	}
	if data.FromPayloads(t.result.GetActivityTaskCompletedEventAttributes().GetResult(), &evaluated) != nil ||
		data.FromPayloads(t.readThen.GetActivityTaskCompletedEventAttributes().GetResult(), &fetched) != nil ||
		data.FromPayloads(t.evaluated.GetActivityTaskScheduledEventAttributes().GetInput(), &in) != nil {
		return Past{}, NotDecoded
	}
	if evaluated.Verdict == nil || in.Report == nil && in.Request == nil {
		return Past{}, NotEvaluated
	}
	at := in.At
	if at.IsZero() { // a run of an earlier version
		at = t.evaluated.GetEventTime().AsTime()
	}
	past := Past{
		Input:    policy.Input{Report: in.Report, Request: in.Request, EventType: in.EventType, At: at, Facts: in.Facts},
		ReportID: fetched.ReportID, Verdict: *evaluated.Verdict,
	}
	if fetched.RulesHash == in.RulesHash {
		past.Kept = fetched.StoredFields
	}
	return past, nil
}
