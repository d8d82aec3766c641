package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"concur-connector/workflows"
)

// TestWorkerCreatesTheSweepSchedule ensures the schedule with different settings, one after the
// other, on a real Temporal server.
func TestWorkerCreatesTheSweepSchedule(t *testing.T) {
	t.Parallel()
	c := theSuite(t).temporal.client
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sweep := workflows.SweepSchedule{TaskQueue: "schedule-of-the-sweep", Mode: workflows.SweepAct, Every: time.Hour, Grace: time.Minute}
	handle := c.ScheduleClient().GetHandle(ctx, workflows.SweepScheduleID(sweep.TaskQueue))
	described := func() *client.ScheduleDescription {
		d, err := handle.Describe(ctx)
		require.NoError(t, err)
		return d
	}
	require.NoError(t, workflows.EnsureSweepSchedule(ctx, c, sweep))
	first := described()
	require.Equal(t, time.Hour, first.Schedule.Spec.Intervals[0].Every)
	require.Equal(t, 10*time.Minute, first.Schedule.Policy.CatchupWindow)
	require.Equal(t, "schedule-of-the-sweep-sweep", first.Schedule.Action.(*client.ScheduleWorkflowAction).TaskQueue)

	require.NoError(t, workflows.EnsureSweepSchedule(ctx, c, sweep))
	require.Equal(t, first.Info.LastUpdateAt, described().Info.LastUpdateAt, "an unchanged schedule is not written again")

	require.NoError(t, handle.Pause(ctx, client.SchedulePauseOptions{Note: "an operator looks into it"}))
	sweep.Every, sweep.Mode = 2*time.Hour, workflows.SweepReadOnly
	require.NoError(t, workflows.EnsureSweepSchedule(ctx, c, sweep))
	changed := described()
	require.Equal(t, 2*time.Hour, changed.Schedule.Spec.Intervals[0].Every)
	require.True(t, changed.Schedule.State.Paused, "an operator's pause survives")
	require.Equal(t, "an operator looks into it", changed.Schedule.State.Note)

	sweep.Mode = workflows.SweepOff
	require.NoError(t, workflows.EnsureSweepSchedule(ctx, c, sweep))
	require.NoError(t, workflows.EnsureSweepSchedule(ctx, c, sweep), "there is none to delete")
	_, err := handle.Describe(ctx)
	var missing *serviceerror.NotFound
	require.ErrorAs(t, err, &missing)
}

// TestWorkerCreatesTheDigestSchedule does the same with the schedule of the digests.
func TestWorkerCreatesTheDigestSchedule(t *testing.T) {
	t.Parallel()
	c := theSuite(t).temporal.client
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	digest := workflows.DigestSchedule{TaskQueue: "schedule-of-the-digests", On: true, Hour: 8, Minute: 30, Zone: "Europe/Berlin"}
	handle := c.ScheduleClient().GetHandle(ctx, workflows.DigestScheduleID(digest.TaskQueue))
	next := func() time.Time {
		d, err := handle.Describe(ctx)
		require.NoError(t, err)
		require.NotEmpty(t, d.Info.NextActionTimes)
		zone, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		return d.Info.NextActionTimes[0].In(zone)
	}
	require.NoError(t, workflows.EnsureDigestSchedule(ctx, c, digest))
	require.Equal(t, "08:30", next().Format("15:04"))
	require.NoError(t, handle.Pause(ctx, client.SchedulePauseOptions{Note: "an operator looks into it"}))
	digest.Hour = 7
	require.NoError(t, workflows.EnsureDigestSchedule(ctx, c, digest))
	require.Equal(t, "07:30", next().Format("15:04"))
	changed, err := handle.Describe(ctx)
	require.NoError(t, err)
	require.True(t, changed.Schedule.State.Paused, "an operator's pause survives")
	digest.On = false
	require.NoError(t, workflows.EnsureDigestSchedule(ctx, c, digest))
	require.NoError(t, workflows.EnsureDigestSchedule(ctx, c, digest), "there is none to delete")
}
