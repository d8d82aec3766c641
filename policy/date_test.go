package policy_test

import "testing"

func TestDaysAreCalculated(t *testing.T) {
	t.Parallel()
	holds(t,
		`entry.date.plusDays(2) == report.submitted && report.submitted.plusDays(-2) == entry.date`,
		`date("2026-05-01 14:00") == date("2026-05-01") && date("2026-05-01T23:59") == date("2026-05-01")`,
		`date("2026-12-31").plusDays(1) == date("2027-01-01") && date("2024-02-28").plusDays(1) == date("2024-02-29")`,
		`date("2026-01-31").plusMonths(1) == date("2026-02-28") && date("2024-01-31").plusMonths(1) == date("2024-02-29")`,
		`date("2026-03-31").plusMonths(-1) == date("2026-02-28") && date("2026-11-30").plusMonths(3) == date("2027-02-28")`,
		`date("2026-05-15").plusMonths(12) == date("2027-05-15") && date("2026-01-01").plusMonths(-1) == date("2025-12-01")`,
		`entry.date.year() == 2026 && entry.date.month() == 5 && entry.date.day() == 2`,
		`entry.date.isWeekend() && date("2026-05-03").isWeekend() && !date("2026-05-04").isWeekend() && !date("2026-05-01").isWeekend()`,
		`entry.date.daysUntil(report.submitted) == 2 && report.submitted.daysUntil(entry.date) == -2`,
		`min([report.submitted, entry.date]) == entry.date && max([report.submitted, entry.date]) == report.submitted`,
		`date("0001-01-01").plusDays(3652058) == date("9999-12-31") && date("9999-12-01").plusMonths(-119987) == date("0001-01-01")`,
		`[entry.date, report.date, entry.date].distinct() == [entry.date, report.date]`,
	)
	const outside = "a date lies outside the years 1 to 9999"
	errs(t, map[string]string{
		`date("9999-12-31").plusDays(1) > entry.date`:              outside,
		`date("0001-01-01").plusDays(-1) > entry.date`:             outside,
		`entry.date.plusDays(9223372036854775807) > entry.date`:    outside,
		`entry.date.plusDays(-9223372036854775808) > entry.date`:   outside,
		`date("9999-12-31").plusMonths(1) > entry.date`:            outside,
		`date("0001-01-31").plusMonths(-1) > entry.date`:           outside,
		`entry.date.plusMonths(9223372036854775807) > entry.date`:  outside,
		`entry.date.plusMonths(-9223372036854775808) > entry.date`: outside,
		`entry.itemizations[0].date.plusDays(1) > entry.date`:      "itemization.date is absent; ask with has() before reading it",
	})
}
