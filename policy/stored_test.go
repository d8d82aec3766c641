package policy_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

func TestARuleWithoutAllItsStoredFieldsIsUnknown(t *testing.T) {
	t.Parallel()
	p := parsed(t, asking(ofEntries, "!facts.duplicates.duplicate")+`  - {name: vendors, level: entry, expression: 'entry.vendor != "bad"', message: Vendor., then: {sendBack: true}}
  - {name: fields, level: entry, expression: 'entry.custom["3"].code != "bad"', message: Field., then: {ask: finance}}
  - {name: names, level: report, expression: 'report.name != "bad"', message: Name., then: {sendBack: true}}
`)
	r := entries("TAXI")
	r.Name, r.Entries[0].Vendor = "bad", "bad"
	r.Entries[0].Custom = map[string]expense.Field{"3": {Code: "bad"}}
	facts := expense.Facts{"duplicates": {"1": {"duplicate": json.RawMessage("true")}}}
	base := []string{"report.id", "entry.id", "entry.posted", "report.entries"}
	for name, c := range map[string]struct {
		kept    []string
		facts   expense.Facts
		unknown []string
		found   []string
	}{
		"everything":               {append(base, "report.name", "entry.vendor", `entry.custom["3"]`), facts, nil, []string{"one", "vendors", "fields", "names"}},
		"the whole of fields":      {append(base, "report.name", "entry.vendor", "entry.custom"), facts, nil, []string{"one", "vendors", "fields", "names"}},
		"another field":            {append(base, "report.name", "entry.vendor", `entry.custom["4"]`), facts, []string{"fields"}, []string{"one", "vendors", "names"}},
		"no name":                  {append(base, "entry.vendor", "entry.custom"), facts, []string{"names"}, []string{"one", "vendors", "fields"}},
		"no answers":               {append(base, "report.name", "entry.vendor", "entry.custom"), nil, []string{"one"}, []string{"vendors", "fields", "names"}},
		"nothing":                  {nil, nil, []string{"one", "vendors", "fields", "names"}, nil},
		"what is of another shape": {[]string{"itemization.vendor", "report.vendor"}, facts, []string{"one", "vendors", "fields", "names"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, unknown := p.EvaluateStored(policy.Input{Report: r, Facts: c.facts}, c.kept)
			require.Equal(t, c.unknown, unknown)
			var found []string
			for _, f := range v.Findings {
				require.False(t, f.Error)
				found = append(found, f.Rule)
			}
			require.Equal(t, c.found, found)
			require.Len(t, v.Rules, len(c.found))
		})
	}
}

func TestTheNamesOfStoredFieldsAreSorted(t *testing.T) {
	t.Parallel()
	p := rules(t,
		[5]string{"a", "entry", `entry.custom["3"].code == entry.orgUnits["1"].value && report.name == ""`, "A.", "sendBack: true"},
		[5]string{"b", "segment", `segment.class == expectedExpense.type`, "B.", "sendBack: true"},
	)
	ofReports, ofRequests := p.StoredFields()
	require.True(t, slices.IsSorted(ofReports))
	require.Subset(t, ofReports, []string{`entry.custom["3"]`, `entry.orgUnits["1"]`, "report.name"})
	require.Subset(t, ofRequests, []string{"expectedExpense.segments", "expectedExpense.type", "request.expenses", "segment.class"})
	require.NotContains(t, ofReports, "entry.vendor")
}
