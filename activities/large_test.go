package activities_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
	"concur-connector/policy"
)

// rulesOfAllParts read a field of every kind of part, so that all of them are asked for.
const rulesOfAllParts = `apiVersion: concur-connector/v1
rules:
  - name: whole
    level: entry
    expression: >-
      entry.custom["1"].code != "CLOSED" && entry.commentCount < 9 && entry.itemizations.all(i, i.posted < money("9000.00", report.currency)
      && i.allocations.all(a, a.accountCode1 != "X")) && entry.allocations.all(a, a.accountCode1 != "X")
    message: No.
    then: {exception: {code: CENTRE}}
`

func large(t testing.TB, entries int) (*fakeV4, func(*activities.Options)) {
	t.Helper()
	rules, err := policy.Parse("rules.yaml", []byte(rulesOfAllParts))
	require.NoError(t, err)
	n := newFakeV4(t)
	n.entries = entries
	return n, func(o *activities.Options) { o.Rules = rules }
}

func TestReportOf2000EntriesFitsOnePayload(t *testing.T) {
	t.Parallel()
	const entries = 2000
	for via, most := range map[expense.Interface]int{
		expense.V3: 2 + 20 + 14 + 14 + 2,                                    // twice the header, pages of a hundred rows, v1.1, and the exceptions
		expense.V4: 2 + 2*entries + 2*(entries/3) + entries + entries/3 + 5, // each by itself, the owner, and what the lists are
	} {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			n, judging := large(t, entries)
			acts := n.activities(t, judging, readBy(via))
			got := fetch(t, acts, addressOf[via])
			require.Len(t, got.Report.Entries, entries)
			allocations := 0
			for i, e := range got.Report.Entries {
				require.Equal(t, fmt.Sprint("E", i+1), e.ID)
				require.Equal(t, "CC1", e.Custom["1"].Code)
				require.Len(t, e.Itemizations, map[bool]int{true: 2, false: 0}[(i+1)%3 == 0])
				allocations += len(e.Allocations)
				for _, item := range e.Itemizations {
					allocations += len(item.Allocations)
				}
			}
			require.Equal(t, map[expense.Interface]int{expense.V3: (entries+1)/3 + entries/3, expense.V4: entries + entries/3}[via], allocations)
			require.LessOrEqual(t, len(n.requestNames()), most)
			stored, err := json.Marshal(got)
			require.NoError(t, err)
			require.Less(t, len(stored), 1<<20, "what the rules read of it fits a payload")

			before := len(n.requestNames())
			in := actionV4(expense.Approve)
			in.ObjectURI, in.Via = addressOf[via], via
			require.Zero(t, take(t, attempt{}, acts, in))
			require.Len(t, n.requestNames(), before+2, "the read before a write is one of the header")

			evaluated, err := run[expense.EvaluationResult](t, attempt{}, acts.ValidateReport, expense.ValidateReportInput{Report: got.Report, RulesHash: got.RulesHash})
			require.NoError(t, err)
			require.Equal(t, expense.Approve, evaluated.Verdict.Action)
			require.Empty(t, evaluated.Verdict.Findings)
		})
	}
	t.Run("or it is too large", func(t *testing.T) {
		t.Parallel()
		n, judging := large(t, entries)
		acts := n.activities(t, judging, readBy(expense.V3), func(o *activities.Options) { o.MaxReportBytes = 64 << 10 })
		_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, readInput())
		require.True(t, failed(t, err, expense.TooLarge).NonRetryable())
	})
}

func BenchmarkFetchReport(b *testing.B) {
	for via, uri := range addressOf {
		b.Run(string(via), func(b *testing.B) {
			n, judging := large(b, 2000)
			acts := n.activities(b, judging, readBy(via))
			b.ReportAllocs()
			for b.Loop() {
				got, err := run[expense.FetchedReport](b, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: uri})
				require.NoError(b, err)
				require.Len(b, got.Report.Entries, 2000)
			}
		})
	}
}
