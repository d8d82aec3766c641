package activities_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestFailedWriteSaysWhetherOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	const unreadable = `<?xml version="1.0"?><Other/>`
	for name, c := range map[string]struct {
		attempt attempt
		read    http.HandlerFunc // nil: the report waits
		act     http.HandlerFunc
		kind    expense.Kind
		want    bool
	}{
		"a refusal while the report still waits: known":         {act: respond(http.StatusOK, failure), kind: expense.Rejected},
		"a missing role: known":                                 {act: respond(http.StatusForbidden, ""), kind: expense.Forbidden},
		"an unreadable answer: unknown":                         {act: respond(http.StatusOK, unreadable), kind: expense.OutcomeUnknown, want: true},
		"a lost answer: unknown":                                {act: respond(http.StatusInternalServerError, ""), kind: expense.OutcomeUnknown, want: true},
		"a first attempt that cannot read: known":               {read: respond(http.StatusForbidden, ""), kind: expense.Forbidden},
		"a second attempt that cannot read: unknown":            {attempt: attempt{number: 2}, read: respond(http.StatusForbidden, ""), kind: expense.Forbidden, want: true},
		"a second attempt that finds the report waiting: known": {attempt: attempt{number: 2}, act: respond(http.StatusForbidden, ""), kind: expense.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, waiting())
			if c.read != nil {
				h.on("read", c.read)
			}
			if c.act != nil {
				h.on("act", c.act)
			}
			_, err := run[expense.ActionTaken](t, c.attempt, h.activities(t).TakeAction, action(expense.Approve))
			var detail expense.FailedWrite
			require.NoError(t, failed(t, err, c.kind).Details(&detail))
			require.Equal(t, c.want, detail.OutcomeUnknown)
		})
	}
}
