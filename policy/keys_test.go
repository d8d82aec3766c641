package policy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

// wrongs are all mistakes of a file, without its name.
func wrongs(t *testing.T, content string) []string {
	t.Helper()
	_, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\n"+content))
	var all rulesfile.Errors
	require.ErrorAs(t, err, &all)
	var said []string
	for _, one := range all {
		said = append(said, one.Error())
	}
	return said
}

const end = "message: Hm., then: {sendBack: true}}\n"

func TestAMisspeltKeyIsOneMistake(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string][2]string{
		"mesage: Hm., expression: entry.personal, then: {sendBack: true}}\n": {`f:3:29: rule "a": `, `unknown key "mesage" in a rule; did you mean "message"?`},
		"condition: entry.personal, " + end:                                  {`f:3:29: rule "a": `, `unknown key "condition" in a rule; did you mean "expression"?`},
		"when: entry.personal, expression: entry.personal, " + end:           {`f:3:29: rule "a": `, `unknown key "when" in a rule; did you mean "match"?`},
	} {
		all := wrongs(t, "rules:\n  - {name: a, level: entry, "+rule)
		require.Len(t, all, 1)
		require.Contains(t, all[0], want[0]+want[1])
	}
}

func TestAKeyInTheWrongPlaceIsToldTheRightPlace(t *testing.T) {
	t.Parallel()
	rule := "rules:\n  - {name: a, level: entry, expression: entry.personal, message: Hm., "
	require.Contains(t, wrongs(t, rule+"then: {code: X}}\n")[0], `exception: {code: NORECPT}`)
	require.Contains(t, wrongs(t, rule+"then: {warn: true, shadow: true}}\n")[0], `unknown key "shadow" in then; write it beside then`)
	require.Contains(t, wrongs(t, rule+"sendBack: true}\n")[1], `unknown key "sendBack" in a rule; write it below then`)
	all := wrongs(t, "rules:\n  - name: a\n    level: entry\n    expression: entry.personal\n    message: Hm.\n    name: b\n    level: entry\n")
	require.Len(t, all, 1)
	require.Contains(t, all[0], `f:7:5: rule "a": key "name" is given twice, first in line 3`)
	require.Contains(t, all[0], "dash")
}

func TestACommaThatCutsAValueIsExplained(t *testing.T) {
	t.Parallel()
	all := wrongs(t, "variables:\n  - {name: days, level: request, expression: daysBetween(request.start, request.end) + 1}\n"+
		"rules:\n  - {name: a, level: request, expression: variables.days > 1, "+end)
	require.Len(t, all, 1)
	require.Contains(t, all[0], `f:3:73: "request.end) + 1" `)
	require.Contains(t, all[0], "in single quotes")
}

func TestAWrongDeclarationIsReportedOnce(t *testing.T) {
	t.Parallel()
	rule := "rules:\n  - {name: a, level: entry, expression: 'variables.v || facts.f.ok || entry.type in lists.l', " + end
	require.Equal(t, []string{
		"f:2:19: the list l cannot be read: the rules were given without the folder that they are in",
		`f:3:12: the fact f has no url`,
		`f:5:46: the variable v: undefined field 'persnal'; did you mean "personal"?`,
	}, wrongs(t, "lists: {l: {file: l.csv}}\nfacts: {   f: {level: entry, send: {a: entry.type}, answer: {ok: bool}}}\nvariables:\n  - {name: v, level: entry, expression: entry.persnal}\n"+rule))
	require.Equal(t, []string{`f:3:51: the variable a: there is no variable "b" above this place; declare it before its first use`},
		wrongs(t, "variables:\n  - {name: a, level: report, expression: variables.b}\n  - {name: b, level: report, expression: report.name}\nrules: []\n"))
}

func TestAnotherNameOfALevelAStepOrAKindIsExplained(t *testing.T) {
	t.Parallel()
	require.Contains(t, wrongs(t, "rules:\n  - {name: a, level: expense, expression: 'true', "+end)[0], `not "expense"; did you mean "entry"?`)
	require.Contains(t, wrongs(t, "rules:\n  - {name: a, level: entries, expression: 'true', "+end)[0], `not "entries"; did you mean "entry"?`)
	stops := "steps: {after-submit: [SUBMIT]}\nrules:\n  - {name: a, level: entry, expression: 'true', steps: ["
	require.Contains(t, wrongs(t, stops+"submit], "+end)[0], `there is no step "submit"; that is a text of the step "after-submit"`)
	require.Contains(t, wrongs(t, "rules:\n  - {name: a, level: entry, expression: 'true', steps: [x], "+end)[0],
		`there is no step "x"; steps names the steps, each with the texts of its EventType`)

	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "f"), []byte("apiVersion: concur-connector/v1\nlists: {a: {file: no.csv}, b: {file: b.csv, columns: {c: amount}}}\nrules: []\n"), 0o600))
	_, err := policy.Load(filepath.Join(folder, "f"))
	require.ErrorContains(t, err, "f:2:19: the list a cannot be read: there is no file no.csv beside the rules file")
	require.ErrorContains(t, err, `kind of value "amount"; the kinds are string, bool, int, decimal, money, date; did you mean "money"?`)
}

func TestAColumnOfAListIsCountedInCharacters(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a.csv"), []byte("code,öffen\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "b.csv"), []byte("code,who,open\nC1,Jürgen,x\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "f"), []byte("apiVersion: concur-connector/v1\nlists: {a: {file: a.csv}, b: {file: b.csv, columns: {open: bool}}}\nrules: []\n"), 0o600))
	_, err := policy.Load(filepath.Join(folder, "f"))
	require.ErrorContains(t, err, `a.csv:1:6: the column "öffen" cannot be named in a rule`)
	require.ErrorContains(t, err, "b.csv:2:11: open of b must be true or false, or yes or no")
}
