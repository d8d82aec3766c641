// Package whatif says what other rules would have made of reports that were judged. What
// was not kept of them is unknown, and is never guessed.
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

// Past is a report or a travel request as it was judged the last time, and how.
type Past struct {
	policy.Input
	ID       string // the notification's
	RunID    string
	ReportID string
	Kept     []string // what of it was kept; nil where that was not recorded
	Whole    bool     // all of it was
	Verdict  expense.Verdict
}

// Skip is why nothing can be said of a run.
type Skip string

func (s Skip) Error() string { return string(s) }

// Why a run is skipped.
const (
	NotJudged  = Skip("it was not judged")
	NotDecoded = Skip("its history cannot be decoded: is a codec missing?")
	NotThere   = Skip("its history is no longer kept")
)

// Reader reads past evaluations from the histories of runs.
type Reader struct {
	Temporal  client.Client
	Namespace string
	Data      converter.DataConverter
}

// Read returns what a run judged last; an empty run ID is the latest run. It holds one
// page of the history at a time. The error is a [Skip] where there is nothing to be had.
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

// trace is what of a history is needed, as it is stored.
type trace struct {
	under    map[int64]*historypb.HistoryEvent // activities under way that read or judge, by their event
	read     *historypb.HistoryEvent           // the last result of a read
	judging  *historypb.HistoryEvent           // the last that was judged
	judged   *historypb.HistoryEvent           // and how
	readThen *historypb.HistoryEvent           // the read before it
}

func (t *trace) see(event *historypb.HistoryEvent) {
	if scheduled := event.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
		switch scheduled.GetActivityType().GetName() {
		case workflows.FetchReport, workflows.FetchRequest, workflows.ValidateReport, workflows.ValidateRequest:
			if t.under == nil {
				t.under = map[int64]*historypb.HistoryEvent{}
			}
			t.under[event.GetEventId()] = event
		}
		return
	}
	completed := event.GetActivityTaskCompletedEventAttributes()
	begun := t.under[completed.GetScheduledEventId()]
	if begun == nil {
		return
	}
	delete(t.under, begun.GetEventId())
	switch begun.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() {
	case workflows.ValidateReport, workflows.ValidateRequest:
		t.judging, t.judged, t.readThen = begun, event, t.read
	default:
		t.read = event
	}
}

// past decodes what was seen. A judgement without a verdict, for rules that were being
// replaced, was followed by another, or none is there to compare with.
func (t *trace) past(data converter.DataConverter) (Past, error) {
	if t.judged == nil || t.readThen == nil {
		return Past{}, NotJudged
	}
	var judged expense.EvaluationResult
	var fetched struct { // of expense.FetchedReport
		ReportID     string   `json:"reportId"`
		RulesHash    string   `json:"rulesHash"`
		StoredFields []string `json:"storedFields"`
	}
	var in struct { // of either activity
		expense.ValidateReportInput
		Request *expense.TravelRequest `json:"request"`
	}
	if data.FromPayloads(t.judged.GetActivityTaskCompletedEventAttributes().GetResult(), &judged) != nil ||
		data.FromPayloads(t.readThen.GetActivityTaskCompletedEventAttributes().GetResult(), &fetched) != nil ||
		data.FromPayloads(t.judging.GetActivityTaskScheduledEventAttributes().GetInput(), &in) != nil {
		return Past{}, NotDecoded
	}
	if judged.Verdict == nil || in.Report == nil && in.Request == nil {
		return Past{}, NotJudged
	}
	at := in.At
	if at.IsZero() { // a run of an earlier version
		at = t.judging.GetEventTime().AsTime()
	}
	past := Past{
		Input:    policy.Input{Report: in.Report, Request: in.Request, EventType: in.EventType, At: at, Facts: in.Facts},
		ReportID: fetched.ReportID, Verdict: *judged.Verdict,
	}
	if fetched.RulesHash == in.RulesHash {
		past.Kept = fetched.StoredFields
	}
	return past, nil
}
