package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

func TestGroupsHaveRemindersEscalationAndDeadlines(t *testing.T) {
	t.Parallel()
	p := parsed(t, `groups:
  finance: {reminders: [24h, 72h], escalate: {after: 96h, to: controllers}, deadline: {after: 240h, then: keep-waiting}}
  controllers: {deadline: {after: 48h30m, then: send-back}, unsealed: allow}
  travel: {reminders: [4h, 1 working day, 3 working days], deadline: {after: 5 working days, then: send-back}, unsealed: refuse}
  owners:
rules: []
`)
	hours := func(n time.Duration) rulesfile.Wait { return rulesfile.Wait{Hours: n * time.Hour} }
	days := func(n int) rulesfile.Wait { return rulesfile.Wait{WorkingDays: n} }
	require.Equal(t, []rulesfile.Group{
		{
			Name: "finance", Reminders: []rulesfile.Wait{hours(24), hours(72)},
			EscalateTo: "controllers", EscalateAfter: hours(96), DeadlineAfter: hours(240), DeadlineThen: expense.ThenKeepWaiting,
		},
		{Name: "controllers", DeadlineAfter: rulesfile.Wait{Hours: 48*time.Hour + 30*time.Minute}, DeadlineThen: expense.ThenSendBack, AcceptsUnsealed: true},
		{Name: "travel", Reminders: []rulesfile.Wait{hours(4), days(1), days(3)}, DeadlineAfter: days(5), DeadlineThen: expense.ThenSendBack},
		{Name: "owners"},
	}, p.Groups())
	require.True(t, p.AcceptsUnsealed("controllers"))
	for _, group := range []string{"finance", "travel", "owners", "unknown", ""} {
		require.False(t, p.AcceptsUnsealed(group), group)
	}
}

func TestAWaitIsWrittenAsInTheFile(t *testing.T) {
	t.Parallel()
	for text, wait := range map[string]rulesfile.Wait{
		"72h": {Hours: 72 * time.Hour}, "48h30m": {Hours: 48*time.Hour + 30*time.Minute}, "5m": {Hours: 5 * time.Minute}, "1s": {Hours: time.Second},
		"1 working day": {WorkingDays: 1}, "3 working days": {WorkingDays: 3},
	} {
		require.Equal(t, text, wait.String())
	}
}

func TestGroupsAreRefused(t *testing.T) {
	t.Parallel()
	for groups, want := range map[string]string{
		`{a: {escalate: {after: 4h, to: b}}}`:                                            `f:2:40: there is no group "b"`,
		`{finance: {escalate: {after: 4h, to: controlers}}, controllers: {}}`:            `f:2:46: there is no group "controlers"; did you mean "controllers"?`,
		`{a: {escalate: {after: 4h, to: a}}}`:                                            "f:2:40: the group a escalates to itself",
		`{a: {escalate: {after: 4h}}}`:                                                   "escalate needs to:",
		`{a: {escalate: {to: a}}}`:                                                       "escalate needs after: a duration such as 48h or 3 working days",
		`{a: {reminders: 24h}}`:                                                          "reminders must be a list of at most 10 durations such as [24h, 72h] or [1 working day, 3 working days]",
		`{a: {reminders: [72h, 24h]}}`:                                                   "f:2:31: the group a: each reminder must come later than the one before",
		`{a: {reminders: [3d]}}`:                                                         `"3d" is not a duration from 1s to 8760h, such as 48h, and not a number of working days, such as 3 working days`,
		`{a: {reminders: [10ms]}}`:                                                       `"10ms" is not a duration from 1s`,
		`{a: {reminders: [-1h]}}`:                                                        `"-1h" is not a duration from 1s`,
		`{a: {reminders: [9000h]}}`:                                                      `"9000h" is not a duration from 1s to 8760h`,
		`{a: {deadline: {after: 24h}}}`:                                                  "deadline needs then: keep-waiting or send-back",
		`{a: {deadline: {after: 24h, then: approve}}}`:                                   `then must be keep-waiting or send-back, not "approve": silence never approves`,
		`{a: {reminders: [48h], deadline: {after: 24h, then: keep-waiting}}}`:            "the group a: 48h may come after the deadline of 24h",
		`{a: {reminders: [1 working day], deadline: {after: 240h, then: keep-waiting}}}`: "the group a: 1 working day may come after the deadline of 240h",
		`{a: {reminders: [48h], deadline: {after: 2 working days, then: keep-waiting}}}`: "give both in working days, or both in hours",
		`{a: {reminders: [1 working day, 48h]}}`:                                         "each reminder must come later than the one before",
		`{a: {reminders: [0 working days]}}`:                                             `"0 working days" is not a number of working days from 1 to 250`,
		`{a: {reminders: [300 working days]}}`:                                           `"300 working days" is not a number of working days from 1 to 250`,
		`{a: {reminders: [3 days]}}`:                                                     `"3 days" is not a duration`,
		`{a: {escalate: {after: 4h, to: b}}, b: {escalate: {after: 4h, to: a}}}`:         "f:2:40: the groups escalate in a circle: a, b, a",
		`{a: {unsealed: alow}}`:                                                          `unsealed must be allow or refuse, not "alow"; did you mean "allow"?`,
		`{a: {deadlines: {}}}`:                                                           `unknown key "deadlines" in the group a; did you mean "deadline"?`,
		`{"a b": {}}`:                                                                    `"a b" cannot be a name in groups: letters, digits`,
		`[a]`:                                                                            "groups must be a mapping of names",
		`{a: x}`:                                                                         "the group a must be a mapping with reminders, escalate, deadline",
	} {
		t.Run(groups, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\ngroups: "+groups+"\nrules: []\n"))
			require.ErrorContains(t, err, want)
			require.Regexp(t, `^f:2:\d+: `, err.Error())
		})
	}
}
