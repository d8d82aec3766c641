package policy_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// rules returns a policy of rules that are written in one line each:
// name, level, expression, message, effects.
func rules(t testing.TB, all ...[5]string) *policy.Policy {
	t.Helper()
	file := head
	if len(all) == 0 {
		file = "apiVersion: concur-connector/v1\nrules: []\n"
	}
	for _, r := range all {
		file += fmt.Sprintf("  - name: %s\n    level: %s\n    expression: %s\n    message: %s\n    then: {%s}\n", r[0], r[1], r[2], r[3], r[4])
	}
	if len(all) > 0 {
		file += noPage
	}
	p, err := policy.Parse("f", []byte(file))
	require.NoError(t, err)
	return p
}

// entries returns a report with an entry for each type, E1, E2 and so on.
func entries(types ...string) *expense.Report {
	r := &expense.Report{ID: "R1", Currency: "USD"}
	for i, typ := range types {
		r.Entries = append(r.Entries, expense.Entry{ID: fmt.Sprint("E", i+1), Type: typ})
	}
	return r
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	var (
		exception = [5]string{"flag", "entry", "false", "Flagged.", "exception: {code: FLAG}"}
		ask       = [5]string{"ask", "entry", "false", "Please look.", "ask: finance"}
		askAlso   = [5]string{"ask-also", "report", "false", "Please look too.", "ask: travel"}
		back      = [5]string{"back", "entry", "false", "Not this.", "sendBack: true"}
		broken    = [5]string{"broken", "report", `report.total > money("1", "USD")`, "Too much.", "sendBack: true"}
		holds     = [5]string{"holds", "report", "true", "Never.", "sendBack: true"}
	)
	for name, c := range map[string]struct {
		rules   [][5]string
		action  expense.Action
		group   string
		comment string
	}{
		"no rules approve":                          {nil, expense.Approve, "", ""},
		"rules that hold approve":                   {[][5]string{holds}, expense.Approve, "", ""},
		"exceptions alone approve":                  {[][5]string{exception}, expense.Approve, "", ""},
		"asking goes before approving":              {[][5]string{exception, ask}, expense.Ask, "finance", "Please look."},
		"sending back goes before asking":           {[][5]string{ask, back}, expense.SendBack, "", "Not this."},
		"sending back goes first in either order":   {[][5]string{back, ask}, expense.SendBack, "", "Not this."},
		"the groups of all rules are asked":         {[][5]string{ask, askAlso}, expense.Ask, "finance travel", "Please look too.\nPlease look."},
		"an erring rule asks anybody":               {[][5]string{broken}, expense.Ask, "", ""},
		"an erring rule leaves the group to others": {[][5]string{broken, ask}, expense.Ask, "finance", "Please look."},
		"sending back goes before an erring rule":   {[][5]string{broken, back}, expense.SendBack, "", "Not this."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := rules(t, c.rules...)
			v := p.VerdictOn(entries("MEALS"))
			require.Equal(t, c.action, v.Action)
			require.Equal(t, c.group, strings.Join(v.Groups(), " "))
			require.Equal(t, c.comment, v.Comment)
			require.Equal(t, p.Hash(), v.RulesHash)
		})
	}
}

func TestViolationsAreCollected(t *testing.T) {
	t.Parallel()
	p := rules(t,
		[5]string{"meals", "entry", `entry.type != "MEALS"`, "No meals.", "exception: {code: NOMEAL}, sendBack: true"},
		[5]string{"few", "report", `size(report.entries) < 2`, "Few entries only.", "exception: {code: FEW}, ask: finance, sendBack: true"},
		[5]string{"no-taxi", "entry", `entry.type != "TAXI"`, "No taxi.", "sendBack: true"},
		[5]string{"meals-again", "entry", `entry.type != "MEALS"`, "No meals.", "exception: {code: NOMEAL}, sendBack: true"},
	)
	v := p.VerdictOn(entries("TAXI", "MEALS", "HOTEL", "MEALS"))
	require.Equal(t, expense.Verdict{
		Action: expense.SendBack,
		Exceptions: []expense.Exception{
			{ObjectType: expense.OnEntry, ObjectID: "E2", Code: "NOMEAL", Rule: "meals"},
			{ObjectType: expense.OnEntry, ObjectID: "E4", Code: "NOMEAL", Rule: "meals"},
			{ObjectType: expense.OnReport, Code: "FEW", Rule: "few"},
		},
		Findings: []expense.Finding{
			{Rule: "meals", Object: "E2", Message: "No meals."},
			{Rule: "meals", Object: "E4", Message: "No meals."},
			{Rule: "few", Message: "Few entries only."},
			{Rule: "no-taxi", Object: "E1", Message: "No taxi."},
			{Rule: "meals-again", Object: "E2", Message: "No meals."},
			{Rule: "meals-again", Object: "E4", Message: "No meals."},
		},
		Comment:   "Few entries only.\nNo taxi.\nNo meals.",
		RulesHash: p.Hash(),
	}, v)
}

func TestMatch(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("f", []byte(with(`match: entry.type == "MEALS"`, "expression: false")))
	require.NoError(t, err)
	v := p.VerdictOn(entries("TAXI", "MEALS"))
	require.Equal(t, []expense.Finding{{Rule: "one", Object: "E2", Message: "No receipt."}}, v.Findings)
}

func TestMessages(t *testing.T) {
	t.Parallel()
	message := func(t *testing.T, line string, typ string) expense.Verdict {
		t.Helper()
		p, err := policy.Parse("f", []byte(with("message:", "expression: false", line)))
		require.NoError(t, err)
		return p.VerdictOn(entries(typ))
	}
	t.Run("a computed message names what it is about", func(t *testing.T) {
		t.Parallel()
		v := message(t, `messageExpression: entry.type + " is not reimbursed."`, "Wine")
		require.Equal(t, "Wine is not reimbursed.", v.Comment)
	})
	t.Run("a message is one line", func(t *testing.T) {
		t.Parallel()
		v := message(t, "messageExpression: entry.type", " a\r\n\tb\x00c\u0085 d ")
		require.Equal(t, "a b c d", v.Comment)
	})
	t.Run("a fixed message is one line too", func(t *testing.T) {
		t.Parallel()
		v := message(t, "message: |\n      Two\n      lines.", "")
		require.Equal(t, "Two lines.", v.Comment)
	})
	t.Run("a computed message is cut at 500 characters", func(t *testing.T) {
		t.Parallel()
		v := message(t, "messageExpression: entry.type", strings.Repeat("ø", 600))
		require.Equal(t, strings.Repeat("ø", 499)+"…", v.Comment)
	})
	t.Run("a rule whose message errs has no effects and asks", func(t *testing.T) {
		t.Parallel()
		v := message(t, "messageExpression: string(entry.posted)", "")
		require.Equal(t, expense.Ask, v.Action)
		require.True(t, v.Findings[0].Error)
	})
	t.Run("a rule whose message is empty errs", func(t *testing.T) {
		t.Parallel()
		v := message(t, "messageExpression: entry.type", " ")
		require.Equal(t, expense.Ask, v.Action)
		require.Equal(t, "could not be evaluated: its message is empty", v.Findings[0].Message)
	})
}

func TestCommentIsCutAtTwoThousandCharacters(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("f", []byte(with("message:", "expression: false", "messageExpression: entry.type")))
	require.NoError(t, err)
	var types []string
	for i := range 10 {
		types = append(types, fmt.Sprint(i)+strings.Repeat("é", 399))
	}
	v := p.VerdictOn(entries(types[:4]...))
	require.Equal(t, strings.Join(types[:4], "\n"), v.Comment)
	v = p.VerdictOn(entries(types...))
	require.Equal(t, strings.Join(types[:4], "\n")+"\n… (+6)", v.Comment, "whole lines, and how many are missing")
	require.LessOrEqual(t, utf8.RuneCountInString(v.Comment), 2000)
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	flag := [5]string{"flag", "entry", "false", "Flagged.", "exception: {code: FLAG}"}
	broken := [5]string{"broken", "report", `report.total > money("1", "USD")`, "Too much.", "sendBack: true"}

	v := rules(t, flag).VerdictOn(entries(make([]string, 500)...))
	require.Len(t, v.Findings, 500)
	require.Equal(t, "Flagged.", v.Findings[499].Message)

	v = rules(t, flag, broken).VerdictOn(entries(make([]string, 500)...))
	require.Len(t, v.Findings, 500)
	require.Equal(t, expense.Finding{Message: "and 2 more, 1 of them could not be evaluated", Error: true}, v.Findings[499])
	require.Len(t, v.Exceptions, 500, "exceptions are never cut")
	require.Equal(t, expense.Ask, v.Action)

	v = rules(t, flag).VerdictOn(entries(make([]string, 1001)...))
	require.Len(t, v.Findings, 500)
	require.Equal(t, "and 503 more", v.Findings[498].Message)
	require.Equal(t, "there are 1001 exceptions, more than 1000: a person must look", v.Findings[499].Message)
	require.Len(t, v.Exceptions, 1001)
	require.Equal(t, expense.Ask, v.Action)
}

func TestAnEntryWithoutIDCannotCarryAnException(t *testing.T) {
	t.Parallel()
	v := rules(t, [5]string{"flag", "entry", "false", "Flagged.", "exception: {code: FLAG}"}).
		VerdictOn(&expense.Report{Entries: make([]expense.Entry, 1)})
	require.Equal(t, expense.Ask, v.Action)
	require.Empty(t, v.Exceptions)
	require.Equal(t, "could not be evaluated: its object has no ID to post an exception on", v.Findings[0].Message)
}

func TestWithoutAReportAPersonIsAsked(t *testing.T) {
	t.Parallel()
	v := rules(t).VerdictOn(nil)
	require.Equal(t, expense.Ask, v.Action)
	require.Equal(t, []expense.Finding{{Message: "there is no report and no travel request", Error: true}}, v.Findings)
}

func TestTheSameReportGivesTheSameVerdictToEverybody(t *testing.T) {
	t.Parallel()
	p := rules(t,
		[5]string{"fields", "entry", `entry.custom.map(k, entry.custom[k].value).join() == ""`, "Fields.", "exception: {code: FIELDS}"},
		[5]string{"receipts", "entry", `report.entries.exists(e, e.hasReceipt) && entry.approved > money("1", "USD")`, "Receipts.", "ask: finance"},
	)
	report := entries("MEALS", "TAXI", "HOTEL")
	for i := range report.Entries {
		report.Entries[i].HasReceipt = new(i == 2)
		report.Entries[i].Custom = map[string]expense.Field{"1": {Value: "a"}, "2": {Value: "b"}, "3": {Value: "c"}}
	}
	want := p.VerdictOn(report)
	require.Equal(t, expense.Ask, want.Action)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				require.Equal(t, want, p.VerdictOn(report))
			}
		})
	}
	group.Wait()
}

func TestTheOwnerIsInTheVerdictOnlyIfAPersonIsAsked(t *testing.T) {
	t.Parallel()
	owner := expense.Owner{Login: "kim@example.com", Name: "Doe, Kim"}
	for name, c := range map[string]struct {
		rule string
		want *expense.Owner
	}{
		"asks":              {"{ask: finance}", &owner},
		"sends back":        {"{sendBack: true}", nil},
		"warns":             {"{warn: true}", nil},
		"posts and no more": {"{exception: {code: X1}}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := of(t, "false", "level: report", "then: "+c.rule)
			require.Equal(t, c.want, p.Evaluate(policy.Input{Report: &expense.Report{ID: "R", Owner: owner}}).Owner)
		})
	}
	request := of(t, "false", "level: request", "then: {ask: finance}")
	require.Equal(t, &owner, request.Evaluate(policy.Input{Request: &expense.TravelRequest{ID: "Q", Owner: owner}}).Owner)
	require.Nil(t, request.Evaluate(policy.Input{Request: &expense.TravelRequest{ID: "Q"}}).Owner, "nobody knows who it is")
	require.Nil(t, request.Evaluate(policy.Input{}).Owner)
}
