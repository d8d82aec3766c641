package activities_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestHandOverRun(t *testing.T) {
	t.Parallel()
	const other = "EXPRPT:R1"
	in := expense.HandOverRunInput{ReportID: "R1", EventTypes: []string{"Step - SUBMIT", "Step - OTHER"}, PendingDeletes: []string{entry(1), entry(2)}}
	join := func(t *testing.T, e *olderRuns, in expense.HandOverRunInput) expense.HandedOverRun {
		t.Helper()
		got, err := run[expense.HandedOverRun](t, attempt{}, newFakeV4(t).activities(t, withOlderRuns(e)).HandOverRun, in)
		require.NoError(t, err)
		return got
	}
	// said returns the signals without the sender, which each must name.
	said := func(sent []expense.Notification) (said []expense.Notification) {
		for _, n := range sent {
			require.NotEmpty(t, n.HandedOverBy)
			n.HandedOverBy = ""
			said = append(said, n)
		}
		return said
	}
	t.Run("signals each event type and each pending delete to the older run", func(t *testing.T) {
		t.Parallel()
		e := &olderRuns{older: other}
		want := []expense.Notification{{EventType: "Step - SUBMIT"}, {EventType: "Step - OTHER"}, {NotificationURI: entry(1)}, {NotificationURI: entry(2)}}
		require.Equal(t, expense.HandedOverRun{To: other}, join(t, e, in))
		require.Equal(t, []string{"R1"}, e.asked)
		require.Equal(t, want, said(e.signals))
		require.Equal(t, expense.HandedOverRun{To: other}, join(t, e, in), "and again, as a repeated attempt does")
		require.Equal(t, append(want, want...), said(e.signals))
	})
	t.Run("signals the older run to read again if there is nothing else", func(t *testing.T) {
		t.Parallel()
		e := &olderRuns{older: other}
		require.Equal(t, other, join(t, e, expense.HandOverRunInput{ReportID: "R1"}).To)
		require.Equal(t, []expense.Notification{{}}, said(e.signals))
	})
	t.Run("each signal carries the address of the report", func(t *testing.T) {
		t.Parallel()
		for _, in := range []expense.HandOverRunInput{{ReportID: "R1"}, {ReportID: "R1", EventTypes: []string{"Step - SUBMIT"}, PendingDeletes: []string{entry(1)}}} {
			e := &olderRuns{older: other}
			in.ObjectURI = objectURI
			join(t, e, in)
			for _, n := range e.signals {
				require.Equal(t, objectURI, n.ObjectURI)
			}
		}
	})
	t.Run("signals nothing without an older run", func(t *testing.T) {
		t.Parallel()
		e := &olderRuns{}
		require.Zero(t, join(t, e, in))
		require.Empty(t, e.signals)
		got, err := run[expense.HandedOverRun](t, attempt{}, newFakeV4(t).activities(t).HandOverRun, in)
		require.NoError(t, err)
		require.Zero(t, got, "where nobody can be asked")
	})
	t.Run("searches again if the older run has ended", func(t *testing.T) {
		t.Parallel()
		for n := range 3 {
			e := &olderRuns{older: other, ended: n + 1}
			require.Zero(t, join(t, e, in))
			require.Len(t, e.signals, n+1)
			require.Len(t, e.asked, 2)
		}
	})
	t.Run("is retried when Temporal does not answer", func(t *testing.T) {
		t.Parallel()
		e := &olderRuns{older: other, err: errors.New("Temporal is away")}
		_, err := run[expense.HandedOverRun](t, attempt{}, newFakeV4(t).activities(t, withOlderRuns(e)).HandOverRun, in)
		require.ErrorContains(t, err, "Temporal is away")
	})
}
