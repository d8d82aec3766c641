package policy_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

func TestAMistakeIsAnsweredWithWhatToWrite(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`entry.posted > 75`:                                  `20: money("75", report.currency)`,
		`entry.posted > -75.00`:                              `20: money("-75.00", report.currency)`,
		`75 < entry.posted`:                                  `10: money("75", report.currency)`,
		`report.total == "5"`:                                `20: money("5", report.currency)`,
		`entry.posted + 5 > entry.posted`:                    `20: money("5", report.currency)`,
		`entry.posted > entry.attendeeCount`:                 `20: money(decimal(entry.attendeeCount), report.currency)`,
		`entry.posted > "75.00 USD"`:                         `20: money("75.00", "USD")`,
		`entry.posted > 75.00 USD`:                           `28: money("75.00", "USD")`,
		`"USD" money`:                                        `13: money("75.00", "USD")`,
		`entry.posted > entry.vendor`:                        `20: money("75.00", report.currency)`,
		`entry.posted == report.currency`:                    `20: entry.posted.currency()`,
		`entry.posted > decimal("3")`:                        `20: money(decimal("3"), report.currency)`,
		`money(75, "USD") < entry.posted`:                    `12: money("75", "USD")`,
		`money(75.00, "USD") < entry.posted`:                 `12: money("75.00", "USD")`,
		`money("75.00") < entry.posted`:                      `12: money("75.00", "USD")`,
		`entry.amount > 5`:                                   `12: undefined field 'amount'; an entry has posted, approved and transaction, and the number of an amount is m.amount()`,
		`entry.posted / 3 < report.total`:                    `20: entry.posted.dividedBy(3)`,
		`entry.posted / 1.5 < report.total`:                  `20: entry.posted.dividedBy(decimal("1.5"))`,
		`entry.posted / report.total > 1.0`:                  `20: entry.posted.amount().dividedBy(report.total.amount(), 4)`,
		`decimal("1") / 3 > decimal("0.3")`:                  `20: decimal("1").dividedBy(3, 4)`,
		`entry.posted.dividedBy(0) > report.total`:           `30: nothing can be divided by zero`,
		`entry.posted * entry.posted > report.total`:         `20: entry.posted.amount()`,
		`decimal("1") == 1`:                                  `20: decimal(1)`,
		`decimal("1") > 1.5`:                                 `20: decimal("1.5")`,
		`decimal("ten") > decimal(1)`:                        `15: decimal() cannot read "ten": not a decimal number`,
		`1.50 > 1.0`:                                         `7: floating-point numbers are not exact; write decimal("1.5")`,
		`entry.attendeeCount > 3.5`:                          `27: floating-point numbers are not exact; write a whole number, or decimal(entry.attendeeCount) and decimal("3.5")`,
		`3u > 2u`:                                            `7: whole numbers are written without u: 3`,
		`entry.posted.convert(1.2, "EUR") > report.total`:    `27: convert(entry.exchangeRate, "USD"), or convert(decimal("1.19"), "USD")`,
		`entry.posted.convert("1.2", "euro") > report.total`: `35: "euro" is not a currency: three capital letters`,
		`entry.posted.isMultipleOf(100)`:                     `32: money("100", report.currency)`,
		`entry.posted.round(2.0) > report.total`:             `25: round(2)`,
		`abs(entry.posted) > report.total`:                   `10: entry.posted.abs()`,
		`max(entry.posted, report.total) > report.total`:     `10: max([a, b])`,
		`sum(report.entries) > report.total`:                 `10: sum(report.entries.map(e, e.posted))`,

		`entry.date > "2026-01-01"`:               `18: date("2026-01-01")`,
		`entry.date == "May 1st"`:                 `18: date("2026-05-01")`,
		`entry.date > entry.custom["3"].value`:    `18: date(entry.custom["3"].value)`,
		`entry.date + 5 > report.date`:            `18: entry.date.plusDays(5)`,
		`entry.date - 5 > report.date`:            `18: entry.date.plusDays(-5)`,
		`report.submitted - entry.date > 30`:      `24: daysBetween(entry.date, report.submitted)`,
		`entry.date > 30`:                         `18: write a date on both sides; entry.date.daysUntil(other)`,
		`entry.date.plusDays("5") > report.date`:  `26: plusDays(30)`,
		`entry.date.getFullYear() == 2026`:        `29: getFullYear() is not known here: write d.year()`,
		`timestamp("2026-01-01T00:00:00Z") < now`: `16: timestamp() is not known here: a report has days, not times; write date("2026-05-01")`,
		`duration("720h").getHours() > 3`:         `15: duration() is not known here: a report has days, not times; write d.plusDays(30) or daysBetween(a, b)`,

		`report.entries.groupBy(e.date).size() > 1`:            `29: report.entries.groupBy(e, e.date)`,
		`report.entries.groupBy(e.date, e).size() > 1`:         `31: the first argument is a name for the element, as in groupBy(e, e.date)`,
		`report.entries.groupBy(e, e.posted).size() > 1`:       `29: the key of groupBy() and totalBy() must be a text, an int, true or false, or a date, not money; join two keys as texts`,
		`report.entries.totalBy(e, e.type).size() > 1`:         `29: report.entries.totalBy(e, e.date, e.posted)`,
		`report.entries.totalBy(e, e.type, e.date).size() > 1`: `29: totalBy() adds amounts, decimals or ints`,
		`report.entries.distinct().size() > 1`:                 `30: report.entries.map(e, e.vendor).distinct()`,

		`entry.custom["3"] == "x"`:            `25: entry.custom["3"].value or entry.custom["3"].code`,
		`entry.custom["3"].value > 3`:         `31: entry.custom["3"].value is a text; write decimal(entry.custom["3"].value), and decimal(3)`,
		`entry.type == 3`:                     `18: "3"`,
		`entry.attendeeCount > "3"`:           `27: 3`,
		`entry.hasReceipt == "Y"`:             `24: it is true or false; write entry.hasReceipt, or !entry.hasReceipt`,
		`"Total " + report.total == ""`:       `16: string(report.total)`,
		`"%d".format([1]) == ""`:              `18: format() is not known here: join texts with + and string(): "Limit: " + string(limit)`,
		`entry.hasReceipt and entry.personal`: `24: write "and" as &&`,
		`entry.hasReceipt OR entry.personal`:  `24: write "OR" as ||`,
		`not entry.hasReceipt`:                `11: write "not" as !`,
		`entry.type = "MEALS"`:                `18: write equality with two signs: ==`,
		`entry.attendeeCount => 3`:            `27: write "at least" as >=`,
		`entry.hasReceipt == True`:            `27: write True as true`,
		`{entry.posted: 1}.size() == 1`:       `7: the key of a map is a text, an int, true or false, or a date, not money`,
		`today() > report.date`:               `12: write the day of the evaluation as today, without brackets; a report has days, not times`,
		`now > report.date`:                   `7: write the day of the evaluation as today, without brackets; a report has days, not times`,
		`-entry.date > report.date`:           `7: - cannot be used with date`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(with("expression: |\n      "+expression)))
			var all rulesfile.Errors
			require.ErrorAs(t, err, &all)
			column, words, _ := strings.Cut(want, ": ")
			require.Equal(t, column, strconv.Itoa(all[0].Column))
			require.Contains(t, all[0].Reason, words)
		})
	}
}

func TestAnAmountOfATravelRequestHasItsCurrency(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse("f", []byte(with("level: request", "expression: request.posted <= 3000", "then: {sendBack: true}")))
	require.ErrorContains(t, err, `money("3000", request.currency)`)
}
