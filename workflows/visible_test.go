package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestARunReadsAgainOnlyUntilConcurMustShowItsAction(t *testing.T) {
	p := newPlay(t)
	var acted time.Time
	var looks []time.Duration
	p.reads = []any{func() any {
		if !acted.IsZero() {
			looks = append(looks, p.env.Now().Sub(acted).Round(time.Second))
		}
		return waiting(1, 10) // also after the action
	}}
	p.verdicts = []any{approval}
	p.actions = []any{func() any {
		if acted.IsZero() {
			acted = p.env.Now()
			p.env.SignalWorkflow(workflows.Notified, callout())
		}
		return expense.ActionTaken{}
	}}
	p.run(callout())
	require.Equal(t, []time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, time.Minute}, looks)
}

// An attempt that Temporal ends while it waits for Concur leaves a write in doubt.
func TestAnActivityHasTimeForItsRequestsAndItsWaits(t *testing.T) {
	t.Parallel()
	// The answers that one attempt waits for at most. A request may be four, when the access
	// token must be renewed, and eight, when Concur wants its path written in another way.
	const request, whole = 8, 240
	requests := map[string]int{
		workflows.FetchReport:        whole,
		workflows.PostExceptions:     whole + request,
		workflows.TakeAction:         1 + request + whole + 3*2*request, // pause, two reads, and a write with a read, three times
		workflows.DeleteNotification: 2*request + 2*request,
	}
	for name, change := range map[string]func(*workflows.Settings){
		"by default":             func(*workflows.Settings) {},
		"slow answers":           func(s *workflows.Settings) { s.RequestTimeout = 10 * time.Minute },
		"writes are shown late":  func(s *workflows.Settings) { s.VisibleWithin = time.Hour },
		"writes are shown early": func(s *workflows.Settings) { s.RequestTimeout, s.VisibleWithin = time.Second, time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := workflows.DefaultSettings()
			change(&settings)
			p := setUpWith(t, settings)
			given := map[string]time.Duration{}
			p.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
				given[info.ActivityType.Name] = info.StartToCloseTimeout
			})
			p.reads, p.verdicts, p.posts = []any{waiting(1, 10)}, []any{flagged}, []any{posted(expense.Posted, "")}
			p.run(failedCopy(1))
			for name, n := range requests {
				require.Greater(t, given[name], time.Duration(n)*settings.RequestTimeout+expense.MaxWaitsUntilVisible*settings.VisibleWithin, name)
			}
		})
	}
}
