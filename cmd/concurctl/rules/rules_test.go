package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/require"

	"concur-connector/cmd/concurctl/rules/rulestest"
	"concur-connector/cmd/concurctl/rules/whatif"
	"concur-connector/policy"
)

const goodRules = "testdata/rules.yaml"

func TestAGoodFileIsOk(t *testing.T) {
	t.Parallel()
	o := concurctl.Run(t, "", "rules", "check", goodRules)
	require.Zero(t, o.Code, o.Errs)
	require.Regexp(t, `\nok: 3 rules, version 2026-11, hash [0-9a-f]{16}\n$`, o.Out)
	c := clitest.Read[checked](t, concurctl.Run(t, "", "rules", "check", goodRules, "-o", "json"))
	require.True(t, c.OK)
	require.Equal(t, 3, c.Rules)
}

func TestAFieldThatTheInterfaceNeverReturnsGivesAWarning(t *testing.T) {
	t.Parallel()
	rules := clitest.File(t, "r.yaml", `apiVersion: concur-connector/v1
rules:
  - {name: fun, level: entry, expression: entry.category != "Fun", message: Hm., then: {sendBack: true}}
`)
	require.NotContains(t, concurctl.Run(t, "", "rules", "check", rules, "--interface", "v1.1").Out, "warning")
	o := concurctl.Run(t, "", "rules", "check", rules, "--interface", "v4")
	require.Zero(t, o.Code, o.Errs)
	require.Contains(t, o.Out, `:3:12: rule "fun": v4 never tells entry.category, which is absent then`)
	require.Contains(t, concurctl.Run(t, "", "rules", "check", rules, "--interface", "v2").Errs, "--interface is v1.1, v3+v4 or v4")
}

func TestExceptionsThatAreNotPostedAreExplainedAsSuch(t *testing.T) {
	t.Parallel()
	rules := clitest.File(t, "r.yaml", `apiVersion: concur-connector/v1
settings: {sendBackPostsExceptions: false}
rules:
  - {name: a, level: report, expression: report.everSentBack, message: Hm., then: {exception: {code: X}, sendBack: true}}
`)
	report := clitest.File(t, "report.yaml", "name: A trip\n")
	require.Contains(t, concurctl.Run(t, "", "rules", "explain", report, "--rules", rules).Out, "  exception X on report (a), not posted: it is sent back without\n")
}

func TestAMistakeInAListIsShownWithItsLine(t *testing.T) {
	t.Parallel()
	rules := clitest.File(t, "r.yaml", "apiVersion: concur-connector/v1\nlists: {a: {file: a.csv}}\nrules: []\n")
	list := filepath.Join(filepath.Dir(rules), "a.csv")
	require.NoError(t, os.WriteFile(list, []byte("code\nC1\nC1\n"), 0o600))
	require.Equal(t, list+`:3:1: the key of this row, code, is that of a row above; the key of a list is unique
    3 | C1
      | ^
`, concurctl.Run(t, "", "rules", "check", rules).Out)
}

func TestAMistakeIsShownWithItsLineAndACaret(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(goodRules)
	require.NoError(t, err)
	bad := clitest.File(t, "bad.yaml", strings.Replace(string(data), "ask: finance", "ask: finanze", 1))
	o := concurctl.Run(t, "", "rules", "check", bad)
	require.Equal(t, 1, o.Code)
	require.Equal(t, "concurctl: "+bad+" cannot be used: 1 error\n", o.Errs)
	require.Equal(t, bad+`:36:17: rule "duplicate": there is no group "finanze" in groups; did you mean "finance"? Known are finance, controllers
   36 |     then: {ask: finanze, sendBack: true}
      |                 ^
`, o.Out)
	c := clitest.Read[checked](t, concurctl.Run(t, "", "rules", "check", bad, "-o", "json"))
	require.False(t, c.OK)
	require.Equal(t, fault{File: bad, Line: 36, Column: 17, Rule: "duplicate", Reason: `there is no group "finanze" in groups; did you mean "finance"? Known are finance, controllers`}, c.Errors[0])
}

func TestAFileWithAWarningIsOk(t *testing.T) {
	t.Parallel()
	o := concurctl.Run(t, "", "rules", "check", clitest.File(t, "rules.yaml", "apiVersion: concur-connector/v1\nvariables: [{name: a, level: report, expression: '1'}]\nrules: []\n"))
	require.Zero(t, o.Code, o.Errs)
	require.Contains(t, o.Out, "warning: ")
	require.Contains(t, o.Out, ":2:20: no rule uses the variable a\n    2 | variables:")
	require.Contains(t, o.Out, ": a worker refuses this file: there is no rule, so every report would be approved without anybody looking at it")
	require.Contains(t, o.Out, "\nok: 0 rules, hash ")
}

func TestALineThatIsLongOrHidesControlsIsShownSafely(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	fault{File: "f", Line: 1, Column: 3, Reason: "no"}.print(&out, "", "f", []string{"ä\x1b[31m" + strings.Repeat("x", 500)})
	require.Equal(t, "f:1:3: no\n    1 | ä [31m"+strings.Repeat("x", shownLine-6)+"…\n      |   ^\n", out.String())
	out.Reset()
	fault{File: "other.csv", Line: 1, Column: 3, Reason: "no"}.print(&out, "", "f", []string{"abc"})
	fault{File: "f", Line: 9, Reason: "no"}.print(&out, "", "f", []string{"abc"})
	require.Equal(t, "other.csv:1:3: no\nf:9: no\n", out.String())
}

func TestTheConfiguredRulesFileIsTheDefault(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs(goodRules)
	require.NoError(t, err)
	o := concurctl.Start(t, clitest.Settings{"CONCUR_RULES": here}, "", "rules", "codes")
	require.Zero(t, o.Code, o.Errs)
	o = concurctl.Start(t, nil, "", "rules", "codes")
	require.Equal(t, "concurctl: give the rules FILE, or set CONCUR_RULES\n", o.Errs)
}

func TestCodesAreListedAsTheyAreToBeCreated(t *testing.T) {
	t.Parallel()
	require.Equal(t, `Create these in Expense Admin:
CODE      ON      LEVEL   VISIBILITY          RULES
APPROVED  Report  report  ALL                 (passes the report on: approveByException)
NORECPT   Entry   entry   APPROVER_PROCESSOR  receipt
`, concurctl.Run(t, "", "rules", "codes", goodRules).Out)
	codes := clitest.Read[[]policy.Code](t, concurctl.Run(t, "", "rules", "codes", goodRules, "-o", "json"))
	require.Len(t, codes, 2)
	require.Equal(t, "the rules post no exceptions\n", concurctl.Run(t, "", "rules", "codes", clitest.File(t, "r.yaml", "apiVersion: concur-connector/v1\nrules: []\n")).Out)
}

func TestThePageDescribesTheEffectsOfEachRule(t *testing.T) {
	t.Parallel()
	page := concurctl.Run(t, "", "rules", "doc", goodRules).Out
	for _, part := range []string{
		"3 rules, version 2026-11, hash ",
		"## At every step\n\n### The report\n\n#### round\n",
		"- Then nothing happens, because this is a **shadow** rule. Without `shadow`: the report goes back",
		"## Only at after-submit\n\n### Each entry\n\n#### receipt\n\nAbove the limit \\| a receipt is \\<needed>.\n",
		"- Applies to each entry.\n- Must be true: `entry.hasReceipt || entry.posted <= variables.limit`\n",
		"- Then the exception **NORECPT** is posted, for approvers and processors.",
		"- Applies to each entry where `entry.posted > money(\"10\", \"USD\")`",
		"a person of **finance** must approve",
		"| finance | 24h, 72h | controllers after 96h | it is overdue after 250h, and keeps waiting |",
		"| controllers |  |  | it waits |",
		"| after-submit | SUBMIT, REPORT SUBMITTED |",
		"| `variables.limit` | of the report | `money(\"75.00\", report.currency)` |",
		"\\|\\| false` | amount: `entry.posted`, vendor: `entry.vendor` | duplicate: `bool`, reportId: `string` |",
		"| A report is approved | by the exception **APPROVED** |",
		"| Comment when it is approved | “Thanks.” |",
		"| Today is that of | Europe/Berlin |",
	} {
		require.Contains(t, page, part)
	}
	require.Len(t, clitest.Read[[]policy.Rule](t, concurctl.Run(t, "", "rules", "doc", goodRules, "-o", "json")), 3)
}

func TestCasesBesideTheRulesRun(t *testing.T) {
	t.Parallel()
	o := concurctl.Run(t, "", "rules", "test", goodRules, "--coverage", "100")
	require.Zero(t, o.Code, o.Errs)
	require.Equal(t, "ok    a dinner without a receipt\nok    on another report, too\n2 cases: 2 ok, 0 failed; coverage 100 %\n", o.Out)
	r := clitest.Read[rulestest.Result](t, concurctl.Run(t, "", "rules", "test", goodRules, "-o", "json"))
	require.Len(t, r.Cases, 2)
	require.Equal(t, 100, r.Coverage)
}

func TestACaseThatFailsShowsTheDifference(t *testing.T) {
	t.Parallel()
	cases := clitest.File(t, "some.yaml", `cases:
  - name: a dinner
    report: {currency: USD, total: 1, entries: [{posted: 99}]}
    eventType: SUBMIT
    facts: {duplicates: {}}
    want: {action: approve, exceptions: []}
`)
	o := concurctl.Run(t, "", "rules", "test", goodRules, cases)
	require.Equal(t, 1, o.Code)
	require.Equal(t, "concurctl: 1 case of 1 failed\n", o.Errs)
	require.Contains(t, o.Out, "FAIL  a dinner ("+cases+":2)\n      - action: approve\n      + action: ask\n      + exception NORECPT on 1 for APPROVER_PROCESSOR\n")
	require.Contains(t, o.Out, "duplicate    never   never     never     1 case\n")
}

func TestRulesThatNoCaseCoversFailTheCoverage(t *testing.T) {
	t.Parallel()
	cases := clitest.File(t, "some.yaml", "cases: [{name: a, report: {currency: USD, total: 1}, eventType: SUBMIT, facts: {}, want: none}]")
	o := concurctl.Run(t, "", "rules", "test", goodRules, cases, "--coverage", "50")
	require.Equal(t, 1, o.Code)
	require.Equal(t, "concurctl: the coverage is 16 %, and at least 50 % is wanted: 3 rules are not covered\n", o.Errs)
	require.Zero(t, concurctl.Run(t, "", "rules", "test", goodRules, cases, "--coverage", "16").Code)
}

func TestTheCasesOfARulesFileAreThoseOfItsName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	put := func(name, content string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	rules := put("a.yaml", "apiVersion: concur-connector/v1\nrules: []\n")
	o := concurctl.Run(t, "", "rules", "test", rules)
	require.Equal(t, 1, o.Code)
	require.Contains(t, o.Errs, "concurctl: there are no cases: write "+filepath.Join(folder, "a_test.yaml"))

	one := "cases: [{name: %, report: {}, want: none}]"
	put("b_test.yaml", strings.Replace(one, "%", "of b", 1))
	require.Equal(t, "ok    of b\n1 case: 1 ok, 0 failed; coverage 100 %\n", concurctl.Run(t, "", "rules", "test", rules).Out)
	put("a_test.yaml", strings.Replace(one, "%", "of a", 1))
	put("a_more_test.yaml", strings.Replace(one, "%", "more of a", 1))
	require.Equal(t, "ok    more of a\nok    of a\n2 cases: 2 ok, 0 failed; coverage 100 %\n", concurctl.Run(t, "", "rules", "test", rules).Out)

	put("a_test.yaml", "cases: [{name: x, wants: none}]")
	o = concurctl.Run(t, "", "rules", "test", rules)
	require.Equal(t, 1, o.Code)
	require.Contains(t, o.Errs, `a_test.yaml:1:19: unknown key "wants" in a case`)
	require.True(t, strings.HasSuffix(o.Errs, "\nconcurctl: the cases cannot be used: 3 errors\n"), o.Errs)
	put("a_test.yaml", "cases: []")
	put("a_more_test.yaml", "cases: []")
	require.Contains(t, concurctl.Run(t, "", "rules", "test", rules).Errs, "concurctl: there are no cases in ")
}

func TestOneReportIsExplained(t *testing.T) {
	t.Parallel()
	report := clitest.File(t, "report.yaml", `report:
  id: R1
  currency: USD
  total: 100
  entries:
    - {type: MEALS, posted: 99, vendor: ACME}
    - {type: TAXI, posted: 9, hasReceipt: true}
eventType: SUBMIT
at: 2026-05-01
facts: {duplicates: {"1": {duplicate: false, reportId: ""}}}
`)
	o := concurctl.Run(t, "", "rules", "explain", report, "--rules", goodRules)
	require.Zero(t, o.Code, o.Errs)
	require.Equal(t, `R1, by the rules 2026-11, as of 2026-05-01, at SUBMIT
report
  violated    round (shadow): round
              report.total = 100.00 USD
entry 1 (1)
  violated    receipt: A receipt is missing.
              entry.hasReceipt = false
              entry.posted = 99.00 USD
              variables.limit = 75.00 USD
not shown: 2 satisfied, 1 no match (--all shows them)
verdict: approve by APPROVED
  exception NORECPT on entry 1 (receipt)
comment:
  Thanks.
`, o.Out)
	all := concurctl.Run(t, "", "rules", "explain", report, "--rules", goodRules, "--all", "--rule", "duplicate").Out
	require.Contains(t, all, "entry 1 (1)\n  satisfied   duplicate\n")
	require.Contains(t, all, "entry 2 (2)\n  no match    duplicate\n")
	require.NotContains(t, all, "receipt is missing")

	e := clitest.Read[explained](t, concurctl.Run(t, "", "rules", "explain", report, "--rules", goodRules, "-o", "json", "--at", "2026-06-01", "--event-type", "OTHER"))
	require.Equal(t, []string{"report", "entry 1", "entry 2"}, []string{e.Objects[0].Place, e.Objects[1].Place, e.Objects[2].Place})
	require.Equal(t, "OTHER", e.Event)
	require.Equal(t, "2026-06-01", e.At.Format("2006-01-02"))
}

func TestAPayloadIsExplained(t *testing.T) {
	t.Parallel()
	o := concurctl.Run(t, "", "rules", "explain", "../../../concur/wire/testdata/report.xml", "--rules", goodRules, "--event-type", "SUBMIT")
	require.Zero(t, o.Code, o.Errs)
	require.Contains(t, o.Out, "entry 1 (nEntryOne)\n  unknown     duplicate\n")
	require.Contains(t, o.Out, ", as far as is known; unknown: duplicate\n")
}

func TestAPayloadThatIsNotCompleteIsExplainedWithAWarning(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]string{
		"details": `<ReportDetails><ReportId>R</ReportId><CrnCode>USD</CrnCode><ApsKey>A_EXTV</ApsKey><ReportTotal>243.86000000</ReportTotal><EntryCount>1</EntryCount><Entries Count="1"/></ReportDetails>`,
		"header":  `{"ID":"0A1B","Total":307.01,"CurrencyCode":"USD","ApprovalStatusCode":"A_EXTV"}`,
	} {
		said := concurctl.Run(t, "", "rules", "explain", clitest.File(t, "report", payload), "--rules", goodRules)
		require.Zero(t, said.Code, said.Errs)
		require.Contains(t, said.Out, "not complete: Concur claims ", name)
		require.Contains(t, said.Out, "and no entry arrived; a worker parks this report (Incomplete) and does not evaluate it\n", name)
	}
}

func TestAnInputThatCannotBeExplainedGivesOneSentence(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		`"nothing" is no file, no notification ID such as EXPRPT:KEY, and no ObjectURI`: {"nothing"},
		`no rule "fly"`: {"nothing", "--rule", "fly"},
		`--at "now" is not a date like "2026-05-01"`:                  {goodRules, "--at", "now"},
		`testdata/rules.yaml:1:1: unknown key "apiVersion" in report`: {goodRules},
		"it is a callout": {"../../../concur/wire/testdata/callout.xml"},
		"reach Temporal":  {"EXPRPT:none"},
	} {
		o := concurctl.Start(t, clitest.Settings{"TEMPORAL_ADDRESS": "127.0.0.1:2"}, "", append([]string{"rules", "explain", "--rules", goodRules}, args...)...)
		require.Equal(t, 1, o.Code, says)
		require.Contains(t, o.Errs, says)
		require.Equal(t, 1, strings.Count(o.Errs, "\n")-strings.Count(o.Errs, "concurctl: using Temporal at "), o.Errs)
	}
}

func TestPayloadsAreEvaluatedByBothFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, from := range map[string]string{"one.xml": "report.xml", "two.xml": "report_v2.xml", "callout.xml": "callout.xml"} {
		data, err := os.ReadFile("../../../concur/wire/testdata/" + from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), data, 0o600))
	}
	old := clitest.File(t, "old.yaml", "apiVersion: concur-connector/v1\nrules: []\n")
	changed := clitest.File(t, "new.yaml", "apiVersion: concur-connector/v1\nrules: [{name: all, level: report, expression: 'false', message: m, then: {ask: finance, exception: {code: ALL}}}]\n")
	lines := filepath.Join(t.TempDir(), "changed.jsonl")
	o := concurctl.Run(t, "", "rules", "what-if", changed, "--against", old, "--payloads", folder, "--out", lines, "--examples", "1")
	require.Zero(t, o.Code, o.Errs)
	require.True(t, strings.HasPrefix(o.Out, "3 reports: 0 the same, 2 changed, 0 unknown, 1 skipped\n\nCOUNT  OUTCOME\n2      approve → ask finance\n\nCOUNT  EXCEPTION\n2      + ALL\n"), o.Out)
	require.Contains(t, o.Out, "\nand 1 more; --out writes all\n")
	written, err := os.ReadFile(lines)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(written), "\n"))
	var first whatif.Change
	require.NoError(t, json.Unmarshal([]byte(strings.SplitN(string(written), "\n", 2)[0]), &first))
	require.Equal(t, "one.xml", first.ID)
	require.Equal(t, []string{"ALL"}, first.Added)

	tally := clitest.Read[whatif.Tally](t, concurctl.Run(t, "", "rules", "what-if", changed, "--against", old, "--payloads", folder, "--limit", "2", "-o", "json"))
	require.Equal(t, 2, tally.Runs)
	require.Equal(t, map[whatif.Skip]int{notRead: 1}, tally.Skipped)
}

func TestAnInvalidWhatIfGivesOneSentence(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for says, args := range map[string][]string{
		"wants the changed FILE":                           {},
		"--since \"soon\" is neither a duration like 720h": {goodRules, "--since", "soon"},
		"--rate \"0\" is not N/s":                          {goodRules, "--rate", "0"},
		"must not be below 0":                              {goodRules, "--limit", "-1"},
		"need --payloads":                                  {goodRules, "--against", goodRules},
		"nothing to evaluate":                              {goodRules, "--payloads", empty, "--against", goodRules},
		"read the payloads: open /nowhere":                 {goodRules, "--payloads", "/nowhere", "--against", goodRules},
		"write the changed runs: open /nowhere":            {goodRules, "--out", "/nowhere/x"},
		"give the rules FILE, or set CONCUR_RULES":         {goodRules, "--payloads", empty},
		"reach Temporal at 127.0.0.1:1":                    {goodRules},
		"read rules: open /nowhere: no such file":          {"/nowhere"},
	} {
		o := concurctl.Start(t, nil, "", append([]string{"rules", "what-if"}, args...)...)
		require.Equal(t, 1, o.Code, says)
		require.Contains(t, o.Errs, says)
		require.Equal(t, 1, strings.Count(o.Errs, "\n")-strings.Count(o.Errs, "concurctl: using Temporal at "), o.Errs)
	}
}

func TestOtherCommandsReportTheFirstMistakeInAFile(t *testing.T) {
	t.Parallel()
	bad := clitest.File(t, "bad.yaml", "apiVersion: concur-connector/v1\nrules: 1\nx: 1\n")
	for _, command := range []string{"codes", "doc", "what-if", "test"} {
		o := concurctl.Run(t, "", "rules", command, bad)
		require.Equal(t, 1, o.Code)
		require.Equal(t, "concurctl: "+bad+":2:8: rules must be a list: each rule begins with a dash (and 1 error more; concurctl rules check "+bad+" shows all)\n", o.Errs)
	}
}

func TestADateOfAtIsThatDayInTheZoneOfTheRules(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Etc/GMT+12", "America/Los_Angeles", "UTC", "Pacific/Kiritimati"} {
		rules := clitest.File(t, "rules.yaml", "apiVersion: concur-connector/v1\ntimezone: "+zone+
			"\nrules: [{name: day, level: report, expression: 'today == date(\"2020-06-01\")', messageExpression: string(today), then: {sendBack: true}}]\n")
		report := clitest.File(t, "report.yaml", "report: {id: R1, submitted: 2020-06-01}\n")
		for _, args := range [][]string{nil, {"--at", "2020-06-01"}, {"--at", "2020-06-01T23:00"}} {
			o := concurctl.Run(t, "", append([]string{"rules", "explain", report, "--rules", rules}, args...)...)
			require.Zero(t, o.Code, o.Errs)
			require.Contains(t, o.Out, "as of 2020-06-01", zone)
			require.Contains(t, o.Out, "verdict: approve", "%v in %s", args, zone)
		}
		cases := clitest.File(t, "rules_test.yaml", "cases: [{name: a, at: \"2020-06-01\", report: {id: R1}, want: none}]\n")
		require.Zero(t, concurctl.Run(t, "", "rules", "test", rules, cases).Code, zone)
	}
}
