package policy_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
)

func TestTheDocumentNamesEveryFunction(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/policy/functions.md")
	require.NoError(t, err)
	functions, err := policy.Functions()
	require.NoError(t, err)
	require.Greater(t, len(functions), 30)
	for _, name := range functions {
		require.Contains(t, string(page), name+"(", "functions.md says nothing of %s", name)
	}
}
