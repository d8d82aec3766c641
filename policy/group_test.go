package policy_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

// trip is a report of some days.
func trip(t testing.TB) *expense.Report {
	r := entries("MEALS", "TAXI", "MEALS", "HOTEL", "MEALS")
	r.Currency = "USD"
	for i, day := range []expense.Date{"2026-05-02", "2026-05-02T08:00:00", "2026-05-01", "2026-05-01", "2026-05-02T23:59:59"} {
		r.Entries[i].ID = strconv.Itoa(i)
		r.Entries[i].Date = day
		r.Entries[i].Posted = usd(t, []string{"0.1", "40", "30.00", "44.99", "0.2"}[i])
		r.Entries[i].Vendor = []string{"A", "B", "A", "", "a"}[i]
		r.Entries[i].AttendeeCount = new(i % 2)
		r.Entries[i].Personal = new(i == 0)
	}
	return r
}

func TestEntriesAreGrouped(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		`report.entries.groupBy(e, e.date).all(day, group, sum(group.map(e, e.posted)) <= money("75.00", report.currency))`,
		`report.entries.groupBy(e, e.date).transformList(day, group, string(day)) == ["2026-05-02", "2026-05-01"]`,
		`report.entries.groupBy(e, e.type).transformList(type, group, group.size()) == [3, 1, 1]`,
		`report.entries.groupBy(e, e.type).map(type, type) == ["MEALS", "TAXI", "HOTEL"]`,
		`report.entries.groupBy(e, e.type)["MEALS"].map(e, e.id) == ["0", "2", "4"]`,
		`report.entries.groupBy(e, e.date)[date("2026-05-01")].map(e, e.id) == ["2", "3"]`,
		`report.entries.groupBy(e, e.personal)[true].size() == 1 && report.entries.groupBy(e, e.attendeeCount)[0].size() == 3`,
		`report.entries.groupBy(e, e.vendor).size() == 4 && "" in report.entries.groupBy(e, e.vendor)`,
		`"MEALS" in report.entries.groupBy(e, e.type) && !("FUEL" in report.entries.groupBy(e, e.type))`,
		`has(report.entries.groupBy(e, e.type).MEALS) && !has(report.entries.groupBy(e, e.type).FUEL)`,
		`date("2026-05-02") in report.entries.groupBy(e, e.date) && !(date("2026-05-03") in report.entries.groupBy(e, e.date))`,
		`report.entries.groupBy(e, e.date).existsOne(d, g, d.isWeekend() && g.exists(e, e.type == "TAXI"))`,
		`report.entries.groupBy(e, e.date).exists(d, g, g.groupBy(e, e.type).exists(t, same, t == "MEALS" && same.size() == 2))`,
		`report.entries.filter(e, e.type == "FUEL").groupBy(e, e.type).size() == 0`,
		`[1, 2, 3, 4].groupBy(n, n % 2)[0] == [2, 4]`,

		`report.entries.totalBy(e, e.date, e.posted)[date("2026-05-02")] == money("40.3", "USD")`,
		`report.entries.totalBy(e, e.type, e.posted).all(type, total, type != "MEALS" || total == money("30.3", "USD"))`,
		`report.entries.totalBy(e, e.type, e.attendeeCount)["TAXI"] == 1`,
		`report.entries.totalBy(e, e.type, e.posted.amount())["MEALS"] == decimal("30.3")`,
		`report.entries.totalBy(e, e.vendor + "/" + string(e.date), e.posted).size() == 5`,

		`report.entries.map(e, e.type).distinct() == ["MEALS", "TAXI", "HOTEL"]`,
		`report.entries.map(e, e.date).distinct().size() == 2 && report.entries.map(e, e.attendeeCount).distinct() == [0, 1]`,
		`report.entries.map(e, e.personal).distinct() == [true, false]`,
		`report.entries.all(i, e, e.id == string(i))`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, of(t, expression).VerdictOn(trip(t)).Findings)
		})
	}
}

func TestGroupsFailForAbsentOrMixedValues(t *testing.T) {
	t.Parallel()
	broken := trip(t)
	broken.Entries[1].Date, broken.Entries[2].Posted = "", in(t, "1", "EUR")
	for expression, reason := range map[string]string{
		`report.entries.groupBy(e, e.type)["FUEL"].size() == 0`:               `it asks a map for a key that is absent; ask with "in" before reading it`,
		`report.entries.totalBy(e, e.id, e.posted)["x"] == money("1", "USD")`: `it asks a map for a key that is absent; ask with "in" before reading it`,
		`report.entries.transformMapEntry(i, e, {e.type: i}).size() == 3`:     "two values of a map have the same key; use groupBy()",
		`report.entries.groupBy(e, e.date).size() == 2`:                       "entry.date is absent; ask with has() before reading it",
		`report.entries.totalBy(e, e.type, e.posted).size() == 3`:             "amounts of different currencies cannot be compared or added",
		`report.entries.totalBy(e, e.type, e.approved).size() == 3`:           "entry.approved is absent; ask with has() before reading it",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			v := of(t, expression).VerdictOn(broken)
			require.Equal(t, "could not be evaluated: "+reason, v.Findings[0].Message)
		})
	}
	require.Empty(t, of(t, `report.entries.filter(e, has(e.date)).groupBy(e, e.date).size() == 2`).VerdictOn(broken).Findings)
}

// Grouping a long report costs as much for each entry as grouping a short one.
func TestGroupingGrowsWithTheEntries(t *testing.T) {
	t.Parallel()
	grouping := rules(t,
		[5]string{"group", "report", `report.entries.groupBy(e, e.type).all(t, g, g.size() == 1) && report.entries.totalBy(e, e.type, e.posted).size() > 0`, "m", "ask: g"},
		[5]string{"after", "report", "true", "m", "ask: g"},
	)
	const each = 60 // of the units that CEL counts in
	for _, n := range []int{100, 1000, 5000} {
		r := entries(make([]string, n)...)
		for i := range r.Entries {
			r.Entries[i].Type, r.Entries[i].Posted = strconv.Itoa(i), usd(t, "1")
		}
		require.Empty(t, grouping.Budgeted(uint64(n*each), time.Hour).VerdictOn(r).Findings, n)
		require.NotEmpty(t, grouping.Budgeted(uint64(n*each/3), time.Hour).VerdictOn(r).Findings, "what is walked over is charged")
	}
}
