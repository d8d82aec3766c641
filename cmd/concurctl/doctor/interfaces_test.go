package doctor

import (
	"strings"
	"testing"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/require"
)

// examined is what the doctor says of a worker's environment.
func examined(t *testing.T, env clitest.Settings, scopes string, change map[string]string, args ...string) []finding {
	t.Helper()
	c := clitest.NewConcurShowing(t, scopes, change)
	c.Env["CONCUR_RULES"] = clitest.File(t, "rules.yaml", oneRule)
	for name, value := range env {
		c.Env[name] = value
	}
	found, ended := diagnose(t, c.Env, append([]string{"--program", "worker", "--use-refresh-token"}, args...)...)
	require.Empty(t, c.Gone(), "nothing is changed")
	for _, personal := range []string{clitest.PairOwner, clitest.PairLogin, "77.77", "nKEY"} {
		require.NotContains(t, ended.Out+ended.Errs, personal)
	}
	return found
}

func TestTheChosenInterfacesAreProvedOnAReport(t *testing.T) {
	t.Parallel()
	const all = clitest.V4Scopes + clitest.IdentityScopes
	const same = "v3 and v4 show the same: ID, total, status, currency and set of entries (2 IDs)"
	t.Run("v4, on the first that waits", func(t *testing.T) {
		t.Parallel()
		found := examined(t, clitest.Settings{"CONCUR_INTERFACE": "v4"}, all, nil)
		says(t, found, "interfaces", passed, "v4 is chosen (CONCUR_INTERFACE), and shows report "+clitest.PairReport)
		says(t, found, "interfaces", passed, same)
		says(t, found, "interfaces", passed, "the token is a company's")
		says(t, found, "step guard", passed, "only at a step with expectedStepCode=EXTVAL")
		says(t, found, "acting", passed, "only the scopes and the step guard")
		silentAbout(t, found, "interfaces", warned, broken)
		silentAbout(t, found, "scopes", warned, broken)
		silentAbout(t, found, "travel requests", passed, warned, broken)
	})
	t.Run("v3+v4, by the address of v1.1", func(t *testing.T) {
		t.Parallel()
		found := examined(t, clitest.Settings{"CONCUR_INTERFACE": "v3+v4"}, all, nil, "--report", clitest.PairURI)
		says(t, found, "interfaces", passed, "v3+v4 is chosen")
		says(t, found, "interfaces", passed, "v1.1 and v3 show the same: ID and total")
		says(t, found, "interfaces", passed, same)
		silentAbout(t, found, "interfaces", warned, broken)
	})
	t.Run("v1.1, and what a sweep reads by v3", func(t *testing.T) {
		t.Parallel()
		found := examined(t, nil, "", nil, "--report", clitest.PairURI)
		says(t, found, "interfaces", passed, "v1.1 is chosen")
		says(t, found, "interfaces", passed, "v1.1 and v3 show the same: ID and total")
		silentAbout(t, found, "interfaces", warned, broken)
	})
	t.Run("v1.1 is not proved by an address of v4", func(t *testing.T) {
		t.Parallel()
		found := examined(t, nil, all, nil, "--report", "https://us.api.concursolutions.com"+clitest.V4Header)
		says(t, found, "interfaces", warned, "v1.1 is chosen (CONCUR_INTERFACE) and was not checked")
		says(t, found, "interfaces", passed, "v3, which reads missed reports")
	})
	t.Run("any report will do when none waits", func(t *testing.T) {
		t.Parallel()
		change := map[string]string{}
		for path, body := range clitest.PairAnswers() {
			change[path] = strings.ReplaceAll(body, "A_EXTV", "A_APPR")
		}
		found := examined(t, clitest.Settings{"CONCUR_INTERFACE": "v4"}, all, change)
		says(t, found, "interfaces", passed, same)
	})
}

func TestWhatIsNotProvedSaysWhatToDo(t *testing.T) {
	t.Parallel()
	const (
		all       = clitest.V4Scopes + clitest.IdentityScopes
		v3Header  = "/api/v3.0/expense/reports/" + clitest.PairReport
		exception = "/expensereports/v4/reports/" + clitest.PairReport + "/exceptions"
		search    = "/profile/identity/v4.1/Users/.search"
		list      = "/api/v3.0/expense/reports"
	)
	v4, v3, old := clitest.Settings{"CONCUR_INTERFACE": "v4"}, clitest.Settings{"CONCUR_INTERFACE": "v3+v4"}, clitest.Settings{"CONCUR_INTERFACE": "v1.1"}
	answers := clitest.PairAnswers()
	two := clitest.File(t, "rules.yaml", strings.Replace(oneRule, "rules:", "steps:\n  first: [SUBMIT]\n  second: [PRE-EXTRACT]\nrules:", 1))
	for name, w := range map[string]struct {
		env    clitest.Settings
		change map[string]string
		args   []string
		check  string
		state  state
		says   string
	}{
		"v4 that is refused":             {v4, map[string]string{clitest.V4Header: ""}, nil, "interfaces", broken, "v4 is chosen (CONCUR_INTERFACE) and does not show the report: read report by v4: Forbidden"},
		"v4 that v1.1 stands in for":     {clitest.Settings{"CONCUR_INTERFACE": "v4", "CONCUR_FALLBACK": "true"}, map[string]string{clitest.V4Header: ""}, nil, "interfaces", warned, "uses v1.1 instead (CONCUR_FALLBACK)"},
		"v4 that only compares":          {v3, map[string]string{clitest.V4Header: ""}, nil, "interfaces", warned, "not compared with what v4 shows"},
		"v3 that is refused":             {v3, map[string]string{v3Header: ""}, nil, "interfaces", broken, "v3+v4 is chosen"},
		"v1.1 that is refused":           {old, map[string]string{strings.TrimPrefix(clitest.PairURI, "https://www.concursolutions.com"): ""}, []string{"--report", clitest.PairURI}, "interfaces", broken, "v1.1 is chosen"},
		"another set of entries":         {v4, map[string]string{clitest.V4Header + "/expenses": `[{"expenseId": "E1"}, {"expenseId": "E3"}]`}, nil, "interfaces", broken, "a different set of entries"},
		"another status and total":       {v3, map[string]string{clitest.V4Header: strings.NewReplacer("A_EXTV", "A_APPR", "77.77", "77.78").Replace(answers[clitest.V4Header])}, nil, "interfaces", broken, "a different total and status"},
		"a token that is no company's":   {v4, map[string]string{exception: ""}, nil, "interfaces", broken, "company's request token"},
		"exceptions that only a sweep's": {old, map[string]string{exception: ""}, []string{"--report", clitest.PairURI}, "interfaces", warned, "cannot start runs for missed reports"},
		"an owner whom v4 wants":         {v4, map[string]string{search: ""}, nil, "interfaces", broken, "needs the owner of report " + clitest.PairReport},
		"an owner whom a sweep wants":    {old, map[string]string{search: ""}, nil, "interfaces", warned, "give one with --report"},
		"no report at all":               {v4, map[string]string{list: `{"Items": [], "NextPage": null}`}, nil, "interfaces", warned, "the list contains no report → give one with --report"},
		"a list that cannot be had":      {v4, map[string]string{list: ""}, nil, "interfaces", warned, "the search for a report failed"},
		"a report of elsewhere":          {v4, nil, []string{"--report", "https://evil.example/api/expense/expensereport/v1.1/reportfulldetails/nK"}, "interfaces", broken, "CONCUR_TRUSTED_HOSTS"},
		"what v4 never tells":            {clitest.Settings{"CONCUR_INTERFACE": "v4", "CONCUR_RULES": clitest.File(t, "rules.yaml", oneRule+"  - {name: fun, level: entry, expression: entry.category == \"\", message: No., then: {sendBack: true}}\n")}, nil, nil, "rules", warned, "the rule fun asks a person: v4 never tells entry.category"},
		"no guard":                       {clitest.Settings{"CONCUR_STEP_GUARD": "none"}, nil, nil, "step guard", warned, "applies to whatever step"},
		"a guard of a field of nobody":   {clitest.Settings{"CONCUR_STEP_GUARD": "step=EXTVAL"}, nil, nil, "step guard", broken, "CONCUR_STEP_GUARD"},
		"two steps of one code, by v4":   {clitest.Settings{"CONCUR_INTERFACE": "v4", "CONCUR_RULES": two}, nil, nil, "steps", warned, "the rules file names 2 steps, and every classic external validation has this code"},
		"and v1.1 is not asked":          {clitest.Settings{"CONCUR_INTERFACE": "v3+v4", "CONCUR_READ_STEPS": "false", "CONCUR_RULES": two}, nil, nil, "steps", warned, "every report is parked (AmbiguousStep) → set CONCUR_READ_STEPS=true"},
		"and the header is to do":        {clitest.Settings{"CONCUR_INTERFACE": "v4", "CONCUR_AMBIGUOUS_STEPS": "act", "CONCUR_RULES": two}, nil, nil, "steps", warned, "no rules were evaluated"},
		"and only a sweep acts by v4":    {clitest.Settings{"CONCUR_RULES": two}, nil, []string{"--report", clitest.PairURI}, "steps", warned, "any other report is parked"},
		"an interface of nobody":         {clitest.Settings{"CONCUR_INTERFACE": "v5"}, nil, nil, "worker configuration", broken, "CONCUR_INTERFACE must be v1.1, v3+v4 or v4"},
		"a failed list that is refused":  {v4, map[string]string{clitest.ListPath: ""}, nil, "interfaces", passed, "v4 is chosen"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says(t, examined(t, w.env, all, w.change, w.args...), w.check, w.state, w.says)
		})
	}
}

func TestTheScopesAreThoseOfTheSetting(t *testing.T) {
	t.Parallel()
	const requestRule = "  - name: two\n    level: request\n    expression: has(request.purpose)\n    message: No purpose.\n    then: {sendBack: true}\n"
	const fieldRule = "  - name: three\n    level: entry\n    expression: entry.custom[\"3\"].code == \"A\"\n    message: No.\n    then: {sendBack: true}\n"
	for name, w := range map[string]struct {
		env    clitest.Settings
		scopes string
		state  state
		says   string
	}{
		"v4 acts":                        {clitest.Settings{"CONCUR_INTERFACE": "v4"}, "", broken, "expense.report.workflowstatus.write is not granted"},
		"v4 puts exceptions":             {clitest.Settings{"CONCUR_INTERFACE": "v4"}, "", broken, "expense.report.readwrite is not granted"},
		"v4 reads":                       {clitest.Settings{"CONCUR_INTERFACE": "v4"}, "", broken, "expense.report.read is not granted"},
		"v4 finds owners":                {clitest.Settings{"CONCUR_INTERFACE": "v4"}, clitest.V4Scopes, broken, "identity.user.ids.read is not granted"},
		"v3+v4 acts":                     {clitest.Settings{"CONCUR_INTERFACE": "v3+v4"}, "", broken, "expense.report.workflowstatus.write is not granted"},
		"v3+v4 finds owners for a sweep": {clitest.Settings{"CONCUR_INTERFACE": "v3+v4"}, clitest.V4Scopes, warned, "not granted: identity.user.ids.read and identity.user.core.read; without it sweeps"},
		"v1.1 acts on what a sweep finds": {nil, "", warned,
			"not granted: expense.report.workflowstatus.write, expense.report.readwrite, identity.user.ids.read and identity.user.core.read; without"},
		"lists":                {clitest.Settings{"CONCUR_INTERFACE": "v4", "CONCUR_RULES": clitest.File(t, "rules.yaml", oneRule+fieldRule)}, "", warned, "not granted: spend.listitem.read"},
		"travel requests":      {clitest.Settings{"CONCUR_RULES": clitest.File(t, "rules.yaml", oneRule+requestRule)}, "", broken, "travelrequest.externalsystemworkflow.write is not granted"},
		"owners of requests":   {clitest.Settings{"CONCUR_RULES": clitest.File(t, "rules.yaml", oneRule+requestRule)}, clitest.RequestScopes, warned, "identity.user.core.read; without it only an approver who owns no reports"},
		"travel requests read": {clitest.Settings{"CONCUR_RULES": clitest.File(t, "rules.yaml", oneRule+requestRule)}, clitest.RequestScopes, passed, "travelrequest.write is granted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says(t, examined(t, w.env, w.scopes, nil), "scopes", w.state, w.says)
		})
	}
	found := examined(t, clitest.Settings{"CONCUR_SWEEP_MODE": "off"}, "", nil)
	silentAbout(t, found, "scopes", warned, broken)
	found = examined(t, clitest.Settings{"CONCUR_RULES": clitest.File(t, "rules.yaml", oneRule+requestRule)}, clitest.RequestScopes, nil)
	says(t, found, "travel requests", passed, "can be listed")
	found = examined(t, clitest.Settings{"CONCUR_RULES": clitest.File(t, "rules.yaml", oneRule+requestRule)}, clitest.RequestScopes, map[string]string{"/travelrequest/v4/requests": ""})
	says(t, found, "travel requests", broken, "they cannot be listed: list travel requests: Forbidden")
}
