package main

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/dev/concursim/journal"
)

func TestControl(t *testing.T) {
	t.Parallel()
	t.Run("a wait ends as soon as its condition holds", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		seen := make(chan reportView, 1)
		go func() {
			var view reportView
			answer := w.tryControl(http.MethodGet, "/reports/r?wait=20s&until=status:A_APPR", "")
			json.Unmarshal([]byte(answer.body), &view)
			seen <- view
		}()
		w.approve(r)
		require.Equal(t, approved, (<-seen).Status)
		for _, until := range []string{"writes:1", "writeRequests:1", "decisions:1", "reads:0", "exceptions:0"} {
			require.Equal(t, http.StatusOK, w.tryControl(http.MethodGet, "/reports/r?wait=5s&until="+until, "").status)
		}
	})
	t.Run("control calls accept JSON and YAML", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		var a, b reportView
		w.control(http.MethodPost, "/reports", "{\n\t\"name\": \"a\",\n\t\"reportName\": \"\\ud83d\\ude00\", \"custom\": {\"1\": \"x\"}, \"entries\": [{\"amount\": 1.25, \"date\": \"2026-01-02\"}]}", &a)
		w.control(http.MethodPost, "/reports", "name: b\ncustom: {1: x}\nentries:\n  - {amount: 1.25, date: 2026-01-02}\n", &b)
		require.Equal(t, elementText(w.read(a).body, "TransactionDate"), elementText(w.read(b).body, "TransactionDate"))
		require.Equal(t, "😀", elementText(w.read(a).body, "ReportName"))
	})
	t.Run("an unsubmitted report has no step until it is submitted", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "submit: false")
		require.Equal(t, notSubmitted, r.Status)
		require.Equal(t, noTime, elementText(w.read(r).body, "SubmitDate"))
		require.Equal(t, http.StatusConflict, w.tryControl(http.MethodPost, "/reports/r/approve", "").status)
		w.control(http.MethodPost, "/reports/r/submit", "", nil)
		require.Equal(t, waiting, w.state("r").Status)
		require.Equal(t, http.StatusConflict, w.tryControl(http.MethodPost, "/reports/r/submit", "").status)
	})
	t.Run("a resubmission keeps exceptions unless it deletes them", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.except(r, "NODATE")
		for _, clear := range []string{"false", "true"} {
			w.control(http.MethodPost, "/reports/r/recall", "", nil)
			w.control(http.MethodPost, "/reports/r/resubmit", "deleteExceptions: "+clear, nil)
			require.Equal(t, clear == "false", w.state("r").HasException)
		}
	})
	for name, body := range map[string]string{
		"no name":                        "entries: []",
		"an unknown field":               "name: x\ncolour: red",
		"a key with a slash":             "name: x\nkey: a/b",
		"an invalid date":                "name: x\nentries: [{date: yesterday}]",
		"a custom field above 20":        "name: x\ncustom: {21: y}",
		"a step without extv and status": "name: x\nsteps: [{}]",
		"an amount that is no number":    "name: x\nentries: [{amount: much}]",
		"too much padding":               "name: x\npadding: 99999999",
		"broken YAML":                    "name: [x",
	} {
		t.Run("a report with "+name+" is refused", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			answer := w.tryControl(http.MethodPost, "/reports", body)
			require.Equal(t, http.StatusBadRequest, answer.status)
			require.NotEmpty(t, answer.body)
		})
	}
	t.Run("a name or a key can be used once", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.submit("r", "key: same")
		require.Equal(t, http.StatusConflict, w.tryControl(http.MethodPost, "/reports", "name: r").status)
		require.Equal(t, http.StatusConflict, w.tryControl(http.MethodPost, "/reports", "name: s\nkey: same").status)
		require.Equal(t, http.StatusNotFound, w.tryControl(http.MethodGet, "/reports/nobody", "").status)
	})
	t.Run("invalid waits and conditions are refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.submit("r")
		for _, query := range []string{"wait=1h", "wait=x", "until=status:", "until=luck:1", "until=writes:many"} {
			require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodGet, "/reports/r?"+query, "").status, query)
		}
	})
	t.Run("the journal can be read from one line on, and for one report", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.read(w.submit("a"))
		w.read(w.submit("b"))
		var lines []journal.Line
		w.control(http.MethodGet, "/journal?report=b&since=1", "", &lines)
		for _, line := range lines {
			require.Equal(t, "b", line.Report)
		}
		require.NotEmpty(t, lines)
		require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodGet, "/journal?since=x", "").status)
	})
}

func TestBreakpoints(t *testing.T) {
	t.Parallel()
	for phase, status := range map[string]string{"before": waiting, "after": approved} {
		t.Run("a request held "+phase+" its effect is dropped when released", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			r := w.submit("r")
			w.control(http.MethodPost, "/breakpoints", `{"request": 2, "phase": "`+phase+`"}`, nil)
			answered := make(chan reply, 1)
			go func() { answered <- w.act(r.Step, "Approve", "") }()
			var reached breakpoint
			w.control(http.MethodGet, "/breakpoints?wait=20s", "", &reached)
			require.True(t, reached.Reached)
			require.Equal(t, actionEndpoint, reached.Endpoint)
			require.Equal(t, status, w.state("r").Status)
			require.Equal(t, http.StatusOK, w.askToken().status)
			w.control(http.MethodPost, "/breakpoints/release", "", nil)
			require.Error(t, (<-answered).err)
			require.Equal(t, status, w.state("r").Status)
			var none breakpoint
			w.control(http.MethodGet, "/breakpoints", "", &none)
			require.False(t, none.Reached)
		})
	}
	for phase, status := range map[string]string{"before": waiting, "after": approved} {
		t.Run("a request to an endpoint that is held "+phase+" its effect is answered late", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			r := w.submit("r")
			w.control(http.MethodPost, "/breakpoints", `{"endpoint": "action", "answer": true, "phase": "`+phase+`"}`, nil)
			require.Equal(t, http.StatusOK, w.askToken().status)
			answered := make(chan reply, 1)
			go func() { answered <- w.act(r.Step, "Approve", "") }()
			var reached breakpoint
			w.control(http.MethodGet, "/breakpoints?wait=20s", "", &reached)
			require.True(t, reached.Reached)
			require.Equal(t, status, w.state("r").Status)
			w.control(http.MethodPost, "/breakpoints/release", "", nil)
			require.Equal(t, http.StatusOK, (<-answered).status)
			require.Equal(t, approved, w.state("r").Status)
		})
	}
	t.Run("an impossible breakpoint is refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		require.Equal(t, http.StatusConflict, w.tryControl(http.MethodPost, "/breakpoints", "{request: 1, phase: before}").status)
		require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/breakpoints", "{request: 0, phase: before}").status)
		require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/breakpoints", "{request: 9, phase: during}").status)
	})
}
