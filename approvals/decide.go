package approvals

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"concur-connector/approvals/approvers"
	"concur-connector/expense"
	"concur-connector/workflows"
)

// Answer is what became of a decision.
type Answer struct {
	DecisionID string `json:"decisionId"`
	// Counted is true if the run has counted the decision. If it is false, Temporal has stored the
	// decision and no worker has answered yet: look at the task again later.
	Counted bool               `json:"counted"`
	Event   *expense.TaskEvent `json:"event,omitempty"` // as the run has recorded it
	// StillNeeded are the approvals that the task needs beside this decision.
	StillNeeded []expense.RequiredApproval `json:"stillNeeded"`
	Current     *Current                   `json:"current,omitempty"`
	Message     string                     `json:"message"`
}

// Decide sends what a person does with a task to its run, and waits for the run's answer. The
// caller sets TaskID, ID, Decision, Comment and To. A decision that was sent before with the same
// ID gets the same answer. A problem of the kind Unknown means that the decision may or may not
// be stored: send it again with the same ID.
//
// A decision that lacks a comment is not sent. Any other one is, also if it cannot count, so that
// the record shows that somebody has tried.
func (s *Service) Decide(ctx context.Context, actor expense.Actor, notificationID string, d expense.Decision) (Answer, error) {
	notificationID, _, _ = strings.Cut(notificationID, "/") // as Show does
	if err := checkForm(d); err != nil {
		return Answer{}, err
	}
	if err := s.exists(ctx, notificationID); err != nil {
		if p, ok := errors.AsType[*Problem](err); ok {
			p.DecisionID = d.ID
		}
		return Answer{}, err
	}
	d.By, d.Actor, d.At = actor.Name, &actor, time.Now().UTC()
	if err := s.keys.Current().Seal(&d); err != nil {
		s.logger.ErrorContext(ctx, "cannot seal a decision", "notification", notificationID, "error", err)
		return Answer{}, attempt{decision: d}.refuse(Internal, "the decision cannot be sealed, and nothing was stored")
	}
	decided := attempt{notificationID: notificationID, decision: d, actor: actor}
	if status, err := s.status(ctx, notificationID); err == nil {
		if recorded(status, d) != nil {
			return s.answer(decided, status)
		}
		if task, found := lastTask(status); found && task.ID == d.TaskID {
			if why := approvers.CommentMissing(d, task); why != "" {
				return Answer{}, decided.refuse(CommentMissing, why)
			}
		}
	}
	if !s.pace.allows(actor.Name) {
		return Answer{}, decided.refuse(TooMany, "you send decisions too fast; wait a moment")
	}
	closed, err := s.send(ctx, decided)
	if err != nil {
		return Answer{}, err
	}
	status, found := s.await(ctx, decided, closed)
	answer, err := s.answer(decided, status)
	if !found && closed {
		answer, err = Answer{}, s.conflict(decided, status, workflows.ErrClosed.Error())
	}
	kind := ""
	if p, ok := errors.AsType[*Problem](err); ok {
		kind = string(p.Kind)
	}
	s.logger.InfoContext(ctx, "decision", "notification", notificationID, "decision", d.ID, "counted", answer.Counted, "problem", kind)
	return answer, err
}

// attempt is a decision of an identified person about the task of a run.
type attempt struct {
	notificationID string
	decision       expense.Decision
	actor          expense.Actor
}

func (a attempt) refuse(kind Kind, detail string) *Problem {
	p := problem(kind, detail)
	p.DecisionID = a.decision.ID
	return p
}

// send signals a sealed decision to the run. It reports whether the run has ended.
func (s *Service) send(ctx context.Context, a attempt) (closed bool, err error) {
	// A client that disconnects after the last byte has still decided.
	store, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeLimit)
	defer cancel()
	err = s.runs.Decide(store, a.notificationID, a.decision)
	switch {
	case errors.Is(err, workflows.ErrClosed):
		return true, nil
	case errors.Is(err, workflows.ErrNoRun):
		return false, a.refuse(NotFound, workflows.ErrNoRun.Error())
	case err != nil:
		s.logger.WarnContext(ctx, "storing a decision failed; it may or may not be stored", "notification", a.notificationID, "error", err)
		return false, a.refuse(Unknown, "it is unknown whether the decision is stored; send it again with the same decisionId")
	}
	return false, nil
}

// await queries the status until it contains the decision. If the run has ended, it queries only
// until a worker answers. It returns the last status, which is empty if no worker answered.
func (s *Service) await(ctx context.Context, a attempt, closed bool) (run workflows.Status, found bool) {
	ctx, cancel := context.WithTimeout(ctx, s.decisionLimit)
	defer cancel()
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		status, err := s.runs.Status(ctx, a.notificationID)
		if err == nil {
			run = status
			if recorded(status, a.decision) != nil {
				return run, true
			}
		}
		if closed && err == nil || !pause(ctx, wait) {
			return run, false
		}
	}
}

// answer turns what the run has recorded into an answer or a problem.
func (s *Service) answer(a attempt, run workflows.Status) (Answer, error) {
	e := recorded(run, a.decision)
	switch {
	case e == nil:
		return Answer{
			DecisionID: a.decision.ID, StillNeeded: []expense.RequiredApproval{},
			Message: "the decision is stored; no worker has answered yet",
		}, nil
	case !isSame(*e, a.decision):
		return Answer{}, s.conflict(a, run, "this decisionId was used for another decision")
	case e.Kind != expense.TaskCounted:
		return Answer{}, s.refused(a, run, e.Why)
	}
	answer := Answer{
		DecisionID: a.decision.ID, Counted: true, Event: e, StillNeeded: []expense.RequiredApproval{},
		Current: current(run), Message: "the decision counts",
	}
	if run.Task != nil && run.Task.ID == a.decision.TaskID && waits(run) {
		answer.StillNeeded = append(answer.StillNeeded, run.Task.StillNeeded()...)
	}
	if e.Decision == expense.DecideApprove && len(answer.StillNeeded) > 0 {
		answer.Message = "the approval counts; the task still needs others"
	}
	return answer, nil
}

// refused is the problem that the run has refused a decision. The kind depends on why.
func (s *Service) refused(a attempt, run workflows.Status, why string) error {
	task, found := lastTask(run)
	if !found {
		return s.conflict(a, run, why)
	}
	if part := s.people.Current().Viewer(a.actor).Part(task, ownerOf(run), time.Now()); part.Why != "" {
		p := notEntitled(part)
		p.DecisionID = a.decision.ID
		return p
	}
	if task.ID == a.decision.TaskID && waits(run) && approvers.CommentMissing(a.decision, task) != "" {
		return a.refuse(CommentMissing, why)
	}
	return s.conflict(a, run, why)
}

// conflict is the problem that a decision cannot count in the present state of the run. Only
// somebody who may see the task learns what that state is.
func (s *Service) conflict(a attempt, run workflows.Status, why string) error {
	p := a.refuse(Conflict, why)
	task, found := lastTask(run)
	if !found || s.people.Current().Viewer(a.actor).Part(task, ownerOf(run), time.Now()).Why != "" {
		return p
	}
	p.Current = current(run)
	if waits(run) {
		p.Missing = task.StillNeeded()
	}
	if !waits(run) || task.ID != a.decision.TaskID {
		p.Winner = winner(run, a.decision.TaskID)
	}
	return p
}

// winner is the last decision that counts about a task, or nil.
func winner(run workflows.Status, taskID string) *expense.TaskEvent {
	for _, e := range slices.Backward(run.Record) {
		decides := e.Decision == expense.DecideApprove || e.Decision == expense.DecideSendBack
		if e.Kind == expense.TaskCounted && decides && isTask(e, taskID) {
			return &e
		}
	}
	return nil
}

func current(run workflows.Status) *Current {
	c := &Current{State: run.State, WaitingFor: run.WaitingFor, Outcome: run.Outcome}
	if run.Task != nil {
		c.TaskID, c.ClaimedBy = run.Task.ID, run.Task.ClaimedBy
	}
	return c
}

// recorded returns what the run has recorded about a decision's ID, or nil: the event of this
// decision, or else that of another decision of the same person with the same ID. What others have
// sent with this ID says nothing: it must not keep a person from deciding.
func recorded(run workflows.Status, sent expense.Decision) (found *expense.TaskEvent) {
	for _, e := range run.Record {
		if e.DecisionID != sent.ID || e.By != sent.By && !isUnverified(e, sent) {
			continue
		}
		found = &e
		if isSame(e, sent) {
			break
		}
	}
	return found
}

// isSame reports whether an event of the same person is about this decision and not about another one
// with the same ID. The run does not keep the comment of a decision that it refuses, and may refuse one before
// it knows who has sent it.
func isSame(e expense.TaskEvent, sent expense.Decision) bool {
	if !isTask(e, sent.TaskID) || e.Decision != sent.Decision || e.To != sent.To {
		return false
	}
	if e.Kind == expense.TaskRefused {
		return true
	}
	return e.Comment == sent.Comment
}

// isUnverified reports whether the run has refused this very decision before it knew the sender. The
// same decision has another seal each time that it is sent.
func isUnverified(e expense.TaskEvent, sent expense.Decision) bool {
	return e.By == expense.Unverified && e.Seal != "" && e.Seal == sent.Seal
}

// isTask reports whether an event is about a task. The run cuts a very long ID.
func isTask(e expense.TaskEvent, taskID string) bool {
	const cut = 96
	return e.TaskID == taskID || len(e.TaskID) >= cut && strings.HasPrefix(taskID, e.TaskID)
}

// checkForm checks what does not depend on the task.
func checkForm(d expense.Decision) error {
	refuse := func(format string, args ...any) error {
		return attempt{decision: d}.refuse(Malformed, fmt.Sprintf(format, args...))
	}
	switch {
	case d.TaskID == "":
		return refuse("taskId is required; the task shows it")
	case !isPrintable(d.TaskID, maxTaskID):
		return refuse("taskId must be at most %d printable characters", maxTaskID)
	case d.ID == "" || !isPrintable(d.ID, maxDecisionID):
		return problem(Malformed, fmt.Sprintf("decisionId must be 1 to %d printable characters", maxDecisionID))
	case !slices.Contains(choices, d.Decision):
		return refuse("decision must be approve, send-back, comment, claim, release or delegate")
	case d.Decision == expense.DelegateTask && d.To == "":
		return refuse("to is required: the name of the approver to whom you delegate the task")
	case d.Decision != expense.DelegateTask && d.To != "":
		return refuse("only a delegation has the field to")
	case !isPrintable(d.To, maxTo):
		return refuse("to must be at most %d printable characters", maxTo)
	case len([]rune(d.Comment)) > maxComment:
		return refuse("comment must be at most %d characters", maxComment)
	case strings.ContainsFunc(d.Comment, isUnfit):
		return refuse("comment must not contain control characters")
	}
	return nil
}

var choices = []expense.DecisionChoice{
	expense.DecideApprove, expense.DecideSendBack, expense.AddComment, expense.ClaimTask, expense.ReleaseTask, expense.DelegateTask,
}
