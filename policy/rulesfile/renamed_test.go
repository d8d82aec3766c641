package rulesfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy/rulesfile"
)

func TestAnOldNameIsRefusedWithTheNewOne(t *testing.T) {
	t.Parallel()
	rule := "rules:\n  - {name: a, level: entry, expression: entry.personal, message: Hm., then: {warn: true}"
	for name, c := range map[string]struct{ file, want string }{
		"stops of the file":  {"stops: {early: [SUBMIT]}\nrules: []\n", `"steps"`},
		"stops of a rule":    {rule + ", stops: [early]}\n", `"steps"`},
		"passOnComment":      {"settings: {passOnComment: Thanks.}\nrules: []\n", `"approveComment"`},
		"hold":               {"groups: {finance: {deadline: {after: 48h, then: hold}}}\nrules: []\n", "keep-waiting"},
		"the level expected": {"variables:\n  - {name: v, level: expected, expression: 'true'}\nrules: []\n", `"expectedExpense"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := rulesfile.Read("f", []byte("apiVersion: concur-connector/v1\n"+c.file))
			require.NotEmpty(t, s.Errors)
			require.ErrorContains(t, s.Errors, c.want)
		})
	}
}
