package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

func TestApproversSeeTheFieldsThatTheFileNames(t *testing.T) {
	t.Parallel()
	p := parsed(t, `approvals:
  page:
    fields: [report.name, report.total, report.submitted, report.everSentBack, entry.typeName, entry.attendeeCount, 'entry.custom["3"]', 'entry.orgUnits["1"]', itemization.posted, request.name, entry.vendor]
rules:
  - {name: ask, level: allocation, expression: 'allocation.id != "A2"', message: Look., then: {ask: finance}}
  - {name: note, level: request, expression: 'false', message: Look., then: {ask: finance}}
`)
	report := &expense.Report{
		ID: "R1", Name: "Trip\n to  Osaka", Currency: "EUR", Total: in(t, "12.50", "EUR"), Submitted: "2026-05-01T14:15:36", EverSentBack: new(false), Purpose: "secret",
		Entries: []expense.Entry{
			{ID: "E1", TypeName: "Taxi", AttendeeCount: new(0), Custom: map[string]expense.Field{"3": {Code: "C1", Value: "Berlin"}}, OrgUnits: map[string]expense.Field{"1": {Value: "Sales"}}},
			{ID: "E2", Vendor: "ACME", Itemizations: []expense.Itemization{
				{ID: "I1", Posted: in(t, "2.00", "EUR"), Allocations: []expense.Allocation{{ID: "A1"}, {ID: "A2"}}}, {ID: "I2"},
			}},
		},
	}
	v := p.Evaluate(policy.Input{Report: report})
	require.JSONEq(t, `{
		"fields": [
			{"name": "report.name", "text": "Trip to Osaka"},
			{"name": "report.total", "money": {"amount": "12.5", "currency": "EUR"}},
			{"name": "report.submitted", "date": "2026-05-01"},
			{"name": "report.everSentBack", "yes": false}
		],
		"objects": [
			{"id": "E1", "level": "entry", "fields": [
				{"name": "entry.typeName", "text": "Taxi"}, {"name": "entry.attendeeCount", "number": "0"},
				{"name": "entry.custom[\"3\"]", "text": "(C1) Berlin"}, {"name": "entry.orgUnits[\"1\"]", "text": "Sales"}
			]},
			{"id": "E2", "level": "entry", "fields": [{"name": "entry.vendor", "text": "ACME"}]},
			{"id": "I1", "parent": "E2", "level": "itemization", "fields": [{"name": "itemization.posted", "money": {"amount": "2", "currency": "EUR"}}]},
			{"id": "A2", "parent": "I1", "level": "allocation"},
			{"id": "I2", "parent": "E2", "level": "itemization"}
		]
	}`, encoded(t, v.Shown), "with the allocation that a finding is about")

	kept := stored(t, p.SelectFields(report))
	require.Equal(t, encoded(t, v.Shown), encoded(t, p.Evaluate(policy.Input{Report: kept}).Shown))
	require.Empty(t, kept.Purpose, "nothing else is kept")

	asked := p.Evaluate(policy.Input{Request: &expense.TravelRequest{ID: "Q1", Name: "Osaka", Purpose: "secret", Expenses: []expense.Expected{{ID: "X1"}}}})
	require.JSONEq(t, `{"fields": [{"name": "request.name", "text": "Osaka"}]}`, encoded(t, asked.Shown))
}

func TestApproversSeeTheStandardFieldsUnlessTheFileNamesSome(t *testing.T) {
	t.Parallel()
	ask := "rules:\n  - {name: ask, level: report, expression: 'false', message: Look., then: {ask: finance}}\n"
	report := entries("TAXI")
	report.Name, report.Entries[0].Vendor, report.Entries[0].Location = "Trip", "ACME", "Osaka"
	v := parsed(t, ask).Evaluate(policy.Input{Report: report})
	require.JSONEq(t, `{"fields": [{"name": "report.name", "text": "Trip"}], "objects": [{"id": "E1", "level": "entry", "fields": [{"name": "entry.vendor", "text": "ACME"}]}]}`, encoded(t, v.Shown))
	require.Equal(t, expense.Parts{}, parsed(t, ask).Parts(), "they take no request of their own")

	none := parsed(t, "approvals: {page: {fields: []}}\n"+ask)
	require.Equal(t, &expense.ShownReport{}, none.Evaluate(policy.Input{Report: report}).Shown)
	require.Empty(t, none.SelectFields(report).Name)
}

func TestNothingIsShownUnlessAPersonIsAsked(t *testing.T) {
	t.Parallel()
	p := parsed(t, "rules:\n  - {name: back, level: report, expression: 'false', message: No., then: {sendBack: true}}\n")
	require.Nil(t, p.Evaluate(policy.Input{Report: entries("TAXI")}).Shown)
	shadow := parsed(t, "rules:\n  - {name: watched, level: report, shadow: true, expression: 'false', message: No., then: {ask: finance}}\n")
	require.Nil(t, shadow.Evaluate(policy.Input{Report: entries("TAXI")}).Shown)
	ofReports, _ := shadow.StoredFields()
	require.NotContains(t, ofReports, "report.name", "and nothing is kept for it")
}

func TestWhatApproversSeeIsBounded(t *testing.T) {
	t.Parallel()
	p := parsed(t, "approvals: {page: {fields: [entry.vendor, report.name]}}\n"+
		"rules:\n  - {name: ask, level: entry, expression: 'entry.type != \"BAD\"', message: Look., then: {ask: finance}}\n")
	report := entries(make([]string, 3000)...)
	for i := range report.Entries {
		report.Entries[i].Vendor = strings.Repeat("<ü", 400)
	}
	report.Entries[2998].Type = "BAD"
	shown := p.Evaluate(policy.Input{Report: report}).Shown
	require.Less(t, len(encoded(t, shown)), 170<<10)
	require.Equal(t, "E2999", shown.Objects[len(shown.Objects)-1].ID, "what a finding is about comes first")
	require.Greater(t, len(shown.Objects), 30)
	require.Contains(t, shown.LeftOut, fmt.Sprintf("%d of 3000 lines are not shown", 3000-len(shown.Objects)))
}
