package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
)

// The same identifier, as v3 may print it and as v4 prints it.
const (
	asUUID   = "99f8cc6b-1aee-6049-b036-52f018caf096"
	asDigits = "99F8CC6B1AEE6049B03652F018CAF096"
)

func TestAnExpenseHasOneIdentifierHoweverConcurWritesIt(t *testing.T) {
	t.Parallel()
	for _, written := range []string{asUUID, asDigits} {
		entries, err := wire.DecodeEntriesV3([]byte(`{"Items":[{"ID":"gOne","ExpenseID":"` + written + `"}]}`))
		require.NoError(t, err)
		require.Equal(t, asDigits, entries.Rows[0].ID)
		expenses, err := wire.DecodeExpensesV4([]byte(`[{"expenseId":"` + written + `","parentExpenseId":"` + written + `"}]`))
		require.NoError(t, err)
		require.Equal(t, []string{asDigits, asDigits}, []string{expenses[0].ID, expenses[0].ParentID})
		allocations, err := wire.DecodeAllocationsV4([]byte(`[{"allocationId":"` + written + `"}]`))
		require.NoError(t, err)
		require.Equal(t, asDigits, allocations[0].ID)
		held, err := wire.DecodeExceptionsV4([]byte(`[{"exceptionCode":"X","expenseId":"` + written + `"},{"exceptionCode":"X","allocationId":"` + written + `"}]`))
		require.NoError(t, err)
		require.Equal(t, []string{asDigits, asDigits}, []string{held[0].ObjectID, held[1].ObjectID})
		comments, err := wire.DecodeComments([]byte(`[{"comment":"x","expenseId":"` + written + `"}]`))
		require.NoError(t, err)
		require.Equal(t, asDigits, comments[0].ExpenseID)
	}
	entries, err := wire.DecodeEntriesV3([]byte(`{"Items":[{"ID":"gOne$p"}]}`))
	require.NoError(t, err)
	require.Equal(t, "gOne$p", entries.Rows[0].ID, "one of v3 alone stays as it is")
}

func TestACommentSaysWhetherItTellsItsExpense(t *testing.T) {
	t.Parallel()
	comments, err := wire.DecodeComments([]byte(`[{"comment":"x","expenseId":null},{"comment":"y"}]`))
	require.NoError(t, err)
	require.Equal(t, []bool{true, false}, []bool{comments[0].ExpenseKnown, comments[1].ExpenseKnown})
}

func TestTheLocationOfV3IsTheCity(t *testing.T) {
	t.Parallel()
	for written, city := range map[string]string{
		`"LocationName":"Montreal, Quebec","LocationSubdivision":"Quebec"`: "Montreal",
		`"LocationName":"Seattle","LocationSubdivision":"Washington"`:      "Seattle",
		`"LocationName":"Washington, D.C.","LocationSubdivision":null`:     "Washington, D.C.",
		`"LocationName":"Montreal, Quebec","LocationSubdivision":"CA-QC"`:  "Montreal, Quebec",
		`"LocationName":null,"LocationSubdivision":"Quebec"`:               "",
	} {
		entries, err := wire.DecodeEntriesV3([]byte(`{"Items":[{"ID":"gOne",` + written + `}]}`))
		require.NoError(t, err)
		require.Equal(t, city, entries.Rows[0].Location, written)
	}
}

func TestTheOrderOfAttendeesIsNotWhoAttends(t *testing.T) {
	t.Parallel()
	who := func(one, other string) string {
		a, err := wire.DecodeAttendeesV4([]byte(`{"expenseAttendeeList":[{"attendeeId":"` + one + `"},{"attendeeId":"` + other + `"}]}`))
		require.NoError(t, err)
		return a.Digest
	}
	require.Equal(t, who("A", "B"), who("B", "A"))
	require.NotEqual(t, who("A", "B"), who("A", "C"))
	who1 := func(one, other string) string {
		r, err := wire.DecodeReport([]byte(`<ReportDetails><Entries><ExpenseEntry><RpeKey>n1</RpeKey><AttendeeDetails><AttendeeKey>` + one +
			`</AttendeeKey></AttendeeDetails><AttendeeDetails><AttendeeKey>` + other + `</AttendeeKey></AttendeeDetails></ExpenseEntry></Entries></ReportDetails>`))
		require.NoError(t, err)
		return r.Entries[0].Attending
	}
	require.Equal(t, who1("A", "B"), who1("B", "A"))
	require.NotEqual(t, who1("A", "B"), who1("A", "C"))
}
