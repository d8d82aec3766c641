package activities_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestAFailedWriteSaysWhetherItMayHaveTakenEffect(t *testing.T) {
	t.Parallel()
	const unreadable = `<?xml version="1.0"?><Other/>`
	for name, c := range map[string]struct {
		attempt attempt
		read    http.HandlerFunc // nil: the report waits
		act     http.HandlerFunc
		kind    expense.Kind
		want    bool
	}{
		"a refusal of a report that still waits is certain":        {act: says(http.StatusOK, failure), kind: expense.Rejected},
		"a missing role is certain":                                {act: says(http.StatusForbidden, ""), kind: expense.Forbidden},
		"an unreadable answer is in doubt":                         {act: says(http.StatusOK, unreadable), kind: expense.OutcomeUnknown, want: true},
		"a lost answer is in doubt":                                {act: says(http.StatusInternalServerError, ""), kind: expense.OutcomeUnknown, want: true},
		"a first attempt whose read is refused is certain":         {read: says(http.StatusForbidden, ""), kind: expense.Forbidden},
		"a second attempt whose read is refused is in doubt":       {attempt: attempt{number: 2}, read: says(http.StatusForbidden, ""), kind: expense.Forbidden, want: true},
		"a second attempt that finds it waiting settles the first": {attempt: attempt{number: 2}, act: says(http.StatusForbidden, ""), kind: expense.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, waiting())
			if c.read != nil {
				h.on("read", c.read)
			}
			if c.act != nil {
				h.on("act", c.act)
			}
			_, err := run[expense.ActionTaken](t, c.attempt, h.activities(t).TakeAction, action(expense.Approve))
			var told expense.FailedWrite
			require.NoError(t, failed(t, err, c.kind).Details(&told))
			require.Equal(t, c.want, told.OutcomeUnknown)
		})
	}
}
