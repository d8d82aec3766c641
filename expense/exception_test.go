package expense_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestEmptyVisibilityMeansEverybody(t *testing.T) {
	t.Parallel()
	require.True(t, expense.VisibleToAll.Is(""))
	require.True(t, expense.VisibleToAll.Is(expense.VisibleToAll))
	require.False(t, expense.VisibleToAll.Is(expense.VisibleToProcessors))
	require.False(t, expense.VisibleToProcessors.Is(""))
	require.False(t, expense.Visibility("NEW").Is(""))
	require.True(t, expense.Visibility("").Is(expense.VisibleToProcessors), "one that is not printed could be that")
}
