package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestRetriedIsAcceptedWithAnyPayload(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]any{
		"none": nil, "a text": "done", "a number": 7, "a list": []int{1}, "an object": map[string]any{"by": 5}, "bytes": []byte{0xff, 0},
		"what it should be": workflows.Retry{By: "kim"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{kind(expense.Forbidden), waiting(1, 10)}, []any{approval}
			p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, payload) })
			p.after(2*time.Minute, func() {})
			begun := p.env.Now()
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
			require.WithinDuration(t, begun, p.env.Now(), 3*time.Minute)
			require.Empty(t, p.status().Unreadable)
		})
	}
}

func TestASignalThatCannotBeDecodedIsShownWithAnExample(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signal  string
		payload any
		problem string
	}{
		"a decision that is a text":       {workflows.Decided, "approve-secret", "its payload of 16 bytes is a text, not the object that is expected"},
		"a decision that is a list":       {workflows.Decided, []string{"secret"}, "its payload of 10 bytes is a list, not the object that is expected"},
		"a decision that is a number":     {workflows.Decided, 5, "its payload of 1 byte is a number, not the object that is expected"},
		"a decision that is true":         {workflows.Decided, true, "its payload of 4 bytes is true or false, not the object that is expected"},
		"a decision with a wrong field":   {workflows.Decided, map[string]any{"taskId": 5}, `its payload of 12 bytes is an object whose field "taskId" holds a value of the type number, not string`},
		"a decision of bytes":             {workflows.Decided, []byte("secret"), "its payload of 6 bytes is no JSON, not the object that is expected"},
		"a notification that is a text":   {workflows.Notified, "secret", "its payload of 8 bytes is a text, not the object that is expected"},
		"a notification of another shape": {workflows.Notified, map[string]any{"objectUri": []string{"secret"}}, `its payload of 24 bytes is an object whose field "objectUri" holds a value of the type array, not string`},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
			var at time.Time
			p.after(time.Minute, func() { at = p.env.Now(); p.env.SignalWorkflow(c.signal, c.payload) })
			p.after(time.Hour, func() {
				s := p.status()
				require.Len(t, s.Unreadable, 1)
				u := s.Unreadable[0]
				require.Equal(t, c.signal, u.Signal)
				require.True(t, at.Equal(u.At))
				require.Equal(t, c.problem, u.Problem)
				require.NotContains(t, fmt.Sprint(u), "secret")
				if c.signal == workflows.Decided {
					require.Contains(t, u.Example, s.Task.ID)
				}
				require.Len(t, p.calls, 2, "nothing follows from it")
				p.decide(s.Task.ID, "d1", expense.DecideApprove)
			})
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		})
	}
	t.Run("only the newest of many are kept", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.after(time.Minute, func() {
			for range 100 {
				p.env.SignalWorkflow(workflows.Decided, "x")
			}
			p.env.SignalWorkflow(workflows.Decided, 5)
		})
		p.after(time.Hour, func() {
			all := p.status().Unreadable
			require.Len(t, all, 20)
			require.Contains(t, all[19].Problem, "a number")
			p.decide(p.status().Task.ID, "d1", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	})
	t.Run("no payload and null count as an empty payload", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, nil) })
		p.after(2*time.Minute, func() { p.env.SignalWorkflow(workflows.Decided, nil) })
		p.after(time.Hour, func() {
			s := p.status()
			require.Empty(t, s.Unreadable)
			require.Equal(t, []string{"read", "evaluate", "read"}, p.calls)
			require.Len(t, refused(s), 1)
			require.Contains(t, refused(s)[0].Why, "must be")
			p.decide(s.Task.ID, "d1", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	})
}
