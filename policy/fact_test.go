package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

// asking is a file with the fact "duplicates", as it is given, and one rule on each entry.
func asking(fact, expression string, more ...string) string {
	return strings.Join(more, "") + "facts:\n  duplicates: {url: https://erp.example.com/facts, " + fact + "}\n" +
		"rules:\n  - {name: one, level: entry, expression: " + quoted(expression) + ", message: Hm., then: {sendBack: true}}\n"
}

const ofEntries = "level: entry, send: {vendor: entry.vendor, amount: entry.posted}, answer: {duplicate: bool, reportId: string}"

// answers are what the fact "duplicates" was answered, as JSON.
func answers(t testing.TB, text string) expense.Facts {
	t.Helper()
	var a expense.Answers
	require.NoError(t, json.Unmarshal([]byte(text), &a))
	return expense.Facts{"duplicates": a}
}

func TestAQuestionSaysWhatTheFileSends(t *testing.T) {
	t.Parallel()
	r := deep(t)
	r.Entries[0].Vendor, r.Entries[2].Vendor, r.Entries[0].Date = "Taxi 4", "Trattoria", "2026-05-01T10:00:00"
	r.Entries[2].Posted = in(t, "12.50", "EUR")
	p := parsed(t, asking(`level: entry, match: has(entry.vendor), answer: {duplicate: bool},
    send: {vendor: entry.vendor, amount: entry.posted, count: entry.attendeeCount, personal: entry.personal,
           reportName: report.name, ids: 'entry.allocations.map(a, a.id)', twice: variables.twice}`,
		`!facts.duplicates.duplicate`, "variables:\n  - {name: twice, level: entry, expression: entry.posted * 2}\n"))
	q, err := p.Questions(policy.Input{Report: r})
	require.NoError(t, err)
	require.JSONEq(t, `[{"fact": "duplicates", "url": "https://erp.example.com/facts", "wants": ["duplicate"], "items": [
		{"key": "1", "values": {"vendor": "Taxi 4", "amount": {"amount": "10", "currency": "USD"}, "count": 0, "personal": false,
			"reportName": "Trip", "ids": ["A1", "A2"], "twice": {"amount": "20", "currency": "USD"}}},
		{"key": "3", "values": {"vendor": "Trattoria", "amount": {"amount": "12.5", "currency": "EUR"}, "count": 0, "personal": false,
			"reportName": "Trip", "ids": [], "twice": {"amount": "25", "currency": "EUR"}}}]}]`, normal(encoded(t, q)))
	kept, err := p.Questions(policy.Input{Report: stored(t, p.SelectFields(r))})
	require.NoError(t, err)
	require.Equal(t, encoded(t, q), encoded(t, kept), "what is sent is kept")
}

// normal writes amounts without trailing noughts.
func normal(text string) string {
	return strings.NewReplacer(`"12.50"`, `"12.5"`, `"25.00"`, `"25"`).Replace(text)
}

func TestTheKeysOfQuestionsArePlaces(t *testing.T) {
	t.Parallel()
	for level, want := range map[string][]string{
		"report": {"0"}, "entry": {"1", "2", "3"}, "itemization": {"2.1", "2.2"},
		"allocation": {"1.0.1", "1.0.2", "2.1.1", "2.2.1", "2.2.2"},
		"request":    {"0"}, "expectedExpense": {"1", "2", "3"}, "segment": {"1.1", "1.2", "3.1"},
	} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			p := parsed(t, strings.Replace(asking("level: "+level+", send: {id: "+level+".id}, answer: {ok: bool}", "facts.duplicates.ok"),
				"level: entry, expression", "level: "+level+", expression", 1))
			c, other := policy.Input{Report: deep(t)}, policy.Input{Request: journeyAsked(t)}
			if level == "request" || level == "expectedExpense" || level == "segment" {
				c, other = other, c
			}
			q, err := p.Questions(c)
			require.NoError(t, err)
			require.Len(t, q, 1)
			var keys []string
			all := expense.Answers{}
			for _, item := range q[0].Items {
				keys = append(keys, item.Key)
				all[item.Key] = map[string]json.RawMessage{"ok": json.RawMessage("true")}
			}
			require.Equal(t, want, keys)
			c.Facts = expense.Facts{"duplicates": all}
			require.Equal(t, expense.Approve, p.Evaluate(c).Action, "an answer is found by the key of its question")
			none, err := p.Questions(other)
			require.NoError(t, err)
			require.Empty(t, none)
		})
	}
}

func TestAnAnswerIsReadAsTheFileSays(t *testing.T) {
	t.Parallel()
	const (
		absent = "facts.duplicates.x is absent; ask with has() before reading it"
		bad    = "the answer facts.duplicates.x is not "
	)
	deeply := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for name, c := range map[string]struct{ kind, expression, answer, want string }{
		"true":                      {"bool", `facts.duplicates.x`, `true`, ""},
		"false":                     {"bool", `!facts.duplicates.x && has(facts.duplicates.x)`, `false`, ""},
		"a truth as a text":         {"bool", `facts.duplicates.x`, `"true"`, bad},
		"a truth as a number":       {"bool", `facts.duplicates.x`, `1`, bad},
		"null":                      {"bool", `facts.duplicates.x`, `null`, absent},
		"null that is asked for":    {"bool", `!has(facts.duplicates.x)`, ` null `, ""},
		"a whole number":            {"int", `facts.duplicates.x == -3`, `-3`, ""},
		"a broken number":           {"int", `facts.duplicates.x == 3`, `3.5`, bad},
		"an exponent":               {"int", `facts.duplicates.x == 1000`, `1e3`, bad},
		"a number too large":        {"int", `facts.duplicates.x > 0`, `9223372036854775808`, bad},
		"a text":                    {"string", `facts.duplicates.x == "R\u00e9"`, `"R\u00e9"`, ""},
		"an empty text":             {"string", `facts.duplicates.x == "" && !has(facts.duplicates.x)`, `""`, ""},
		"a number for a text":       {"string", `facts.duplicates.x == ""`, `4`, bad},
		"a text without end":        {"string", `facts.duplicates.x == ""`, `"` + strings.Repeat("x", 1001) + `"`, bad},
		"an amount":                 {"money", `facts.duplicates.x == money("0.10", "USD")`, `{"amount": "0.10", "currency": "USD"}`, ""},
		"an amount and more":        {"money", `facts.duplicates.x > money("7", "USD")`, `{"amount": "7.01", "currency": "USD", "note": [1]}`, ""},
		"the last of two amounts":   {"money", `facts.duplicates.x == money("2", "USD")`, `{"amount": "1", "currency": "USD", "amount": "2"}`, ""},
		"a number for an amount":    {"money", `has(facts.duplicates.x)`, `{"amount": 7.5, "currency": "USD"}`, bad},
		"an amount of exponents":    {"money", `has(facts.duplicates.x)`, `{"amount": "1e999999999", "currency": "USD"}`, bad},
		"no number":                 {"money", `has(facts.duplicates.x)`, `{"amount": "NaN", "currency": "USD"}`, bad},
		"an amount without code":    {"money", `has(facts.duplicates.x)`, `{"amount": "1"}`, bad},
		"an amount of nothing":      {"money", `has(facts.duplicates.x)`, `{}`, bad},
		"an amount as a text":       {"money", `has(facts.duplicates.x)`, `"1 USD"`, bad},
		"a date":                    {"date", `facts.duplicates.x == date("2026-05-01")`, `"2026-05-01"`, ""},
		"no date":                   {"date", `facts.duplicates.x == date("2026-05-01")`, `"2026-02-30"`, bad},
		"an empty date":             {"date", `!has(facts.duplicates.x)`, `""`, ""},
		"texts":                     {"strings", `"b" in facts.duplicates.x && size(facts.duplicates.x) == 2`, `["a", "b"]`, ""},
		"no texts":                  {"strings", `size(facts.duplicates.x) == 0 && !has(facts.duplicates.x)`, `[]`, ""},
		"one text for many":         {"strings", `size(facts.duplicates.x) == 1`, `"a"`, bad},
		"texts and a number":        {"strings", `size(facts.duplicates.x) == 2`, `["a", 1]`, bad},
		"too many texts":            {"strings", `size(facts.duplicates.x) > 0`, "[" + strings.Repeat(`"",`, 1000) + `""]`, bad},
		"a long one of texts":       {"strings", `size(facts.duplicates.x) > 0`, `["` + strings.Repeat("x", 1001) + `"]`, bad},
		"lists without end":         {"strings", `size(facts.duplicates.x) > 0`, deeply, bad},
		"a list for a truth":        {"bool", `facts.duplicates.x`, deeply, bad},
		"texts that are gone over":  {"strings", `facts.duplicates.x.all(a, facts.duplicates.x.exists(b, a == b))`, `["a", "b"]`, ""},
		"answers that are compared": {"bool", `[facts.duplicates].all(f, f == facts.duplicates && f.x)`, `true`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parsed(t, asking("level: entry, send: {id: entry.id}, answer: {x: "+c.kind+"}", c.expression))
			facts := expense.Facts{"duplicates": {"1": {"x": json.RawMessage(c.answer)}}}
			v := p.Evaluate(policy.Input{Report: entries("TAXI"), Facts: facts})
			if c.want == "" {
				require.Empty(t, v.Findings)
				return
			}
			if strings.HasPrefix(c.expression, "has(") {
				require.Empty(t, v.Findings, "there is something: it is wrong")
				return
			}
			require.Equal(t, expense.Ask, v.Action)
			if c.want == bad {
				require.Contains(t, v.Findings[0].Message, "could not be evaluated: "+bad)
				return
			}
			require.Equal(t, "could not be evaluated: "+c.want, v.Findings[0].Message)
		})
	}
}

func TestAFactWithoutAnAnswerFails(t *testing.T) {
	t.Parallel()
	const notAsked = "could not be evaluated: facts.duplicates was not asked for here; ask with has(facts.duplicates) whether it was"
	plain := parsed(t, asking(ofEntries, "!facts.duplicates.duplicate"))
	polite := parsed(t, asking(ofEntries, "!has(facts.duplicates) || !facts.duplicates.duplicate"))
	careful := parsed(t, asking(ofEntries, "!has(facts.duplicates.duplicate) || !facts.duplicates.duplicate"))
	for name, c := range map[string]struct {
		facts expense.Facts
		want  []string // of E1 and E2
	}{
		"nothing":      {nil, []string{notAsked, notAsked}},
		"another fact": {expense.Facts{"other": {"1": {}}}, []string{notAsked, notAsked}},
		"one of two objects": {answers(t, `{"2": {"duplicate": false}}`),
			[]string{"could not be evaluated: the fact duplicates could not be asked for: entry.posted is absent; ask with has() before reading it"}},
		"a value is missing": {answers(t, `{"1": {}, "2": {"duplicate": true, "reportId": "R9"}}`),
			[]string{"could not be evaluated: facts.duplicates.duplicate is absent; ask with has() before reading it", "Hm."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range plain.Evaluate(policy.Input{Report: entries("TAXI", "MEALS"), Facts: c.facts}).Findings {
				got = append(got, f.Message)
			}
			require.Equal(t, c.want, got)
			for _, f := range polite.Evaluate(policy.Input{Report: entries("TAXI", "MEALS"), Facts: c.facts}).Findings {
				require.NotEqual(t, notAsked, f.Message)
			}
			for _, f := range careful.Evaluate(policy.Input{Report: entries("TAXI", "MEALS"), Facts: c.facts}).Findings {
				require.NotContains(t, f.Message, "was not asked for here", "has() of a value of what was not asked for is false")
			}
		})
	}
}

func TestAFactThatNoRuleReadsIsNotFetched(t *testing.T) {
	t.Parallel()
	p := parsed(t, asking(ofEntries, "true")+noPage)
	q, err := p.Questions(policy.Input{Report: entries("TAXI")})
	require.NoError(t, err)
	require.Empty(t, q)
	ofReports, _ := p.StoredFields()
	require.NotContains(t, ofReports, "entry.vendor", "nor is kept what it would send")
	require.Contains(t, rulesfile.Errors(p.Warnings()).Error(), "f:3:3: no rule reads the fact duplicates: it is not asked for")
}

func TestAFactIsReadThroughVariables(t *testing.T) {
	t.Parallel()
	for name, expression := range map[string]string{
		"directly": "facts.duplicates.duplicate", "by another variable": "variables.first", "in a loop": "[facts].exists(f, f.duplicates.duplicate)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parsed(t, asking(ofEntries, "!variables.twice", "variables:\n"+
				"  - {name: first, level: entry, expression: facts.duplicates.duplicate}\n"+
				"  - {name: twice, level: entry, expression: '"+expression+"'}\n"))
			q, err := p.Questions(policy.Input{Report: deep(t)})
			require.NoError(t, err)
			require.Len(t, q, 1)
			c := policy.Input{Report: entries("TAXI"), Facts: answers(t, `{"1": {"duplicate": true}}`)}
			require.Equal(t, expense.SendBack, p.Evaluate(c).Action)
			_, unknown := p.EvaluateStored(policy.Input{Report: c.Report}, []string{"entry.id", "entry.vendor", "entry.posted", "report.entries"})
			require.Equal(t, []string{"one"}, unknown, "without the answer it is not known")
		})
	}
}

func TestFactsAreRefused(t *testing.T) {
	t.Parallel()
	good := "send: {id: entry.id}, answer: {x: bool}"
	for name, c := range map[string]struct{ fact, want string }{
		"no url":              {"level: entry, " + good, "the fact duplicates has no url"},
		"http":                {"url: http://erp.example.com, level: entry, " + good, "url must be an address such as https://erp.example.com/facts"},
		"a password":          {"url: 'https://a:b@erp.example.com', level: entry, " + good, "without user name and fragment"},
		"a fragment":          {"url: 'https://erp.example.com/#x', level: entry, " + good, "without user name and fragment"},
		"no host":             {"url: 'https:///x', level: entry, " + good, "url must be an address"},
		"no level":            {"url: https://erp.example.com, " + good, "the fact duplicates: level is missing"},
		"another level":       {"url: https://erp.example.com, level: report, " + good, `the fact duplicates: id: "entry" is only known to rules of level entry`},
		"nothing to send":     {"url: https://erp.example.com, level: entry, answer: {x: bool}", "the fact duplicates sends nothing"},
		"no answer":           {"url: https://erp.example.com, level: entry, send: {id: entry.id}", "the fact duplicates has no answer"},
		"an unknown kind":     {"url: https://erp.example.com, level: entry, send: {id: entry.id}, answer: {x: text}", `unknown kind of value "text"; the kinds are string, bool, int, decimal, money, date, strings`},
		"a whole entry":       {"url: https://erp.example.com, level: entry, send: {e: entry}, answer: {x: bool}", "the fact duplicates: e is Entry, which cannot be sent"},
		"entries":             {"url: https://erp.example.com, level: report, send: {e: report.entries}, answer: {x: bool}", "which cannot be sent"},
		"another fact":        {"url: https://erp.example.com, level: entry, send: {e: facts.duplicates.x}, answer: {x: bool}", `there is no fact "duplicates"`},
		"a match of no truth": {"url: https://erp.example.com, level: entry, match: entry.id, " + good, "the fact duplicates: match: must be true or false (bool), is text (string)"},
		"a name of two words": {"url: https://erp.example.com, level: entry, send: {an id: entry.id}, answer: {x: bool}", `"an id" cannot be a name in send`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\nfacts:\n  duplicates: {"+c.fact+"}\nrules: []\n"))
			require.ErrorContains(t, err, c.want)
			require.Regexp(t, `^f:\d+:\d+: `, err.Error())
		})
	}
}

func TestAnObjectWithoutAQuestionIsLeftOut(t *testing.T) {
	t.Parallel()
	p := parsed(t, asking(ofEntries, "!has(facts.duplicates) || !facts.duplicates.duplicate"))
	r := deep(t) // the third entry has no amount
	q, err := p.Questions(policy.Input{Report: r})
	require.NoError(t, err)
	require.Len(t, q[0].Items, 2)
	_, err = p.Budgeted(1, 1<<40).Questions(policy.Input{Report: r})
	require.EqualError(t, err, "the rules together exceed what they may cost")
	facts := p.Facts()
	require.Equal(t, []policy.Fact{{
		Name: "duplicates", Level: "entry", URL: "https://erp.example.com/facts",
		Send:   map[string]string{"vendor": "entry.vendor", "amount": "entry.posted"},
		Answer: map[string]string{"duplicate": "bool", "reportId": "string"},
	}}, facts)
}

func TestHasFailsForAnErrorThatIsNotAbsence(t *testing.T) {
	t.Parallel()
	const unasked = "could not be evaluated: the fact duplicates could not be asked for: entry.posted is absent; ask with has() before reading it"
	for name, c := range map[string]struct{ fact, expression, says string }{
		"the match errs":     {`level: entry, match: entry.posted.isNegative(), send: {id: entry.id}, answer: {ok: bool}`, "!has(facts.duplicates)", unasked},
		"what is sent errs":  {`level: entry, send: {amount: entry.posted}, answer: {ok: bool}`, "!has(facts.duplicates)", unasked},
		"by a variable":      {`level: entry, send: {amount: entry.posted}, answer: {ok: bool}`, "!has(variables.told)", ""},
		"it is not answered": {`level: entry, send: {id: entry.id}, answer: {ok: bool}`, "!has(facts.duplicates)", "could not be evaluated: the fact duplicates was not answered"},
		"nor is a variable":  {`level: entry, match: entry.personal, send: {id: entry.id}, answer: {ok: bool}`, "!has(variables.told)", "holds"},
		"it is not asked":    {`level: entry, match: entry.personal, send: {id: entry.id}, answer: {ok: bool}`, "!has(facts.duplicates)", "holds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parsed(t, asking(c.fact, c.expression, "variables:\n  - {name: told, level: entry, expression: facts.duplicates.ok}\n"))
			one := told(entries("TAXI"))
			one.Entries[0].Posted = nil
			v := p.Evaluate(policy.Input{Report: one, Facts: answers(t, `{}`)})
			switch c.says {
			case "holds":
				require.Equal(t, expense.Approve, v.Action)
				return
			case "":
				c.says = "could not be evaluated: the variable told could not be evaluated: " + strings.TrimPrefix(unasked, "could not be evaluated: ")
			}
			require.Equal(t, expense.Ask, v.Action)
			require.Len(t, v.Findings, 1)
			require.Equal(t, c.says, v.Findings[0].Message)
		})
	}
}

func TestAFactThatWasNotRecordedIsUnknown(t *testing.T) {
	t.Parallel()
	const ofAll = "level: entry, send: {id: entry.id}, answer: {duplicate: bool}"
	of := func(t *testing.T, fact string) ([]string, expense.Action) {
		p := parsed(t, asking(fact, "!has(facts.duplicates) || !facts.duplicates.duplicate"))
		kept, _ := p.StoredFields()
		v, unknown := p.EvaluateStored(policy.Input{Report: entries("TAXI", "MEALS"), Facts: answers(t, `{"1": {"duplicate": false}}`)}, kept)
		return unknown, v.Action
	}
	unknown, _ := of(t, ofAll)
	require.Equal(t, []string{"one"}, unknown, "the second entry was not asked about")
	unknown, _ = of(t, "level: report, send: {id: report.id}, answer: {duplicate: bool}")
	require.Equal(t, []string{"one"}, unknown, "nor was the report")
	unknown, action := of(t, strings.Replace(ofAll, "entry,", `entry, match: entry.type == "TAXI",`, 1))
	require.Empty(t, unknown)
	require.Equal(t, expense.Approve, action)
}

func TestQuestionsToFactServicesAreBounded(t *testing.T) {
	t.Parallel()
	const doubled = `variables:
  - {name: long, level: report, expression: '["0123456789abcdef"].map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).join()'}
`
	p := parsed(t, asking("level: entry, send: {id: entry.id, long: variables.long}, answer: {duplicate: bool}", "!facts.duplicates.duplicate", doubled))
	_, err := p.Questions(policy.Input{Report: entries(make([]string, 1000)...)})
	require.NoError(t, err, "4 MiB are not too much")
	_, err = p.Questions(policy.Input{Report: entries(make([]string, 3000)...)})
	require.EqualError(t, err, "what the facts send together is too large")
}
