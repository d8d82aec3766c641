package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyTheFieldsThatRulesReadThroughGroupsAreStored(t *testing.T) {
	t.Parallel()
	everything := held(t, full(t))
	entries, customs := under(everything, "entries"), under(everything, "entries.custom")
	for expression, want := range map[string][]string{
		`report.entries.groupBy(e, e.type).all(t, g, g.size() < 3)`:     {"entries.type"},
		`report.entries.groupBy(e, e.type)["MEALS"][0].vendor == ""`:    {"entries.type", "entries.vendor"},
		`report.entries.groupBy(e, e.date).exists(d, g, g == [entry])`:  entries,
		`report.entries.groupBy(e, e.date)[entry.date][0].vendor == ""`: {"entries.date", "entries.vendor"},
		`report.entries.groupBy(e, e.personal).all(p, g, sum(g.map(e, e.posted)) == report.total)`: {
			"entries.personal", "entries.posted", "total"},
		`report.entries.groupBy(e, e.custom["2"].code).size() == 1`:       {"entries.custom.2"},
		`report.entries.groupBy(e, e.type).all(t, t != "")`:               {"entries.type"},
		`report.entries.totalBy(e, e.vendor, e.approved).size() == 1`:     {"entries.vendor", "entries.approved"},
		`report.entries.totalBy(e, e.vendor, e.attendeeCount)["x"] == 1`:  {"entries.vendor", "entries.attendeeCount"},
		`report.entries.map(e, e.location).distinct().size() == 1`:        {"entries.location"},
		`report.entries.all(i, e, e.purpose == "")`:                       {"entries.purpose"},
		`report.entries.transformList(i, e, e)[0].purpose == ""`:          {"entries.purpose"},
		`report.entries.transformMap(i, e, e.itemizations)[0].size() > 1`: {"entries.itemizations.id"},
		`report.entries.transformMapEntry(i, e, {e.type: e}).all(t, e, e.personal)`: {
			"entries.type", "entries.personal"},
		`entry.custom.all(k, f, f.code == "")`: customs,
		`entry.itemizations.groupBy(i, i.type).all(t, g, max(g.map(i, i.date)) == entry.date)`: {
			"entries.itemizations.id", "entries.itemizations.type", "entries.itemizations.date", "entries.date"},
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, and(want...), held(t, of(t, expression).SelectFields(full(t))))
		})
	}
}
