package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

func TestGroupsHaveRemindersEscalationAndDeadlines(t *testing.T) {
	t.Parallel()
	p := parsed(t, `groups:
  finance: {reminders: [24h, 72h], escalate: {after: 96h, to: controllers}, deadline: {after: 240h, then: keep-waiting}}
  controllers: {deadline: {after: 48h30m, then: send-back}}
  travel:
rules: []
`)
	require.Equal(t, []rulesfile.Group{
		{
			Name: "finance", Reminders: []time.Duration{24 * time.Hour, 72 * time.Hour},
			EscalateTo: "controllers", EscalateAfter: 96 * time.Hour, DeadlineAfter: 240 * time.Hour, DeadlineThen: rulesfile.KeepWaiting,
		},
		{Name: "controllers", DeadlineAfter: 48*time.Hour + 30*time.Minute, DeadlineThen: rulesfile.DeadlineSendBack},
		{Name: "travel"},
	}, p.Groups())
}

func TestGroupsAreRefused(t *testing.T) {
	t.Parallel()
	for groups, want := range map[string]string{
		`{a: {escalate: {after: 4h, to: b}}}`:                                 `f:2:40: there is no group "b"`,
		`{finance: {escalate: {after: 4h, to: controlers}}, controllers: {}}`: `f:2:46: there is no group "controlers"; did you mean "controllers"?`,
		`{a: {escalate: {after: 4h, to: a}}}`:                                 "f:2:40: the group a escalates to itself",
		`{a: {escalate: {after: 4h}}}`:                                        "escalate needs to:",
		`{a: {escalate: {to: a}}}`:                                            "escalate needs after: a duration such as 48h",
		`{a: {reminders: 24h}}`:                                               "reminders must be a list of at most 10 durations such as [24h, 72h]",
		`{a: {reminders: [72h, 24h]}}`:                                        "f:2:31: the group a: each reminder must come later than the one before",
		`{a: {reminders: [3d]}}`:                                              `"3d" is not a duration from 1m to 8760h, such as 48h (days are written in hours)`,
		`{a: {reminders: [10s]}}`:                                             `"10s" is not a duration from 1m`,
		`{a: {reminders: [-1h]}}`:                                             `"-1h" is not a duration from 1m`,
		`{a: {reminders: [9000h]}}`:                                           `"9000h" is not a duration from 1m to 8760h`,
		`{a: {deadline: {after: 24h}}}`:                                       "deadline needs then: keep-waiting or send-back",
		`{a: {deadline: {after: 24h, then: approve}}}`:                        `then must be keep-waiting or send-back, not "approve": silence never approves`,
		`{a: {reminders: [48h], deadline: {after: 24h, then: keep-waiting}}}`: "the group a: reminders and escalation must come before the deadline",
		`{a: {deadlines: {}}}`:                                                `unknown key "deadlines" in the group a; did you mean "deadline"?`,
		`{"a b": {}}`:                                                         `"a b" cannot be a name in groups: letters, digits`,
		`[a]`:                                                                 "groups must be a mapping of names",
		`{a: x}`:                                                              "the group a must be a mapping with reminders, escalate, deadline",
	} {
		t.Run(groups, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\ngroups: "+groups+"\nrules: []\n"))
			require.ErrorContains(t, err, want)
			require.Regexp(t, `^f:2:\d+: `, err.Error())
		})
	}
}
