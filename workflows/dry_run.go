package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// repeatDryRun ends the pass when a dry run has already recorded the writes for this revision.
func (r *run) repeatDryRun(_ workflow.Context, p *pass) next {
	if r.Writes.DryRun == "" || r.Writes.DryRunRevision != p.read.Revision {
		return goOn()
	}
	return r.endDryRun()
}

// dryRunAction records the action that the run would take.
func (r *run) dryRunAction(p *pass) next {
	switch {
	case r.byException(p.action):
		r.Progress.record(fmt.Sprintf("would post exception %s on the report to approve it", r.Evaluation.Verdict.ApproveByException))
	case p.action == expense.SendBack:
		r.Progress.record(fmt.Sprintf("would send the %s back to the employee (cause: %s)", r.noun(), p.cause))
	default:
		r.Progress.record("would approve the " + r.noun())
	}
	return r.endDryRun()
}

// endDryRun ends a pass that has recorded what it would write. The report still waits. A run
// that has begun to write stays open: only this run knows what it has written.
func (r *run) endDryRun() next {
	if len(r.Writes.postedAt(r.Step.ValidationID)) > 0 || r.Writes.Unknown != nil {
		return parked(&ParkReason{Kind: expense.WritesOff, Message: "this run has already written to the report, and now writes are off: " + dryRunText(r.Writes.DryRun)})
	}
	r.Writes.endDryRun(r.Read.Revision)
	r.Progress.end(expense.DryRun)
	r.Decision.close()
	return done()
}

func dryRunText(why expense.DryRunReason) string {
	if why.IsNotTestUser() {
		return "the report's owner is not among the test users (CONCUR_TEST_USERS)"
	}
	return "this is a dry run (CONCUR_WRITES)"
}
