package workflows

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// join leaves the report to another run of it, if there is one, and reports whether that
// was done. Two runs of one report meet when Concur names it in two ways: by the key of a
// callout, and by its ID. A run looks once, after it has shown the report's ID by which
// others find it and before it writes anything: see Client.Elder.
func (r *run) join(ctx workflow.Context) (bool, error) {
	if r.CheckedForOthers || r.notification.Kind != expense.ReportObject || r.ReportID == "" ||
		strings.ContainsRune(r.ReportID, utf8.RuneError) { // two reports may look alike then
		return false, nil
	}
	r.enter(ctx, Fetching) // shows the report's ID
	found := r.notification.Found
	if found {
		if err := wait(ctx, r.ConfirmDelay, "another run may have read this report meanwhile"); err != nil {
			return false, err
		}
	}
	if r.HandedOverToUs && r.notification.Key == r.ReportID {
		r.CheckedForOthers = true // or each would leave the report to the other
		return false, nil
	}
	var joined expense.HandedOverRun
	options := r.localOptions(ctx, "look for another run of the report")
	input := expense.HandOverRunInput{ReportID: r.ReportID, EventTypes: r.namesHere(), PendingDeletes: r.PendingDeletes}
	if !expense.IsV4Report(r.ObjectURI) {
		input.ObjectURI = r.ObjectURI
	}
	err := r.readable(ctx, func() (err error) {
		joined, err = call[expense.HandedOverRun](options, &r.calls, HandOverRun, input)
		return err
	})
	switch {
	case err != nil:
		return false, err
	case joined.To != "":
		r.closeTask("another run sees to the report")
		r.PendingDeletes = nil // it deletes them
		r.joined("the report is left to the run " + joined.To)
		return true, nil
	}
	r.CheckedForOthers = true
	if found {
		return false, errAgain // what was read is old by now
	}
	return false, nil
}

func (r *run) joined(how string) {
	r.did(how)
	r.Outcome, r.Cause = expense.HandedOver, ""
}

// handOver starts a run for each travel request that waits. A callout about one names it
// by an address that has ended, and there is no way from that to its ID: whatever waits is
// taken up.
func (r *run) handOver(ctx workflow.Context) error {
	r.enter(ctx, Fetching)
	found, leftAlone, why := 0, 0, ""
	var unlooked error
	err := r.eachPendingRequests(ctx, func(part expense.PendingRequests) error {
		if part.WithoutRules {
			r.Outcome = expense.Unsupported
			r.did("the rules file has no rule for travel requests (level request)")
			return nil
		}
		found += len(part.Notifications)
		if part.Skipped > 0 {
			leftAlone, why = leftAlone+part.Skipped, part.SkippedReason
		}
		if u := part.NotChecked; u != nil { // the notification may be about that one
			unlooked = &ParkReason{Kind: u.Kind, Message: u.Message}
		}
		for _, n := range first(ids(part.Notifications), 20) {
			if said := "handed over to " + n; !slices.Contains(r.Done, said) {
				r.did(said)
			}
		}
		return r.startRuns(ctx, part.Notifications)
	})
	switch {
	case err != nil || r.Outcome == expense.Unsupported:
		return err
	case unlooked != nil:
		return unlooked
	case leftAlone > 0:
		r.did(count(leftAlone, "travel request") + " left alone: " + why)
	}
	switch {
	case found == 0:
		r.Outcome = expense.Superseded
		r.did("no travel request waits")
		return nil
	}
	r.Outcome, r.Cause = expense.HandedOver, ""
	return nil
}

func ids(list []expense.Notification) []string {
	var names []string
	for _, n := range list {
		names = append(names, n.ID())
	}
	return names
}

// eachPendingRequests hands over the travel requests that wait, part by part.
func (r *run) eachPendingRequests(ctx workflow.Context, yield func(expense.PendingRequests) error) error {
	ask := expense.ListPendingRequestsInput{Announced: true, Callouts: r.announces(r.NewStepNames)}
	for range pendingParts {
		var part expense.PendingRequests
		err := r.readable(ctx, func() error {
			var err error
			part, err = call[expense.PendingRequests](r.concurOptions(ctx, "look for travel requests that wait", requestsOfWhole), &r.calls, ListPendingRequests, ask)
			return err
		})
		if err == nil {
			err = yield(part)
		}
		if err != nil || part.Next == "" {
			return err
		}
		ask.Page = part.Next
	}
	return &ParkReason{Kind: expense.Malformed, Message: "the list of travel requests has no end"}
}

// startRuns starts a run for each, or leaves the one be that is open.
func (r *run) startRuns(ctx workflow.Context, found []expense.Notification) error {
	if len(found) == 0 {
		return nil
	}
	var done expense.StartedProcessing
	input := expense.StartProcessingInput{Notifications: found, ListedAt: workflow.Now(ctx), Grace: r.ConfirmDelay}
	err := r.readable(ctx, func() (err error) {
		done, err = call[expense.StartedProcessing](r.localOptions(ctx, "start "+count(len(found), "run")), &r.calls, StartProcessing, input)
		return err
	})
	if err == nil && len(done.Failed) > 0 {
		var why []string
		for _, f := range done.Failed {
			why = append(why, f.Reason)
		}
		r.did(fmt.Sprintf("%s could not be started: %s", count(len(done.Failed), "run"), strings.Join(first(why, 3), "; ")))
	}
	return err
}
