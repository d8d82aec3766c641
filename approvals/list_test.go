package approvals_test

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"concur-connector/approvals"
	"concur-connector/expense"
)

// waiting is a task of finance in the list.
func waiting(name string, change ...func(*expense.TaskSummary)) expense.TaskSummary {
	s := expense.TaskSummary{
		NotificationID: "EXPRPT:" + name, Kind: expense.ReportObject, TaskID: "EXPRPT:" + name + "/5f2c/1", OpenedAt: opened,
		Groups: []string{"finance"}, Owner: expense.Owner{Login: "frank@example.com", Name: "Frank Fröhlich"},
		Fields: []expense.ShownField{
			{Name: "report.name", Text: name},
			{Name: "report.total", Money: &expense.Money{Amount: decimal.RequireFromString("100.50"), Currency: "EUR"}},
		},
	}
	for _, one := range change {
		one(&s)
	}
	return s
}

func listed(t *testing.T, d *endpoint, token, query string) (names []string, body map[string]any) {
	t.Helper()
	response, body := d.get(t, d.URL+"/api/tasks?"+query, token)
	require.Equal(t, http.StatusOK, response.StatusCode, "%v", body)
	names = []string{}
	for _, one := range body["tasks"].([]any) {
		names = append(names, one.(map[string]any)["notificationId"].(string)[len("EXPRPT:"):])
	}
	return names, body
}

func TestApproversSeeOnlyWhatTheyMayDecide(t *testing.T) {
	t.Parallel()
	r := newRuns()
	d := open(t, r)
	r.tasks = []expense.TaskSummary{
		waiting("finance"),
		waiting("operations", func(s *expense.TaskSummary) { s.Groups = []string{"operations"} }),
		waiting("both", func(s *expense.TaskSummary) { s.Groups = []string{"finance", "operations"} }),
		waiting("anybody", func(s *expense.TaskSummary) { s.Groups = []string{""} }),
		waiting("annas", func(s *expense.TaskSummary) { s.Owner.Login = "ANNA@example.com" }),
		waiting("nobody-knows", func(s *expense.TaskSummary) { s.Owner = expense.Owner{} }),
		waiting("delegated", func(s *expense.TaskSummary) { s.Delegates = []expense.Delegate{{From: "bob", To: "olga"}} }),
		waiting("approved", func(s *expense.TaskSummary) { s.ApprovedBy = []string{"anna"} }),
	}
	names, body := listed(t, d, d.anna, "")
	require.ElementsMatch(t, []string{"finance", "both", "anybody", "delegated", "approved"}, names)
	require.EqualValues(t, 5, body["total"])
	for _, one := range body["tasks"].([]any) {
		one := one.(map[string]any)
		require.Equal(t, one["notificationId"] == "EXPRPT:approved", one["approvedByYou"] == true)
		require.Equal(t, map[string]any{"amount": "100.5", "currency": "EUR"}, one["total"])
	}
	names, _ = listed(t, d, d.olga, "")
	require.ElementsMatch(t, []string{"operations", "both", "anybody", "delegated"}, names, "Olga is in operations")
}

func TestTheMostUrgentTaskComesFirst(t *testing.T) {
	t.Parallel()
	r := newRuns()
	d := open(t, r)
	soon := time.Now().Add(time.Hour)
	r.tasks = []expense.TaskSummary{
		waiting("young", func(s *expense.TaskSummary) { s.OpenedAt = opened.Add(time.Minute) }),
		waiting("old"),
		waiting("later", func(s *expense.TaskSummary) { s.Deadline = soon.Add(time.Hour) }),
		waiting("soon", func(s *expense.TaskSummary) { s.Deadline = soon }),
		waiting("overdue", func(s *expense.TaskSummary) { s.Overdue = true }),
		waiting("just-over", func(s *expense.TaskSummary) { s.Deadline = time.Now().Add(-time.Minute) }),
	}
	names, _ := listed(t, d, d.anna, "")
	require.Equal(t, []string{"just-over", "overdue", "soon", "later", "old", "young"}, names)
	names, _ = listed(t, d, d.anna, "overdue=true")
	require.Equal(t, []string{"just-over", "overdue"}, names)
}

func TestPagesAreStableWhileTasksComeAndGo(t *testing.T) {
	t.Parallel()
	r := newRuns()
	d := open(t, r)
	for i := range 7 {
		r.tasks = append(r.tasks, waiting(strconv.Itoa(i), func(s *expense.TaskSummary) { s.OpenedAt = opened.Add(time.Duration(i/2) * time.Hour) }))
	}
	names, body := listed(t, d, d.anna, "limit=3")
	require.Equal(t, []string{"0", "1", "2"}, names)
	require.EqualValues(t, 7, body["total"])
	r.tasks = append(r.tasks[3:], waiting("before", func(s *expense.TaskSummary) { s.OpenedAt = opened.Add(-time.Hour) })) // 0, 1 and 2 are decided
	names, body = listed(t, d, d.anna, "limit=3&cursor="+url.QueryEscape(body["next"].(string)))
	require.Equal(t, []string{"3", "4", "5"}, names)
	names, body = listed(t, d, d.anna, "limit=3&cursor="+url.QueryEscape(body["next"].(string)))
	require.Equal(t, []string{"6"}, names)
	require.NotContains(t, body, "next")
}

func TestTheListIsFiltered(t *testing.T) {
	t.Parallel()
	r := newRuns()
	d := open(t, r)
	amount := func(text, currency string) func(*expense.TaskSummary) {
		return func(s *expense.TaskSummary) {
			s.Fields = []expense.ShownField{{Name: "report.total", Money: &expense.Money{Amount: decimal.RequireFromString(text), Currency: currency}}}
		}
	}
	r.tasks = []expense.TaskSummary{
		waiting("a", amount("99.99", "EUR")),
		waiting("b", amount("100.00", "EUR"), func(s *expense.TaskSummary) { s.OpenedAt, s.ClaimedBy = time.Now(), "anna" }),
		waiting("c", amount("5000", "USD"), func(s *expense.TaskSummary) { s.Groups = []string{"finance", "operations"}; s.ClaimedBy = "bob" }),
		waiting("d", func(s *expense.TaskSummary) { s.Fields, s.Owner.Name = nil, "Zoë" }),
	}
	for query, want := range map[string][]string{
		"":                                       {"a", "c", "d", "b"},
		"group=operations":                       {"c"},
		"group=operations&group=other":           {"c"},
		"group=other":                            {},
		"minAmount=100&currency=eur":             {"b"},
		"maxAmount=99.99&currency=EUR":           {"a"},
		"minAmount=1&maxAmount=1e4&currency=USD": {"c"},
		"employee=fr%C3%B6h":                     {"a", "c", "b"},
		"employee=FRANK@":                        {"a", "c", "d", "b"},
		"claimed=me":                             {"b"},
		"claimed=others":                         {"c"},
		"claimed=nobody":                         {"a", "d"},
		"olderThan=1h":                           {"a", "c", "d"},
		"openedBefore=2026-11-30T09:00:00Z":      {},
		"openedBefore=2026-11-30T09:00:01Z":      {"a", "c", "d"},
	} {
		names, _ := listed(t, d, d.anna, query)
		require.Equal(t, want, names, query)
	}
}

func TestAFilterThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	for query, says := range map[string]string{
		"grup=finance":             "unknown parameter",
		"limit=0":                  "limit must be a number from 1 to 200",
		"limit=201":                "limit must be",
		"limit=x":                  "limit must be",
		"limit=1&limit=2":          "limit is given twice",
		"cursor=!":                 "the cursor is not one of an earlier answer",
		"cursor=bnVsbA":            "the cursor is not one of an earlier answer",
		"claimed=you":              "claimed must be",
		"claimed=":                 "claimed must be",
		"overdue=yes":              "overdue must be",
		"minAmount=10":             "needs the parameter currency",
		"minAmount=x&currency=EUR": "minAmount must be a number",
		"openedBefore=yesterday":   "openedBefore must be a time",
		"olderThan=-1h":            "olderThan must be a duration",
		"openedBefore=2026-11-30T09:00:00Z&olderThan=1h": "either",
		"employee=%zz": "the query cannot be decoded",
	} {
		response, body := d.get(t, d.URL+"/api/tasks?"+query, d.anna)
		require.Equal(t, http.StatusBadRequest, response.StatusCode, query)
		require.Contains(t, body["detail"], says, query)
		require.Equal(t, approvals.Malformed, kind(body))
	}
}

func TestWithoutTemporalTheListIs503(t *testing.T) {
	t.Parallel()
	r := newRuns()
	r.down = errors.New("dial 10.0.0.1: refused")
	d := open(t, r)
	response, body := d.get(t, d.URL+"/api/tasks", d.anna)
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.NotContains(t, body["detail"], "10.0.0.1")
}
