package activities_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestJoinRun(t *testing.T) {
	t.Parallel()
	in := expense.JoinRunInput{Elder: "EXPRPT:older", EventType: "Step - SUBMIT", Owed: []string{entry(1), entry(2), entry(3)}}
	step := func(uri string) expense.Notification {
		return expense.Notification{EventType: "Step - SUBMIT", NotificationURI: uri}
	}
	owed := func(uri string) expense.Notification { return expense.Notification{NotificationURI: uri} }
	join := func(t *testing.T, e *elders, in expense.JoinRunInput) expense.JoinedRun {
		t.Helper()
		got, err := run[expense.JoinedRun](t, attempt{}, newNewer(t).activities(t, asking(e)).JoinRun, in)
		require.NoError(t, err)
		return got
	}
	t.Run("tells the older run of the step, once, and of each notification that is owed", func(t *testing.T) {
		t.Parallel()
		e := &elders{elder: in.Elder}
		require.Zero(t, join(t, e, in))
		require.Equal(t, []expense.Notification{step(entry(1)), owed(entry(2)), owed(entry(3))}, e.told)
		require.Zero(t, join(t, e, in), "and again, as a repeated attempt does")
		require.Len(t, e.told, 6)
		require.Equal(t, e.told[:3], e.told[3:])
	})
	t.Run("tells it to look again when nothing is owed", func(t *testing.T) {
		t.Parallel()
		e := &elders{elder: in.Elder}
		require.Zero(t, join(t, e, expense.JoinRunInput{Elder: in.Elder, EventType: in.EventType}))
		require.Equal(t, []expense.Notification{step("")}, e.told)
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
