package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// asked is one question to LimitSendBacks, at a time after the run began.
type asked struct {
	at     time.Duration
	a      expense.SendBackCheck
	answer string // a part of it; empty: it passes
}

// countsAfter asks the questions and returns the counts after them.
func countsAfter(t *testing.T, before workflows.SendBackCounts, questions ...asked) workflows.SendBackCounts {
	t.Helper()
	p := newPlay(t)
	p.env.RegisterWorkflowWithOptions(workflows.Workflows{Settings: workflows.DefaultSettings()}.LimitSendBacks,
		workflow.RegisterOptions{Name: workflows.LimitSendBacks})
	answered := 0
	for i, q := range questions {
		p.after(q.at, func() {
			p.env.UpdateWorkflow(workflows.CheckSendBackUpdate, fmt.Sprint(i), &updated{t: t, done: func(result any) {
				answered++
				got, ok := result.(expense.SendBackAnswer)
				require.True(t, ok)
				if q.answer == "" {
					require.Empty(t, got.Reason, "question %d", i)
					return
				}
				require.Contains(t, got.Reason, q.answer, "question %d", i)
			}}, q.a)
		})
	}
	var remembers workflows.SendBackCounts
	p.after(100*time.Hour, func() {
		answer, err := p.env.QueryWorkflow(workflows.StatusQuery)
		require.NoError(t, err)
		require.NoError(t, answer.Get(&remembers))
		p.env.SetContinueAsNewSuggested(true)
	})
	p.after(101*time.Hour, func() {}) // it looks again
	p.env.ExecuteWorkflow(workflows.LimitSendBacks, before)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	require.Equal(t, len(questions), answered)
	return remembers
}

// updated takes what becomes of an update.
type updated struct {
	t    *testing.T
	done func(result any)
}

func (u *updated) Accept()          {}
func (u *updated) Reject(err error) { require.NoError(u.t, err) }
func (u *updated) Complete(result any, err error) {
	require.NoError(u.t, err)
	u.done(result)
}

func back(key string, sendBacks int, share float64) expense.SendBackCheck {
	return expense.SendBackCheck{Key: key, Action: expense.SendBack, SendBacks: sendBacks, Share: share}
}

func on(key string) expense.SendBackCheck {
	return expense.SendBackCheck{Key: key, Action: expense.Approve, Share: 0.5}
}

func TestOneSendBackTooManyIsRefused(t *testing.T) {
	const m = time.Minute
	remembers := countsAfter(t, workflows.SendBackCounts{},
		asked{1 * m, back("a", 2, 0), ""},
		asked{2 * m, back("a", 2, 0), ""}, // again: it counts once
		asked{3 * m, back("b", 2, 0), ""},
		asked{4 * m, back("c", 2, 0), "2 reports within an hour"},
		asked{5 * m, back("b", 2, 0), ""}, // was let pass
		asked{6 * m, back("c", 3, 0), ""}, // the limit is another now
		asked{7 * m, back("d", 3, 0), "3 reports"},
		asked{61 * m, back("d", 3, 0), ""}, // a is an hour old
		asked{62 * m, back("e", 3, 0), "3 reports"},
		asked{62 * m, back("f", 0, 0), ""}, // no limit
	)
	require.Equal(t, 3, remembers.Refusals)
	require.Len(t, remembers.SentBack, 4)
}

func TestASendBackShareThatIsTooLargeIsRefused(t *testing.T) {
	questions := []asked{}
	for i := range 10 {
		questions = append(questions, asked{time.Minute, on(fmt.Sprintf("on-%d", i)), ""}, asked{time.Minute, on(fmt.Sprintf("on-%d", i)), ""})
	}
	for i := range 9 { // 19 decisions say nothing yet
		questions = append(questions, asked{2 * time.Minute, back(fmt.Sprintf("back-%d", i), 0, 0.4), ""})
	}
	questions = append(questions,
		asked{3 * time.Minute, back("one-more", 0, 0.4), "10 of 20 reports"},
		asked{3 * time.Minute, back("one-more", 0, 0.5), ""},
		asked{3 * time.Minute, back("and-one-more", 0, 0.5), "11 of 21 reports"},
	)
	remembers := countsAfter(t, workflows.SendBackCounts{}, questions...)
	require.Equal(t, 2, remembers.Refusals)
	require.Len(t, remembers.Approved, 10)
}

func TestSendBackCountsSurviveContinueAsNew(t *testing.T) {
	remembers := countsAfter(t, workflows.SendBackCounts{Refusals: 4, SentBack: []workflows.CountedReport{{Key: "a", At: time.Now().Add(-50 * time.Minute)}}},
		asked{time.Minute, back("b", 1, 0), "1 report within an hour"})
	require.Equal(t, 5, remembers.Refusals)
}
