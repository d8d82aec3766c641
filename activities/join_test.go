package activities_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestJoinRun(t *testing.T) {
	t.Parallel()
	const other = "EXPRPT:R1"
	in := expense.HandOverRunInput{ReportID: "R1", EventTypes: []string{"Step - SUBMIT", "Step - OTHER"}, PendingDeletes: []string{entry(1), entry(2)}}
	join := func(t *testing.T, e *elders, in expense.HandOverRunInput) expense.HandedOverRun {
		t.Helper()
		got, err := run[expense.HandedOverRun](t, attempt{}, newNewer(t).activities(t, asking(e)).HandOverRun, in)
		require.NoError(t, err)
		return got
	}
	// said is what a run was told, which is told each time who leaves it the report.
	said := func(told []expense.Notification) (said []expense.Notification) {
		for _, n := range told {
			require.NotEmpty(t, n.HandedOverBy)
			n.HandedOverBy = ""
			said = append(said, n)
		}
		return said
	}
	t.Run("tells the other run each name of the stop, and of each notification that is owed", func(t *testing.T) {
		t.Parallel()
		e := &elders{elder: other}
		want := []expense.Notification{{EventType: "Step - SUBMIT"}, {EventType: "Step - OTHER"}, {NotificationURI: entry(1)}, {NotificationURI: entry(2)}}
		require.Equal(t, expense.HandedOverRun{To: other}, join(t, e, in))
		require.Equal(t, []string{"R1"}, e.asked)
		require.Equal(t, want, said(e.told))
		require.Equal(t, expense.HandedOverRun{To: other}, join(t, e, in), "and again, as a repeated attempt does")
		require.Equal(t, append(want, want...), said(e.told))
	})
	t.Run("tells it to look again when there is nothing else to tell", func(t *testing.T) {
		t.Parallel()
		e := &elders{elder: other}
		require.Equal(t, other, join(t, e, expense.HandOverRunInput{ReportID: "R1"}).To)
		require.Equal(t, []expense.Notification{{}}, said(e.told))
	})
	t.Run("tells it each time by which address a callout names the report", func(t *testing.T) {
		t.Parallel()
		for _, in := range []expense.HandOverRunInput{{ReportID: "R1"}, {ReportID: "R1", EventTypes: []string{"Step - SUBMIT"}, PendingDeletes: []string{entry(1)}}} {
			e := &elders{elder: other}
			in.ObjectURI = objectURI
			join(t, e, in)
			for _, n := range e.told {
				require.Equal(t, objectURI, n.ObjectURI)
			}
		}
	})
	t.Run("finds no other, and tells nobody", func(t *testing.T) {
		t.Parallel()
		e := &elders{}
		require.Zero(t, join(t, e, in))
		require.Empty(t, e.told)
		got, err := run[expense.HandedOverRun](t, attempt{}, newNewer(t).activities(t).HandOverRun, in)
		require.NoError(t, err)
		require.Zero(t, got, "where nobody can be asked")
	})
	t.Run("looks again when the other has ended meanwhile", func(t *testing.T) {
		t.Parallel()
		for n := range 3 {
			e := &elders{elder: other, ended: n + 1}
			require.Zero(t, join(t, e, in))
			require.Len(t, e.told, n+1)
			require.Len(t, e.asked, 2)
		}
	})
	t.Run("is tried again when it cannot be asked or told", func(t *testing.T) {
		t.Parallel()
		e := &elders{elder: other, fails: errors.New("Temporal is away")}
		_, err := run[expense.HandedOverRun](t, attempt{}, newNewer(t).activities(t, asking(e)).HandOverRun, in)
		require.ErrorContains(t, err, "Temporal is away")
	})
}
