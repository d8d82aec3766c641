package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// play is one story of a run: what each activity answers, in order, the last
// answer repeating, and what was called.
type play struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment

	reads            []any // expense.FetchedReport, error, or func() any of them
	verdicts         []any // expense.Verdict, expense.EvaluationResult, stale, or error
	posts            []any // expense.PostedExceptions or error
	actions          []any // expense.ActionTaken or error
	deletes          []any // nil or error
	exceptionDeletes []any // expense.DeletedExceptions or error
	handOvers        []any // expense.HandedOverRun or error
	lists            []any // expense.PendingRequests or error; none: the rules have none for them
	facts            []any // expense.FetchedFacts or error

	calls               []string
	posted              []expense.PostExceptionsInput
	acted               []expense.TakeActionInput
	approvedByException []expense.ApproveByExceptionInput
	read                []expense.FetchReportInput

	asked             []expense.FetchFactsInput
	deletedExceptions []expense.DeleteExceptionsInput
	deleted           []string // notification URIs
	evaluated         []expense.ValidateReportInput
	rules             *workflows.RulesUsed // of the result
	handedOver        []expense.HandOverRunInput
	started           []expense.Notification

	plan    expense.TaskPlan
	planned []time.Duration                                                   // when each step of the plan is due, after the task was opened
	check   func(expense.CheckDecisionInput) (expense.CheckedDecision, error) // nil: each decision counts for all groups
	tell    func(expense.NotifyApproversInput) error
	checked []expense.CheckDecisionInput
	news    []expense.NotifyApproversInput

	export   func() error // nil: the record is stored
	exported []expense.ExportRecordInput
	record   []expense.TaskEvent // of the result
}

func newPlay(t *testing.T) *play {
	t.Helper()
	t.Parallel()
	return setUp(t)
}

// setUp sets up a play. Unlike newPlay, a test may call it more than once.
func setUp(t *testing.T) *play {
	t.Helper()
	return setUpWith(t, workflows.DefaultSettings())
}

func setUpWith(t *testing.T, settings workflows.Settings) *play {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	p := &play{t: t, env: suite.NewTestWorkflowEnvironment()}
	p.env.SetTestTimeout(30 * time.Second)
	p.env.SetWorkerOptions(worker.Options{WorkflowPanicPolicy: worker.FailWorkflow})
	w := workflows.Workflows{Settings: settings}
	p.env.RegisterWorkflowWithOptions(w.ProcessNotification, workflow.RegisterOptions{Name: workflows.ProcessNotification})
	p.env.RegisterWorkflowWithOptions(w.SweepFailedNotifications, workflow.RegisterOptions{Name: workflows.SweepFailedNotifications})
	register := func(name string, f any) { p.register(f, name) }
	register(workflows.FetchReport, func(_ context.Context, in expense.FetchReportInput) (expense.FetchedReport, error) {
		p.read = append(p.read, in)
		return p.fetched("read")
	})
	register(workflows.ValidateReport, func(_ context.Context, in expense.ValidateReportInput) (expense.EvaluationResult, error) {
		p.evaluated = append(p.evaluated, in)
		if len(p.verdicts) > 0 && p.verdicts[0] == any(stale) {
			_, err := next[string](p, "evaluate", &p.verdicts)
			return expense.EvaluationResult{}, err
		}
		if len(p.verdicts) > 0 {
			if _, whole := p.verdicts[0].(expense.EvaluationResult); whole {
				return next[expense.EvaluationResult](p, "evaluate", &p.verdicts)
			}
		}
		verdict, err := next[expense.Verdict](p, "evaluate", &p.verdicts)
		return expense.EvaluationResult{Verdict: &verdict}, err
	})
	register(workflows.PostExceptions, func(_ context.Context, in expense.PostExceptionsInput) (expense.PostedExceptions, error) {
		p.posted = append(p.posted, in)
		return next[expense.PostedExceptions](p, "post", &p.posts)
	})
	register(workflows.TakeAction, func(_ context.Context, in expense.TakeActionInput) (expense.ActionTaken, error) {
		p.acted = append(p.acted, in)
		return next[expense.ActionTaken](p, string(in.Action), &p.actions)
	})
	register(workflows.ApproveByException, func(_ context.Context, in expense.ApproveByExceptionInput) (expense.ActionTaken, error) {
		p.approvedByException = append(p.approvedByException, in)
		return next[expense.ActionTaken](p, "approve by exception", &p.actions)
	})
	register(workflows.DeleteNotification, func(_ context.Context, in expense.DeleteNotificationInput) (expense.DeletedNotification, error) {
		p.deleted = append(p.deleted, in.NotificationURI)
		if len(p.deletes) > 0 {
			if _, refused := p.deletes[0].(expense.DeletedNotification); refused {
				return next[expense.DeletedNotification](p, "delete", &p.deletes)
			}
		}
		_, err := next[struct{}](p, "delete", &p.deletes)
		return expense.DeletedNotification{DryRun: in.DryRun}, err
	})
	p.registerRest(register)
	register(workflows.PlanTask, func(_ context.Context, in expense.PlanTaskInput) (expense.TaskPlan, error) {
		plan := p.plan
		for i := range plan.Steps {
			plan.Steps[i].At = in.OpenedAt.Add(p.planned[i])
		}
		return plan, nil
	})
	register(workflows.CheckDecision, func(_ context.Context, in expense.CheckDecisionInput) (expense.CheckedDecision, error) {
		p.checked = append(p.checked, in)
		if p.check != nil {
			return p.check(in)
		}
		return expense.CheckedDecision{Accepted: true, By: in.Decision.By, Groups: in.Task.Asked()}, nil
	})
	register(workflows.ExportRecord, func(_ context.Context, in expense.ExportRecordInput) (expense.ExportedRecord, error) {
		p.exported = append(p.exported, in)
		if p.export != nil {
			if err := p.export(); err != nil {
				return expense.ExportedRecord{}, err
			}
		}
		return expense.ExportedRecord{Last: in.Events[len(in.Events)-1].Number}, nil
	})
	p.env.RegisterActivityWithOptions(func(_ context.Context, in expense.NotifyApproversInput) error {
		p.news = append(p.news, in)
		if p.tell != nil {
			return p.tell(in)
		}
		return nil
	}, activity.RegisterOptions{Name: workflows.NotifyApprovers})
	return p
}

// registerRest registers what came with the newer interfaces of Concur.
func (p *play) registerRest(register func(name string, f any)) {
	register(workflows.FetchRequest, func(_ context.Context, in expense.FetchReportInput) (expense.FetchedReport, error) {
		p.read = append(p.read, in)
		return p.fetched("read request")
	})
	register(workflows.ValidateRequest, func(context.Context, expense.ValidateRequestInput) (expense.EvaluationResult, error) {
		verdict, err := next[expense.Verdict](p, "judge request", &p.verdicts)
		return expense.EvaluationResult{Verdict: &verdict}, err
	})
	register(workflows.DeleteExceptions, func(_ context.Context, in expense.DeleteExceptionsInput) (expense.DeletedExceptions, error) {
		p.deletedExceptions = append(p.deletedExceptions, in)
		if len(p.exceptionDeletes) == 0 {
			p.exceptionDeletes = []any{expense.DeletedExceptions{Deleted: in.Exceptions}}
			defer func() { p.exceptionDeletes = nil }()
		}
		return next[expense.DeletedExceptions](p, "delete exceptions", &p.exceptionDeletes)
	})
	register(workflows.FetchFacts, func(_ context.Context, in expense.FetchFactsInput) (expense.FetchedFacts, error) {
		p.asked = append(p.asked, in)
		return next[expense.FetchedFacts](p, "ask for facts", &p.facts)
	})
	register(workflows.HandOverRun, func(_ context.Context, in expense.HandOverRunInput) (expense.HandedOverRun, error) {
		p.handedOver = append(p.handedOver, in)
		if len(p.handOvers) == 0 { // no other run
			return expense.HandedOverRun{}, nil
		}
		return next[expense.HandedOverRun](p, "join", &p.handOvers)
	})
	register(workflows.ListPendingRequests, func(context.Context, expense.ListPendingRequestsInput) (expense.PendingRequests, error) {
		if len(p.lists) == 0 {
			return expense.PendingRequests{WithoutRules: true}, nil
		}
		return next[expense.PendingRequests](p, "list", &p.lists)
	})
}

// register registers an activity whose results are signed.
func (p *play) register(f any, name string) {
	p.env.RegisterActivityWithOptions(signed(f), activity.RegisterOptions{Name: name})
}

// signed has an activity of a play name itself in its results, as every activity does: one
// that fails says whether it may have written, unless the play says so itself.
func signed(f any) any {
	body := reflect.ValueOf(f)
	return reflect.MakeFunc(body.Type(), func(in []reflect.Value) []reflect.Value {
		info := activity.GetInfo(in[0].Interface().(context.Context))
		answer := expense.Answer{Of: expense.ActivityName(info.WorkflowExecution.ID, info.ActivityID)}
		out := body.Call(in)
		err, _ := out[1].Interface().(error)
		if byHand := (handMade{}); errors.As(err, &byHand) {
			return []reflect.Value{out[0], reflect.ValueOf(&byHand.error).Elem()}
		}
		result := reflect.New(out[0].Type()).Elem()
		result.Set(out[0])
		if field := result.FieldByName("Answer"); field.IsZero() {
			field.Set(reflect.ValueOf(answer))
		}
		write := false
		switch out[0].Interface().(type) {
		case expense.PostedExceptions, expense.ActionTaken, expense.DeletedExceptions:
			write = true
		}
		var failed *temporal.ApplicationError
		if errors.As(err, &failed) && write {
			write := expense.FailedWrite{Answer: answer, OutcomeUnknown: true}
			if failed.HasDetails() {
				_ = failed.Details(&write)
			}
			write.Answer = answer
			err = temporal.NewApplicationErrorWithOptions(failed.Message(), failed.Type(), temporal.ApplicationErrorOptions{
				NonRetryable: failed.NonRetryable(), NextRetryDelay: failed.NextRetryDelay(), Details: []any{write},
			})
		}
		return []reflect.Value{result, reflect.ValueOf(&err).Elem()}
	}).Interface()
}

// handMade is what an operator has an activity end with, in the place of the activity.
type handMade struct{ error }

// stale is the judgement of rules for which the report was not read.
const stale = "stale"

// next returns the next answer of an activity.
func next[T any](p *play, call string, answers *[]any) (T, error) {
	p.calls = append(p.calls, call)
	var zero T
	if len(*answers) == 0 {
		return zero, nil
	}
	answer := (*answers)[0]
	if len(*answers) > 1 {
		*answers = (*answers)[1:]
	}
	if f, ok := answer.(func() any); ok {
		answer = f()
	}
	switch v := answer.(type) {
	case nil:
		return zero, nil
	case error:
		return zero, v
	case T:
		return v, nil
	}
	return zero, fmt.Errorf("the play answers %s with a %T", call, answer)
}

const reportURI = "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/gWr1$pKey"

func callout() expense.Notification {
	return expense.Notification{Kind: expense.ReportObject, Key: "gWr1$pKey", ObjectURI: reportURI, ObjectType: "EXPRPT"}
}

func failedCopy(n int) expense.Notification {
	c := callout()
	c.NotificationURI = fmt.Sprintf("https://www.concursolutions.com/api/platform/notifications/v1.0/notification/n%d", n)
	return c
}

// waiting is a read of a report that waits at step n, with an amount that tells
// revisions apart.
func waiting(n, amount int) expense.FetchedReport {
	r := &expense.Report{ID: "R1", Key: "key", Status: expense.StatusExternalValidation,
		ActionURL:    fmt.Sprintf("https://www.concursolutions.com/api/expense/expensereport/v1.1/report/stop%d/WorkFlowAction", n),
		HasException: new(false),
		Entries:      []expense.Entry{{ID: "e1", Purpose: fmt.Sprint(amount), HasExceptions: new(false)}}}
	return expense.FetchedReport{ReportState: expense.ReportState{Status: r.Status, ValidationID: r.ValidationID()},
		ReportID: r.ID, Report: r, Revision: r.Revision(), ContentHash: r.ContentHash()}
}

func moved(status string) expense.FetchedReport {
	return expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: status}, ReportID: "R1"}
}

func kind(k expense.Kind) error {
	return temporal.NewNonRetryableApplicationError(string(k)+": in Concur's words", string(k), nil)
}

// certain is a failed write of which it is certain that it has taken no effect.
func certain(k expense.Kind) error {
	return temporal.NewNonRetryableApplicationError(string(k)+": in Concur's words", string(k), nil, expense.FailedWrite{})
}

func (p *play) run(n expense.Notification) workflows.Result {
	p.t.Helper()
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: n})
	require.True(p.t, p.env.IsWorkflowCompleted(), "the run is still open: %v", p.calls)
	require.NoError(p.t, p.env.GetWorkflowError())
	var result workflows.Result
	require.NoError(p.t, p.env.GetWorkflowResult(&result))
	p.rules, result.Rules = result.Rules, nil // asked for in one place
	p.record, result.Record = result.Record, nil
	return result
}

// after calls f when the run is d old.
func (p *play) after(d time.Duration, f func()) { p.env.RegisterDelayedCallback(f, d) }

func (p *play) status() workflows.Status {
	answer, err := p.env.QueryWorkflow(workflows.StatusQuery)
	require.NoError(p.t, err)
	var s workflows.Status
	require.NoError(p.t, answer.Get(&s))
	return s
}

func (p *play) decide(taskID, id string, ruling expense.DecisionChoice) {
	p.env.SignalWorkflow(workflows.Decided, expense.Decision{TaskID: taskID, ID: id, Decision: ruling, By: "kim"})
}

func asks(groups ...string) []expense.RequiredApproval {
	var all []expense.RequiredApproval
	for _, group := range groups {
		all = append(all, expense.RequiredApproval{Group: group, Count: 1})
	}
	return all
}

var (
	approval = expense.Verdict{Action: expense.Approve, RulesHash: "h1"}
	sendBack = expense.Verdict{Action: expense.SendBack, Comment: "Alcohol is not reimbursed.", RulesHash: "h1"}
	ask      = expense.Verdict{Action: expense.Ask, Approvals: asks("finance"), Comment: "Too large.", RulesHash: "h1"}
	norecpt  = expense.Exception{ObjectType: expense.OnEntry, ObjectID: "e1", Code: "NORECPT"}
	flagged  = expense.Verdict{Action: expense.Approve, Exceptions: []expense.Exception{norecpt}, RulesHash: "h1"}
)

func posted(state expense.PostState, words string) expense.PostedExceptions {
	return expense.PostedExceptions{Items: []expense.PostedException{{Exception: norecpt, State: state, Message: words}}}
}

// fetched is the next read, by a worker that waits a minute for what Concur shows late.
func (p *play) fetched(call string) (expense.FetchedReport, error) {
	read, err := next[expense.FetchedReport](p, call, &p.reads)
	read.VisibleWithin = time.Minute
	return read, err
}

// refused are the decisions that did not count.
func refused(s workflows.Status) []expense.TaskEvent {
	return slices.DeleteFunc(slices.Clone(s.Record), func(e expense.TaskEvent) bool { return e.Kind != expense.TaskRefused })
}
