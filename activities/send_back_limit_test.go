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

// counter refuses send-backs with a reason, if it has one.
type counter struct {
	mu     sync.Mutex
	checks []expense.SendBackCheck
	reason string
	err    error
}

func (b *counter) CheckSendBack(_ context.Context, a expense.SendBackCheck) (expense.SendBackAnswer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.checks = append(b.checks, a)
	return expense.SendBackAnswer{Reason: b.reason}, b.err
}

func TestSendBackLimitIsCheckedBeforeRulesSendBack(t *testing.T) {
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
		brake   *counter
		asked   bool
		kind    expense.Kind // empty: it acts
	}{
		"allowed": {limited, ruled(expense.SendBack), &counter{}, true, ""},
		"refused": {limited, ruled(expense.SendBack), &counter{reason: "7 within an hour"}, true, expense.SendBackLimitReached},
		"not checked when an operator overrides the limit": {limited, func() expense.TakeActionInput { in := ruled(expense.SendBack); in.LimitOverridden = true; return in }(), &counter{reason: "no"}, false, ""},
		"not checked when a person has decided":            {limited, action(expense.SendBack), &counter{reason: "no"}, false, ""},
		"not checked when the rules approve":               {limited, ruled(expense.Approve), &counter{reason: "no"}, false, ""},
		"an approval counts for shares":                    {shared, ruled(expense.Approve), &counter{}, true, ""},
		"not checked without limits":                       {activities.SendBackLimit{}, ruled(expense.SendBack), &counter{reason: "no"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, waiting())
			b := c.brake
			_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, func(o *activities.Options) {
				o.SendBackLimit = c.braking
				o.SendBackLimit.Counter = b
			}).TakeAction, c.input)
			if c.asked {
				require.Len(t, b.checks, 1)
				require.Equal(t, expense.SendBackCheck{Key: b.checks[0].Key, Action: c.input.Action, SendBacks: c.braking.SendBacks, Share: c.braking.Share}, b.checks[0])
				require.Len(t, b.checks[0].Key, 16)
			} else {
				require.Empty(t, b.checks)
			}
			if c.kind == "" {
				require.NoError(t, err)
				require.Equal(t, []string{"read", "act"}, h.requestNames())
				return
			}
			e := failed(t, err, c.kind)
			require.True(t, e.NonRetryable())
			require.Contains(t, e.Error(), "7 within an hour")
			require.Equal(t, []string{"read"}, h.requestNames())
		})
	}
	t.Run("a check without an answer is retried", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		b := &counter{err: errors.New("check the limit: no worker")}
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, func(o *activities.Options) {
			o.SendBackLimit = activities.SendBackLimit{Counter: b, SendBacks: 1}
		}).TakeAction, ruled(expense.SendBack))
		require.ErrorContains(t, err, "no worker")
		require.Equal(t, []string{"read"}, h.requestNames())
	})
	t.Run("New refuses limits without a counter", func(t *testing.T) {
		t.Parallel()
		options := newFakeConcur(t).options(t)
		options.SendBackLimit.SendBacks = 1
		_, err := activities.New(options)
		require.ErrorContains(t, err, "option SendBackLimit")
	})
}
