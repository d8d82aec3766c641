package policy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// owned is a file whose groups are declared and whose cost centres name a group each.
const owned = `apiVersion: concur-connector/v1
groups:
  finance:
  controllers:
  owners-berlin:
  owners-paris:
approvals:
  defaultGroup: finance
lists:
  costCentres: {file: cc.csv, key: code}
rules:
`

const costCentres = "code,group\nC1,owners-berlin\nC2,owners-paris\nC3,owners-rome\nC4,\nC5,two words\n"

// ownedBy loads a file with cost centres and these rules.
func ownedBy(t testing.TB, rules string) (*policy.Policy, error) {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "cc.csv"), []byte(costCentres), 0o600))
	file := filepath.Join(folder, "rules.yaml")
	require.NoError(t, os.WriteFile(file, []byte(owned+rules), 0o600))
	return policy.Load(file)
}

func asks(name, ask string) string {
	return "  - {name: " + name + ", level: entry, expression: 'false', message: Hm., then: {ask: " + ask + "}}\n"
}

// charged is a report with an entry for each cost centre.
func charged(codes ...string) *expense.Report {
	r := entries(codes...)
	for i, code := range codes {
		r.Entries[i].Custom = map[string]expense.Field{"3": {Code: code}}
	}
	return r
}

const ofCostCentre = `{group: 'lists.costCentres[entry.custom["3"].code].group'}`

func TestWhatRulesAskForAddsUp(t *testing.T) {
	t.Parallel()
	type want = []expense.RequiredApproval
	for name, c := range map[string]struct {
		rules string
		codes []string
		want  want
	}{
		"one group":          {asks("a", "finance"), []string{"C1"}, want{{Group: "finance", Count: 1, Rules: []string{"a"}}}},
		"a group in a list":  {asks("a", "[finance]"), []string{"C1"}, want{{Group: "finance", Count: 1, Rules: []string{"a"}}}},
		"two groups":         {asks("a", "[controllers, finance]"), []string{"C1"}, want{{Group: "controllers", Count: 1, Rules: []string{"a"}}, {Group: "finance", Count: 1, Rules: []string{"a"}}}},
		"two people":         {asks("a", "{group: finance, count: 2}"), []string{"C1"}, want{{Group: "finance", Count: 2, Rules: []string{"a"}}}},
		"the highest count":  {asks("a", "[{group: finance, count: 2}]") + asks("b", "finance") + asks("c", "{group: finance, count: 3}"), []string{"C1"}, want{{Group: "finance", Count: 3, Rules: []string{"a", "b", "c"}}}},
		"a group of data":    {asks("a", ofCostCentre), []string{"C1"}, want{{Group: "owners-berlin", Count: 1, Rules: []string{"a"}}}},
		"groups of entries":  {asks("a", ofCostCentre), []string{"C1", "C2", "C1"}, want{{Group: "owners-berlin", Count: 1, Rules: []string{"a"}}, {Group: "owners-paris", Count: 1, Rules: []string{"a"}}}},
		"a group and data":   {asks("a", "[controllers, "+ofCostCentre+"]"), []string{"C2"}, want{{Group: "controllers", Count: 1, Rules: []string{"a"}}, {Group: "owners-paris", Count: 1, Rules: []string{"a"}}}},
		"two people by data": {asks("a", `{count: 2, group: '"controllers"'}`), []string{"C2"}, want{{Group: "controllers", Count: 2, Rules: []string{"a"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := ownedBy(t, c.rules)
			require.NoError(t, err)
			v := p.VerdictOn(charged(c.codes...))
			require.Equal(t, expense.Ask, v.Action)
			require.Equal(t, c.want, v.Approvals)
			for _, f := range v.Findings {
				require.False(t, f.Error, f.Message)
			}
		})
	}
}

func TestAGroupThatIsNotKnownAsksTheDefaultGroup(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ code, says string }{
		"it is not declared":          {"C3", `"owners-rome" is not declared in groups`},
		"it has no name":              {"C4", "the name is empty"},
		"it is no name":               {"C5", "has not the form of a group's name"},
		"the expression has no value": {"C9", "the group that it asks is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := ownedBy(t, asks("a", "[controllers, "+ofCostCentre+"]"))
			require.NoError(t, err)
			v := p.VerdictOn(charged(c.code))
			require.Equal(t, []expense.RequiredApproval{
				{Group: "controllers", Count: 1, Rules: []string{"a"}}, {Group: "finance", Count: 1, Rules: []string{"a"}},
			}, v.Approvals)
			require.Len(t, v.Findings, 2)
			require.Equal(t, expense.Finding{Rule: "a", Object: "E1", Message: "Hm."}, v.Findings[0], "the violation stays")
			require.True(t, v.Findings[1].Error)
			require.Contains(t, v.Findings[1].Message, c.says)
			require.NotContains(t, v.Findings[1].Message, "two words")
			require.Equal(t, "Hm.", v.Comment)
		})
	}
}

func TestARuleThatErrsAsksTheDefaultGroup(t *testing.T) {
	t.Parallel()
	broken := "  - {name: broken, level: report, expression: 'report.total > money(\"1\", \"USD\")', message: m, then: {ask: controllers}}\n"
	p, err := ownedBy(t, broken+asks("a", "owners-paris"))
	require.NoError(t, err)
	require.Equal(t, []expense.RequiredApproval{
		{Group: "finance", Count: 1, Rules: []string{"broken"}}, {Group: "owners-paris", Count: 1, Rules: []string{"a"}},
	}, p.VerdictOn(charged("C1")).Approvals)

	p, err = ownedBy(t, "  - {name: many, level: entry, expression: 'false', message: m, then: {exception: {code: X}}}\n")
	require.NoError(t, err)
	v := p.VerdictOn(charged(make([]string, 1001)...))
	require.Equal(t, []expense.RequiredApproval{{Group: "finance", Count: 1}}, v.Approvals, "so does a report with too many exceptions")
}

func TestAShadowRuleAsksNobody(t *testing.T) {
	t.Parallel()
	p, err := ownedBy(t, "  - {name: a, level: entry, shadow: true, expression: 'false', message: m, then: {ask: "+ofCostCentre+"}}\n"+asks("b", "controllers"))
	require.NoError(t, err)
	require.Equal(t, []string{"controllers"}, p.VerdictOn(charged("C1", "C3")).Groups())
}

func TestApprovalsAreBounded(t *testing.T) {
	t.Parallel()
	file := ""
	for i := range 60 {
		file += asks("r"+string(rune('a'+i/26))+string(rune('a'+i%26)), "finance")
	}
	p, err := ownedBy(t, file)
	require.NoError(t, err)
	require.Len(t, p.VerdictOn(charged("C1")).Approvals[0].Rules, 50)
}

func TestAskIsRefused(t *testing.T) {
	t.Parallel()
	for ask, says := range map[string]string{
		"finanze":                            `12:76: rule "a": there is no group "finanze" in groups; did you mean "finance"?`,
		"[finance, finanze]":                 `there is no group "finanze" in groups; did you mean "finance"?`,
		"{group: finanze}":                   `there is no group "finanze" in groups; did you mean "finance"?`,
		"[]":                                 "ask is an empty list",
		"[finance, finance]":                 "ask names the group finance twice; two people of one group are written {group: finance, count: 2}",
		"[[finance]]":                        "not a list of lists",
		"{count: 2}":                         "ask needs group",
		"{group: finance, count: 0}":         `count must be a whole number of people from 1 to 10, not "0"`,
		"{group: finance, count: 11}":        "from 1 to 10",
		"{group: finance, count: two}":       `not "two"`,
		"{group: finance, people: 2}":        `unknown key "people" in ask; did you mean "count"?`,
		"{group: [finance]}":                 "group must be text",
		`'lists.costCentres["C1"].group'`:    "an expression that gives the name is written ask: {group: '…'}",
		"{group: 'entry.posted'}":            "group of ask: must be text (string)",
		"{group: 'entry.vendr'}":             `did you mean "vendor"?`,
		"{group: 'itemization.type'}":        "is only known to rules of",
		`{group: 'lists.costCenters["C1"]'}`: `did you mean "costCentres"?`,
		"null":                               "ask must be text",
		"[a, b, c, d, e, f, g, h, i, j, k]":  "ask has 11 groups; at most 10 are accepted",
	} {
		t.Run(ask, func(t *testing.T) {
			t.Parallel()
			_, err := ownedBy(t, asks("a", ask))
			require.ErrorContains(t, err, says)
			require.Regexp(t, `:12:\d+: rule "a": `, err.Error())
		})
	}
	_, err := policy.Parse("f", []byte(with(`then: {ask: {group: 'entry.type'}}`)))
	require.ErrorContains(t, err, "the file declares none; declare them under groups")
}

func TestWithoutDeclaredGroupsAnyNameIsOne(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("f", []byte(with("expression: false", `then: {ask: [travel, {group: finance, count: 2}]}`)))
	require.NoError(t, err)
	require.Equal(t, "travel and 2 of finance", p.VerdictOn(entries("TAXI")).AskedInWords())
	require.Equal(t, []string{"finance", "travel"}, p.AskedGroups())
}

func TestTheDefaultGroupIsChecked(t *testing.T) {
	t.Parallel()
	for file, says := range map[string]string{
		"groups: {finance: {}}\n":                                              "f:8:9: the group that decides where a rule cannot be evaluated is missing; add the line: approvals: {defaultGroup: finance}",
		"groups: {finance: {}}\napprovals: {}\n":                               "add the line: approvals: {defaultGroup: finance}",
		"groups: {finance: {}}\napprovals: {defaultGroup: finanze}\n":          `f:9:27: defaultGroup: there is no group "finanze" in groups; did you mean "finance"?`,
		"groups: {finance: {}}\napprovals: {defaultGroup: [finance]}\n":        "defaultGroup must be text",
		"groups: {finance: {}}\napprovals: {defaultGroup: the boss}\n":         "defaultGroup must name a group",
		"groups: {finance: {}}\napprovals: {default: finance}\n":               `unknown key "default" in approvals; did you mean "defaultGroup"?`,
		"groups: {finance: {}}\napprovals: {defaultGroup: finance, zzz: 1}\n":  `unknown key "zzz" in approvals`,
		"groups: {finance: {}}\napprovals: [finance]\n":                        "approvals must be a mapping",
		"groups: {finance: {}}\napprovals: {defaultGroups: finance, zzz: 1}\n": `did you mean "defaultGroup"?`,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(with()+file))
			require.ErrorContains(t, err, says)
		})
	}
	_, err := policy.Parse("f", []byte(with("shadow: true")+"groups: {finance: {}}\n"))
	require.NoError(t, err, "a shadow rule asks nobody")
	p, err := policy.Parse("f", []byte(with("expression: entry.personal")+"approvals: {defaultGroup: finance}\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"finance"}, p.VerdictOn(entries("TAXI")).Groups(), "it needs no declared groups")
}

func TestApproversReadAMessageOfTheirOwn(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T, lines ...string) expense.Verdict {
		t.Helper()
		p, err := policy.Parse("f", []byte(with(append([]string{"expression: false", "then: {ask: finance}"}, lines...)...)+"settings: {language: de}\n"))
		require.NoError(t, err)
		return p.VerdictOn(entries("Wine"))
	}
	v := read(t, "message: We check this.", "approverMessage: Is this \"Wine\" really meant?")
	require.Equal(t, []expense.Finding{{Rule: "one", Object: "E1", Message: "We check this.", ForApprover: `Is this "Wine" really meant?`}}, v.Findings)
	require.Equal(t, "We check this.", v.Comment, "the employee does not read it")

	v = read(t, "message: We check this.", `approverMessageExpression: entry.type + " again"`)
	require.Equal(t, "Wine again", v.Findings[0].ForApprover)

	v = read(t, "message: {en: We check this., de: Wir prüfen das.}", "approverMessage: {en: Look., de: Schau.}")
	require.Equal(t, []string{"Wir prüfen das.", "Schau."}, []string{v.Findings[0].Message, v.Findings[0].ForApprover})

	v = read(t, "message: We check this.", "approverMessageExpression: string(entry.posted)")
	require.True(t, v.Findings[0].Error, "a rule whose message errs cannot be evaluated")

	for line, says := range map[string]string{
		"approverMessage: ''":                             "approverMessage is empty",
		"approverMessage: {en: Look.}":                    `there is no approverMessage in the language "de"`,
		"approverMessageExpression: 'Look at this.'":      "write a fixed text under approverMessage instead",
		"approverMessageExpression: entry.posted":         "approverMessageExpression: must be text (string)",
		"approverMesage: x":                               `did you mean "approverMessage"?`,
		"approverMessage: [a]":                            "approverMessage must be text",
		"approverMessageExpression: itemization.type":     "is only known to rules of",
		"approverMessage: {en: a, de: b, 'not a tag': c}": "cannot be a name in approverMessage",
	} {
		_, err := policy.Parse("f", []byte(with("then: {ask: finance}", line)+"settings: {language: de}\n"))
		require.ErrorContains(t, err, says)
	}
	_, err := policy.Parse("f", []byte(with("approverMessage: a", "approverMessageExpression: entry.type")))
	require.ErrorContains(t, err, "approverMessage and approverMessageExpression exclude each other")
}

func TestTheGroupOfAnExpressionIsReadAndExplained(t *testing.T) {
	t.Parallel()
	p, err := ownedBy(t, asks("a", ofCostCentre))
	require.NoError(t, err)
	ofReports, _ := p.StoredFields()
	require.Contains(t, ofReports, `entry.custom["3"]`)
	require.Equal(t, []string{"controllers", "finance", "owners-berlin", "owners-paris"}, p.AskedGroups())
	require.Equal(t, []policy.Asked{{Expression: `lists.costCentres[entry.custom["3"].code].group`, Count: 1}}, p.Rules()[0].Ask)
	results := p.Explain(policy.Input{Report: charged("C3")})
	require.Equal(t, policy.Failed, results[0].Result)
	require.Equal(t, policy.Violated, results[1].Result)
	for _, w := range p.Warnings() {
		require.NotContains(t, w.Reason, "no rule uses the list")
	}
}
