package expense_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestActionsCanLeadToReportStatuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status                 string
		approve, ask, sendBack bool
	}{
		{expense.StatusToBeResubmitted, false, false, true},
		{expense.StatusNotSubmitted, false, false, true},
		{expense.StatusExternalValidation, true, true, false}, // the next validation step
		{"A_APPR", true, true, false},
		{"A_ACCO", true, true, false},
		{"X_OWN", true, true, false}, // a company has its own
	} {
		require.Equal(t, c.approve, expense.Approve.CanLeadTo(c.status), c.status)
		require.Equal(t, c.ask, expense.Ask.CanLeadTo(c.status), c.status)
		require.Equal(t, c.sendBack, expense.SendBack.CanLeadTo(c.status), c.status)
	}
}

func TestExceptionsAreTheSameWhateverRuleFoundThem(t *testing.T) {
	t.Parallel()
	e := expense.Exception{ObjectType: expense.OnEntry, ObjectID: "e1", Code: "NORECPT", Rule: "one"}
	other := e
	other.Rule = "two"
	require.True(t, e.Same(other))
	for name, different := range map[string]expense.Exception{
		"another code":   {ObjectType: e.ObjectType, ObjectID: e.ObjectID, Code: "LATE"},
		"another object": {ObjectType: e.ObjectType, ObjectID: "e2", Code: e.Code},
		"another level":  {ObjectType: expense.OnAllocation, ObjectID: e.ObjectID, Code: e.Code},
	} {
		require.False(t, e.Same(different), name)
	}
}

func TestAKindIsFoundInAnErrorThatWrapsIt(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("read the report: %w", expense.Forbidden)
	require.ErrorIs(t, err, expense.Forbidden)
	require.NotErrorIs(t, err, expense.Rejected)
	var kind expense.Kind
	require.True(t, errors.As(err, &kind))
	require.Equal(t, expense.Forbidden, kind)
}
