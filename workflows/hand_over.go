package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
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
// looks once, before it writes. Before that it sets the report's ID as a search attribute, so that
// other runs find it. See [Client.OlderRun].
func (r *run) handOver(ctx workflow.Context, _ *pass) next {
	reportID := r.Read.ReportID
	if r.Runs.CheckedForOthers || r.notification.Kind != expense.ReportObject || reportID == "" ||
		strings.ContainsRune(reportID, utf8.RuneError) { // two reports may have the same search attribute then
		return goOn()
	}
	r.enter(ctx, Fetching) // sets the report's ID as a search attribute
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
		r.closeTask(ctx, "another run handles the report")
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

// OlderRun returns the notification ID of the open run to which the asking run hands its report over,
// or nothing. The asking run has set the report's ID as search attribute before.
//
// Two kinds of runs meet: those of callouts, under the key of v1.1, and the one under the report's
// own ID. A callout's run hands over to the latter if that has read the report: Temporal knows that
// of a single run at once. The run under the report's ID hands over to any callout's run. Temporal
// lists those with a delay, so it asks only after that delay. So at least one of two such runs finds
// the other. Of two callouts' runs, the younger hands over.
func (c *Client) OlderRun(ctx context.Context, reportID, notificationID, runID string) (string, error) {
	own := expense.Notification{Kind: expense.ReportObject, Key: reportID}.ID()
	if notificationID != own {
		last, err := c.latest(ctx, own)
		switch {
		case err != nil:
			return "", err
		case isOpen(last) && keyword(last.GetSearchAttributes(), ReportIDAttribute) == cutForIndex(reportID):
			return own, nil
		}
	}
	list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: knownRuns,
		Query:    fmt.Sprintf("%s AND %s = '%s' AND ExecutionStatus = 'Running'", c.deploymentQuery(), ReportIDAttribute, quoted(cutForIndex(reportID))),
	})
	if err != nil {
		return "", fmt.Errorf("list the runs of a report: %w", err)
	}
	var others []*workflowpb.WorkflowExecutionInfo
	for _, run := range list.GetExecutions() {
		if id := run.GetExecution().GetWorkflowId(); id != notificationID && id != own {
			others = append(others, run)
		}
	}
	if len(others) == 0 {
		return "", nil
	}
	if notificationID == own {
		return others[0].GetExecution().GetWorkflowId(), nil
	}
	self, err := c.temporal.DescribeWorkflowExecution(ctx, notificationID, runID)
	if err != nil {
		return "", fmt.Errorf("describe the asking run: %w", err)
	}
	for _, other := range others {
		if startedBefore(other, self.GetWorkflowExecutionInfo()) {
			return other.GetExecution().GetWorkflowId(), nil
		}
	}
	return "", nil
}

// hasOpenRun returns true when an open run handles the report of a run that has handed it over.
func (c *Client) hasOpenRun(ctx context.Context, closed *workflowpb.WorkflowExecutionInfo) bool {
	reportID := keyword(closed.GetSearchAttributes(), ReportIDAttribute)
	if reportID == "" {
		return false
	}
	n, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: fmt.Sprintf("%s AND %s = '%s' AND ExecutionStatus = 'Running'", c.deploymentQuery(), ReportIDAttribute, quoted(cutForIndex(reportID))),
	})
	return err == nil && n.GetCount() > 0
}

// startedBefore returns true when run a began before run b. Run b has continued no other run.
func startedBefore(a, b *workflowpb.WorkflowExecutionInfo) bool {
	if a.GetFirstRunId() != "" && a.GetFirstRunId() != a.GetExecution().GetRunId() {
		return true
	}
	began, other := a.GetStartTime().AsTime(), b.GetStartTime().AsTime()
	return began.Before(other) || began.Equal(other) && a.GetExecution().GetWorkflowId() < b.GetExecution().GetWorkflowId()
}

// NotifyRun signals to an open run what another run hands over. It returns true when no run is open.
func (c *Client) NotifyRun(ctx context.Context, n expense.Notification, id string) (ended bool, err error) {
	last, err := c.latest(ctx, id)
	if err != nil || !isOpen(last) {
		return err == nil, err
	}
	err = c.temporal.SignalWorkflow(ctx, id, "", Notified, n)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("signal the run of %s: %w", id, err)
	}
	return false, nil
}

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
