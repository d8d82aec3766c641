package policy_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// planned returns the steps of a task of one group as texts, in a time zone.
func planned(t *testing.T, p *policy.Policy, zone string, opened string, groups ...string) []string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, opened)
	require.NoError(t, err)
	in := expense.PlanTaskInput{OpenedAt: at}
	for _, group := range groups {
		in.Groups = append(in.Groups, expense.RequiredApproval{Group: group, Count: 1})
	}
	local, err := time.LoadLocation(zone)
	require.NoError(t, err)
	var all []string
	for _, step := range p.PlanTask(in).Steps {
		require.Equal(t, time.UTC, step.At.Location())
		all = append(all, fmt.Sprint(step.At.In(local).Format("Mon 2006-01-02 15:04"), " ", step.Kind, " ", step.Group, step.To, step.Then))
	}
	return all
}

func TestAPlanIsOverWorkingDaysAndHolidays(t *testing.T) {
	t.Parallel()
	p := parsed(t, `timezone: Europe/Berlin
groups:
  finance: {reminders: [1 working day, 3 working days], deadline: {after: 5 working days, then: send-back}}
approvals: {defaultGroup: finance, holidays: [2026-12-25, 2027-01-01]}
rules: []
`)
	for opened, want := range map[string][]string{
		"2026-12-01T14:30:00+01:00": {"Wed 2026-12-02 14:30 remind finance", "Fri 2026-12-04 14:30 remind finance", "Tue 2026-12-08 14:30 deadline financesend-back"},
		"2026-12-05T14:30:00+01:00": {"Tue 2026-12-08 00:00 remind finance", "Thu 2026-12-10 00:00 remind finance", "Mon 2026-12-14 00:00 deadline financesend-back"},
		"2026-12-23T09:00:00+01:00": {"Thu 2026-12-24 09:00 remind finance", "Tue 2026-12-29 09:00 remind finance", "Thu 2026-12-31 09:00 deadline financesend-back"},
		"2026-12-25T09:00:00+01:00": {"Tue 2026-12-29 00:00 remind finance", "Thu 2026-12-31 00:00 remind finance", "Tue 2027-01-05 00:00 deadline financesend-back"},
		"2026-12-01T23:30:00Z":      {"Thu 2026-12-03 00:30 remind finance", "Mon 2026-12-07 00:30 remind finance", "Wed 2026-12-09 00:30 deadline financesend-back"},
		"2027-03-26T02:30:00+01:00": {"Mon 2027-03-29 02:30 remind finance", "Wed 2027-03-31 02:30 remind finance", "Fri 2027-04-02 02:30 deadline financesend-back"},
	} {
		require.Equal(t, want, planned(t, p, "Europe/Berlin", opened, "finance"), opened)
	}
}

func TestAPlanFollowsEscalations(t *testing.T) {
	t.Parallel()
	p := parsed(t, `groups:
  finance: {reminders: [24h], escalate: {after: 48h, to: controllers}, deadline: {after: 120h, then: keep-waiting}}
  controllers: {reminders: [24h], escalate: {after: 36h, to: board}, deadline: {after: 40h, then: send-back}}
  board: {reminders: [12h]}
  travel:
approvals: {defaultGroup: finance}
rules: []
`)
	opened := "2026-12-01T00:00:00Z"
	require.Equal(t, []string{
		"Wed 2026-12-02 00:00 remind finance",
		"Thu 2026-12-03 00:00 escalate financecontrollers",
		"Fri 2026-12-04 00:00 remind controllers",
		"Fri 2026-12-04 12:00 escalate controllersboard",
		"Sat 2026-12-05 00:00 remind board",
		"Sun 2026-12-06 00:00 deadline financekeep-waiting",
	}, planned(t, p, "UTC", opened, "finance"), "a group to which it was escalated has no deadline of its own, and nothing follows the deadline")
	require.Empty(t, planned(t, p, "UTC", opened, "travel", "", "unknown"))
	require.Len(t, planned(t, p, "UTC", opened, "finance", "controllers"), 6+3)
}

func TestAPlanSaysWhatHoldsForAllTasks(t *testing.T) {
	t.Parallel()
	plan := func(text string) expense.TaskPlan {
		return parsed(t, text+"rules: []\n").PlanTask(expense.PlanTaskInput{})
	}
	require.Equal(t, expense.TaskPlan{CheckEvery: time.Hour}, plan(""))
	require.Equal(t, expense.TaskPlan{CheckEvery: 30 * time.Minute, CommentRequired: true, DifferentPeople: true},
		plan("approvals: {checkEvery: 30m, commentRequired: always, differentPeople: true}\n"))
	require.Equal(t, expense.TaskPlan{}, plan("approvals: {checkEvery: 0, commentRequired: send-back, differentPeople: false}\n"))
}

func TestHolidaysComeFromAList(t *testing.T) {
	t.Parallel()
	load := func(columns, rest string) (*policy.Policy, error) {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "days.csv"), []byte("day,name,until\n2026-12-02,One,\n2026-12-03,Two,\n"), 0o600))
		file := filepath.Join(folder, "rules.yaml")
		require.NoError(t, os.WriteFile(file, []byte("apiVersion: concur-connector/v1\nlists:\n  days: {file: days.csv, columns: {"+columns+"}}\n"+
			"groups: {finance: {reminders: [1 working day]}}\napprovals: {holidays: "+rest+"}\nrules: []\n"), 0o600))
		return policy.Load(file)
	}
	p, err := load("day: date", "lists.days")
	require.NoError(t, err)
	require.Equal(t, []string{"Fri 2026-12-04 08:00 remind finance"}, planned(t, p, "UTC", "2026-12-01T08:00:00Z", "finance"))
	for _, w := range p.Warnings() {
		require.NotContains(t, w.Reason, "no rule uses the list")
	}
	for columns, c := range map[string][2]string{
		"":                       {"lists.days", "the list days has 0 columns of dates, and needs one; say so in its columns: {day: date}"},
		"day: date, until: date": {"lists.days", "the list days has 2 columns of dates"},
		"day: date":              {"lists.dais", `rules.yaml:5:23: holidays: there is no list "dais"; did you mean "days"?`},
		"day: date ":             {"days", "holidays must be dates such as [2026-12-25, 2026-12-26], or a list of dates such as lists.holidays"},
		"day: date  ":            {"[2026-13-01]", `the holiday "2026-13-01" is no date`},
		"day: date   ":           {"{a: b}", "holidays must be at most 1000 dates"},
	} {
		_, err := load(columns, c[0])
		require.ErrorContains(t, err, c[1])
		require.Regexp(t, `rules.yaml:5:\d+: `, err.Error())
	}
}

func TestApprovalsAreRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"differentPeople: yes please":                        "differentPeople must be true or false",
		"commentRequired: allways":                           `commentRequired must be send-back or always, not "allways"; did you mean "always"?`,
		"workingDays: []":                                    "workingDays is empty",
		"workingDays: [mon]":                                 `"mon" is no day of the week; they are sunday, monday, tuesday, wednesday, thursday, friday, saturday; did you mean "monday"?`,
		"workingDays: [tue]":                                 `did you mean "tuesday"?`,
		"workingDays: [monday, monday]":                      "workingDays names monday twice",
		"checkEvery: hourly":                                 `checkEvery must be a duration from 1s to 8760h, such as 1h, or 0 for never, not "hourly"`,
		"checkEvery: 1ms":                                    `not "1ms"`,
		"page: [report.name]":                                "page must be a mapping with fields",
		"page: {field: [report.name]}":                       `unknown key "field" in page; did you mean "fields"?`,
		"page: {fields: report.name}":                        "fields must be a list of at most 60 fields",
		"page: {fields: [report.nam]}":                       `report has no field "nam"; did you mean "name"?`,
		"page: {fields: [reprot.name]}":                      `there is no "reprot"; there are report, entry`,
		"page: {fields: [entry]}":                            `"entry" is no field; write one as entry.posted`,
		"page: {fields: [entry.custom]}":                     `entry.custom holds several fields; name one by its number: entry.custom["3"]`,
		`page: {fields: ['report.custom["21"]']}`:            `there is no field "21" in report.custom; they are "1" to "20"`,
		`page: {fields: ['entry.custom["03"]']}`:             `there is no field "03" in entry.custom`,
		`page: {fields: ['entry.posted["3"]']}`:              "entry.posted has no numbers",
		"page: {fields: [report.entries]}":                   "report.entries is a list; name the fields of its objects",
		"page: {fields: [entry.posted, entry.posted]}":       "fields names entry.posted twice",
		"page: {fields: [field.value]}":                      `there is no "field"`,
		"page: {fields: [entry.posted, request.exceptions]}": "request.exceptions is a list",
		"page: {fields: ['entry.posted > money(1)', x]}":     `"x" is no field`,
		"page: {fields: [~]}":                                "a field of the page must be text",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\napprovals: {"+text+"}\nrules: []\n"))
			require.ErrorContains(t, err, says)
			require.Regexp(t, `^f:2:\d+: `, err.Error())
		})
	}
}

// TestAPlanHoldsInEveryTimeZone plans tasks at random moments, near changes of clocks too.
func TestAPlanHoldsInEveryTimeZone(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(14, 1))
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo"} {
		local, err := time.LoadLocation(zone)
		require.NoError(t, err)
		var p *policy.Policy
		var days int
		var holiday map[string]bool
		for n := range 300 {
			if n%60 > 0 {
				planAt(t, p, random, local, days, holiday)
				continue
			}
			days = 1 + random.IntN(20)
			holidays := ""
			holiday = map[string]bool{}
			for range random.IntN(10) {
				day := time.Date(2010+random.IntN(18), time.Month(1+random.IntN(12)), 1+random.IntN(28), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
				holidays, holiday[day] = holidays+day+", ", true
			}
			p = parsed(t, fmt.Sprintf("timezone: %s\ngroups: {g: {reminders: [%d working days, %d working days]}}\napprovals: {holidays: [%s]}\nrules: []\n", zone, days, days+1, holidays))
		}
	}
}

// planAt checks the plan of a task that is opened at a random moment.
func planAt(t *testing.T, p *policy.Policy, random *rand.Rand, local *time.Location, days int, holiday map[string]bool) {
	t.Helper()
	opened := time.Date(2010+random.IntN(18), time.Month(1+random.IntN(12)), 1+random.IntN(31), random.IntN(25), random.IntN(60), random.IntN(60), 0, time.UTC)
	due := func(at time.Time) []expense.TaskStep {
		return p.PlanTask(expense.PlanTaskInput{Groups: []expense.RequiredApproval{{Group: "g"}}, OpenedAt: at}).Steps
	}
	steps := due(opened)
	require.Len(t, steps, 2)
	again := due(opened.In(local))
	require.Equal(t, steps, again, "the zone of the input does not matter")
	require.True(t, steps[0].At.Before(steps[1].At))
	require.GreaterOrEqual(t, steps[0].At.Sub(opened), time.Duration(days)*24*time.Hour-2*time.Hour, "%s %s", local, opened)
	later := due(opened.Add(time.Duration(random.IntN(7*24)) * time.Hour))
	require.False(t, later[0].At.Before(steps[0].At.Add(-2*time.Hour)), "a task that is opened later is not due much earlier")
	at := steps[0].At.In(local)
	work := func(day time.Time) bool {
		return !slices.Contains([]time.Weekday{time.Saturday, time.Sunday}, day.Weekday()) && !holiday[day.Format(time.DateOnly)]
	}
	if at.Hour() != 0 && local.String() != "Pacific/Apia" { // Apia had no 2011-12-30
		require.True(t, work(at), "%s is no working day", at)
	}
}
