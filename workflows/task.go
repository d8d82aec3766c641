package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"concur-connector/expense"
)

// decision is the task that people decide, and what became of every task of the run.
type decision struct {
	Task     *expense.Task      `json:"task,omitempty"`     // open
	Tasks    int                `json:"tasks,omitempty"`    // how many were opened
	Result   *taskResult        `json:"result,omitempty"`   // how Task was decided
	Received []receivedDecision `json:"received,omitempty"` // not checked yet, in order
	Unnamed  int                `json:"unnamed,omitempty"`  // decisions that came without an ID

	RulesHash string `json:"rulesHash,omitempty"` // of the verdict that asks Task
	Revision  string `json:"revision,omitempty"`  // that Task is about

	CheckEvery time.Duration `json:"checkEvery,omitempty"` // how often the report is read while Task is open
	Notify     bool          `json:"notify,omitempty"`     // approvers are told about Task
	Overdue    bool          `json:"overdue,omitempty"`    // a deadline of Task has passed
	Reopened   bool          `json:"reopened,omitempty"`   // Concur has refused Result, and people decide again

	Record   []expense.TaskEvent `json:"record,omitempty"`
	Recorded int                 `json:"recorded,omitempty"` // the number of the last event
	Exported int                 `json:"exported,omitempty"` // the number of the last event that is stored outside Temporal
	Dropped  int                 `json:"dropped,omitempty"`  // how many events Record has lost
}

// receivedDecision is a decision that is not checked yet.
type receivedDecision struct {
	Decision expense.Decision `json:"decision"`
	At       time.Time        `json:"at"`
}

// taskResult is how people, or a deadline, have decided a task.
type taskResult struct {
	Choice  expense.DecisionChoice `json:"choice"`
	Comment string                 `json:"comment,omitempty"` // of the approvers
	By      string                 `json:"by,omitempty"`
	Cause   string                 `json:"cause"` // byPerson or byDeadline
}

// open opens a task.
func (d *decision) open(notificationID, revision string, verdict *expense.Verdict, plan expense.TaskPlan, now time.Time) {
	d.Tasks++
	task := &expense.Task{
		ID: fmt.Sprintf("%s/%s/%d", notificationID, revision, d.Tasks), OpenedAt: now, Plan: plan.Steps,
		CommentRequired: plan.CommentRequired, DifferentPeople: plan.DifferentPeople,
	}
	for _, required := range verdict.Approvals {
		task.Groups = append(task.Groups, expense.TaskGroup{RequiredApproval: required})
	}
	if len(task.Groups) == 0 {
		task.Groups = []expense.TaskGroup{{RequiredApproval: expense.RequiredApproval{Count: 1}}}
	}
	d.Task, d.CheckEvery, d.Notify = task, plan.CheckEvery, plan.Notify
	d.RulesHash, d.Revision = verdict.RulesHash, revision
	d.record(expense.TaskEvent{
		At: now, Kind: expense.TaskOpened, TaskID: task.ID, Groups: verdict.Groups(),
	})
}

// close ends the open task. No decision on it counts any more.
func (d *decision) close() {
	d.Task, d.Result = nil, nil
	d.RulesHash, d.Revision = "", ""
	d.CheckEvery, d.Notify, d.Overdue, d.Reopened = 0, false, false, false
}

// withdraw closes the open task because nobody needs to decide it any more.
func (d *decision) withdraw(why string, now time.Time) {
	d.record(expense.TaskEvent{At: now, Kind: expense.TaskWithdrawn, TaskID: d.Task.ID, Why: why})
	d.close()
}

// carriedOut closes the open task, because Concur shows what was decided.
func (d *decision) carriedOut(what string, now time.Time) {
	if d.Task != nil {
		d.record(expense.TaskEvent{At: now, Kind: expense.TaskCarriedOut, TaskID: d.Task.ID, Why: what})
	}
	d.close()
}

// maxReceived is how large the decisions that are not checked yet may be together, as JSON in bytes.
const maxReceived = 128 << 10

// receive keeps a decision until it is checked. A decision that is known changes nothing.
func (d *decision) receive(one expense.Decision, now time.Time) {
	if why := one.Unfit(); why != "" {
		d.refuse(expense.Decision{}, expense.CheckedDecision{By: expense.Unverified}, why, now)
		return
	}
	if one.ID != "" && d.knows(one) {
		return
	}
	for one.ID == "" || d.knows(one) {
		d.Unnamed++
		one.ID = fmt.Sprintf("signal-%d", d.Unnamed)
	}
	if len(d.Received) >= maxListed || jsonSize(d.Received)+jsonSize(one) > maxReceived {
		d.refuse(one, expense.CheckedDecision{By: expense.Unverified}, "too many decisions wait to be checked; send it again later", now)
		return
	}
	d.Received = append(d.Received, receivedDecision{Decision: one, At: now})
}

// knows returns true if a decision was received before: one with the same ID from the same sender.
// Somebody else who uses the ID cannot keep the decision from being checked.
func (d *decision) knows(one expense.Decision) bool {
	received := func(r receivedDecision) bool { return r.Decision.ID == one.ID && r.Decision.Seal == one.Seal }
	recorded := func(e expense.TaskEvent) bool {
		switch {
		case e.DecisionID != one.ID:
			return false
		case e.By == expense.Unverified:
			return e.Seal == one.Seal
		}
		return one.Seal != "" && one.Actor != nil && one.Actor.Name == e.By
	}
	return slices.ContainsFunc(d.Received, received) || slices.ContainsFunc(d.Record, recorded)
}

// repeats returns true if the person who sent a decision, as the check has found, sent one with the
// same ID before.
func (d *decision) repeats(one expense.Decision, by expense.CheckedDecision) bool {
	return by.By != expense.Unverified &&
		slices.ContainsFunc(d.Record, func(e expense.TaskEvent) bool { return e.DecisionID == one.ID && e.By == by.By })
}

// end refuses the decisions that nobody will check any more, because the run ends.
func (d *decision) end(now time.Time) {
	for _, received := range d.Received {
		d.refuse(received.Decision, expense.CheckedDecision{By: expense.Unverified}, "the run has ended", now)
	}
	d.Received = nil
	if d.Task != nil {
		d.withdraw("the run has ended", now)
	}
}

// take removes a decision that is not checked yet. It returns false if it has been refused since.
func (d *decision) take(one expense.Decision) bool {
	before := len(d.Received)
	d.Received = slices.DeleteFunc(slices.Clone(d.Received), func(r receivedDecision) bool { return r.Decision.ID == one.ID && r.Decision.Seal == one.Seal })
	return len(d.Received) < before
}

// refuse records a decision that does not count.
func (d *decision) refuse(one expense.Decision, by expense.CheckedDecision, why string, now time.Time) {
	e := eventOf(one, by, now)
	e.Kind, e.Why, e.Comment = expense.TaskRefused, why, "" // a refused comment is not kept: anybody could fill the record
	d.record(e)
}

// unreadable records a signal that could not be decoded.
func (d *decision) unreadable(problem string, now time.Time) {
	d.record(expense.TaskEvent{At: now, Kind: expense.TaskSignalLost, By: expense.Unverified, Why: problem})
}

func eventOf(one expense.Decision, by expense.CheckedDecision, now time.Time) expense.TaskEvent {
	e := expense.TaskEvent{
		At: now, TaskID: cutForIndex(one.TaskID), DecisionID: one.ID, Decision: expense.DecisionChoice(cutForIndex(string(one.Decision))),
		To: one.To, Comment: one.Comment, By: by.By, IdentifiedBy: by.IdentifiedBy, OnBehalfOf: by.OnBehalfOf, Groups: by.Groups,
	}
	if by.By == expense.Unverified {
		e.Seal = one.Seal
	}
	return e
}

// count records a decision that counts, and what it does to the open task.
func (d *decision) count(one expense.Decision, by expense.CheckedDecision, now time.Time) {
	e := eventOf(one, by, now)
	e.Kind = expense.TaskCounted
	switch one.Decision {
	case expense.DecideApprove:
		d.reopen()
		for _, group := range by.Groups {
			d.Task.Approve(group, expense.TaskApproval{By: by.By, OnBehalfOf: by.OnBehalfOf, At: now})
		}
	case expense.DecideSendBack:
		d.reopen()
		d.settle(taskResult{Choice: expense.DecideSendBack, Comment: one.Comment, By: by.By, Cause: byPerson})
	case expense.ClaimTask:
		d.Task.ClaimedBy = by.By
	case expense.ReleaseTask:
		d.Task.ClaimedBy = ""
	case expense.DelegateTask:
		if added := (expense.Delegate{To: one.To, From: by.By}); !slices.Contains(d.Task.Delegates, added) {
			d.Task.Delegates = append(d.Task.Delegates, added)
		}
	}
	d.record(e)
	if one.Decision == expense.DecideApprove && len(d.Task.StillNeeded()) == 0 {
		d.settle(taskResult{Choice: expense.DecideApprove, Comment: d.comments(), By: by.By, Cause: byPerson})
	}
}

// settle keeps how the open task was decided.
func (d *decision) settle(how taskResult) { d.Result, d.Reopened = &how, false }

// reopen begins a new round of approvals when Concur has refused what was decided.
func (d *decision) reopen() {
	if d.Result == nil || d.Reopened {
		return
	}
	d.Reopened = true
	for i := range d.Task.Groups {
		d.Task.Groups[i].Approvals = nil
	}
}

// comments joins the comments of those whose approvals make the task complete.
func (d *decision) comments() string {
	var all []string
	for _, e := range d.Record {
		if d.completes(e) && firstReadable(e.Comment) != "" {
			all = append(all, e.Comment)
		}
	}
	return strings.Join(all, "\n")
}

// completes returns true for an approval of the open task that counts now.
func (d *decision) completes(e expense.TaskEvent) bool {
	if d.Task == nil || e.TaskID != d.Task.ID || e.Decision != expense.DecideApprove {
		return false
	}
	approved := func(a expense.TaskApproval) bool { return a.By == e.By && a.At.Equal(e.At) }
	return slices.ContainsFunc(d.Task.Groups, func(g expense.TaskGroup) bool { return slices.ContainsFunc(g.Approvals, approved) })
}

// maxComments is how large the comments of the record may be together, as JSON in bytes. The next
// run begins with one payload, of which Temporal takes 2 MiB.
const maxComments = 384 << 10

// cutComment replaces a comment for which the record has no room.
const cutComment = "(cut: the record of this run was too large. The exported record and the run's history have the comment.)"

// cutComments drops the oldest comments when all of them together are too large. The comments that
// the employee will read stay.
func (d *decision) cutComments() {
	size := 0
	for i, e := range slices.Backward(d.Record) {
		if e.Comment == "" {
			continue
		}
		size += jsonSize(e.Comment)
		if size > maxComments && !d.completes(e) && e.Comment != cutComment {
			size -= jsonSize(e.Comment)
			d.Record = slices.Clone(d.Record)
			d.Record[i].Comment = cutComment
		}
	}
}

// due returns the next step of the plan for a group that has not decided yet, and removes the
// steps before it.
func (d *decision) due() *expense.TaskStep {
	for len(d.Task.Plan) > 0 {
		step := d.Task.Plan[0]
		if d.Task.Needs(step.Group) {
			return &step
		}
		d.Task.Plan = d.Task.Plan[1:]
	}
	return nil
}

// carryOutStep carries out the next step of the plan. It returns the news to tell approvers.
func (d *decision) carryOutStep(step expense.TaskStep, now time.Time) expense.TaskNews {
	d.Task.Plan = d.Task.Plan[1:]
	e := expense.TaskEvent{At: now, TaskID: d.Task.ID, Groups: []string{step.Group}}
	news := expense.NewsReminder
	switch step.Kind {
	case expense.Escalate:
		e.Kind, e.To, news = expense.TaskEscalated, step.To, expense.NewsEscalated
		d.escalate(step)
	case expense.Deadline:
		e.Kind, e.Why, news = expense.TaskOverdue, step.Then, expense.NewsOverdue
		d.Overdue = true
		if step.Then == expense.ThenSendBack {
			d.settle(taskResult{Choice: expense.DecideSendBack, By: "the deadline", Cause: byDeadline})
		}
	default:
		e.Kind = expense.TaskReminded
	}
	d.record(e)
	return news
}

// escalate asks another group, too. Its approvals count for the group that has not decided.
func (d *decision) escalate(step expense.TaskStep) {
	asked := func(g expense.TaskGroup) bool { return g.Group == step.To && g.EscalatedFrom == step.Group }
	if slices.ContainsFunc(d.Task.Groups, asked) {
		return
	}
	d.Task.Groups = append(d.Task.Groups, expense.TaskGroup{
		RequiredApproval: expense.RequiredApproval{Group: step.To, Count: 1}, EscalatedFrom: step.Group,
	})
}

// record keeps an event. When there are too many, it drops the oldest one that did not count, if
// possible one that is exported.
func (d *decision) record(e expense.TaskEvent) {
	d.Recorded++
	e.Number = d.Recorded
	if d.Task != nil && e.TaskID == d.Task.ID {
		e.RulesHash, e.Revision = d.RulesHash, d.Revision
	}
	d.Record = append(d.Record, e)
	d.cutComments()
	if len(d.Record) <= maxListed {
		return
	}
	didNotCount := func(e expense.TaskEvent) bool {
		return e.Kind == expense.TaskRefused || e.Kind == expense.TaskSignalLost
	}
	// An event of a verified person keeps that decision from being used again.
	unverified := func(e expense.TaskEvent) bool { return didNotCount(e) && e.By == expense.Unverified }
	drop := slices.IndexFunc(d.Record, func(e expense.TaskEvent) bool { return e.Number <= d.Exported && unverified(e) })
	if drop < 0 {
		drop = slices.IndexFunc(d.Record, unverified)
	}
	if drop < 0 {
		drop = slices.IndexFunc(d.Record, func(e expense.TaskEvent) bool { return e.Number <= d.Exported && didNotCount(e) })
	}
	if drop < 0 {
		drop = slices.IndexFunc(d.Record, didNotCount)
	}
	if drop < 0 {
		drop = slices.IndexFunc(d.Record, func(e expense.TaskEvent) bool {
			return e.Kind == expense.TaskReminded || e.Decision == expense.AddComment
		})
	}
	if drop < 0 { // the employee will read the comments of approvals that count
		drop = max(0, slices.IndexFunc(d.Record, func(e expense.TaskEvent) bool { return !d.completes(e) }))
	}
	d.Record = slices.Delete(slices.Clone(d.Record), drop, drop+1)
	d.Dropped++
}

// notExported returns the events that are not stored outside Temporal.
func (d *decision) notExported() []expense.TaskEvent {
	first := slices.IndexFunc(d.Record, func(e expense.TaskEvent) bool { return e.Number > d.Exported })
	if first < 0 {
		return nil
	}
	return d.Record[first:]
}

// storedUntil notes that events are stored outside Temporal: those up to a number.
func (d *decision) storedUntil(number int) { d.Exported = max(d.Exported, number) }
