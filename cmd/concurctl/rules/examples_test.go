package rules

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

const examples = "docs/policy/examples.yaml"

// What the documents show as examples is right, is tried in every direction, and is the
// page that finance would read of it.
func TestTheExamplesOfTheDocumentsHold(t *testing.T) {
	t.Chdir("../../..")
	out := func(args ...string) string {
		ended := concurctl.Run(t, "", args...)
		require.Zero(t, ended.Code, "%s%s", ended.Errs, ended.Out)
		return ended.Out
	}
	require.Contains(t, out("rules", "check", examples), "ok: 41 rules")
	require.NotContains(t, out("rules", "test", examples, "--coverage", "100"), "FAIL")

	page, err := os.ReadFile("docs/policy/examples.md")
	require.NoError(t, err)
	require.Equal(t, string(page), out("rules", "doc", examples), "write it anew: concurctl rules doc "+examples)
}
