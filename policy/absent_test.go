package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// What Concur does not tell is neither false nor zero nor empty: a rule that reads it errs,
// and has() is false of it.
func TestAValueThatConcurDoesNotSendIsAbsent(t *testing.T) {
	t.Parallel()
	bare := func(via expense.Interface) *expense.Report {
		return &expense.Report{Via: via, Entries: []expense.Entry{{ID: "E1", Itemizations: []expense.Itemization{{ID: "I1"}}}}}
	}
	for _, field := range []string{
		"report.hasException", "report.everSentBack", "entry.personal", "entry.companyCard", "entry.personalCard", "entry.itemized",
		"entry.hasVat", "entry.hasExceptions", "entry.receiptRequired", "entry.imageRequired", "entry.hasReceipt", "entry.rejected",
	} {
		absent(t, policy.Input{Report: bare(expense.V1)}, "entry", field, "!"+field)
	}
	for _, field := range []string{"entry.attendeeCount", "entry.commentCount"} {
		absent(t, policy.Input{Report: bare(expense.V1)}, "entry", field, field+" == 0")
	}
	absent(t, policy.Input{Report: bare(expense.V1)}, "itemization", "itemization.personal", "!itemization.personal")
	request := &expense.TravelRequest{Exceptions: []expense.RequestException{{Code: "X"}}}
	for _, field := range []string{"request.hasException", "request.everSentBack"} {
		absent(t, policy.Input{Request: request}, "request", field, "!"+field)
	}
	absent(t, policy.Input{Request: request}, "request", "request.exceptions[0].blocking", "!request.exceptions[0].blocking")
	absent(t, policy.Input{Request: request}, "request", "request.exceptions[0].level", "request.exceptions[0].level == 0")
}

// An empty text is a value. If the interface never returns the field, it is absent.
func TestATextThatAnInterfaceNeverReturnsIsAbsent(t *testing.T) {
	t.Parallel()
	fields := map[string]string{"report.key": "entry", "report.purpose": "entry", "entry.category": "entry", "entry.currencyName": "entry"}
	for field, level := range fields {
		for _, via := range []expense.Interface{"", expense.V1, expense.V2, expense.V3, expense.V4} {
			report := &expense.Report{Via: via, Entries: []expense.Entry{{ID: "E1"}}}
			if via.Provides(field) == expense.NeverProvided {
				absent(t, policy.Input{Report: report}, level, field, field+` == ""`)
				continue
			}
			require.Empty(t, judgedBy(t, level, field+` == ""`, policy.Input{Report: report}).Findings, "%s by %s", field, via)
		}
	}
	v4 := &expense.Report{Via: expense.V4, Entries: []expense.Entry{{ID: "E1", Category: "Meals"}}}
	require.Empty(t, judgedBy(t, "entry", `entry.category == "Meals"`, policy.Input{Report: v4}).Findings, "what is there is read")
	empty := policy.Input{Request: &expense.TravelRequest{}}
	require.Empty(t, judgedBy(t, "request", `request.type == ""`, empty).Findings, "Request v4 has a type")
}

// absent checks that reading a field errs, and that has() of it is false.
func absent(t *testing.T, c policy.Input, level, field, reads string) {
	t.Helper()
	v := judgedBy(t, level, reads, c)
	require.Equal(t, expense.Ask, v.Action, reads)
	require.Contains(t, v.Findings[0].Message, " is absent; ask with has() before reading it", reads)
	require.True(t, v.Findings[0].Error)
	require.Empty(t, judgedBy(t, level, "!has("+field+")", c).Findings, field)
}

func judgedBy(t *testing.T, level, expression string, c policy.Input) expense.Verdict {
	t.Helper()
	return rules(t, [5]string{"one", level, "'" + strings.ReplaceAll(expression, "'", "''") + "'", "m", "ask: g"}).Evaluate(c)
}

// What is kept in a history is absent there, too.
func TestWhatIsAbsentStaysAbsentInAHistory(t *testing.T) {
	t.Parallel()
	p := rules(t, [5]string{"one", "entry", "'!entry.hasVat || !report.hasException'", "m", "ask: g"})
	for _, value := range []*bool{nil, new(false), new(true)} {
		report := &expense.Report{HasException: value, Entries: []expense.Entry{{ID: "E1", HasVAT: value}}}
		kept := stored(t, p.SelectFields(report))
		require.Equal(t, value, kept.HasException)
		require.Equal(t, value, kept.Entries[0].HasVAT)
		require.Equal(t, p.VerdictOn(report), p.VerdictOn(kept))
	}
}

func TestAFieldThatAnInterfaceNeverReturnsGivesAWarning(t *testing.T) {
	t.Parallel()
	p := rules(t,
		[5]string{"kind", "entry", `entry.category != "Fun"`, "m", "ask: g"},
		[5]string{"receipt", "entry", `has(entry.receiptRequired)`, "m", "ask: g"},
		[5]string{"paid", "entry", `has(entry.posted)`, "m", "ask: g"},
	)
	reasons := func(via expense.Interface) (all []string) {
		for _, w := range p.NeverToldFields(via) {
			require.Positive(t, w.Line)
			all = append(all, w.Rule+": "+w.Reason)
		}
		return all
	}
	require.Empty(t, reasons(expense.V1))
	require.Equal(t, []string{"receipt: v3+v4 never tells entry.receiptRequired, which is absent then"}, reasons(expense.V3))
	require.Equal(t, []string{"kind: v4 never tells entry.category, which is absent then"}, reasons(expense.V4))
}

func TestWhetherAnAllocationIsHiddenAndAValueIsValidMayBeAbsent(t *testing.T) {
	t.Parallel()
	report := &expense.Report{Entries: []expense.Entry{{
		ID: "E1", Allocations: []expense.Allocation{{ID: "A1", AccountCode1: "7999"}}, Custom: map[string]expense.Field{"3": {Code: "C1", Value: "One"}},
	}}}
	absent(t, policy.Input{Report: report}, "allocation", "allocation.hidden", "!allocation.hidden")
	absent(t, policy.Input{Report: report}, "entry", `entry.custom["3"].valid`, `!entry.custom["3"].valid`)
	absent(t, policy.Input{Report: report}, "entry", `entry.custom["4"].valid`, `!entry.custom["4"].valid`)
	report.Entries[0].Allocations[0].Hidden = new(true)
	require.Equal(t, expense.Ask, judgedBy(t, "allocation", "!allocation.hidden", policy.Input{Report: report}).Action, "a rule sees a hidden allocation")
	report.Entries[0].Custom["3"] = expense.Field{Code: "C1", Value: "One", Valid: new(false)}
	require.Empty(t, judgedBy(t, "entry", `entry.custom["3"].code == "C1" && !entry.custom["3"].valid`, policy.Input{Report: report}).Findings)

	p := rules(t, [5]string{"valid", "entry", `'entry.custom["3"].valid'`, "m", "ask: g"})
	require.Equal(t, report.Entries[0].Custom, stored(t, p.SelectFields(report)).Entries[0].Custom)
	fields, _ := p.StoredFields()
	require.Contains(t, fields, "field.valid")
	require.Len(t, p.NeverToldFields(expense.V1), 1)
	require.Len(t, p.NeverToldFields(expense.V3), 1)
	require.Empty(t, p.NeverToldFields(expense.V4))
}

// A list item that Concur names and does not show has a code, which nobody knows.
func TestTheCodeOfAHiddenListItemIsUnknown(t *testing.T) {
	t.Parallel()
	const id = "63B7FBD9AE080840ABDB62B0B9160081"
	with := func(f expense.Field) policy.Input {
		return policy.Input{Report: &expense.Report{Via: expense.V4, Entries: []expense.Entry{{ID: "E1", Custom: map[string]expense.Field{"3": f}}}}}
	}
	unknown := with(expense.Field{Value: id, ListItem: id})
	for _, reads := range []string{`entry.custom["3"].code != "C99"`, `entry.custom["3"].value != "Old"`, `!has(entry.custom["3"].code) || entry.custom["3"].code in ["C1"]`} {
		v := judgedBy(t, "entry", reads, unknown)
		require.Equal(t, expense.Ask, v.Action, reads)
		require.Contains(t, v.Findings[0].Message, " is not known: the list item could not be looked up", reads)
	}
	require.Empty(t, judgedBy(t, "entry", `"3" in entry.custom && has(entry.custom["3"].code)`, unknown).Findings)
	require.Empty(t, judgedBy(t, "entry", `entry.custom["3"].code == "C1"`, with(expense.Field{Value: id, Code: "C1", ListItem: id})).Findings, "Request v4 gives the code")
	require.Empty(t, judgedBy(t, "entry", `entry.custom["3"].code == "" && entry.custom["3"].value == "text"`, with(expense.Field{Value: "text"})).Findings)
}
