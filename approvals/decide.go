package approvals

import (
	"context"
	"errors"
	"net/http"
	"time"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// The wait between two queries for a status grows from firstWait to lastWait.
const (
	firstWait = 50 * time.Millisecond
	lastWait  = 250 * time.Millisecond
)

// decide sends a decision to the run and answers whether the run accepted it.
func (s *server) decide(w http.ResponseWriter, r *http.Request) {
	id, ok := notificationID(w, r)
	if !ok {
		return
	}
	decision, status, err := readDecision(r)
	if err != nil {
		refuse(w, status, err.Error())
		return
	}
	actor := actorOf(r)
	decision.By, decision.Actor, decision.At = actor.Name, &actor, time.Now().UTC()
	if err := s.keys.Current().Seal(&decision); err != nil {
		s.logger.ErrorContext(r.Context(), "cannot seal a decision", "notification", id, "error", err)
		refuse(w, http.StatusInternalServerError, "the decision cannot be sealed, and nothing was stored")
		return
	}

	// A client that disconnects after the last byte has still decided.
	store, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeLimit)
	defer cancel()
	err = s.runs.Decide(store, id, decision)
	closed := errors.Is(err, workflows.ErrClosed)
	switch {
	case errors.Is(err, workflows.ErrNoRun):
		refuse(w, http.StatusNotFound, workflows.ErrNoRun.Error())
		return
	case err != nil && !closed:
		s.logger.WarnContext(r.Context(), "storing a decision failed; it may or may not be stored", "notification", id, "error", err)
		answer(w, http.StatusServiceUnavailable, unknownDecision{
			refusal:    refusal{Error: "it is unknown whether the decision is stored; send it again with the same decisionId"},
			DecisionID: decision.ID,
		})
		return
	}

	ctx, cancel := context.WithTimeout(r.Context(), s.decisionLimit)
	defer cancel()
	taken, run, found := s.await(ctx, id, decision, closed)
	switch {
	case found && taken.Kind == expense.TaskCounted:
		answer(w, http.StatusOK, storedDecision{DecisionID: decision.ID, Accepted: new(true)})
	case found:
		answer(w, http.StatusConflict, refusalOf(decision, taken.Why, run))
	case closed:
		answer(w, http.StatusConflict, refusalOf(decision, workflows.ErrClosed.Error(), run))
	default:
		answer(w, http.StatusAccepted, storedDecision{DecisionID: decision.ID, Message: "stored; no worker has answered yet"})
	}
	s.logger.InfoContext(r.Context(), "decision", "notification", id, "decision", decision.ID, "found", found, "accepted", taken.Kind == expense.TaskCounted)
}

// await queries the status until it contains the decision. If once is true, because the run has
// ended, it queries only once. It returns the last status, which is empty if no worker answered.
func (s *server) await(ctx context.Context, id string, sent expense.Decision, once bool) (taken expense.TaskEvent, run workflows.Status, found bool) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		if status, err := s.runs.Status(ctx, id); err == nil {
			run = status
			if taken, found = record(status, sent); found {
				return taken, run, true
			}
		}
		if once || !pause(ctx, wait) {
			return taken, run, false
		}
	}
}

// pause waits. It returns false if ctx ends first.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// record finds the run's answer to a decision. If the ID belongs to another decision, the
// decision counts as rejected, even if the other one was accepted.
func record(run workflows.Status, sent expense.Decision) (taken expense.TaskEvent, found bool) {
	for _, e := range run.Record {
		if e.DecisionID != sent.ID {
			continue
		}
		refusedUnchecked := e.Kind == expense.TaskRefused && e.By == expense.Unverified
		if e.TaskID == sent.TaskID && e.Decision == sent.Decision && (e.By == sent.By || refusedUnchecked) {
			return e, true
		}
		taken, found = e, true
		taken.Kind, taken.Why = expense.TaskRefused, "this decisionId was used for another decision"
	}
	return taken, found
}

func refusalOf(sent expense.Decision, why string, run workflows.Status) rejectedDecision {
	o := rejectedDecision{refusal: refusal{Error: why}, DecisionID: sent.ID, Why: why}
	for _, e := range run.Record {
		decides := e.Decision == expense.DecideApprove || e.Decision == expense.DecideSendBack
		if e.Kind == expense.TaskCounted && decides && e.TaskID == sent.TaskID {
			o.Winner = &winner{ID: e.DecisionID, By: e.By, Decision: e.Decision}
		}
	}
	return o
}
