package activities_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
)

// brake holds what it is told to hold.
type brake struct {
	mu    sync.Mutex
	asked []expense.SendBackCheck
	held  string
	fails error
}

func (b *brake) CheckSendBack(_ context.Context, a expense.SendBackCheck) (expense.SendBackAnswer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, a)
	return expense.SendBackAnswer{Reason: b.held}, b.fails
}

func TestTheBrakeIsAskedBeforeTheRulesSendAReportBack(t *testing.T) {
	t.Parallel()
	ruled := func(a expense.Action) expense.TakeActionInput {
		in := action(a)
		in.ByRules = true
		return in
	}
	limited := activities.SendBackLimit{SendBacks: 7}
	shared := activities.SendBackLimit{Share: 0.5}
	for name, c := range map[string]struct {
		braking activities.SendBackLimit
		input   expense.TakeActionInput
		brake   *brake
		asked   bool
		kind    expense.Kind // empty: it acts
	}{
		"and lets it":                                 {limited, ruled(expense.SendBack), &brake{}, true, ""},
		"and holds it":                                {limited, ruled(expense.SendBack), &brake{held: "7 within an hour"}, true, expense.SendBackLimitReached},
		"not when an operator overrules it":           {limited, func() expense.TakeActionInput { in := ruled(expense.SendBack); in.LimitOverridden = true; return in }(), &brake{held: "no"}, false, ""},
		"not when a person has decided":               {limited, action(expense.SendBack), &brake{held: "no"}, false, ""},
		"not when they pass one on":                   {limited, ruled(expense.Approve), &brake{held: "no"}, false, ""},
		"and counts one that they pass on for shares": {shared, ruled(expense.Approve), &brake{}, true, ""},
		"not when nothing is limited":                 {activities.SendBackLimit{}, ruled(expense.SendBack), &brake{held: "no"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, waiting())
			b := c.brake
			_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, func(o *activities.Options) {
				o.SendBackLimit = c.braking
				o.SendBackLimit.Counter = b
			}).TakeAction, c.input)
			if c.asked {
				require.Len(t, b.asked, 1)
				require.Equal(t, expense.SendBackCheck{Key: b.asked[0].Key, Action: c.input.Action, SendBacks: c.braking.SendBacks, Share: c.braking.Share}, b.asked[0])
				require.Len(t, b.asked[0].Key, 16)
			} else {
				require.Empty(t, b.asked)
			}
			if c.kind == "" {
				require.NoError(t, err)
				require.Equal(t, []string{"read", "act"}, h.seen())
				return
			}
			e := failed(t, err, c.kind)
			require.True(t, e.NonRetryable())
			require.Contains(t, e.Error(), "7 within an hour")
			require.Equal(t, []string{"read"}, h.seen())
		})
	}
	t.Run("and is asked again when it did not answer", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		b := &brake{fails: errors.New("ask the brake: no worker")}
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, func(o *activities.Options) {
			o.SendBackLimit = activities.SendBackLimit{Counter: b, SendBacks: 1}
		}).TakeAction, ruled(expense.SendBack))
		require.ErrorContains(t, err, "no worker")
		require.Equal(t, []string{"read"}, h.seen())
	})
	t.Run("limits without a brake are refused", func(t *testing.T) {
		t.Parallel()
		options := newHouse(t).options(t)
		options.SendBackLimit.SendBacks = 1
		_, err := activities.New(options)
		require.ErrorContains(t, err, "option SendBackLimit")
	})
}
