package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// join leaves the report to an older run of it, and reports whether that was done. Two
// runs of one report meet when Concur names it in two ways: by the key of a callout, and
// by its ID. A run that has begun to write, or that continues another, stays.
func (r *run) join(ctx workflow.Context, read expense.FetchedReport) (bool, error) {
	info := workflow.GetInfo(ctx)
	begun := len(r.Posted) > 0 || r.Doubt != nil && !r.Doubt.Earlier || r.Outcome != "" || r.Ruling != nil
	if read.Elder == "" || begun || info.ContinuedExecutionRunID != "" {
		return false, nil
	}
	var joined expense.JoinedRun
	input := expense.JoinRunInput{Elder: read.Elder, EventTypes: r.namesHere(), Owed: r.Owed}
	err := r.readable(ctx, func() (err error) {
		joined, err = call[expense.JoinedRun](r.localOptions(ctx, "leave the report to an older run"), &r.calls, JoinRun, input)
		return err
	})
	if err != nil {
		return false, err
	}
	if joined.Ended {
		return false, nil
	}
	r.closeTask("another run sees to the report")
	r.Owed = nil // it deletes them
	r.joined("the report is left to the run " + read.Elder + ", which began before")
	return true, nil
}

func (r *run) joined(how string) {
	r.did(how)
	r.Outcome, r.Cause = expense.Joined, ""
}

// handOver starts a run for each travel request that waits. A callout about one names it
// by an address that has ended, and there is no way from that to its ID: whatever waits is
// taken up.
func (r *run) handOver(ctx workflow.Context) error {
	r.enter(ctx, Fetching)
	found := 0
	var unlooked error
	err := r.eachPendingRequests(ctx, func(part expense.PendingRequests) error {
		if part.Unjudged {
			r.Outcome = expense.Unsupported
			r.did("the rules file has no rule for travel requests (level request)")
			return nil
		}
		found += len(part.Notifications)
		if u := part.Unlooked; u != nil { // the notification may be about that one
			unlooked = &Trouble{Kind: u.Kind, Message: u.Message}
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
	case found == 0:
		r.Outcome = expense.Superseded
		r.did("no travel request waits")
		return nil
	}
	r.Outcome, r.Cause = expense.Joined, ""
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
	var ask expense.ListPendingRequestsInput
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
	return &Trouble{Kind: expense.Malformed, Message: "the list of travel requests has no end"}
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
