package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// handOverRequests starts a run for each travel request that waits. A callout names a travel
// request by the address of an interface that has ended, and that address does not show the
// request's ID.
func (r *run) handOverRequests(ctx workflow.Context, _ *pass) next {
	r.enter(ctx, Fetching)
	found, skipped, why := 0, 0, ""
	var notChecked *ParkReason
	input := expense.ListPendingRequestsInput{Announced: true, Callouts: r.Origin.calloutEventTypes(r.Step.NewNames)}
	for part := range pendingParts {
		list, err := r.listRequests(ctx, input)
		switch {
		case err != nil:
			return after(err)
		case list.WithoutRules:
			r.Progress.end(expense.Unsupported)
			r.Progress.record("the rules file has no rule for travel requests (level request)")
			return done()
		}
		found += len(list.Notifications)
		if list.Skipped > 0 {
			skipped, why = skipped+list.Skipped, list.SkippedReason
		}
		if n := list.NotChecked; n != nil { // the notification may be about that one
			notChecked = &ParkReason{Kind: n.Kind, Message: n.Message}
		}
		for _, id := range first(ids(list.Notifications), 20) {
			r.Progress.recordOnce("handed over to " + id)
		}
		if err := r.startRuns(ctx, list.Notifications); err != nil {
			return after(err)
		}
		if input.Page = list.Next; input.Page == "" {
			break
		}
		if part == pendingParts-1 {
			return parked(&ParkReason{Kind: expense.Malformed, Message: "the list of travel requests has no end"})
		}
	}
	if notChecked != nil {
		return parked(notChecked)
	}
	if skipped > 0 {
		r.Progress.record(count(skipped, "travel request") + " skipped: " + why)
	}
	if found == 0 {
		r.Progress.end(expense.Superseded)
		r.Progress.record("no travel request waits")
		return done()
	}
	r.Progress.end(expense.HandedOver)
	return done()
}

func ids(list []expense.Notification) []string {
	var names []string
	for _, n := range list {
		names = append(names, n.ID())
	}
	return names
}

func (r *run) listRequests(ctx workflow.Context, input expense.ListPendingRequestsInput) (list expense.PendingRequests, err error) {
	err = r.retryUnreadable(ctx, func() (err error) {
		list, err = call[expense.PendingRequests](r.concurOptions(ctx, "look for travel requests that wait", requestsOfWhole), &r.calls, ListPendingRequests, input)
		return err
	})
	return list, err
}

// startRuns starts a run for each travel request that has none open.
func (r *run) startRuns(ctx workflow.Context, found []expense.Notification) error {
	if len(found) == 0 {
		return nil
	}
	var started expense.StartedProcessing
	input := expense.StartProcessingInput{Notifications: found, ListedAt: workflow.Now(ctx), Grace: r.ConfirmDelay}
	err := r.retryUnreadable(ctx, func() (err error) {
		started, err = call[expense.StartedProcessing](r.localOptions(ctx, "start "+count(len(found), "run")), &r.calls, StartProcessing, input)
		return err
	})
	if err == nil && len(started.Failed) > 0 {
		var why []string
		for _, f := range started.Failed {
			why = append(why, f.Reason)
		}
		r.Progress.record(fmt.Sprintf("%s could not be started: %s", count(len(started.Failed), "run"), strings.Join(first(why, 3), "; ")))
	}
	return err
}
