package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func TestDecodeReportV2(t *testing.T) {
	t.Parallel()
	t.Run("the documented report is read in full", func(t *testing.T) {
		t.Parallel()
		d, err := wire.DecodeDetails(payload(t, "report_v2.xml"))
		r := d.Report
		require.NoError(t, err)
		require.Empty(t, d.Missing)
		require.Equal(t, "somebody@example.com", d.Login)
		require.Equal(t, &expense.Report{
			ID: "0A1B2C3D4E5F60718293", Name: "Trade fair & visits", Purpose: "Spring fair",
			Currency: "EUR", Status: "A_EXTV", PaymentStatus: "P_NOTP", Policy: "nPolicy$s", Ledger: "DEFAULT",
			Owner: expense.Owner{Login: "somebody@example.com", Name: "Doe, Kim"},
			Date:  "2026-02-01", Created: "2026-02-01T09:10:11", EverSentBack: new(true), HasException: new(false), Via: expense.V2,
			Total: eur("134.50000000"), PersonalExpenses: eur("0E-8"), DueEmployee: eur("34.50000000"), Claimed: eur("134.50000000"),
			OrgUnits: map[string]expense.Field{"1": {Code: "4711", Value: "Sales"}, "2": {Value: "Bremen"}},
			Custom: map[string]expense.Field{
				"1": {Code: "A 12", Value: "Project (phase 2)"}, "2": {Value: "(not a code) text"}, "3": {Code: "7", Value: "Seven"},
			},
			Entries: []expense.Entry{{
				ID: "nEntryOne", Type: "MEALS", TypeName: "Meals", Category: "Entertainment", Date: "2026-02-01",
				Transaction: unnamed("108.33000000"), CurrencyName: "US, Dollar", ExchangeRate: "0.92310000000000", Posted: eur("100.00000000"),
				Purpose: "Dinner", Vendor: "The Corner Inn", Location: "Bremen", Subdivision: "DE-HB", Country: "DE", PaymentType: "CASH",
				CompanyCard: new(true), PersonalCard: new(false), Itemized: new(true), HasVAT: new(true), HasReceipt: new(true), AttendeeCount: new(2), CommentCount: new(2),
				Itemizations: []expense.Itemization{{
					ID: "nItemOne", Type: "DINNR", TypeName: "Dinner", Date: "2026-02-01", Personal: new(false),
					Transaction: unnamed("75.83100000"), Posted: eur("70.00000000"), Approved: eur("70.00000000"),
					Allocations: []expense.Allocation{{
						ID: "nAllocOne", Percentage: "100.00000000", AccountCode1: "6100", AccountCode2: "6101",
						Custom: map[string]expense.Field{"2": {Code: "1234", Value: "Project"}},
					}},
				}, {ID: "nItemTwo", Posted: eur("30.00000000"), Personal: new(true)}},
			}, {
				ID: "nEntryTwo", Type: "TAXI", Posted: eur("34.50000000"), Approved: eur("34.50000000"), Itemized: new(false), AttendeeCount: new(1),
				Allocations: []expense.Allocation{
					{ID: "nAllocTwo", Percentage: "33.33333334"}, {ID: "nAllocThree", Percentage: "66.66666666"},
				},
			}},
		}, r)
	})
	t.Run("what is nobody's business is not kept", func(t *testing.T) {
		t.Parallel()
		r, err := wire.DecodeReport(payload(t, "report_v2.xml"))
		require.NoError(t, err)
		r.Owner = expense.Owner{}
		stored, err := json.Marshal(r)
		require.NoError(t, err)
		for _, secret := range []string{"somebody@", "Doe", "Ann", "Guest", "getImage", "SECRET", "0123456789ABCDEF", "E-77", "471100"} {
			require.NotContains(t, string(stored), secret)
		}
	})
	t.Run("it is read in either of its namespaces", func(t *testing.T) {
		t.Parallel()
		one, err := wire.DecodeReport(payload(t, "report_v2.xml"))
		require.NoError(t, err)
		two, err := wire.DecodeReport([]byte(strings.Replace(string(payload(t, "report_v2.xml")), "//us.api.", "//www.", 1)))
		require.NoError(t, err)
		require.Equal(t, one, two)
	})
}

func TestTrapsOfARegularItemization(t *testing.T) {
	t.Parallel()
	item := func(kind, id string) string {
		return "<Itemization><ItemType>" + kind + "</ItemType><ItemizationID>" + id + "</ItemizationID><PostedAmount>10</PostedAmount>" +
			"<AllocationsList><Allocation><AllocationID>n" + id + "</AllocationID></Allocation></AllocationsList></Itemization>"
	}
	ids := func(e expense.Entry) (items []string) {
		for _, i := range e.Itemizations {
			items = append(items, i.ID)
		}
		return items
	}
	for name, c := range map[string]struct {
		inner       string
		items       []string
		allocations int
	}{
		"a Regular before its Children is dropped":             {"<IsItemized>Y</IsItemized><ItemizationsList>" + item("Regular", "nE") + item("Child", "a") + item("child", "b") + "</ItemizationsList>", []string{"a", "b"}, 0},
		"a Regular behind its Children is dropped":             {"<ItemizationsList>" + item("Child", "a") + item("Regular", "x") + "</ItemizationsList>", []string{"a"}, 0},
		"a Regular alone is the entry":                         {"<ItemizationsList>" + item("Regular", "x") + "</ItemizationsList><IsItemized>N</IsItemized>", nil, 1},
		"a Regular with the entry's ID is the entry":           {"<IsItemized>Y</IsItemized><ItemizationsList>" + item("Regular", "nE") + "</ItemizationsList>", nil, 1},
		"a Regular of its own in an itemized entry is a part":  {"<IsItemized>Y</IsItemized><ItemizationsList>" + item("Regular", "x") + "</ItemizationsList>", []string{"x"}, 0},
		"two Regulars of their own are parts":                  {"<ItemizationsList>" + item("Regular", "x") + item("Regular", "y") + "</ItemizationsList>", []string{"x", "y"}, 0},
		"an itemization without a kind is one":                 {"<ItemizationsList>" + item("", "x") + "</ItemizationsList>", []string{"x"}, 0},
		"an empty list is none":                                {"<IsItemized>Y</IsItemized><ItemizationsList/>", nil, 0},
		"an empty itemization is none, whatever its namespace": {"<ItemizationsList><Itemization/></ItemizationsList>", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := entry(t, c.inner)
			require.Equal(t, c.items, ids(e))
			require.Len(t, e.Allocations, c.allocations)
		})
	}
}
