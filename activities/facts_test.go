package activities_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"concur-connector/activities"
	"concur-connector/expense"
	"concur-connector/facts"
	"concur-connector/policy"
)

// factRules need a fact about each entry with a vendor, and one about a travel request.
const factRules = `apiVersion: concur-connector/v1
facts:
  duplicates:
    level: entry
    url: https://erp.example.com/duplicates
    match: has(entry.vendor)
    send: {vendor: entry.vendor}
    answer: {duplicate: bool, reportId: string}
  budget:
    level: request
    url: https://erp.example.com/budget
    send: {number: request.number}
    answer: {left: bool}
rules:
  - name: duplicate
    level: entry
    match: has(entry.vendor)
    expression: "!facts.duplicates.duplicate"
    message: It was handed in before.
    then: {sendBack: true}
  - name: budget
    level: request
    expression: facts.budget.left
    message: There is no budget.
    then: {sendBack: true}
`

// factService answers every question, or fails.
type factService struct {
	asked  []expense.Question
	values map[string]json.RawMessage
	fails  error
}

func (a *factService) Ask(_ context.Context, q expense.Question) (expense.Answers, error) {
	a.asked = append(a.asked, q)
	answers := expense.Answers{}
	for _, item := range q.Items {
		answers[item.Key] = a.values
	}
	return answers, a.fails
}

func ofFacts(t *testing.T, a activities.FactClient) (*activities.Activities, *policy.Policy) {
	t.Helper()
	rules, err := policy.Parse("rules.yaml", []byte(factRules))
	require.NoError(t, err)
	return newFakeConcur(t).activities(t, func(o *activities.Options) { o.Rules, o.Facts = rules, a }), rules
}

func twoVendors() *expense.Report {
	return &expense.Report{ID: "R1", Entries: []expense.Entry{{ID: "e1", Vendor: "Ritz"}, {ID: "e2"}, {ID: "e3", Vendor: "Savoy"}}}
}

var asked = time.Date(2026, 11, 24, 10, 30, 0, 0, time.UTC)

func TestFetchFactsAsksTheQuestionsOfTheRules(t *testing.T) {
	t.Parallel()
	a := &factService{values: map[string]json.RawMessage{"duplicate": json.RawMessage("true")}}
	acts, rules := ofFacts(t, a)
	input := expense.FetchFactsInput{Report: twoVendors(), RulesHash: rules.Hash(), At: asked}
	got, err := run[expense.FetchedFacts](t, attempt{}, acts.FetchFacts, input)
	require.NoError(t, err)
	require.False(t, got.Stale)
	require.Len(t, a.asked, 1)
	q := a.asked[0]
	require.Equal(t, "duplicates", q.Fact)
	require.Equal(t, "https://erp.example.com/duplicates", q.URL)
	require.Equal(t, []string{"duplicate", "reportId"}, q.Wants)
	require.Equal(t, asked, q.At)
	require.Len(t, q.Items, 2, "one has no vendor")
	require.Equal(t, map[string]any{"vendor": "Ritz"}, q.Items[0].Values)
	require.Equal(t, map[string]any{"vendor": "Savoy"}, q.Items[1].Values)

	evaluated, err := run[expense.EvaluationResult](t, attempt{}, acts.ValidateReport,
		expense.ValidateReportInput{Report: input.Report, RulesHash: rules.Hash(), At: asked, Facts: got.Facts})
	require.NoError(t, err)
	require.Equal(t, expense.SendBack, evaluated.Verdict.Action)
	require.Len(t, evaluated.Verdict.Findings, 2)

	got, err = run[expense.FetchedFacts](t, attempt{}, acts.FetchFacts,
		expense.FetchFactsInput{Request: &expense.TravelRequest{Number: "T1"}, RulesHash: rules.Hash(), At: asked})
	require.NoError(t, err)
	require.Len(t, got.Facts["budget"], 1)
	require.Equal(t, "budget", a.asked[1].Fact)
	require.NotEmpty(t, a.asked[1].IdempotencyKey)
}

func TestFactWithoutObjectsHasAnEmptyResult(t *testing.T) {
	t.Parallel()
	a := &factService{}
	acts, rules := ofFacts(t, a)
	got, err := run[expense.FetchedFacts](t, attempt{}, acts.FetchFacts,
		expense.FetchFactsInput{Report: &expense.Report{Entries: []expense.Entry{{ID: "e1"}}}, RulesHash: rules.Hash()})
	require.NoError(t, err)
	require.Equal(t, expense.FetchedFacts{Facts: expense.Facts{"duplicates": {}}}, got)
	require.Empty(t, a.asked)
}

func TestFetchedReportNamesTheFactsItNeeds(t *testing.T) {
	t.Parallel()
	rules, err := policy.Parse("rules.yaml", []byte(factRules))
	require.NoError(t, err)
	acts := newFakeConcur(t, waiting()).activities(t, func(o *activities.Options) { o.Rules, o.Facts = rules, &factService{} })
	got, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, readInput())
	require.NoError(t, err)
	require.Equal(t, []string{"duplicates"}, got.FactNames)
}

func TestIdempotencyKeyIsTheSameForEveryAttempt(t *testing.T) {
	t.Parallel()
	a := &factService{}
	acts, rules := ofFacts(t, a)
	for _, n := range []attempt{{}, {number: 2}} {
		_, err := run[expense.FetchedFacts](t, n, acts.FetchFacts, expense.FetchFactsInput{Report: twoVendors(), RulesHash: rules.Hash(), At: asked})
		require.NoError(t, err)
	}
	require.Equal(t, a.asked[0], a.asked[1])
}

func TestFetchFactsForOtherRulesIsStale(t *testing.T) {
	t.Parallel()
	a := &factService{}
	acts, _ := ofFacts(t, a)
	got, err := run[expense.FetchedFacts](t, attempt{}, acts.FetchFacts, expense.FetchFactsInput{Report: twoVendors(), RulesHash: "of others"})
	require.NoError(t, err)
	require.Equal(t, expense.FetchedFacts{Stale: true}, got)
	require.Empty(t, a.asked)
}

func TestEachFactErrorHasItsRetryClass(t *testing.T) {
	t.Parallel()
	for kind, want := range map[expense.Kind]failureClass{
		expense.Unavailable: {kind: expense.Unavailable},
		expense.RateLimited: {kind: expense.RateLimited},
		expense.Forbidden:   {kind: expense.Forbidden, parked: true},
		expense.Rejected:    {kind: expense.Rejected, parked: true},
		expense.Untrusted:   {kind: expense.Untrusted, parked: true},
		expense.Malformed:   {kind: expense.Malformed, parked: true},
	} {
		for _, after := range []time.Duration{0, 7 * time.Second} {
			acts, rules := ofFacts(t, &factService{fails: &facts.Error{Fact: "duplicates", Kind: kind, Status: 503, Message: "so it is", RetryAfter: after}})
			_, err := run[expense.FetchedFacts](t, attempt{}, acts.FetchFacts, expense.FetchFactsInput{Report: twoVendors(), RulesHash: rules.Hash()})
			e := failed(t, err, want.kind)
			require.Equal(t, want.parked, e.NonRetryable(), kind)
			require.Equal(t, after, e.NextRetryDelay(), "not Concur's five minutes: %s", kind)
			require.Regexp(t, "duplicates.*"+string(kind)+".*503.*so it is", e.Message())
		}
	}
}

func TestFactForShadowRulesHoldsNothingUp(t *testing.T) {
	t.Parallel()
	shadow, err := policy.Parse("rules.yaml", []byte(strings.Replace(factRules, "then: {sendBack: true}", "shadow: true\n    then: {sendBack: true}", 1)))
	require.NoError(t, err)
	a := &factService{fails: &facts.Error{Fact: "duplicates", Kind: expense.Unavailable, Message: "away"}}
	acts := newFakeConcur(t).activities(t, func(o *activities.Options) { o.Rules, o.Facts = shadow, a })
	got, err := run[expense.FetchedFacts](t, attempt{}, acts.FetchFacts, expense.FetchFactsInput{Report: twoVendors(), RulesHash: shadow.Hash()})
	require.NoError(t, err)
	require.Len(t, a.asked, 1, "it is asked once")
	require.Empty(t, got.Facts["duplicates"], "and is not known")

	evaluated, err := run[expense.EvaluationResult](t, attempt{}, acts.ValidateReport,
		expense.ValidateReportInput{Report: twoVendors(), RulesHash: shadow.Hash(), Facts: got.Facts})
	require.NoError(t, err)
	require.Equal(t, expense.Approve, evaluated.Verdict.Action, "a shadow rule has no effect")
	require.Len(t, evaluated.Verdict.Findings, 2)
	require.Regexp(t, "duplicates.*answer", evaluated.Verdict.Findings[0].Message, "has() does not treat it as a fact without objects")

	_, err = run[expense.FetchedFacts](t, attempt{}, acts.FetchFacts,
		expense.FetchFactsInput{Request: &expense.TravelRequest{Number: "T1"}, RulesHash: shadow.Hash()})
	require.Error(t, err, "a fact of a rule that is no shadow is waited for")
}

func TestRulesWithFactsNeedAFactClient(t *testing.T) {
	t.Parallel()
	rules, err := policy.Parse("rules.yaml", []byte(factRules))
	require.NoError(t, err)
	options := newFakeConcur(t).options(t)
	options.Rules = rules
	_, err = activities.New(options)
	require.ErrorContains(t, err, "option Facts")
}

func TestFactsTooLargeBesideTheReportAreParked(t *testing.T) {
	t.Parallel()
	long, err := json.Marshal(strings.Repeat("x", 900))
	require.NoError(t, err)
	a := &factService{values: map[string]json.RawMessage{"reportId": long}}
	rules, err := policy.Parse("rules.yaml", []byte(factRules))
	require.NoError(t, err)
	report := twoVendors()
	report.Entries[0].Vendor = strings.Repeat("y", 900) // either alone would fit
	acts := newFakeConcur(t).activities(t, func(o *activities.Options) { o.Rules, o.Facts, o.MaxReportBytes = rules, a, 2<<10 })
	_, err = run[expense.FetchedFacts](t, attempt{}, acts.FetchFacts, expense.FetchFactsInput{Report: report, RulesHash: rules.Hash()})
	require.True(t, failed(t, err, expense.TooLarge).NonRetryable())
	a.values = nil
	_, err = run[expense.FetchedFacts](t, attempt{}, acts.FetchFacts, expense.FetchFactsInput{Report: report, RulesHash: rules.Hash()})
	require.NoError(t, err)
}

func TestCancelledRunStopsFetchingFacts(t *testing.T) {
	t.Parallel()
	rules, err := policy.Parse("rules.yaml", []byte(factRules))
	require.NoError(t, err)
	acts := newFakeConcur(t).activities(t, heartbeat(cancelled), func(o *activities.Options) { o.Rules, o.Facts = rules, hangingFactService{} })
	_, err = run[expense.FetchedFacts](t, attempt{timeout: 200 * time.Millisecond}, acts.FetchFacts,
		expense.FetchFactsInput{Report: twoVendors(), RulesHash: rules.Hash()})
	require.True(t, temporal.IsCanceledError(err), "%v", err)
}

// hangingFactService answers only after the context has ended.
type hangingFactService struct{}

func (hangingFactService) Ask(ctx context.Context, q expense.Question) (expense.Answers, error) {
	<-ctx.Done()
	return nil, &facts.Error{Fact: q.Fact, Kind: expense.Unavailable, Message: "nobody waits"}
}
