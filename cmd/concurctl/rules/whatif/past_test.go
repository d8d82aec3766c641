package whatif_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/protobuf/types/known/timestamppb"

	"concur-connector/cmd/concurctl/rules/whatif"
	"concur-connector/expense"
	"concur-connector/workflows"
)

// events is a history as the client hands it out, one after the other.
type events struct {
	list []*historypb.HistoryEvent
	err  error // after the last
}

func (e *events) HasNext() bool { return len(e.list) > 0 || e.err != nil }

func (e *events) Next() (*historypb.HistoryEvent, error) {
	if len(e.list) == 0 {
		err := e.err
		e.err = nil
		return nil, err
	}
	one := e.list[0]
	e.list = e.list[1:]
	return one, nil
}

var evaluatedAt = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// played writes a history of activities that were called one after the other.
type played struct {
	t    *testing.T
	data converter.DataConverter
	list []*historypb.HistoryEvent
}

func (p *played) activity(name string, in, out any) {
	p.t.Helper()
	input, err := p.data.ToPayloads(in)
	require.NoError(p.t, err)
	result, err := p.data.ToPayloads(out)
	require.NoError(p.t, err)
	at := int64(len(p.list) + 1)
	p.list = append(p.list, &historypb.HistoryEvent{
		EventId: at, EventTime: timestamppb.New(evaluatedAt),
		Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
			ActivityType: &commonpb.ActivityType{Name: name}, Input: input,
		}},
	}, &historypb.HistoryEvent{
		EventId: at + 1, EventTime: timestamppb.New(evaluatedAt),
		Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{
			ScheduledEventId: at, Result: result,
		}},
	})
}

// evaluated plays one read and one evaluation.
func (p *played) evaluated(report *expense.Report, hash string, kept []string, v *expense.Verdict, at time.Time) {
	p.activity(workflows.FetchReport, expense.FetchReportInput{}, expense.FetchedReport{ReportID: report.ID, Report: report, RulesHash: hash, StoredFields: kept})
	p.activity(workflows.ValidateReport, expense.ValidateReportInput{Report: report, RulesHash: hash, EventType: "SUBMIT", At: at}, expense.EvaluationResult{Verdict: v})
}

func history(t *testing.T) *played { return &played{t: t, data: converter.GetDefaultDataConverter()} }

// reader reads one history, which every run has.
func reader(t *testing.T, list []*historypb.HistoryEvent, err error) *whatif.Reader {
	m := mocks.NewClient(t)
	m.On("GetWorkflowHistory", mock.Anything, mock.Anything, mock.Anything, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).
		Return(func(context.Context, string, string, bool, enumspb.HistoryEventFilterType) client.HistoryEventIterator {
			return &events{list: list, err: err}
		})
	return &whatif.Reader{Temporal: m, Namespace: "finance", Data: converter.GetDefaultDataConverter()}
}

func TestTheLastEvaluationOfARunIsRead(t *testing.T) {
	t.Parallel()
	h := history(t)
	first, last := &expense.Report{ID: "R1", Currency: "USD"}, &expense.Report{ID: "R1", Currency: "EUR"}
	h.evaluated(first, "old", []string{"report.id"}, &expense.Verdict{Action: expense.Ask}, evaluatedAt)
	h.evaluated(last, "new", []string{"report.currency"}, &expense.Verdict{Action: expense.SendBack}, evaluatedAt.Add(time.Hour))
	h.activity(workflows.FetchReport, expense.FetchReportInput{}, expense.FetchedReport{ReportID: "R1", StoredFields: []string{"later"}})
	h.activity(workflows.TakeAction, expense.TakeActionInput{}, expense.ActionTaken{})
	past, err := reader(t, h.list, nil).Read(t.Context(), "EXPRPT:a", "run")
	require.NoError(t, err)
	require.Equal(t, "EXPRPT:a", past.ID)
	require.Equal(t, "R1", past.ReportID)
	require.Equal(t, "EUR", past.Report.Currency)
	require.Equal(t, "SUBMIT", past.EventType)
	require.Equal(t, evaluatedAt.Add(time.Hour), past.At)
	require.Equal(t, []string{"report.currency"}, past.Kept)
	require.Equal(t, expense.SendBack, past.Verdict.Action)
}

func TestARunOfAnEarlierVersionIsEvaluatedAsOfItsTime(t *testing.T) {
	t.Parallel()
	h := history(t)
	h.evaluated(&expense.Report{ID: "R1"}, "old", nil, &expense.Verdict{Action: expense.Ask}, time.Time{})
	past, err := reader(t, h.list, nil).Read(t.Context(), "EXPRPT:a", "")
	require.NoError(t, err)
	require.Equal(t, evaluatedAt, past.At)
	require.Nil(t, past.Kept)
}

func TestATravelRequestIsRead(t *testing.T) {
	t.Parallel()
	h := history(t)
	request := &expense.TravelRequest{ID: "T1"}
	h.activity(workflows.FetchRequest, expense.FetchReportInput{}, expense.FetchedReport{ReportID: "T1", Request: request, RulesHash: "h"})
	h.activity(workflows.ValidateRequest, expense.ValidateRequestInput{Request: request, RulesHash: "h"}, expense.EvaluationResult{Verdict: &expense.Verdict{Action: expense.Approve}})
	past, err := reader(t, h.list, nil).Read(t.Context(), "TRVREQ:a", "")
	require.NoError(t, err)
	require.Equal(t, "T1", past.Request.ID)
	require.Nil(t, past.Report)
}

func TestARunWithoutAnEvaluationIsSkipped(t *testing.T) {
	t.Parallel()
	unread, stale, strange := history(t), history(t), history(t)
	unread.activity(workflows.FetchReport, expense.FetchReportInput{}, expense.FetchedReport{ReportID: "R1"})
	stale.evaluated(&expense.Report{ID: "R1"}, "old", nil, nil, evaluatedAt)
	strange.data = converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}))
	strange.evaluated(&expense.Report{ID: "R1"}, "old", nil, &expense.Verdict{}, evaluatedAt)
	for want, r := range map[whatif.Skip]*whatif.Reader{
		whatif.NotEvaluated: reader(t, unread.list, nil),
		whatif.NotDecoded:   reader(t, strange.list, nil),
		whatif.NotThere:     reader(t, nil, serviceerror.NewNotFound("gone")),
	} {
		_, err := r.Read(t.Context(), "EXPRPT:a", "")
		require.Equal(t, want, err)
	}
	_, err := reader(t, stale.list, nil).Read(t.Context(), "EXPRPT:a", "")
	require.Equal(t, whatif.NotEvaluated, err)
	_, err = reader(t, nil, serviceerror.NewUnavailable("away")).Read(t.Context(), "EXPRPT:a", "")
	require.EqualError(t, err, "read the history of EXPRPT:a: away")
}

func TestAHistoryIsReadThroughTheCodec(t *testing.T) {
	t.Parallel()
	coded := workflows.DataConverter(client.Options{
		DataConverter: converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true})),
	})
	h := history(t)
	h.data = coded
	h.evaluated(&expense.Report{ID: "R1"}, "h", []string{"report.id"}, &expense.Verdict{Action: expense.Ask, Approvals: []expense.RequiredApproval{{Group: "finance", Count: 1}}}, evaluatedAt)
	r := reader(t, h.list, nil)
	r.Data = coded
	past, err := r.Read(t.Context(), "EXPRPT:a", "")
	require.NoError(t, err)
	require.Equal(t, []string{"finance"}, past.Verdict.Groups())
	require.Equal(t, converter.GetDefaultDataConverter(), workflows.DataConverter(client.Options{}))
}

// TestRecordedHistoriesAreRead reads runs of the real programs.
func TestRecordedHistoriesAreRead(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"approve-1": "approve", "exceptions-1": "approve", "send-back-2": "send-back", "human-approval-1": "ask",
		"send-back-1": string(whatif.NotEvaluated), // of another workflow
	} {
		file, err := os.Open("../../../../workflows/testdata/histories/" + name + ".json")
		require.NoError(t, err)
		recorded, err := client.HistoryFromJSON(file, client.HistoryJSONOptions{})
		require.NoError(t, err)
		require.NoError(t, file.Close())
		past, err := reader(t, recorded.Events, nil).Read(t.Context(), "EXPRPT:a", "")
		if err != nil {
			require.Equal(t, want, err.Error(), name)
			continue
		}
		require.Equal(t, want, string(past.Verdict.Action), name)
		require.NotEmpty(t, past.Report.Entries, name)
		require.NotEmpty(t, past.ReportID, name)
		require.False(t, past.At.IsZero(), name)
	}
}

func TestALongHistoryIsNotKeptInMemory(t *testing.T) {
	t.Parallel()
	h := history(t)
	for i := range 1000 {
		h.activity(workflows.FetchReport, expense.FetchReportInput{ObjectURI: fmt.Sprint(i)}, expense.FetchedReport{})
	}
	h.evaluated(&expense.Report{ID: "R1"}, "h", nil, &expense.Verdict{Action: expense.Approve}, evaluatedAt)
	past, err := reader(t, h.list, nil).Read(t.Context(), "EXPRPT:a", "")
	require.NoError(t, err)
	require.Equal(t, "R1", past.ReportID)
}
