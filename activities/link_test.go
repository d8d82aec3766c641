package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
	"concur-connector/policy"
)

func TestApproversGetALinkThatOpensTheReportInConcur(t *testing.T) {
	t.Parallel()
	rules, err := policy.Parse("rules.yaml", []byte(byStopRules))
	require.NoError(t, err)
	links := activities.Links{Report: "https://concur.example/goto/expense-report/{reportId}?context=MANAGER", Request: "https://concur.example/goto/travel-request/{requestId}"}
	evaluate := func(t *testing.T, links activities.Links, report *expense.Report) expense.Verdict {
		t.Helper()
		acts := newFakeConcur(t).activities(t, func(o *activities.Options) { o.Rules, o.Links = rules, links })
		evaluated, err := run[expense.EvaluationResult](t, attempt{}, acts.ValidateReport, expense.ValidateReportInput{Report: report, RulesHash: rules.Hash(), EventType: "SUBMIT"})
		require.NoError(t, err)
		return *evaluated.Verdict
	}
	t.Run("if they are asked", func(t *testing.T) {
		t.Parallel()
		v := evaluate(t, links, &expense.Report{ID: "764428DD6A664AF0BFCB", Purpose: "odd"})
		require.Equal(t, expense.Ask, v.Action)
		require.Equal(t, "https://concur.example/goto/expense-report/764428DD6A664AF0BFCB?context=MANAGER", v.Shown.URL)
	})
	t.Run("and nobody else", func(t *testing.T) {
		t.Parallel()
		v := evaluate(t, links, &expense.Report{ID: "764428DD6A664AF0BFCB", Purpose: "fine"})
		require.Equal(t, expense.Approve, v.Action)
		require.Nil(t, v.Shown)
	})
	t.Run("not by an ID that could lead elsewhere", func(t *testing.T) {
		t.Parallel()
		for _, id := range []string{"", "../admin", "a?b", "a&context=TRAVELER", "a#b", "a/b", "a%2Fb", "a b", "ä", "a\u202e"} {
			v := evaluate(t, links, &expense.Report{ID: id, Purpose: "odd"})
			require.Equal(t, expense.Ask, v.Action)
			require.True(t, v.Shown == nil || v.Shown.URL == "", id)
		}
	})
	t.Run("nor if the deployment makes none", func(t *testing.T) {
		t.Parallel()
		v := evaluate(t, activities.Links{}, &expense.Report{ID: "764428DD6A664AF0BFCB", Purpose: "odd"})
		require.True(t, v.Shown == nil || v.Shown.URL == "")
	})
	t.Run("of a travel request, too", func(t *testing.T) {
		t.Parallel()
		acts := newFakeConcur(t).activities(t, func(o *activities.Options) { o.Rules, o.Links = rules, links })
		evaluated, err := run[expense.EvaluationResult](t, attempt{}, acts.ValidateRequest, expense.ValidateRequestInput{
			Request: &expense.TravelRequest{ID: "224AF3CDCC2A5244A37C72FA5770C6F2", Purpose: "odd"}, RulesHash: rules.Hash(), EventType: "SUBMIT",
		})
		require.NoError(t, err)
		require.Equal(t, "https://concur.example/goto/travel-request/224AF3CDCC2A5244A37C72FA5770C6F2", evaluated.Verdict.Shown.URL)
	})
}
