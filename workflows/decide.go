package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// decision is what a person is asked, and what people have answered.
type decision struct {
	Task         *Task             `json:"task,omitempty"` // open
	TaskOpenedAt time.Time         `json:"taskOpenedAt,omitzero"`
	Tasks        int               `json:"tasks,omitempty"`    // how many were opened
	Accepted     *expense.Decision `json:"accepted,omitempty"` // the decision on Task that counts

	Received []DecisionTaken `json:"received,omitempty"`
	Unnamed  int             `json:"unnamed,omitempty"` // decisions that came without an ID
}

// Who decided on an action.
const (
	byRules  = "rules"
	byPerson = "person"
)

// The comments of a send-back for which neither the person nor the rules gave one. Concur
// requires one.
const (
	defaultComment        = "Please check this report and submit it again."
	defaultRequestComment = "Please check this request and submit it again."
)

// decide chooses the action: the one that the rules say or, where they ask for a person, the one
// that the person decides.
func (r *run) decide(ctx workflow.Context, p *pass) next {
	verdict := r.Evaluation.Verdict
	if verdict.Action != expense.Ask {
		p.action, p.comment, p.cause = verdict.Action, verdict.Comment, byRules
		return goOn()
	}
	if r.Writes.DryRun.IsNotTestUser() {
		r.Progress.record("would ask " + groups(verdict.Groups()))
		return r.endDryRun()
	}
	if next := r.ask(ctx, p); !next.continues() {
		return next
	}
	decided := r.Decision.Accepted
	p.cause = byPerson
	if decided.Decision == expense.DecideApprove {
		p.action, p.comment = expense.Approve, firstReadable(decided.Comment, verdict.ApproveComment)
		return goOn()
	}
	otherwise := defaultComment
	if r.notification.Kind == expense.RequestObject {
		otherwise = defaultRequestComment
	}
	p.action, p.comment = expense.SendBack, firstReadable(decided.Comment, verdict.Comment, otherwise)
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

// ask waits for a person's decision. Silence never approves: without a decision the run stays
// open.
func (r *run) ask(ctx workflow.Context, p *pass) next {
	r.Decision.open(r.notification.ID()+"/"+r.Read.Revision, strings.Join(r.Evaluation.Verdict.Groups(), ", "), workflow.Now(ctx))
	if r.Decision.Accepted == nil {
		r.enter(ctx, Waiting)
		r.status.Since = r.Decision.TaskOpenedAt // also after a notification that changed nothing
	}
	info := workflow.GetInfo(ctx)
	if err := workflow.Await(ctx, func() bool {
		return r.Decision.Accepted != nil || r.Inbox.NotificationPending || info.GetContinueAsNewSuggested()
	}); err != nil {
		return after(err)
	}
	switch {
	case r.Decision.Accepted != nil && (p.decision == r.Decision.Accepted || !r.Inbox.NotificationPending):
		return goOn() // also in a stream of notifications: the report was read after the decision
	case r.Inbox.NotificationPending:
		return again("a notification arrived while the run waited for a decision")
	}
	return again("the history is long: the next run goes on waiting")
}

// open opens a task unless one is open.
func (d *decision) open(id, group string, now time.Time) {
	if d.Task == nil {
		d.Tasks++
		d.Task, d.TaskOpenedAt = &Task{ID: fmt.Sprintf("%s/%d", id, d.Tasks), Group: group}, now
	}
}

// close ends the open task: no decision on it counts any more.
func (d *decision) close() { d.Task, d.Accepted = nil, nil }

// closeTask ends the open task, and records why the decision on it no longer applies.
func (r *run) closeTask(why string) {
	if accepted := r.Decision.Accepted; r.Decision.Task != nil && accepted != nil {
		r.Progress.record(fmt.Sprintf("the decision of %s no longer applies: %s", accepted.By, why))
	}
	r.Decision.close()
}

// onDecided records a decision and whether it counts. The first one on the open task does. One
// that arrives twice, with the same ID, changes nothing.
func (r *run) onDecided(d expense.Decision) {
	if !r.Decision.name(&d) {
		return
	}
	why := r.refuse(d)
	if why == "" && r.Decision.Accepted != nil { // Concur refused the one before
		r.Parking.retryNow()
	}
	r.Decision.record(d, why)
}

// name completes a decision that says too little about itself, and returns false when it was
// received before.
func (d *decision) name(one *expense.Decision) bool {
	if one.ID != "" && slices.ContainsFunc(d.Received, func(before DecisionTaken) bool { return before.ID == one.ID }) {
		return false
	}
	if one.ID == "" {
		d.Unnamed++
		one.ID = fmt.Sprintf("signal-%d", d.Unnamed)
	}
	if one.By == "" {
		one.By = "not said"
	}
	return true
}

// refuse says why a decision does not count, or nothing.
func (r *run) refuse(d expense.Decision) string {
	task, accepted := r.Decision.Task, r.Decision.Accepted
	switch {
	case d.Decision != expense.DecideApprove && d.Decision != expense.DecideSendBack:
		return `the decision must be "approve" or "send-back"`
	case d.TaskID == "":
		return "the decision names no taskId; the status shows the one that is open"
	case task == nil:
		return "nothing waits for a decision"
	case d.TaskID != task.ID:
		return "this task is closed; the report has changed or was decided since"
	case accepted != nil && !r.refusedByConcur():
		return "already decided by " + accepted.By
	}
	return ""
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

// record keeps a decision, and why it does not count. One that counts replaces the one before,
// which Concur refused. When there are too many, the oldest that does not count is dropped.
func (d *decision) record(one expense.Decision, why string) {
	if why == "" {
		for i, before := range d.Received {
			if d.Accepted != nil && before.Accepted && before.TaskID == one.TaskID {
				d.Received[i].Accepted, d.Received[i].Why = false, "Concur refused it; decided again by "+one.By
			}
		}
		d.Accepted = &one
	}
	d.Received = append(d.Received, DecisionTaken{
		ID: one.ID, TaskID: one.TaskID, By: one.By, Decision: one.Decision, Accepted: why == "", Why: why,
	})
	if len(d.Received) > maxListed {
		drop := max(0, slices.IndexFunc(d.Received, func(one DecisionTaken) bool { return !one.Accepted }))
		d.Received = slices.Delete(slices.Clone(d.Received), drop, drop+1)
	}
}
