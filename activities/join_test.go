package activities_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestJoinRun(t *testing.T) {
	t.Parallel()
	in := expense.JoinRunInput{Elder: "EXPRPT:older", EventTypes: []string{"Step - SUBMIT", "Step - OTHER"}, Owed: []string{entry(1), entry(2)}}
	step := func(name string) expense.Notification { return expense.Notification{EventType: name} }
	owed := func(uri string) expense.Notification { return expense.Notification{NotificationURI: uri} }
	join := func(t *testing.T, e *elders, in expense.JoinRunInput) expense.JoinedRun {
		t.Helper()
		got, err := run[expense.JoinedRun](t, attempt{}, newNewer(t).activities(t, asking(e)).JoinRun, in)
		require.NoError(t, err)
		return got
	}
	t.Run("tells the older run each name of the stop, and of each notification that is owed", func(t *testing.T) {
		t.Parallel()
		e := &elders{elder: in.Elder}
		require.Zero(t, join(t, e, in))
		require.Equal(t, []expense.Notification{step("Step - SUBMIT"), step("Step - OTHER"), owed(entry(1)), owed(entry(2))}, e.told)
		require.Zero(t, join(t, e, in), "and again, as a repeated attempt does")
		require.Len(t, e.told, 8)
		require.Equal(t, e.told[:4], e.told[4:])
	})
	t.Run("tells it to look again when there is nothing else to tell", func(t *testing.T) {
		t.Parallel()
		e := &elders{elder: in.Elder}
		require.Zero(t, join(t, e, expense.JoinRunInput{Elder: in.Elder}))
		require.Equal(t, []expense.Notification{{}}, e.told)
	})
	t.Run("says that it has ended, and tells it nothing more", func(t *testing.T) {
		t.Parallel()
		for n := range 3 {
			e := &elders{elder: in.Elder, ended: n + 1}
			require.Equal(t, expense.JoinedRun{Ended: true}, join(t, e, in))
			require.Len(t, e.told, n+1)
		}
	})
	t.Run("is tried again where nobody can be told", func(t *testing.T) {
		t.Parallel()
		_, err := run[expense.JoinedRun](t, attempt{}, newNewer(t).activities(t).JoinRun, in)
		require.ErrorContains(t, err, "nothing to tell runs with")
	})
	t.Run("is tried again when it cannot be told", func(t *testing.T) {
		t.Parallel()
		e := &elders{elder: in.Elder, fails: errors.New("Temporal is away")}
		_, err := run[expense.JoinedRun](t, attempt{}, newNewer(t).activities(t, asking(e)).JoinRun, in)
		require.ErrorContains(t, err, "Temporal is away")
	})
}
