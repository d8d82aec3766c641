package workflows

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// Who decided on an action.
const (
	byRules    = "rules"
	byPerson   = "person"
	byDeadline = "deadline"
)

// The comments of a send-back for which neither the person nor the rules gave one. Concur
// requires one.
const (
	defaultComment        = "Please check this report and submit it again."
	defaultRequestComment = "Please check this request and submit it again."
)

// decide chooses the action: the one that the rules say or, where they ask people, the one that
// the people decide.
func (r *run) decide(ctx workflow.Context, p *pass) next {
	verdict := r.Evaluation.Verdict
	if verdict.Action != expense.Ask {
		p.action, p.comment, p.cause = verdict.Action, verdict.Comment, byRules
		return goOn()
	}
	if r.Writes.DryRun.IsNotTestUser() {
		r.Progress.record("would ask " + groups(verdict.Groups()))
		return r.endDryRun(ctx)
	}
	if next := r.openTask(ctx); !next.continues() {
		return next
	}
	if next := r.awaitDecision(ctx, p); !next.continues() {
		return next
	}
	result := r.Decision.Result
	p.cause = result.Cause
	if result.Choice == expense.DecideApprove {
		p.action, p.comment = expense.Approve, firstReadable(result.Comment, verdict.ApproveComment)
		return goOn()
	}
	otherwise := defaultComment
	if r.notification.Kind == expense.RequestObject {
		otherwise = defaultRequestComment
	}
	p.action, p.comment = expense.SendBack, firstReadable(result.Comment, verdict.Comment, otherwise)
	return goOn()
}

// firstReadable returns the first comment that holds a visible character.
func firstReadable(comments ...string) string {
	for _, comment := range comments {
		if strings.ContainsFunc(comment, func(c rune) bool { return unicode.IsGraphic(c) && !unicode.IsSpace(c) }) {
			return comment
		}
	}
	return ""
}

// openTask opens a task unless one is open. An activity plans its reminders and its deadline,
// because the plan depends on the rules in force, on holidays and on a time zone.
func (r *run) openTask(ctx workflow.Context) next {
	if r.Decision.Task != nil {
		return goOn()
	}
	verdict, now := r.Evaluation.Verdict, workflow.Now(ctx)
	plan, err := call[expense.TaskPlan](r.localOptions(ctx, "plan the reminders and the deadline for "+groups(verdict.Groups())), &r.calls, PlanTask,
		expense.PlanTaskInput{Groups: verdict.Approvals, OpenedAt: now})
	if err := asParkReason(err); err != nil {
		return after(err)
	}
	r.Decision.open(r.notification.ID(), r.Read.Revision, verdict, plan, now)
	r.tell(ctx, expense.NewsOpened, now, "")
	return goOn()
}

// awaitDecision waits until the task is decided. Until then it carries out the task's plan, and
// has the report read again from time to time, because nobody says when it changes. Silence
// never approves: without a decision the run stays open.
func (r *run) awaitDecision(ctx workflow.Context, p *pass) next {
	if r.Decision.Result == nil {
		r.enter(ctx, Waiting)
		r.status.Since = r.Decision.Task.OpenedAt // also after a notification that changed nothing
	}
	info := workflow.GetInfo(ctx)
	woken := func() bool {
		return r.Decision.Result != nil || r.Inbox.NotificationPending || info.GetContinueAsNewSuggested()
	}
	check := workflow.Now(ctx).Add(r.Decision.CheckEvery)
	for !woken() {
		step := r.Decision.due()
		at, why := check, "reads the "+r.noun()+" again: it may have changed"
		if step != nil && (r.Decision.CheckEvery <= 0 || step.At.Before(check)) {
			at, why = step.At, stepText(*step)
		} else {
			step = nil
		}
		var err error
		ready := true
		if step == nil && r.Decision.CheckEvery <= 0 {
			err = workflow.Await(ctx, woken)
		} else {
			ready, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
				Timeout:      atLeastATick(at.Sub(workflow.Now(ctx))),
				TimerOptions: workflow.TimerOptions{Summary: why},
			}, woken)
		}
		switch {
		case err != nil:
			return after(err)
		case ready:
		case step == nil:
			return again("the report may have changed while it waits for a decision")
		default:
			news := r.Decision.carryOutStep(*step, workflow.Now(ctx))
			r.tell(ctx, news, step.At, "")
			r.show(ctx)
		}
	}
	switch result := r.Decision.Result; {
	case result != nil && (p.decision == result || !r.Inbox.NotificationPending):
		return goOn() // also in a stream of notifications: the report was read after the decision
	case r.Inbox.NotificationPending:
		return again("a notification arrived while the run waited for a decision")
	case result != nil:
		return goOn()
	}
	return again("the history is long: the next run goes on waiting")
}

// stepText says what a timer of the task's plan will do.
func stepText(step expense.TaskStep) string {
	switch step.Kind {
	case expense.Escalate:
		return fmt.Sprintf("escalation: asks %s, too, if %s has not decided", step.To, step.Group)
	case expense.Deadline:
		if step.Then == expense.ThenSendBack {
			return "deadline of " + group(step.Group) + ": sends back"
		}
		return "deadline of " + group(step.Group) + ": keeps waiting"
	}
	return "reminder for " + group(step.Group)
}

// checkDecisions checks the decisions that the run receives, one after the other. It runs beside
// the run, so that a check that cannot be made delays nothing else.
func (r *run) checkDecisions(ctx workflow.Context) {
	var checks calls
	for {
		if workflow.Await(ctx, func() bool { return len(r.Decision.Received) > 0 }) != nil {
			return
		}
		received := r.Decision.Received[0]
		one := received.Decision
		if why := r.refuse(one); why != "" {
			r.Decision.take(one)
			r.Decision.refuse(one, expense.CheckedDecision{By: expense.Unverified}, why, workflow.Now(ctx))
			r.show(ctx)
			continue
		}
		options := r.localOptions(ctx, "check who may decide: "+cutForIndex(string(one.Decision)))
		checked, err := call[expense.CheckedDecision](options, &checks, CheckDecision, expense.CheckDecisionInput{
			Task: r.taskToCheck(), Decision: one, Owner: r.owner(), At: received.At,
		})
		if ctx.Err() != nil {
			return
		}
		if err != nil { // an operator has ended the activity
			if r.pause(ctx, "a decision could not be checked: it is checked again") != nil {
				return
			}
			continue
		}
		if r.Decision.take(one) {
			r.onChecked(ctx, one, checked)
		}
	}
}

// taskToCheck is the open task. When Concur has refused what was decided, the approvals so far
// do not count, and everybody may decide again.
func (r *run) taskToCheck() expense.Task {
	task := *r.Decision.Task
	if r.Decision.Result != nil && !r.Decision.Reopened {
		task.Groups = append([]expense.TaskGroup(nil), task.Groups...)
		for i := range task.Groups {
			task.Groups[i].Approvals = nil
		}
	}
	return task
}

func (r *run) owner() expense.Owner {
	if v := r.Evaluation.Verdict; v != nil && v.Owner != nil {
		return *v.Owner
	}
	return expense.Owner{}
}

// onChecked records a decision that was checked, and whether it counts. The task may have been
// closed or decided during the check.
func (r *run) onChecked(ctx workflow.Context, one expense.Decision, checked expense.CheckedDecision) {
	why := checked.Why
	if checked.Accepted {
		why = r.refuse(one)
	}
	now := workflow.Now(ctx)
	if r.Decision.repeats(one, checked) {
		r.show(ctx)
		return
	}
	if why != "" {
		r.Decision.refuse(one, checked, why, now)
		r.show(ctx)
		return
	}
	before := r.Decision.Result
	r.Decision.count(one, checked, now)
	if before != nil && r.Decision.Result != before { // Concur refused the one before
		r.Parking.retryNow()
	}
	r.show(ctx)
}

// refuse says why a decision cannot count, whoever sent it, or nothing.
func (r *run) refuse(d expense.Decision) string {
	task, result := r.Decision.Task, r.Decision.Result
	switch {
	case !isChoice(d.Decision):
		return `the decision must be "approve" or "send-back", or else "comment", "claim", "release" or "delegate"`
	case d.TaskID == "":
		return "the decision names no taskId; the status shows the one that is open"
	case task == nil:
		return "nothing waits for a decision"
	case d.TaskID != task.ID:
		return "this task is closed; the report has changed or was decided since"
	case result != nil && result.Cause == byDeadline && !r.refusedByConcur():
		return "the deadline has passed, and the report is sent back"
	case result != nil && !r.refusedByConcur():
		return "already decided by " + result.By
	case d.Decision == expense.DelegateTask && len(task.Delegates) >= maxDelegates:
		return fmt.Sprintf("this task was delegated %d times already", maxDelegates)
	}
	return ""
}

// maxDelegates is how often one task can be delegated.
const maxDelegates = 20

func isChoice(c expense.DecisionChoice) bool {
	switch c {
	case expense.DecideApprove, expense.DecideSendBack, expense.AddComment, expense.ClaimTask, expense.ReleaseTask, expense.DelegateTask:
		return true
	}
	return false
}

// refusedByConcur returns true when the run is parked because Concur refuses what was decided.
// Another decision may then be tried.
func (r *run) refusedByConcur() bool {
	if r.Parking.Reason == nil || r.Writes.Unknown != nil {
		return false
	}
	switch r.Parking.Reason.Kind {
	case expense.Rejected, expense.Blocked, expense.NoApprover, expense.CommentMissing, expense.UnclearStep, expense.InvalidArgument:
		return true
	}
	return false
}

// closeTask closes the open task because nobody needs to decide it any more.
func (r *run) closeTask(ctx workflow.Context, why string) {
	if r.Decision.Task == nil {
		return
	}
	if result := r.Decision.Result; result != nil {
		r.Progress.record(fmt.Sprintf("the decision of %s no longer applies: %s", result.By, why))
	}
	r.tell(ctx, expense.NewsWithdrawn, workflow.Now(ctx), why)
	r.Decision.withdraw(why, workflow.Now(ctx))
}

// notifyFor is how long the connector tries to tell people something.
const notifyFor = 24 * time.Hour

// tell tells approvers something about the open task, beside the run. A message that cannot be
// delivered delays nothing. at is when the news was due.
func (r *run) tell(ctx workflow.Context, news expense.TaskNews, at time.Time, why string) {
	if !r.Decision.Notify {
		return
	}
	task := r.Decision.Task
	input := expense.NotifyApproversInput{
		NotificationID: r.notification.ID(), TaskID: task.ID, News: news, At: at, Groups: task.Asked(), Owner: r.owner(), Deadline: deadline(task), Why: why,
	}
	if v := r.Evaluation.Verdict; v != nil && v.Shown != nil {
		input.Fields = v.Shown.Fields
	}
	options := workflow.GetActivityOptions(r.localOptions(ctx, "tell the approvers: "+string(news)))
	options.ScheduleToCloseTimeout = notifyFor
	r.messages++
	aside, _ := workflow.NewDisconnectedContext(ctx) // it ends with the run
	workflow.Go(aside, func(ctx workflow.Context) {
		defer func() { r.messages-- }()
		if err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), NotifyApprovers, input).Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Warn("the approvers could not be told", "notification", r.notification.ID(), "news", news, "error", err)
		}
	})
}

// messageDelay is how long a run that has nothing else to do waits for its last messages.
const messageDelay = time.Minute

// finishTelling waits for messages that are under way, because they end with the run.
func (r *run) finishTelling(ctx workflow.Context) error {
	if r.messages == 0 {
		return nil
	}
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: messageDelay, TimerOptions: workflow.TimerOptions{Summary: "tells the approvers before the run ends"},
	}, func() bool { return r.messages == 0 || r.Inbox.NotificationPending })
	return err
}

// deadline is when the first deadline of a task is over, or no time.
func deadline(task *expense.Task) time.Time {
	for _, step := range task.Plan {
		if step.Kind == expense.Deadline {
			return step.At
		}
	}
	return time.Time{}
}
