package workflows

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// judge asks the rules, unless they have already judged this very revision, for this very
// stop if they tell stops apart. A verdict that says the same as before keeps what a person
// decided on it. The rules' today is the day of the judging: a report that waits for a
// person is not judged anew because a day has passed.
func (r *run) judge(ctx workflow.Context, read expense.FetchedReport) error {
	eventType, at := r.stopName(), workflow.Now(ctx)
	if r.Verdict != nil && !r.Reevaluate && !(read.DependsOnStep && r.VerdictEventType != eventType) {
		return nil
	}
	facts, err := r.consult(ctx, read, eventType, at)
	if err != nil {
		return err
	}
	if r.Task == nil {
		r.enter(ctx, Validating)
	}
	var judged expense.EvaluationResult
	err = r.readable(ctx, func() error {
		name, input := ValidateReport, any(expense.ValidateReportInput{
			Report: read.Report, RulesHash: read.RulesHash, EventType: eventType, At: at, Facts: facts,
		})
		if read.Request != nil {
			name, input = ValidateRequest, expense.ValidateRequestInput{
				Request: read.Request, RulesHash: read.RulesHash, EventType: eventType, At: at, Facts: facts,
			}
		}
		var err error
		judged, err = call[expense.EvaluationResult](r.localOptions(ctx, "judge the "+r.noun()+" by the rules"), &r.calls, name, input)
		return err
	})
	if err != nil {
		return err
	}
	if judged.Verdict == nil {
		return r.readAnew(ctx)
	}
	verdict := *judged.Verdict
	if r.Verdict != nil && !sameEffect(*r.Verdict, verdict) && !r.onlyDoubted(verdict) {
		r.closeTask("the rules say something else now")
	}
	r.Rules = &RulesUsed{Hash: verdict.RulesHash, Version: verdict.Version}
	r.Verdict, r.Reevaluate, r.VerdictEventType, r.DependsOnStepName = &verdict, false, eventType, judged.DependsOnStepName
	return nil
}

// onlyDoubted reports whether a verdict asks the same people as the one before about the same
// exceptions, and differs only in its words because notifications contradict each other about
// the stop. The open task stays then: whoever sends such notifications must not be able to
// keep people from deciding.
func (r *run) onlyDoubted(now expense.Verdict) bool {
	before := *r.Verdict
	before.Comment = now.Comment
	return len(r.contradiction()) > 0 && now.Action == expense.Ask && sameEffect(before, now)
}

// readAnew reads the report again for the rules that are now in force.
func (r *run) readAnew(ctx workflow.Context) error {
	if err := r.pause(ctx, "workers are being replaced: the report is read again for the new rules"); err != nil {
		return err
	}
	return errAgain
}

func sameEffect(a, b expense.Verdict) bool {
	return a.Action == b.Action && a.Group == b.Group && a.Comment == b.Comment &&
		slices.EqualFunc(a.Exceptions, b.Exceptions, expense.Exception.Same)
}

// byRules is the cause of what no person has decided.
const byRules = "rules"

// settle says what to do: what the rules say or, where they ask for a person, what
// the person decides.
func (r *run) settle(ctx workflow.Context) (action expense.Action, comment, cause string, err error) {
	if r.Verdict.Action != expense.Ask {
		return r.Verdict.Action, r.Verdict.Comment, byRules, r.trustName(ctx)
	}
	if err := r.ask(ctx); err != nil {
		return "", "", "", err
	}
	if err := r.trustName(ctx); err != nil {
		return "", "", "", err // a forged name may have chosen who was asked
	}
	switch {
	case r.AcceptedDecision.Decision == expense.DecideApprove:
		return expense.Approve, firstSaid(r.AcceptedDecision.Comment, r.Verdict.ApproveComment), "person", nil
	}
	otherwise := unsaid
	if r.notification.Kind == expense.RequestObject {
		otherwise = unsaidOfRequest
	}
	return expense.SendBack, firstSaid(r.AcceptedDecision.Comment, r.Verdict.Comment, otherwise), "person", nil
}

// firstSaid returns the first comment in which there is something to read.
func firstSaid(comments ...string) string {
	for _, comment := range comments {
		if strings.ContainsFunc(comment, func(c rune) bool { return unicode.IsGraphic(c) && !unicode.IsSpace(c) }) {
			return comment
		}
	}
	return ""
}

// unsaid is the comment of a send-back for which neither the person nor the rules
// have words. Concur wants one.
const unsaid = "Please check this report and submit it again."

const unsaidOfRequest = "Please check this request and submit it again."

// ask waits for a person. Silence never approves: without a decision the run stays
// open.
func (r *run) ask(ctx workflow.Context) error {
	if r.Task == nil {
		r.Tasks++
		r.Task = &Task{
			ID:    fmt.Sprintf("%s/%s/%d", r.notification.ID(), r.Revision, r.Tasks),
			Group: r.Verdict.Group,
		}
		r.TaskOpenedAt = workflow.Now(ctx)
	}
	if r.AcceptedDecision == nil {
		r.enter(ctx, Waiting)
		r.status.Since = r.TaskOpenedAt // a notification that changed nothing restarts nothing
	}
	info := workflow.GetInfo(ctx)
	if err := workflow.Await(ctx, func() bool {
		return r.AcceptedDecision != nil || r.NotificationPending || info.GetContinueAsNewSuggested()
	}); err != nil {
		return err
	}
	if r.AcceptedDecision == nil || r.NotificationPending && r.readAfter != r.AcceptedDecision {
		return errAgain // the ruling is kept, unless the report has changed
	}
	return nil // also in a stream of notifications: the report was read after the decision
}

// closeTask ends the open task: no decision on it counts any more.
func (r *run) closeTask(why string) {
	if r.Task != nil && r.AcceptedDecision != nil {
		r.did(fmt.Sprintf("the decision of %s no longer applies: %s", r.AcceptedDecision.By, why))
	}
	r.Task, r.AcceptedDecision = nil, nil
}

func (r *run) forgetVerdict() {
	r.LimitOverridden = false
	if r.Verdict != nil {
		r.closeTask("the report has changed")
	}
	r.Verdict = nil
}
