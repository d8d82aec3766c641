package expense_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

const stepOne = host + "/api/expense/expensereport/v1.1/report/nStep$1/WorkFlowAction"

// readReport returns a report that waits at its first validation step.
func readReport(t testing.TB) *expense.Report {
	t.Helper()
	total, posted := money(t, "82.50000000", "USD"), money(t, "82.50000000", "USD")
	return &expense.Report{
		ID: "0B1C", Key: "nK$1", Name: "Offsite", Currency: "USD", Status: expense.StatusExternalValidation,
		Total: &total, Custom: map[string]expense.Field{"1": {Value: "Travel", Code: "T1"}, "2": {Value: "x"}},
		Entries: []expense.Entry{
			{ID: "e1", Type: "HOTEL", Posted: &posted, Itemizations: []expense.Itemization{{ID: "i1", Allocations: []expense.Allocation{{ID: "a1", Percentage: "50"}, {ID: "a2", Percentage: "50"}}}, {ID: "i2"}}},
			{ID: "e2", Type: "TAXI", Date: "2026-05-02"},
		},
		ActionURL: stepOne,
	}
}

func TestRevisionIgnoresTheConnectorsOwnWrites(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*expense.Report){
		"the report's exception flag":    func(r *expense.Report) { r.HasException = new(true) },
		"an entry's exception flag":      func(r *expense.Report) { r.Entries[1].HasExceptions = new(true) },
		"having been sent back":          func(r *expense.Report) { r.EverSentBack = new(true) },
		"the query of the action URL":    func(r *expense.Report) { r.ActionURL += "?session=2" },
		"the scheme of the action URL":   func(r *expense.Report) { r.ActionURL = strings.Replace(r.ActionURL, "https", "http", 1) },
		"blanks around the action URL":   func(r *expense.Report) { r.ActionURL = "\n " + r.ActionURL + " " },
		"the same amount printed anew":   func(r *expense.Report) { m := money(t, "82.50000000", "USD"); r.Total = &m },
		"an empty list in place of none": func(r *expense.Report) { r.Entries[1].Allocations = []expense.Allocation{} },
		"another order of the entries":   func(r *expense.Report) { slices.Reverse(r.Entries) },
		"another order of the itemizations": func(r *expense.Report) {
			e := &r.Entries[0]
			e.Itemizations = []expense.Itemization{{ID: "i2"}, e.Itemizations[0]}
		},
		"another order of the allocations": func(r *expense.Report) { slices.Reverse(r.Entries[0].Itemizations[0].Allocations) },
		"the order in which fields are set": func(r *expense.Report) {
			r.Custom = map[string]expense.Field{"2": {Value: "x"}, "1": {Value: "Travel", Code: "T1"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := readReport(t), readReport(t)
			change(after)
			require.Equal(t, before.ContentHash(), after.ContentHash())
			require.Equal(t, before.Revision(), after.Revision())
		})
	}
}

func TestRevisionChangesWithEveryEvaluatedField(t *testing.T) {
	t.Parallel()
	seen := map[string]string{readReport(t).ContentHash(): "nothing"}
	for name, change := range map[string]func(*expense.Report){
		"the total":             func(r *expense.Report) { m := money(t, "82.50000001", "USD"); r.Total = &m },
		"no total":              func(r *expense.Report) { r.Total = nil },
		"a total of zero":       func(r *expense.Report) { m := money(t, "0", "USD"); r.Total = &m },
		"an entry's amount":     func(r *expense.Report) { m := money(t, "82.51", "USD"); r.Entries[0].Posted = &m },
		"the currency":          func(r *expense.Report) { r.Currency = "EUR" },
		"a custom field":        func(r *expense.Report) { r.Custom["1"] = expense.Field{Value: "Travel", Code: "T2"} },
		"one entry fewer":       func(r *expense.Report) { r.Entries = r.Entries[:1] },
		"a receipt":             func(r *expense.Report) { r.Entries[1].HasReceipt = new(true) },
		"an allocation":         func(r *expense.Report) { r.Entries[0].Itemizations[0].Allocations[0].Percentage = "40" },
		"the day of an entry":   func(r *expense.Report) { r.Entries[1].Date = "2026-05-03" },
		"when it was submitted": func(r *expense.Report) { r.Submitted = "2026-05-04T10:00:00" },
	} {
		r := readReport(t)
		change(r)
		require.NotContains(t, seen, r.ContentHash(), "%s and %s are told apart", name, seen[r.ContentHash()])
		seen[r.ContentHash()] = name
		require.NotEqual(t, readReport(t).Revision(), r.Revision(), name)
	}
}

func TestAnotherValidationStepIsAnotherRevision(t *testing.T) {
	t.Parallel()
	first, second := readReport(t), readReport(t)
	second.ActionURL = strings.Replace(stepOne, "nStep$1", "nStep$2", 1)
	require.Equal(t, first.ContentHash(), second.ContentHash())
	require.NotEqual(t, first.Revision(), second.Revision())
}

func TestValidationIDIsTheStatusAndThePathOfTheActionURL(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status, url string
		at          bool
		stop        string
	}{
		"waiting":                    {"A_EXTV", stepOne, true, "A_EXTV /api/expense/expensereport/v1.1/report/nStep$1/WorkFlowAction"},
		"a stray percent sign":       {"A_EXTV", host + "/3%Rek", true, "A_EXTV /3%Rek"},
		"no action URL":              {"A_EXTV", "", true, "A_EXTV"},
		"an action URL that is none": {"A_EXTV", "see the help desk", true, "A_EXTV"},
		"elsewhere":                  {"A_APPR", stepOne, false, ""},
		"another case":               {"a_extv", stepOne, false, ""},
		"the localised name":         {"Pending External Validation", stepOne, false, ""},
		"no status":                  {"", stepOne, false, ""},
	} {
		r := expense.Report{Status: c.status, ActionURL: c.url}
		require.Equal(t, c.at, r.AwaitsValidation(), name)
		require.Equal(t, c.stop, r.ValidationID(), name)
	}
}

func TestReadingARevisionChangesNothing(t *testing.T) {
	t.Parallel()
	r := readReport(t)
	r.HasException, r.Entries[0].HasExceptions = new(true), new(true)
	before, err := json.Marshal(r)
	require.NoError(t, err)
	require.NotEmpty(t, r.Revision())
	after, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, string(before), string(after))
}

func TestRevisionSurvivesStorage(t *testing.T) {
	t.Parallel()
	before := readReport(t)
	data, err := json.Marshal(before)
	require.NoError(t, err)
	var after expense.Report
	require.NoError(t, json.Unmarshal(data, &after))
	require.Equal(t, before.Revision(), after.Revision())
	require.Len(t, after.Revision(), 16)
}

func TestTheFlagsAreThoseOfTheRead(t *testing.T) {
	t.Parallel()
	r := readReport(t)
	require.Equal(t, expense.Flags{Report: true, Entries: []string{"e1", "e2"}}, r.Flags(), "a flag that Concur does not show may be set")
	r.HasException, r.Entries[0].HasExceptions, r.Entries[1].HasExceptions = new(false), new(false), new(false)
	require.Equal(t, expense.Flags{}, r.Flags())
	r.HasException, r.Entries[1].HasExceptions = new(true), new(true)
	require.Equal(t, expense.Flags{Report: true, Entries: []string{"e2"}}, r.Flags())
	r.HasException, r.Entries[0].HasExceptions = new(false), new(true)
	require.Equal(t, expense.Flags{Entries: []string{"e1", "e2"}}, r.Flags())
}

func TestNoTypeHoldsPersonalDataExceptTheOwner(t *testing.T) {
	t.Parallel()
	for _, sample := range []any{
		expense.Report{}, expense.Entry{}, expense.Itemization{}, expense.Allocation{}, expense.Notification{}, expense.Finding{},
		expense.TravelRequest{}, expense.Expected{}, expense.Segment{}, expense.RequestException{}, expense.ExistingException{}, expense.Field{}, expense.PendingReport{},
	} {
		kind := reflect.TypeOf(sample)
		for i := range kind.NumField() {
			name := strings.ToLower(kind.Field(i).Name)
			if kind.Field(i).Type == reflect.TypeFor[expense.Owner]() { // who must not decide
				continue
			}
			for _, word := range []string{"image", "employee", "owner", "login", "user", "email", "bank", "iban", "cardnumber", "attendees", "person"} {
				harmless := map[string]bool{"imagerequired": true, "hasreceiptimage": true, "dueemployee": true, "personalexpenses": true, "personal": true, "personalcard": true}
				require.False(t, strings.Contains(name, word) && !harmless[name], "%s.%s", kind.Name(), kind.Field(i).Name)
			}
		}
	}
}

func TestAFieldIsValidUnlessTheItemOrConcurDeniesIt(t *testing.T) {
	t.Parallel()
	yes, no := new(true), new(false)
	for _, c := range []struct{ field, item, want *bool }{
		{nil, nil, nil}, {yes, nil, yes}, {no, nil, no},
		{nil, yes, yes}, {yes, yes, yes}, {no, yes, no},
		{nil, no, no}, {yes, no, no}, {no, no, no},
	} {
		f := expense.Field{Value: "ID", ListItem: "ID", Valid: c.field}
		f.LookUp(expense.Field{Code: "C1", Value: "One", ListItem: "other writing", Valid: c.item})
		require.Equal(t, expense.Field{Code: "C1", Value: "One", ListItem: "ID", Valid: c.want}, f)
	}
}

func TestListItemWithoutCodeKeepsTheFieldsCode(t *testing.T) {
	t.Parallel()
	f := expense.Field{Value: "ID", Code: "CEN1", ListItem: "ID"}
	f.LookUp(expense.Field{Value: "One"})
	require.Equal(t, expense.Field{Code: "CEN1", Value: "One", ListItem: "ID"}, f)

	f = expense.Field{Value: "ID", ListItem: "ID"}
	f.LookUp(expense.Field{Code: "C1"})
	code, name := f.Unknown()
	require.Equal(t, []any{"C1", false, true}, []any{f.Code, code, name}, "the name stays unknown")
}
