package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// parsed is a file that must be in order.
func parsed(t testing.TB, file string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\n"+file))
	require.NoError(t, err)
	return p
}

// deep is a report with an entry that is not itemized and has allocations, one that is
// itemized, and one that is neither.
func deep(t testing.TB) *expense.Report {
	t.Helper()
	return told(&expense.Report{ID: "R1", Currency: "USD", Name: "Trip", Entries: []expense.Entry{
		{ID: "E1", Type: "TAXI", Posted: usd(t, "10"), Allocations: []expense.Allocation{{ID: "A1", Percentage: "60"}, {ID: "A2", Percentage: "40"}}},
		{ID: "E2", Type: "HOTEL", Posted: usd(t, "200"), Itemized: new(true), Itemizations: []expense.Itemization{
			{ID: "I1", Type: "ROOM", Posted: usd(t, "150"), Allocations: []expense.Allocation{{ID: "A3", Percentage: "100"}}},
			{ID: "I2", Type: "MINIBAR", Posted: usd(t, "50"), Allocations: []expense.Allocation{{ID: "A4", Percentage: "50"}, {ID: "A5", Percentage: "50"}}},
		}},
		{ID: "E3", Type: "MEALS"},
	}})
}

func journeyAsked(t testing.TB) *expense.TravelRequest {
	t.Helper()
	return &expense.TravelRequest{ID: "T1", Currency: "USD", Expenses: []expense.Expected{
		{ID: "X1", Type: "AIR", Posted: usd(t, "900"), Segments: []expense.Segment{{ID: "S1", Class: "Y"}, {ID: "S2", Class: "F"}}},
		{ID: "X2", Type: "HOTEL"},
		{ID: "X3", Type: "CAR", Segments: []expense.Segment{{ID: "S3", Class: "C"}}},
	}}
}

func TestARuleIsAppliedToEveryObjectOfItsLevel(t *testing.T) {
	t.Parallel()
	for level, want := range map[string][]string{
		"report":      {""},
		"entry":       {"E1 entry 1", "E2 entry 2", "E3 entry 3"},
		"itemization": {"I1 entry 2, itemization 1", "I2 entry 2, itemization 2"},
		"allocation": {
			"A1 entry 1, allocation 1", "A2 entry 1, allocation 2", "A3 entry 2, itemization 1, allocation 1",
			"A4 entry 2, itemization 2, allocation 1", "A5 entry 2, itemization 2, allocation 2",
		},
		"request":         {""},
		"expectedExpense": {"X1 expectedExpense 1", "X2 expectedExpense 2", "X3 expectedExpense 3"},
		"segment":         {"S1 expectedExpense 1, segment 1", "S2 expectedExpense 1, segment 2", "S3 expectedExpense 3, segment 1"},
	} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			p := rules(t, [5]string{"never", level, "false", "Hm.", "sendBack: true"})
			c := policy.Input{Report: deep(t)}
			if level == "request" || level == "expectedExpense" || level == "segment" {
				c = policy.Input{Request: journeyAsked(t)}
			}
			var places, found []string
			for _, l := range p.Explain(c) {
				require.Equal(t, policy.Violated, l.Result)
				places = append(places, strings.TrimSpace(l.Object+" "+l.Place))
			}
			require.Equal(t, want, places)
			v := p.Evaluate(c)
			for _, f := range v.Findings {
				found = append(found, f.Object)
			}
			require.Len(t, found, len(want))
			for i, object := range found {
				require.Equal(t, object, strings.Fields(want[i] + " .")[0][:len(object)])
			}
			require.Equal(t, []expense.RuleSummary{{Rule: "never", Objects: len(want), Violated: len(want)}}, v.Rules)
		})
	}
}

func TestAnExceptionIsPostedOnTheObjectOfItsLevel(t *testing.T) {
	t.Parallel()
	for level, want := range map[string][]string{
		"report":      {"Report "},
		"entry":       {"Entry E1", "Entry E2", "Entry E3"},
		"itemization": {"Entry I1", "Entry I2"},
		"allocation":  {"Allocation A1", "Allocation A2", "Allocation A3", "Allocation A4", "Allocation A5"},
	} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			v := rules(t, [5]string{"never", level, "false", "Hm.", "exception: {code: NO}"}).VerdictOn(deep(t))
			var got []string
			for _, x := range v.Exceptions {
				got = append(got, string(x.ObjectType)+" "+x.ObjectID)
			}
			require.Equal(t, want, got)
			require.Equal(t, expense.Approve, v.Action)
		})
	}
}

func TestAnObjectWithoutIDTakesNoException(t *testing.T) {
	t.Parallel()
	r := deep(t)
	r.Entries[0].Allocations[1].ID = ""
	v := rules(t, [5]string{"never", "allocation", "false", "Hm.", "exception: {code: NO}"}).VerdictOn(r)
	require.Len(t, v.Exceptions, 4)
	require.Equal(t, expense.Ask, v.Action)
	require.Contains(t, v.Findings, expense.Finding{
		Rule: "never", Message: "could not be evaluated: its object has no ID to post an exception on", Error: true,
	})
}

func TestALevelSeesItsOuterLevels(t *testing.T) {
	t.Parallel()
	all := []string{"report", "entry", "itemization", "allocation", "request", "expectedExpense", "segment"}
	sees := map[string][]string{
		"report": {"report"}, "entry": {"report", "entry"}, "itemization": {"report", "entry", "itemization"},
		"allocation": {"report", "entry", "itemization", "allocation"},
		"request":    {"request"}, "expectedExpense": {"request", "expectedExpense"}, "segment": {"request", "expectedExpense", "segment"},
	}
	for _, level := range all {
		for _, name := range all {
			t.Run(name+" at "+level, func(t *testing.T) {
				t.Parallel()
				_, err := policy.Parse("f", []byte(with("level: "+level, "expression: has("+name+".id)")))
				for _, seen := range sees[level] {
					if seen == name {
						require.NoError(t, err)
						return
					}
				}
				require.ErrorContains(t, err, fmt.Sprintf("f:5:21: rule \"one\": expression: %q is only known to rules of level %s", name, name))
			})
		}
	}
}

func TestEachObjectIsEvaluatedByItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		level, expression string
		found             []string
	}{
		"itemizations":            {"itemization", `itemization.type != "MINIBAR"`, []string{"I2"}},
		"with their entry":        {"itemization", `itemization.posted * 2 > entry.posted`, []string{"I2"}},
		"with their report":       {"itemization", `report.currency == "EUR"`, []string{"I1", "I2"}},
		"allocations":             {"allocation", `allocation.percentage == "50" || allocation.percentage == "100"`, []string{"A1", "A2"}},
		"without an itemization":  {"allocation", `has(itemization.id)`, []string{"A1", "A2"}},
		"with their itemization":  {"allocation", `itemization.type != "ROOM"`, []string{"A3"}},
		"with their entry's type": {"allocation", `entry.type == "TAXI"`, []string{"A3", "A4", "A5"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := rules(t, [5]string{"one", c.level, "|\n      " + c.expression, "Hm.", "ask: finance"}).VerdictOn(deep(t))
			var found []string
			for _, f := range v.Findings {
				require.False(t, f.Error, f.Message)
				found = append(found, f.Object)
			}
			require.Equal(t, c.found, found)
		})
	}
	v := rules(t, [5]string{"class", "segment", `segment.class != "F" && (segment.class == "Y" || expectedExpense.type == "CAR")`, "Hm.", "sendBack: true"}).
		VerdictOnRequest(journeyAsked(t))
	require.Equal(t, []expense.Finding{{Rule: "class", Object: "S2", Message: "Hm."}}, v.Findings)
}

func TestAMissingItemizationHasNoAmount(t *testing.T) {
	t.Parallel()
	v := rules(t, [5]string{"one", "allocation", `itemization.posted > money("1", "USD")`, "Hm.", "ask: finance"}).VerdictOn(deep(t))
	require.Equal(t, "could not be evaluated: itemization.posted is absent; ask with has() before reading it", v.Findings[0].Message)
}

func TestStoredFieldsGiveTheSameVerdictAtEveryLevel(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"report", "entry", "itemization", "allocation", "request", "expectedExpense", "segment"} {
		for _, expression := range []string{"false", "true", level + `.id == ""`} {
			t.Run(level+" "+expression, func(t *testing.T) {
				t.Parallel()
				p := rules(t, [5]string{"one", level, "|\n      " + expression, "Hm.", "sendBack: true"})
				c := policy.Input{Report: deep(t)}
				kept := policy.Input{Report: stored(t, p.SelectFields(c.Report))}
				if level == "request" || level == "expectedExpense" || level == "segment" {
					c = policy.Input{Request: journeyAsked(t)}
					kept = policy.Input{Request: stored(t, p.SelectRequestFields(c.Request))}
				}
				require.Equal(t, p.Evaluate(c), p.Evaluate(kept))
				ofReports, ofRequests := p.StoredFields()
				v, unknown := p.EvaluateStored(kept, append(ofReports, ofRequests...))
				require.Equal(t, p.Evaluate(c), v)
				require.Empty(t, unknown)
			})
		}
	}
}

func TestRulesForTheOtherKindOfObjectAreSkipped(t *testing.T) {
	t.Parallel()
	p := rules(t,
		[5]string{"of-reports", "entry", "false", "Hm.", "sendBack: true"},
		[5]string{"of-requests", "segment", "false", "Hm.", "sendBack: true"},
	)
	require.Equal(t, []expense.RuleSummary{{Rule: "of-reports", Objects: 3, Violated: 3}}, p.Evaluate(policy.Input{Report: deep(t)}).Rules)
	require.Equal(t, []expense.RuleSummary{{Rule: "of-requests", Objects: 3, Violated: 3}}, p.Evaluate(policy.Input{Request: journeyAsked(t)}).Rules)
	nothing := p.Evaluate(policy.Input{})
	require.Equal(t, expense.Ask, nothing.Action)
	require.Equal(t, []expense.Finding{{Message: "there is no report and no travel request", Error: true}}, nothing.Findings)
}
