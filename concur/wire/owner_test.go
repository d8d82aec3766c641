package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func TestTheOwnerOfAReportIsKnownOnlyIfTheDocumentIsClear(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 321)
	for name, c := range map[string]struct {
		header string
		entry  string
		want   expense.Owner
	}{
		"the login and the name":                  {"<X_UserID> kim@example.com </X_UserID><EmployeeName>Doe, Kim </EmployeeName>", "", expense.Owner{Login: "kim@example.com", Name: "Doe, Kim"}},
		"the other spelling of v1.1":              {"<X-UserID>kim@example.com</X-UserID>", "", expense.Owner{Login: "kim@example.com"}},
		"the name of v2.0":                        {"<UserLoginID>kim@example.com</UserLoginID>", "", expense.Owner{Login: "kim@example.com"}},
		"a login that is no address":              {"<X_UserID>KIM4711</X_UserID>", "", expense.Owner{Login: "KIM4711"}},
		"entries that repeat the login":           {"<X_UserID>kim@example.com</X_UserID>", "<X_UserID>KIM@example.com</X_UserID>", expense.Owner{Login: "kim@example.com"}},
		"only an entry that gives the login":      {"<X_UserID/>", "<X-UserID>kim@example.com</X-UserID>", expense.Owner{Login: "kim@example.com"}},
		"an entry without a value":                {"<X_UserID>kim@example.com</X_UserID>", "<X_UserID>N/A</X_UserID>", expense.Owner{Login: "kim@example.com"}},
		"an entry of somebody else":               {"<X_UserID>kim@example.com</X_UserID><EmployeeName>Doe, Kim</EmployeeName>", "<X_UserID>lee@example.com</X_UserID>", expense.Owner{Name: "Doe, Kim"}},
		"two spellings of different people":       {"<X_UserID>kim@example.com</X_UserID><X-UserID>lee@example.com</X-UserID>", "", expense.Owner{}},
		"letters that only look alike":            {"<X_UserID>kim@example.com</X_UserID>", "<X_UserID>\u212aim@example.com</X_UserID>", expense.Owner{}},
		"no value":                                {"<X_UserID>n/a</X_UserID><EmployeeName>N/A</EmployeeName>", "", expense.Owner{}},
		"blanks":                                  {"<X_UserID>  </X_UserID><EmployeeName> </EmployeeName>", "", expense.Owner{}},
		"no element":                              {"", "", expense.Owner{}},
		"a login that was not read completely":    {"<X_UserID>k\ufffdm@example.com</X_UserID>", "", expense.Owner{}},
		"a login that is too long":                {"<X_UserID>" + long + "</X_UserID>", "<X_UserID>kim@example.com</X_UserID>", expense.Owner{}},
		"a login that holds elements":             {"<X_UserID><b>kim@example.com</b></X_UserID>", "", expense.Owner{}},
		"a name with a line break, made one line": {"<EmployeeName>Doe,\tKim</EmployeeName>", "", expense.Owner{Name: "Doe, Kim"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := wire.DecodeReport([]byte("<ReportDetails>" + c.header + "<Entries><ExpenseEntry><RpeKey>nE</RpeKey>" + c.entry + "</ExpenseEntry></Entries></ReportDetails>"))
			require.NoError(t, err)
			require.Equal(t, c.want, r.Owner)
		})
	}
}

func TestTheLoginByWhichAnOwnerIsFoundIsThatOfTheHeader(t *testing.T) {
	t.Parallel()
	d, err := wire.DecodeDetails([]byte("<ReportDetails><X_UserID>kim@example.com</X_UserID><Entries><ExpenseEntry><RpeKey>nE</RpeKey><X_UserID>lee@example.com</X_UserID></ExpenseEntry></Entries></ReportDetails>"))
	require.NoError(t, err)
	require.Equal(t, "kim@example.com", d.Login, "v3 says whether it is right")
	require.Empty(t, d.Report.Owner.Login)
}

func TestAnEntryThatOnlyRepeatsItsOwnerIsNoEntry(t *testing.T) {
	t.Parallel()
	r, err := wire.DecodeReport([]byte("<ReportDetails><Entries><ExpenseEntry><X_UserID>kim@example.com</X_UserID></ExpenseEntry></Entries></ReportDetails>"))
	require.NoError(t, err)
	require.Empty(t, r.Entries)
}

func TestTheOwnerIsNoContent(t *testing.T) {
	t.Parallel()
	one, other := expense.Report{ID: "R", Owner: expense.Owner{Login: "kim@example.com"}}, expense.Report{ID: "R"}
	require.Equal(t, one.Revision(), other.Revision())
	request, same := expense.TravelRequest{ID: "Q", Owner: expense.Owner{Name: "Kim"}}, expense.TravelRequest{ID: "Q"}
	require.Equal(t, request.Revision(), same.Revision())
}
