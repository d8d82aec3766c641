package activities_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/policy"
)

func TestNewRefusesInvalidOptions(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t)
	for option, change := range map[string]func(*activities.Options){
		"Concur":         func(o *activities.Options) { o.Concur = nil },
		"Rules":          func(o *activities.Options) { o.Rules = nil },
		"Starter":        func(o *activities.Options) { o.Starter = nil },
		"RunFinder":      func(o *activities.Options) { o.RunFinder = nil },
		"EarlierWrites":  func(o *activities.Options) { o.EarlierWrites = nil },
		"Permits":        func(o *activities.Options) { o.Permits = nil },
		"RequestTimeout": func(o *activities.Options) { o.RequestTimeout = 0 },
		"MaxReportBytes": func(o *activities.Options) { o.MaxReportBytes = -1 },
	} {
		options := h.options(t)
		change(&options)
		acts, err := activities.New(options)
		require.ErrorContains(t, err, "option "+option)
		require.Nil(t, acts)
	}
}

func TestFetchReport(t *testing.T) {
	t.Parallel()
	t.Run("a waiting report comes with its validation ID, its revision and all that the rules read", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, page{Status: "A_EXTV", Step: stepOne, Flag: "Y", Flag1: "Y", Purpose: "Training"})
		full, err := h.client(t).ReadReport(context.Background(), objectURI, concur.ReadOptions{})
		require.NoError(t, err)
		got, err := run[expense.FetchedReport](t, attempt{}, h.activities(t).FetchReport, readInput())
		require.NoError(t, err)
		require.Equal(t, expense.ReportState{Status: "A_EXTV", ValidationID: validationOne}, got.ReportState)
		require.Equal(t, "0B1C", got.ReportID)
		require.Equal(t, "nRpt$7", got.Report.Key)
		require.Equal(t, full.Report.Revision(), got.Revision, "of the whole report")
		require.Equal(t, full.Report.ContentHash(), got.ContentHash)
		require.Equal(t, "Training", got.Report.Purpose, "a rule reads it")
		require.NotEmpty(t, full.Report.Name)
		require.Empty(t, got.Report.Name, "no rule reads it")
		require.NotEmpty(t, got.RulesHash)
		require.Equal(t, expense.Flags{Report: true, Entries: []string{"e1"}}, got.Report.Flags())
		require.Len(t, got.Report.Entries, 2)
	})
	t.Run("of a report that does not wait only the state is kept", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, page{Status: "A_APPR", Step: "https://evil.example/api"})
		got, err := run[expense.FetchedReport](t, attempt{}, h.activities(t).FetchReport, readInput())
		require.NoError(t, err)
		require.Equal(t, expense.FetchedReport{
			ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}, ReportID: "0B1C",
		}, got)
	})
	t.Run("a report that is gone is a result", func(t *testing.T) {
		t.Parallel()
		got, err := run[expense.FetchedReport](t, attempt{}, newFakeConcur(t).activities(t).FetchReport, readInput())
		require.NoError(t, err)
		require.Equal(t, expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}, got)
	})
	t.Run("a report without an action URL is not evaluated", func(t *testing.T) {
		t.Parallel()
		for name, step := range map[string]page{
			"no element": {Status: "A_EXTV", withoutStepURL: true},
			"no text":    {Status: "A_EXTV", Step: " "},
		} {
			_, err := run[expense.FetchedReport](t, attempt{}, newFakeConcur(t, step).activities(t).FetchReport, readInput())
			e := failed(t, err, expense.Malformed)
			require.True(t, e.NonRetryable(), name)
			require.Contains(t, e.Message(), "Web Services Administrator", name)
		}
	})
	t.Run("an untrusted action URL is an error before anything is written", func(t *testing.T) {
		t.Parallel()
		for _, step := range []string{
			"https://evil.example" + reportAPI + "report/x/WorkFlowAction",
			"https://www.concursolutions.com.evil.example" + reportAPI + "report/x/WorkFlowAction",
			"https://user@www.concursolutions.com" + reportAPI + "report/x/WorkFlowAction",
			"ftp://www.concursolutions.com" + reportAPI + "report/x/WorkFlowAction",
			host + "/oauth2/v0/token",
			host + reportAPI + "../../../oauth2/v0/token",
			host + reportAPI + "report/%2e%2e/WorkFlowAction",
			host + reportAPI + "report/x/WorkFlowAction#fragment",
			"no URL at all",
		} {
			h := newFakeConcur(t, page{Status: "A_EXTV", Step: step})
			_, err := run[expense.FetchedReport](t, attempt{}, h.activities(t).FetchReport, readInput())
			e := failed(t, err, expense.Untrusted)
			require.True(t, e.NonRetryable(), step)
			require.Contains(t, e.Message(), "WorkflowActionURL", step)
			require.Equal(t, []string{"read"}, h.requestNames(), step)
		}
	})
	t.Run("an untrusted object URI is not followed", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		for _, uri := range []string{
			"https://evil.example" + reportAPI + "reportfulldetails/k",
			"https://127.0.0.1:1" + reportAPI + "reportfulldetails/k",
			host + "/api/travelrequest/v1.0/requests/k",
		} {
			_, err := run[expense.FetchedReport](t, attempt{}, h.activities(t).FetchReport, expense.FetchReportInput{ObjectURI: uri})
			e := failed(t, err, expense.Untrusted)
			require.True(t, e.NonRetryable(), uri)
			require.Contains(t, e.Message(), "ObjectURI", uri)
			require.NotContains(t, e.Message(), "reportfulldetails/k", uri)
		}
		_, err := run[expense.FetchedReport](t, attempt{}, h.activities(t).FetchReport, expense.FetchReportInput{})
		require.True(t, failed(t, err, expense.InvalidArgument).NonRetryable(), "nor is none")
		require.Empty(t, h.requestNames())
	})
	t.Run("a report too large for a payload is an error", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, page{Status: "A_EXTV", Step: stepOne, Purpose: strings.Repeat("long ", 1000)})
		acts := h.activities(t, func(o *activities.Options) { o.MaxReportBytes = 4 << 10 })
		_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, readInput())
		e := failed(t, err, expense.TooLarge)
		require.True(t, e.NonRetryable())
		require.Regexp(t, "5 KiB.*4 KiB", e.Message())
	})
	t.Run("a report that does not wait is never too large", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, page{Status: "A_APPR", Purpose: strings.Repeat("long ", 1000)})
		acts := h.activities(t, func(o *activities.Options) { o.MaxReportBytes = 1 << 10 })
		got, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, readInput())
		require.NoError(t, err)
		require.Equal(t, expense.NotWaiting, got.Kind)
	})
}

func TestLongReadSendsHeartbeats(t *testing.T) {
	t.Parallel()
	beaten := make(chan struct{})
	beats := 0
	h := newFakeConcur(t, waiting()).on("read", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-beaten:
			respond(http.StatusOK, waiting().xml())(w, r)
		case <-r.Context().Done():
		}
	})
	acts := h.activities(t, heartbeat(func(_ context.Context, details ...any) error {
		if beats++; beats == 3 {
			close(beaten)
		}
		return nil
	}))
	got, err := run[expense.FetchedReport](t, attempt{timeout: 400 * time.Millisecond}, acts.FetchReport, readInput())
	require.NoError(t, err)
	require.Equal(t, validationOne, got.ValidationID)
	require.GreaterOrEqual(t, beats, 3)
}

func TestValidateReport(t *testing.T) {
	t.Parallel()
	report := &expense.Report{Status: expense.StatusExternalValidation}
	hash := func(t *testing.T) string {
		rules, err := policy.Parse("rules.yaml", []byte(rulesFile))
		require.NoError(t, err)
		return rules.Hash()
	}
	t.Run("returns the verdict of the rules", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t)
		evaluated, err := run[expense.EvaluationResult](t, attempt{}, h.activities(t).ValidateReport,
			expense.ValidateReportInput{Report: report, RulesHash: hash(t)})
		require.NoError(t, err)
		require.Equal(t, expense.Approve, evaluated.Verdict.Action)
		require.Equal(t, hash(t), evaluated.Verdict.RulesHash)
		require.Empty(t, h.requestNames())
	})
	t.Run("returns no verdict on a report that was read for other rules", func(t *testing.T) {
		t.Parallel()
		evaluated, err := run[expense.EvaluationResult](t, attempt{}, newFakeConcur(t).activities(t).ValidateReport,
			expense.ValidateReportInput{Report: report, RulesHash: "of others"})
		require.NoError(t, err)
		require.Nil(t, evaluated.Verdict)
	})
	t.Run("parks a report with too many exceptions", func(t *testing.T) {
		t.Parallel()
		rules, err := policy.Parse("rules.yaml", []byte(strings.NewReplacer("report.purpose", "entry.purpose", "level: report", "level: entry",
			"sendBack: true", "exception: {code: NORECPT}", `!= "joke"`, `== "joke"`).Replace(rulesFile)))
		require.NoError(t, err)
		crowd := &expense.Report{Status: expense.StatusExternalValidation}
		for i := range 1001 {
			crowd.Entries = append(crowd.Entries, expense.Entry{ID: fmt.Sprint("e", i)})
		}
		acts := newFakeConcur(t).activities(t, func(o *activities.Options) { o.Rules = rules })
		_, err = run[expense.EvaluationResult](t, attempt{}, acts.ValidateReport,
			expense.ValidateReportInput{Report: crowd, RulesHash: rules.Hash()})
		e := failed(t, err, expense.TooLarge)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "1001 exceptions")
	})
}

func TestDeleteNotification(t *testing.T) {
	t.Parallel()
	input := expense.DeleteNotificationInput{NotificationURI: entryURI}
	for name, answer := range map[string]http.HandlerFunc{
		"deleted":      respond(http.StatusOK, ""),
		"gone already": respond(http.StatusNotFound, ""),
	} {
		t.Run(name+" is done", func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t).on("delete", answer)
			_, err := execute(attempt{}, h.activities(t).DeleteNotification, input)
			require.NoError(t, err)
			require.Equal(t, []string{"delete"}, h.requestNames())
			require.Equal(t, entriesAPI+"/nEntry$9", h.requests()[0].path)
		})
	}
	t.Run("an untrusted URI is not followed", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t)
		for _, uri := range []string{
			"https://evil.example" + entriesAPI + "/n", host + "/api/platform/other/n", host + entriesAPI + "/", host + entriesAPI + "/../x", "",
		} {
			got, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, expense.DeleteNotificationInput{NotificationURI: uri})
			require.NoError(t, err)
			require.Contains(t, got.Untrusted, "NotificationURI", uri)
		}
		require.Empty(t, h.requestNames())
	})
	t.Run("a refusal is an error", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t).on("delete", respond(http.StatusForbidden, ""))
		_, err := execute(attempt{}, h.activities(t).DeleteNotification, input)
		require.Contains(t, failed(t, err, expense.Forbidden).Message(), "NOTIF")
	})
	t.Run("a lost answer is retried", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t).on("delete", respond(http.StatusInternalServerError, ""))
		_, err := execute(attempt{}, h.activities(t).DeleteNotification, input)
		require.False(t, failed(t, err, expense.OutcomeUnknown).NonRetryable())
	})
}
