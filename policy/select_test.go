package policy_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// always is what is kept of a report whatever the rules are. The day of its submission
// names its stop by v4, by which a full report was read.
var always = []string{
	"actionUrl", "currency", "hasException", "id", "key", "status", "submitted", "via",
	"entries.hasExceptions", "entries.id",
}

// noPage has approvers see no fields, so that only what rules read is kept.
const noPage = "approvals: {page: {fields: []}}\n"

// of returns a policy of one rule, on entries, with an expression of any length.
func of(t testing.TB, expression string, more ...string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("f", []byte(with(append(more, "expression: "+quoted(expression))...)+noPage))
	require.NoError(t, err)
	return p
}

func quoted(expression string) string {
	return "'" + strings.ReplaceAll(expression, "'", "''") + "'"
}

// saying returns a policy of one rule that is always violated and whose message is
// computed.
func saying(t testing.TB, expression string, more ...string) *policy.Policy {
	t.Helper()
	return of(t, "false", append(more, "message:", "messageExpression: "+quoted(expression))...)
}

// under returns the names that begin so.
func under(names []string, prefix string) []string {
	var all []string
	for _, name := range names {
		if strings.HasPrefix(name+".", prefix+".") {
			all = append(all, name)
		}
	}
	return all
}

func and(names ...string) []string {
	all := slices.Concat(always, names)
	slices.Sort(all)
	return slices.Compact(all)
}

func TestSelectFields(t *testing.T) {
	t.Parallel()
	t.Run("without rules only what the connector needs is kept", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, and(), held(t, rules(t).SelectFields(full(t))))
	})
	t.Run("of no report nothing is kept", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, rules(t).SelectFields(nil))
	})
	t.Run("the stop and the flags stay as they were", func(t *testing.T) {
		t.Parallel()
		r := full(t)
		r.Status, r.ActionURL = expense.StatusExternalValidation, "https://www.concursolutions.com/api/w/1"
		for _, via := range []expense.Interface{"", expense.V1, expense.V3, expense.V4} {
			r.Via = via
			require.Equal(t, r.ValidationID(), rules(t).SelectFields(r).ValidationID(), via)
			require.Equal(t, via.IsV4(), rules(t).SelectFields(r).Submitted != "", "by v1.1 the action URL names the stop")
		}
		require.Equal(t, r.Flags(), rules(t).SelectFields(r).Flags())
	})
	t.Run("an item that is looked up in the copy is not looked up in the report", func(t *testing.T) {
		t.Parallel()
		const item = "5d5c08c0f2f94c33a8f5e4b1a0c9d7e6"
		for _, expression := range []string{`entry.custom["3"].code == "F-1"`, `size(entry.custom) > 1`} {
			r := lunch(t)
			r.Entries[0].Custom["3"] = expense.Field{Value: item, ListItem: item}
			p := of(t, expression)
			kept := p.SelectFields(r)
			require.Equal(t, item, kept.Entries[0].Custom["3"].ListItem)
			kept.EachField(func(f *expense.Field) { f.Code, f.Value = "F-1", "Fair" })
			require.Equal(t, expense.Field{Value: item, ListItem: item}, r.Entries[0].Custom["3"])
			require.Equal(t, expense.Approve, p.VerdictOn(kept).Action)
		}
	})
	t.Run("match, expression and message all count", func(t *testing.T) {
		t.Parallel()
		p := of(t, "entry.hasReceipt", `match: entry.type == "MEALS"`, "message:", "messageExpression: report.name")
		require.Equal(t, and("name", "entries.type", "entries.hasReceipt"), held(t, p.SelectFields(full(t))))
	})
	t.Run("all rules count", func(t *testing.T) {
		t.Parallel()
		p := rules(t,
			[5]string{"a", "report", `report.orgUnits["1"].code != ""`, "m", "ask: g"},
			[5]string{"b", "entry", `entry.orgUnits["3"].code != ""`, "m", "ask: g"},
			[5]string{"c", "entry", `entry.orgUnits["1"].code != ""`, "m", "ask: g"},
		)
		require.Equal(t, and("orgUnits.1", "entries.orgUnits.1", "entries.orgUnits.3"), held(t, p.SelectFields(full(t))))
	})
	t.Run("the copy and the report share nothing that changes", func(t *testing.T) {
		t.Parallel()
		p, r := of(t, "report == report"), full(t)
		before := encoded(t, r)
		kept := p.SelectFields(r)
		require.Equal(t, before, encoded(t, r))
		require.Equal(t, r, kept)
		kept.Total.Currency = "XXX"
		clear(kept.Custom)
		kept.Entries[0].Itemizations[0].Posted.Currency = "XXX"
		clear(kept.Entries[0].Itemizations[0].Allocations[0].Custom)
		clear(kept.Entries)
		require.Equal(t, before, encoded(t, r))
	})
}

func TestTheOwnerIsKeptOnlyIfTheRulesMayAskAPerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules              *policy.Policy
		ofReport, ofTravel bool
	}{
		"no rules":                   {rules(t), false, false},
		"a rule that asks":           {of(t, "false"), true, false},
		"a rule that may only fail":  {of(t, "false", "then: {warn: true}"), true, false},
		"a shadow rule":              {of(t, "false", "shadow: true"), false, false},
		"a rule for travel requests": {of(t, "false", "level: request"), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.ofReport, c.rules.SelectFields(full(t)).Owner != expense.Owner{})
			require.Equal(t, c.ofTravel, c.rules.SelectRequestFields(fullRequest(t)).Owner != expense.Owner{})
		})
	}
}

func TestOnlyTheFieldsThatRulesReadAreSelected(t *testing.T) {
	t.Parallel()
	everything := held(t, full(t))
	entries, itemizations := under(everything, "entries"), under(everything, "entries.itemizations")
	customs := under(everything, "entries.custom")
	for expression, want := range map[string][]string{
		`entry.posted > money("1", report.currency)`:                        {"entries.posted"},
		`has(entry.approved) || has(report.total)`:                          {"entries.approved", "total"},
		`string(entry.transaction) == entry.currencyName`:                   {"entries.transaction", "entries.currencyName"},
		`string(entry.transaction) == ""`:                                   {"entries.transaction"},
		`daysBetween(entry.date, report.submitted) < 9`:                     {"entries.date", "submitted"},
		`{"MEALS": 1}[entry.type] == 1 && {"a": entry.vendor}.a != ""`:      {"entries.type", "entries.vendor"},
		`[].exists(e, e == entry.vendor)`:                                   {"entries.vendor"},
		`entry.custom["2"].code == "" && entry.custom["3"].value == ""`:     {"entries.custom.2", "entries.custom.3"},
		`has(entry.custom["2"].code)`:                                       {"entries.custom.2"},
		`entry.custom["2"] == report.custom["3"]`:                           {"entries.custom.2", "custom.3"},
		`"2" in entry.custom || entry.custom["39"].code == ""`:              {"entries.custom.2"},
		`entry.custom["2"].code == "" && size(entry.custom) > 1`:            customs,
		`size(entry.custom) > 1 && entry.custom["2"].code == ""`:            customs,
		`entry.custom[entry.type].code == ""`:                               append(slices.Clone(customs), "entries.type"),
		`entry.type in entry.custom`:                                        append(slices.Clone(customs), "entries.type"),
		`entry.custom["1" + "0"].code == ""`:                                customs,
		`entry.custom.exists(k, k == "2")`:                                  customs,
		`has(entry.custom)`:                                                 customs,
		`[entry.custom][0] == {}`:                                           customs,
		`(entry.personal ? entry.custom : report.custom)["2"].code == ""`:   slices.Concat(customs, under(everything, "custom"), []string{"entries.personal"}),
		`report.entries.exists(e, e.custom["2"].code == "")`:                {"entries.custom.2"},
		`report.entries.all(e, e.vendor == entry.vendor)`:                   {"entries.vendor"},
		`report.entries.filter(e, e.personal).size() == 0`:                  {"entries.personal"},
		`report.entries.filter(e, e.personal)[0].vendor == ""`:              {"entries.personal", "entries.vendor"},
		`report.entries.map(e, e.personal, e.type).exists(v, v == "MEALS")`: {"entries.personal", "entries.type"},
		`report.entries.map(e, e)[0].vendor == ""`:                          {"entries.vendor"},
		`report.entries.exists(e, report.entries.exists(f, e.type == f.location))`: {
			"entries.type", "entries.location"},
		`report.entries.map(e, e.itemizations)[0][0].type == ""`:      {"entries.itemizations.id", "entries.itemizations.type"},
		`entry.itemizations.size() > size(entry.allocations)`:         {"entries.itemizations.id", "entries.allocations.id"},
		`has(entry.itemizations)`:                                     {"entries.itemizations.id"},
		`sum(entry.itemizations.map(i, i.posted)) == entry.posted`:    {"entries.itemizations.id", "entries.itemizations.posted", "entries.posted"},
		`entry.allocations.all(a, a.custom["1"].code == "")`:          {"entries.allocations.id", "entries.allocations.custom.1"},
		`entry.itemizations.all(i, i.allocations.size() == 1)`:        {"entries.itemizations.id", "entries.itemizations.allocations.id"},
		`(entry.personal ? entry : report.entries[0]).vendor == ""`:   {"entries.personal", "entries.vendor"},
		`{"a": entry}["a"].vendor == [entry][0].location`:             {"entries.vendor", "entries.location"},
		`({"a": entry}).a.vendor == ""`:                               {"entries.vendor"},
		`(report.entries + [entry])[0].vendor == ""`:                  {"entries.vendor"},
		`entry == report.entries[0]`:                                  entries,
		`entry != report.entries[0]`:                                  entries,
		`entry in report.entries`:                                     entries,
		`report.entries.exists_one(e, e == entry)`:                    entries,
		`report.entries == []`:                                        entries,
		`[] + [entry] == []`:                                          entries,
		`{"b": entry} == {}`:                                          entries,
		`([] + [[report.name], [""]])[0] == []`:                       {"name"},
		`([] + [entry])[0].vendor == ""`:                              {"entries.vendor"},
		`[].exists(e, e.vendor == "")`:                                everything, // the types do not say of what
		`entry.itemizations[0] == entry.itemizations[1]`:              itemizations,
		`report == report`:                                            everything,
		`[[], [entry]].exists(l, l.exists(e, e.vendor == ""))`:        {"entries.vendor"},
		`entry.itemizations.exists(entry, entry.purpose == "Dinner")`: {"entries.itemizations.id", "entries.itemizations.purpose"},
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, and(want...), held(t, of(t, expression).SelectFields(full(t))))
		})
	}
}

// spoken gives for each type of a field an expression that says all of it.
var spoken = map[reflect.Type]string{
	reflect.TypeFor[string]():                   `"=" + %s`,
	reflect.TypeFor[*bool]():                    `has(%s) ? string(%[1]s) : "none"`,
	reflect.TypeFor[*int]():                     `has(%s) ? string(%[1]s) : "none"`,
	reflect.TypeFor[expense.Date]():             `has(%s) ? string(%[1]s) : "none"`,
	reflect.TypeFor[*expense.Money]():           `has(%s) ? string(%[1]s) : "none"`,
	reflect.TypeFor[map[string]expense.Field](): `"=" + %s.map(k, k + %[1]s[k].value + %[1]s[k].code).join()`,
	reflect.TypeFor[[]expense.Entry]():          `string(%s.size())`,
	reflect.TypeFor[[]expense.Itemization]():    `string(%s.size())`,
	reflect.TypeFor[[]expense.Allocation]():     `string(%s.size())`,

	reflect.TypeFor[[]expense.Expected]():         `string(%s.size())`,
	reflect.TypeFor[[]expense.Segment]():          `string(%s.size())`,
	reflect.TypeFor[[]expense.RequestException](): `string(%s.size())`,
}

// unspoken are the fields that are not in the language. They are always kept, except the owner.
var unspoken = []string{"actionUrl", "via", "operations", "statusName", "ended", "owner"}

// a spot is where objects of a type are, the name that an expression there has for one,
// and what stands around it.
type spot struct {
	typ                reflect.Type
	place, name, round string
}

// fieldsSpoken returns for each field of a report, by its place, an expression that says
// it.
func fieldsSpoken(t testing.TB) map[string]string {
	t.Helper()
	return spokenAt(t, []spot{
		{reflect.TypeFor[expense.Report](), "", "report", "%s"},
		{reflect.TypeFor[expense.Entry](), "entries.", "entry", "%s"},
		{reflect.TypeFor[expense.Itemization](), "entries.itemizations.", "i", `"=" + entry.itemizations.map(i, %s).join()`},
		{reflect.TypeFor[expense.Allocation](), "entries.allocations.", "a", `"=" + entry.allocations.map(a, %s).join()`},
		{reflect.TypeFor[expense.Allocation](), "entries.itemizations.allocations.", "a",
			`"=" + entry.itemizations.map(i, i.allocations.map(a, %s).join()).join()`},
	})
}

func spokenAt(t testing.TB, spots []spot) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, part := range spots {
		for _, f := range reflect.VisibleFields(part.typ) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || slices.Contains(unspoken, part.place+name) {
				continue
			}
			require.Contains(t, spoken, f.Type, "%s%s", part.place, name)
			all[part.place+name] = fmt.Sprintf(part.round, fmt.Sprintf(spoken[f.Type], part.name+"."+name))
		}
	}
	return all
}

// A field that the domain gains and Keep does not know of fails here: a rule cannot
// name it, or it is not kept.
func TestEveryFieldIsSelectedForTheRuleThatReadsIt(t *testing.T) {
	t.Parallel()
	everything := held(t, full(t))
	covered := and()
	for place, expression := range fieldsSpoken(t) {
		want := under(everything, place)
		require.NotEmpty(t, want, place)
		covered = append(covered, want...)
		ids := map[string]bool{}
		for parts := strings.Split(place, "."); len(parts) > 1; parts = parts[:len(parts)-1] {
			ids[strings.Join(parts[:len(parts)-1], ".")+".id"] = true
		}
		switch f := place[strings.LastIndex(place, ".")+1:]; f {
		case "entries":
			want = nil
		case "itemizations", "allocations":
			want = []string{place + ".id"}
		}
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			kept := saying(t, expression).SelectFields(full(t))
			require.Equal(t, and(append(slices.Collect(maps.Keys(ids)), want...)...), held(t, kept))
		})
	}
	slices.Sort(covered)
	require.Equal(t, everything, slices.Compact(covered))
}

// What is kept is judged as the whole report is, also when it comes back from a
// history.
func TestSelectedFieldsGiveTheSameVerdict(t *testing.T) {
	t.Parallel()
	policies := map[string]*policy.Policy{}
	example, err := policy.Load(shipped)
	require.NoError(t, err)
	policies["the example file"] = example
	for place, expression := range fieldsSpoken(t) {
		policies["saying "+place] = saying(t, expression)
	}
	for _, expression := range []string{
		`has(entry.vendor) && has(entry.personal) && has(report.total)`,
		`has(report.orgUnits) || has(entry.itemizations) || has(entry.custom["2"].code)`,
		`entry.posted <= money("75.00", report.currency) || entry.hasReceipt`,
		`entry.posted != report.total`,
		`sum(entry.itemizations.map(i, i.posted)) == entry.posted`,
		`sum(report.entries.filter(e, has(e.approved)).map(e, e.approved), "USD") < money("100", "USD")`,
		`sum(report.entries.map(e, sum(e.itemizations.map(i, i.posted), "USD"))) >= report.total`,
		`report.entries.exists(e, e.itemizations.exists(i, i.allocations.exists(a, a.custom["2"].code == e.vendor)))`,
		`report.entries.exists_one(e, e.vendor == entry.vendor)`,
		`report.entries.filter(e, e.personal && e.date == entry.date).size() > 1`,
		`report.entries.map(e, e.personal, e.allocations)[0][1].percentage == "75"`,
		`entry == report.entries[0] || entry in report.entries.filter(e, e.itemized)`,
		`entry.itemizations[0] == entry.itemizations[1] || entry.itemizations[0].allocations[0].custom == entry.custom`,
		`entry.custom[entry.exchangeRate].value == report.custom["2"].value`,
		`entry.custom.exists(k, entry.custom[k].code == entry.type) || report.orgUnits.all(k, k in entry.orgUnits)`,
		`size(entry.orgUnits) == 2 && "20" in entry.custom`,
		`entry.orgUnits["3"] == entry.itemizations[0].orgUnits["3"]`,
		`(entry.companyCard ? entry : report.entries[1]).location != (entry.personal ? entry.custom : report.custom)["1"].value`,
		`({"a": entry, "b": report.entries[0]})[entry.personal ? "a" : "b"].vendor == [entry][0].category`,
		`[entry.custom][0] == report.custom || entry.attendeeCount == 2`,
		`report.entries.filter(e, has(e.date)).groupBy(e, e.date).all(d, g, sum(g.map(e, e.posted), "USD") <= money("75", "USD"))`,
		`report.entries.totalBy(e, e.type, e.posted).exists(t, m, t == entry.vendor && m > money("75", "USD"))`,
		`report.entries.groupBy(e, e.custom["2"].code).exists(c, g, g.exists(e, e == entry) && g[0].personal)`,
		`report.entries.map(e, e.vendor).distinct().size() == report.entries.map(e, e.location).distinct().size()`,
		`report.entries.transformMap(i, e, e.itemizations.map(i, i.type)).all(i, types, "MEALS" in types)`,
		`report.entries.exists(i, e, entry.custom.exists(k, f, f.code == e.type))`,
		`daysBetween(entry.date, report.submitted) < 3 && entry.date.weekday() != "saturday"`,
		`entry.attendeeCount / entry.commentCount > 1 || int(entry.exchangeRate) == 75`,
		`report.entries[2].type == entry.type`,
	} {
		policies[expression] = of(t, expression, "then: {exception: {code: WRONG}, ask: finance}")
	}
	for name, p := range policies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(26, 9))
			verdicts := map[string]bool{}
			for n := range 60 {
				r := filled[expense.Report](t, random.IntN)
				for i := range r.Entries {
					r.Entries[i].ID = strconv.Itoa(i)
				}
				before := encoded(t, r)
				want := p.VerdictOn(r)
				require.Equal(t, want, p.VerdictOn(p.SelectFields(r)), "report %d", n)
				require.Equal(t, want, p.VerdictOn(stored(t, p.SelectFields(r))), "report %d, stored", n)
				require.Equal(t, encoded(t, p.Evaluate(policy.Input{Report: r}).Shown), encoded(t, p.Evaluate(policy.Input{Report: stored(t, p.SelectFields(r))}).Shown), "report %d", n)
				require.Equal(t, before, encoded(t, r), "report %d is untouched", n)
				verdicts[fmt.Sprint(want)] = true
			}
			require.Greater(t, len(verdicts), 1, "the reports tell nothing about this rule")
		})
	}
}

// Whatever an expression is, it judges what is kept for it as it judges the report.
func FuzzSelectFields(f *testing.F) {
	for _, expression := range []string{
		`report.entries.map(e, e.itemizations).exists(l, sum(l.map(i, i.posted * 3)) < -entry.posted)`,
		`[[], [entry]].exists(l, l.exists(e, e.custom[e.type].code == ""))`,
		`{"a": [entry]}.a.filter(e, e.personal)[0] in report.entries`,
		`(entry.personal ? [entry] : report.entries + [entry])[0].allocations.size() == 1`,
		`string(size(entry.custom)) + string(size(entry.orgUnits)) != string(report.submitted)`,
		`report.entries.groupBy(e, e.date).all(d, g, g.map(e, e.itemizations).all(l, l.totalBy(i, i.type, i.posted).size() < 9))`,
		`[entry, report].exists(x, x.purpose == "")`,
	} {
		f.Add(expression, uint64(1))
	}
	f.Fuzz(func(t *testing.T, expression string, seed uint64) {
		p, err := policy.Parse("f", []byte(with("expression: "+quoted(expression))))
		if err != nil {
			return
		}
		random := rand.New(rand.NewPCG(seed, 2))
		for range 5 {
			r := filled[expense.Report](t, random.IntN)
			require.Equal(t, p.VerdictOn(r), p.VerdictOn(p.SelectFields(r)))
		}
	})
}

func TestAPolicyReportsWhetherItReadsFieldsOfLists(t *testing.T) {
	t.Parallel()
	of := func(level, expression string) (ofReports, ofRequests bool) {
		p, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\nrules:\n  - name: one\n    level: "+level+
			"\n    expression: "+quoted(expression)+"\n    message: No.\n    then: {sendBack: true}\n"))
		require.NoError(t, err)
		return p.ReadsFields()
	}
	for _, w := range []struct {
		level, expression     string
		ofReports, ofRequests bool
	}{
		{"entry", "entry.hasReceipt", false, false},
		{"entry", `entry.custom["3"].code == "A"`, true, false},
		{"report", `report.orgUnits["1"].code == "A"`, true, false},
		{"request", `request.name == "A"`, false, false},
		{"request", `request.custom["3"].code == "A"`, false, true},
		{"request", `request.expenses.all(e, e.allocations.all(a, a.custom["3"].code == "A"))`, false, true},
		{"entry", `entry.allocations.all(a, a.custom["3"].code == "A")`, true, false},
	} {
		ofReports, ofRequests := of(w.level, w.expression)
		require.Equal(t, []bool{w.ofReports, w.ofRequests}, []bool{ofReports, ofRequests}, w.expression)
	}
}
