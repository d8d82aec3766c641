package expense_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func asked(group string, count int, escalatedFrom string, by ...string) expense.TaskGroup {
	g := expense.TaskGroup{RequiredApproval: expense.RequiredApproval{Group: group, Count: count}, EscalatedFrom: escalatedFrom}
	for _, name := range by {
		g.Approvals = append(g.Approvals, expense.TaskApproval{By: name})
	}
	return g
}

func TestATaskKnowsWhoIsStillNeeded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		groups []expense.TaskGroup
		needed map[string]int
		asked  []string
	}{
		"nobody has approved":          {[]expense.TaskGroup{asked("finance", 1, ""), asked("owners", 2, "")}, map[string]int{"finance": 1, "owners": 2}, []string{"finance", "owners"}},
		"one of two has approved":      {[]expense.TaskGroup{asked("owners", 2, "", "kim")}, map[string]int{"owners": 1}, []string{"owners"}},
		"a count of zero means one":    {[]expense.TaskGroup{asked("", 0, "")}, map[string]int{"": 1}, []string{""}},
		"all have approved":            {[]expense.TaskGroup{asked("finance", 1, "", "kim")}, nil, nil},
		"escalated":                    {[]expense.TaskGroup{asked("finance", 1, ""), asked("controllers", 1, "finance")}, map[string]int{"finance": 1}, []string{"finance", "controllers"}},
		"the escalated group approved": {[]expense.TaskGroup{asked("finance", 1, ""), asked("controllers", 1, "finance", "lee")}, nil, nil},
		"escalated twice":              {[]expense.TaskGroup{asked("a", 1, ""), asked("b", 1, "a"), asked("c", 1, "b", "lee")}, nil, nil},
		"two groups escalated to the same one": {[]expense.TaskGroup{asked("a", 1, ""), asked("b", 1, ""), asked("c", 1, "a", "lee"), asked("c", 1, "b")},
			map[string]int{"b": 1}, []string{"b", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := expense.Task{Groups: c.groups}
			needed := map[string]int{}
			for _, n := range task.StillNeeded() {
				needed[n.Group] = n.Count
			}
			if c.needed == nil {
				require.Empty(t, needed)
			} else {
				require.Equal(t, c.needed, needed)
			}
			require.Equal(t, c.asked, task.Asked())
			for _, group := range c.asked {
				require.True(t, task.Needs(group))
			}
			require.False(t, task.Needs("elsewhere"))
		})
	}
}

func TestAnApprovalCountsForTheFirstGroupThatNeedsIt(t *testing.T) {
	t.Parallel()
	task := expense.Task{Groups: []expense.TaskGroup{asked("a", 1, ""), asked("b", 1, ""), asked("c", 1, "b"), asked("c", 1, "a")}}
	for _, left := range [][]string{{"b", "c"}, nil, nil} {
		task.Approve("c", expense.TaskApproval{By: "lee"})
		require.Equal(t, left, task.Asked())
	}
	task.Approve("elsewhere", expense.TaskApproval{By: "lee"})
	require.Len(t, append(task.Groups[2].Approvals, task.Groups[3].Approvals...), 2)
}
