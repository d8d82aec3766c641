package workflows

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// otherRuns is what the run knows about other runs of its report.
type otherRuns struct {
	HandedOverToUs   bool     `json:"handedOverToUs,omitempty"`   // another run has handed its report over
	CheckedForOthers bool     `json:"checkedForOthers,omitempty"` // no other run is open
	CheckedRuns      []string `json:"checkedRuns,omitempty"`      // run IDs of earlier runs whose writes are known
}

func (o *otherRuns) handedOverToUs() { o.HandedOverToUs = true }
func (o *otherRuns) alone()          { o.CheckedForOthers = true }

func (o *otherRuns) checked(runIDs ...string) {
	o.CheckedRuns = append(slices.Clip(o.CheckedRuns), runIDs...)
}

// handOver hands the report over to another open run of it, and ends the pass. Two runs of one
// report meet when Concur names it in two ways: by the key of a callout, and by its ID. A run
// looks once: after it has shown the report's ID, by which others find it, and before it writes.
// See [Client.Elder].
func (r *run) handOver(ctx workflow.Context, _ *pass) next {
	reportID := r.Read.ReportID
	if r.Runs.CheckedForOthers || r.notification.Kind != expense.ReportObject || reportID == "" ||
		strings.ContainsRune(reportID, utf8.RuneError) { // two reports may have the same search attribute then
		return goOn()
	}
	r.enter(ctx, Fetching) // shows the report's ID
	found := r.notification.Found
	if found {
		if err := wait(ctx, r.ConfirmDelay, "another run may have read this report meanwhile"); err != nil {
			return after(err)
		}
	}
	if r.Runs.HandedOverToUs && r.notification.Key == reportID {
		r.Runs.alone() // or each would hand the report over to the other
		return goOn()
	}
	var other expense.HandedOverRun
	options := r.localOptions(ctx, "look for another run of the report")
	input := expense.HandOverRunInput{ReportID: reportID, EventTypes: r.Step.names(), PendingDeletes: r.Deletes.Pending}
	if !expense.IsV4Report(r.Address.ObjectURI) {
		input.ObjectURI = r.Address.ObjectURI
	}
	err := r.retryUnreadable(ctx, func() (err error) {
		other, err = call[expense.HandedOverRun](options, &r.calls, HandOverRun, input)
		return err
	})
	switch {
	case err != nil:
		return after(err)
	case other.To != "":
		r.closeTask("another run handles the report")
		r.Deletes.handedOver()
		r.Progress.record("handed over to the run " + other.To)
		r.Progress.end(expense.HandedOver)
		return done()
	}
	r.Runs.alone()
	if found {
		return again("the first read is old: the run waited for other runs of the report")
	}
	return goOn()
}
