package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// Each case is an entry of a report whose total and counts are right.
func TestPartsThatAnEntryIsSaidToHave(t *testing.T) {
	t.Parallel()
	const (
		item  = `<ItemizationsList><ItemizationEntryDetails><ItemizationKey>i1</ItemizationKey>`
		items = item + `</ItemizationEntryDetails></ItemizationsList>`
		share = `<AllocationsList><Allocations><AllocationKey>a1</AllocationKey></Allocations></AllocationsList>`
	)
	for name, c := range map[string]struct {
		entry   string
		missing string // empty: it is complete
	}{
		"nothing":                              {"", ""},
		"itemizations":                         {`<IsItemized>Y</IsItemized>` + items, ""},
		"itemizations, and none":               {`<IsItemized>Y</IsItemized><ItemizationsList />`, "Concur says that entry 2 has itemizations, and none arrived"},
		"itemizations, and an empty one":       {`<IsItemized>Y</IsItemized><ItemizationsList><ItemizationEntryDetails/></ItemizationsList>`, "Concur says that entry 2 has itemizations, and none arrived"},
		"itemizations, and no approved amount": {`<IsItemized>Y</IsItemized><ApprovedAmount/>` + items, ""},
		"itemizations of a rejected expense":   {`<IsItemized>Y</IsItemized><ApprovedAmount>0.00000000</ApprovedAmount>`, ""},
		"itemizations without being said":      {items, ""},
		"allocations":                          {`<HasAllocation>P</HasAllocation><Allocations><allocKey>a1</allocKey></Allocations>`, ""},
		"allocations, and an empty one":        {`<HasAllocation>F</HasAllocation><Allocations />`, "Concur says that entry 2 has allocations, and none arrived"},
		"a hidden allocation":                  {`<HasAllocation>N</HasAllocation><Allocations><allocKey>a1</allocKey></Allocations>`, ""},
		"allocations of its itemization":       {`<IsItemized>Y</IsItemized><HasAllocation>Y</HasAllocation>` + item + share + `</ItemizationEntryDetails></ItemizationsList><Allocations />`, ""},
		"allocations without being itemized":   {`<IsItemized/><HasAllocation>Y</HasAllocation>` + item + share + `</ItemizationEntryDetails></ItemizationsList><Allocations />`, ""},
		"allocations of no itemization":        {`<IsItemized>Y</IsItemized><HasAllocation>F</HasAllocation>` + items + `<Allocations />`, ""},
		"allocations of a rejected expense":    {`<HasAllocation>F</HasAllocation><ApprovedAmount>0</ApprovedAmount>`, ""},
		"attendees":                            {`<HasAttendees>Y</HasAttendees><AttendeeCount>2</AttendeeCount>`, ""},
		"attendees without a count":            {`<HasAttendees>Y</HasAttendees><AttendeeDetails><AttendeeKey>t1</AttendeeKey></AttendeeDetails>`, ""},
		"attendees, and none":                  {`<HasAttendees>Y</HasAttendees><AttendeeDetails/>`, "Concur says that entry 2 has attendees, and none arrived"},
		"comments":                             {`<HasComments>Y</HasComments><CommentCount>1</CommentCount>`, ""},
		"comments, and no count":               {`<HasComments>Y</HasComments>`, "Concur says that entry 2 has comments, and none arrived"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			details, err := wire.DecodeDetails([]byte(`<ReportDetails><ReportId>R</ReportId><ApsKey>A_EXTV</ApsKey><CrnCode>EUR</CrnCode><ReportTotal>30</ReportTotal><EntryCount>2</EntryCount>` +
				`<Entries Count="2"><ExpenseEntry><RpeKey>n1</RpeKey><PostedAmount>10</PostedAmount></ExpenseEntry>` +
				`<ExpenseEntry><RpeKey>n2</RpeKey><PostedAmount>20</PostedAmount>` + c.entry + `</ExpenseEntry></Entries></ReportDetails>`))
			require.NoError(t, err)
			require.Equal(t, c.missing, details.Missing.Of(expense.AllParts))
		})
	}
	t.Run("attendees and comments count only for rules that read them", func(t *testing.T) {
		t.Parallel()
		missing := wire.Missing{Attendees: "some", CommentCount: "others"}
		require.Empty(t, missing.Of(expense.Parts{}))
		require.Equal(t, "some", missing.Of(expense.Parts{Attendees: true, Comments: true}))
		require.Equal(t, "others", missing.Of(expense.Parts{Comments: true}))
	})
}

// v1.1 does not mark hidden allocations: only HasAllocation says something of them.
func TestAllocationsAreHiddenAsFarAsV11SaysIt(t *testing.T) {
	t.Parallel()
	const all, half = `<Allocations><allocKey>a</allocKey><Percentage>100.00000000%</Percentage></Allocations>`,
		`<Allocations><allocKey>a</allocKey><Percentage>50.00000000%</Percentage></Allocations>`
	for entry, want := range map[string]*bool{
		`<HasAllocation>N</HasAllocation>` + all:                                            new(true),
		all + `<HasAllocation>false</HasAllocation>`:                                        new(true),
		`<HasAllocation>0</HasAllocation>` + all:                                            new(true),
		`<HasAllocation>N</HasAllocation>` + half + half:                                    nil, // somebody has allocated it
		`<HasAllocation>F</HasAllocation>` + all:                                            new(false),
		`<HasAllocation>F</HasAllocation>` + half + half:                                    new(false),
		`<HasAllocation>F</HasAllocation>` + half:                                           nil, // the others did not arrive
		`<HasAllocation>F</HasAllocation>` + all + all:                                      nil, // one of them charges nothing
		`<HasAllocation>F</HasAllocation><Allocations><allocKey>a</allocKey></Allocations>`: nil,
		`<HasAllocation>P</HasAllocation>` + half + half:                                    nil,
		`<HasAllocation>Y</HasAllocation>` + all:                                            new(false), // there is no rest
		`<HasAllocation>Y</HasAllocation>` + half + half:                                    nil,
		`<HasAllocation>Y</HasAllocation>` + half:                                           nil,
		`<HasAllocation>P</HasAllocation>` + all:                                            nil,
		`<HasAllocation/>` + all:                                                            nil,
		all:                                                                                 nil,
	} {
		report, err := wire.DecodeReport([]byte(`<ReportDetails><ReportId>R</ReportId><ApsKey>A_EXTV</ApsKey><Entries><ExpenseEntry><RpeKey>n1</RpeKey>` + entry + `</ExpenseEntry></Entries></ReportDetails>`))
		require.NoError(t, err)
		for _, a := range report.Entries[0].Allocations {
			require.Equal(t, want, a.Hidden, entry)
		}
		require.NotEmpty(t, report.Entries[0].Allocations)
	}
}
