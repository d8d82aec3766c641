package policy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// zones are the ends of the world, zones where clocks change, also at midnight, and one
// that has left out a day.
var zones = []string{
	"Etc/GMT+12", "Pacific/Pago_Pago", "America/Los_Angeles", "America/St_Johns", "America/Sao_Paulo", "Atlantic/Azores", "UTC",
	"Europe/Berlin", "Africa/Cairo", "Asia/Beirut", "Asia/Tehran", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati",
}

// dates are days on which clocks change somewhere, days around them, and ends of years.
var dates = []string{
	"2020-06-01", "2018-11-03", "2018-11-04", "2018-11-05", "2018-02-18", "2023-04-28", "2023-10-27", "2021-03-28", "2021-10-31", "2024-03-10", "2024-11-03",
	"2011-12-29", "2011-12-30", "2011-12-31", "2019-12-31", "2020-01-01", "2020-02-29", "2022-03-22", "1999-12-31",
}

func rulesIn(t *testing.T, zone, expression string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("rules.yaml", []byte(fmt.Sprintf("apiVersion: concur-connector/v1\ntimezone: %s\nrules:\n  - name: day\n    level: report\n    expression: %s\n    messageExpression: string(today)\n    then: {sendBack: true}\n", zone, expression)))
	require.NoError(t, err)
	return p
}

func TestADateStaysTheSameDateInEveryZone(t *testing.T) {
	t.Parallel()
	for _, zone := range zones {
		p := rulesIn(t, zone, `today == date(report.name) && report.date == today && report.submitted == today`)
		for _, date := range dates {
			for _, written := range []string{date, date + "T00:00:00", date + "T23:59:59", date + "T12:00:00-11:00", date + "T00:00:00+14:00", date + "T00:00:00Z"} {
				at, err := time.ParseInLocation(time.DateOnly, date, policy.AsWritten)
				require.NoError(t, err)
				report := &expense.Report{Name: date, Status: expense.StatusExternalValidation, Date: expense.Date(written), Submitted: expense.Date(date)}
				verdict := p.Evaluate(policy.Input{Report: report, At: at})
				require.Empty(t, verdict.Findings, "%s in %s", written, zone)
			}
		}
	}
}

func TestTodayIsTheDayInTheZoneOfTheRules(t *testing.T) {
	t.Parallel()
	for _, zone := range zones {
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		p := rulesIn(t, zone, `today == date(report.name)`)
		for _, date := range dates {
			noon, err := time.ParseInLocation("2006-01-02 15:04", date+" 12:00", location)
			require.NoError(t, err)
			for hours := -48; hours <= 48; hours++ {
				at := noon.Add(time.Duration(hours) * time.Hour)
				report := &expense.Report{Name: at.Format(time.DateOnly)}
				require.Empty(t, p.Evaluate(policy.Input{Report: report, At: at.UTC()}).Findings, "%s in %s", at, zone)
			}
		}
	}
}

func TestADateBeginsWhenItsDayBegins(t *testing.T) {
	t.Parallel()
	for _, zone := range zones {
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		p := rulesIn(t, zone, "report.entries.size() >= 0")
		for _, date := range dates {
			written, err := time.ParseInLocation(time.DateOnly, date, policy.AsWritten)
			require.NoError(t, err)
			at := p.Moment(written).In(location)
			if zone == "Pacific/Apia" && date == "2011-12-30" { // which Samoa left out
				continue
			}
			require.Equal(t, date, at.Format(time.DateOnly), zone)
			require.NotEqual(t, date, at.Add(-time.Minute).Format(time.DateOnly), zone)
		}
	}
	real := time.Date(2026, 5, 1, 1, 0, 0, 0, time.UTC)
	require.Equal(t, real, rulesIn(t, "America/Los_Angeles", "true").Moment(real), "a time with a zone is what it is")
}
