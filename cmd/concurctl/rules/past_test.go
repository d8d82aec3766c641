package rules

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"concur-connector/cmd/concurctl/rules/whatif"
	"concur-connector/policy"
)

// recorded is a history of the real programs, as the client hands it out.
type recorded struct{ list []*historypb.HistoryEvent }

func (r *recorded) HasNext() bool { return len(r.list) > 0 }

func (r *recorded) Next() (*historypb.HistoryEvent, error) {
	one := r.list[0]
	r.list = r.list[1:]
	return one, nil
}

// remembers has Temporal hand out the recorded history of that name as that of a run.
func remembers(t *testing.T, m *mocks.Client, id, name string) {
	t.Helper()
	f, err := os.Open("../../../workflows/testdata/histories/" + name + ".json")
	require.NoError(t, err)
	defer f.Close()
	h, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
	require.NoError(t, err)
	m.On("GetWorkflowHistory", mock.Anything, id, mock.Anything, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).
		Return(func(context.Context, string, string, bool, enumspb.HistoryEventFilterType) client.HistoryEventIterator {
			return &recorded{list: h.Events}
		})
}

func TestARunIsExplainedFromItsHistory(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	remembers(t, m, "EXPRPT:a", "exceptions-1")
	s, err := ofRun(t.Context(), d, "EXPRPT:a")
	require.NoError(t, err)
	require.NotNil(t, s.Report)
	require.Equal(t, s.recorded.Exceptions[0].Code, "NORECPT")
	rules, err := policy.Load("../../../dev/rules.yaml")
	require.NoError(t, err)
	var text strings.Builder
	explain(rules, s, explainOptions{}).print(&text, false)
	require.Contains(t, text.String(), "  violated    receipt-above-75: A receipt is missing.\n")
	require.Contains(t, text.String(), "verdict: approve\n")
	require.Contains(t, text.String(), "\nthe run evaluated it by the same rules: approve\n")

	s.kept = nil
	text.Reset()
	explain(rules, s, explainOptions{}).print(&text, false)
	require.Contains(t, text.String(), "  unknown     receipt-above-75\n")

	remembers(t, m, "EXPRPT:b", "send-back-1")
	_, err = ofRun(t.Context(), d, "EXPRPT:b")
	require.ErrorIs(t, err, whatif.NotEvaluated)
	require.ErrorContains(t, err, "EXPRPT:b")
}

func TestPastRunsAreCountedFromTheirHistories(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	remembers(t, m, "EXPRPT:a", "exceptions-1")
	remembers(t, m, "EXPRPT:b", "send-back-1")
	m.On("CountWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.CountWorkflowExecutionsResponse{Count: 2}, nil)
	m.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
		return r.Namespace == "finance" && r.Query == "WorkflowType = 'ProcessNotification' AND StartTime >= '2026-02-27T08:00:00Z' AND (ConcurOutcome = 'approved')"
	})).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: append(
		clitest.Lone(t, "EXPRPT:a"), clitest.Lone(t, "EXPRPT:b")...)}, nil).Once()
	o := &whatIfOptions{since: "48h", query: "ConcurOutcome = 'approved'", tally: whatif.NewTally(10)}
	var err error
	o.changed, err = policy.Load("../../../dev/rules.yaml")
	require.NoError(t, err)
	query, err := o.visibility(clitest.RunStart)
	require.NoError(t, err)
	require.NoError(t, o.ofRuns(t.Context(), d, whatif.Asked{Query: query, Pause: time.Microsecond}, nil))
	var text strings.Builder
	printTally(&text, o.tally)
	require.True(t, strings.HasPrefix(text.String(), "2 reports: 1 the same, 0 changed, 0 unknown, 1 skipped\n"), text.String())
	require.Contains(t, text.String(), "COUNT  SKIPPED\n1      "+string(whatif.NotEvaluated))

	o.tally.UnknownFields["entry.vendor"]++
	text.Reset()
	printTally(&text, o.tally)
	require.Contains(t, text.String(), "COUNT  NOT KEPT\n1      entry.vendor\n")
}

func TestSinceIsADurationOrADate(t *testing.T) {
	t.Parallel()
	rules, err := policy.Parse("rules.yaml", []byte("apiVersion: concur-connector/v1\ntimezone: America/Los_Angeles\nrules: [{name: a, level: report, expression: report.hasException, message: a, then: {sendBack: true}}]"))
	require.NoError(t, err)
	for since, want := range map[string]string{
		"24h":                  "2026-02-28T08:00:00Z",
		"2026-01-01":           "2026-01-01T08:00:00Z",
		"2026-01-01T10:30":     "2026-01-01T18:30:00Z",
		"2026-01-01T10:30:00Z": "2026-01-01T10:30:00Z",
	} {
		query, err := (&whatIfOptions{since: since, changed: rules}).visibility(clitest.RunStart)
		require.NoError(t, err)
		require.Equal(t, "WorkflowType = 'ProcessNotification' AND StartTime >= '"+want+"'", query)
	}
}

func TestExceptionsOfAChangeAreCounted(t *testing.T) {
	t.Parallel()
	require.Equal(t, "+2 A +1 B -1 C", exceptionsOf(whatif.Change{Added: []string{"A", "B", "A"}, Removed: []string{"C"}}))
}

func TestAReportIsReadFromConcurAndExplained(t *testing.T) {
	t.Parallel()
	rules := clitest.File(t, "rules.yaml", `apiVersion: concur-connector/v1
rules:
  - {name: total, level: report, expression: 'report.total <= money("50", report.currency)', message: It is much., then: {sendBack: true}}
  - {name: small, level: entry, expression: 'entry.posted < money("50", report.currency)', message: The entry is much., then: {warn: true}}
`)
	c := clitest.NewConcurShowing(t, clitest.V4Scopes+clitest.IdentityScopes, nil)
	c.Env["CONCUR_INTERFACE"] = "v4"
	o := concurctl.Start(t, c.Env, "", "rules", "explain", "https://us.api.concursolutions.com"+clitest.V4Header, "--rules", rules, "--use-refresh-token", "--at", "2026-05-01")
	require.Zero(t, o.Code, o.Errs)
	require.Equal(t, clitest.PairReport+`, by the rules `+hashOf(t, rules)+`, as of 2026-05-01
report
  violated    total: It is much.
              report.total = 77.77 EUR
              money("50", report.currency) = 50.00 EUR
              report.currency = EUR
entry 2 (E1)
  violated    small: The entry is much.
              entry.posted = 70.00 EUR
              money("50", report.currency) = 50.00 EUR
              report.currency = EUR
not shown: 1 satisfied (--all shows them)
verdict: send-back
comment:
  It is much.
`, o.Out)
	require.Empty(t, c.Gone(), "nothing is changed")

	o = concurctl.Start(t, c.Env, "", "rules", "explain", "https://us.api.concursolutions.com"+clitest.V4Header, "--rules", rules)
	require.Equal(t, 1, o.Code)
	require.Contains(t, o.Errs, "there is no token store")
}

func hashOf(t *testing.T, file string) string {
	t.Helper()
	rules, err := policy.Load(file)
	require.NoError(t, err)
	return rules.Hash()
}
