package approvals

import (
	"context"
	"errors"
	"net/http"
	"time"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// The waits between two questions for a status grow from the first to the second.
const (
	firstWait = 50 * time.Millisecond
	lastWait  = 250 * time.Millisecond
)

// decide takes a decision to the run and answers what the run made of it.
func (d *door) decide(w http.ResponseWriter, r *http.Request) {
	id, ok := notificationID(w, r)
	if !ok {
		return
	}
	decision, status, err := readDecision(r)
	if err != nil {
		refuse(w, status, err.Error())
		return
	}
	decision.By = approver(r)

	// Whoever hangs up after the last byte has decided all the same.
	store, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeLimit)
	defer cancel()
	err = d.runs.Decide(store, id, decision)
	closed := errors.Is(err, workflows.ErrClosed)
	switch {
	case errors.Is(err, workflows.ErrNoRun):
		refuse(w, http.StatusNotFound, workflows.ErrNoRun.Error())
		return
	case err != nil && !closed:
		d.logger.WarnContext(r.Context(), "a decision may not be stored", "notification", id, "error", err)
		answer(w, http.StatusServiceUnavailable, undecided{
			refusal:    refusal{Error: "the decision may not be stored; send it again with the same decisionId"},
			DecisionID: decision.ID,
		})
		return
	}

	ctx, cancel := context.WithTimeout(r.Context(), d.decisionLimit)
	defer cancel()
	taken, run, found := d.await(ctx, id, decision, closed)
	switch {
	case found && taken.Accepted:
		answer(w, http.StatusOK, verdict{DecisionID: decision.ID, Accepted: new(true)})
	case found:
		answer(w, http.StatusConflict, refusalOf(decision, taken.Why, run))
	case closed:
		answer(w, http.StatusConflict, refusalOf(decision, workflows.ErrClosed.Error(), run))
	default:
		answer(w, http.StatusAccepted, verdict{DecisionID: decision.ID, Message: "stored; no worker has answered yet"})
	}
	d.logger.InfoContext(r.Context(), "decision", "notification", id, "decision", decision.ID, "found", found, "accepted", taken.Accepted)
}

// await looks at the status until it names the decision, or once when the run has
// ended. The status is the last one seen, empty when no worker answered.
func (d *door) await(ctx context.Context, id string, sent expense.Decision, once bool) (taken workflows.DecisionTaken, run workflows.Status, found bool) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		if status, err := d.runs.Status(ctx, id); err == nil {
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

// pause waits and reports whether ctx is still alive.
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

// record finds what became of a decision. An ID that was used for another decision
// does not lend that one's acceptance.
func record(run workflows.Status, sent expense.Decision) (taken workflows.DecisionTaken, found bool) {
	for _, t := range run.Decisions {
		if t.ID != sent.ID {
			continue
		}
		if t.TaskID == sent.TaskID && t.By == sent.By && t.Decision == sent.Decision {
			return t, true
		}
		taken, found = t, true
		taken.Accepted, taken.Why = false, "this decisionId was used for another decision"
	}
	return taken, found
}

func refusalOf(sent expense.Decision, why string, run workflows.Status) overruled {
	o := overruled{refusal: refusal{Error: why}, DecisionID: sent.ID, Why: why}
	for _, t := range run.Decisions {
		if t.Accepted && t.TaskID == sent.TaskID {
			o.Winner = &winner{ID: t.ID, By: t.By, Decision: t.Decision}
		}
	}
	return o
}
