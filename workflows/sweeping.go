package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"concur-connector/expense"
)

// Sweep does with what a sweep has found what Start does with a callout, on the sweeps'
// own queues. What Knows of a list of waiting reports, or settled of the failed list, is
// left alone.
func (c *Client) Sweep(ctx context.Context, n expense.Notification, seen expense.ListRead) (expense.Swept, error) {
	last, err := c.temporal.DescribeWorkflowExecution(ctx, n.ID(), "")
	var missing *serviceerror.NotFound
	known := expense.Swept("")
	switch {
	case errors.As(err, &missing):
		err = nil
	case err != nil:
		err = fmt.Errorf("look for the run of %s: %w", n.ID(), err)
	case n.NotificationURI != "":
		known, err = c.settled(ctx, n, last.GetWorkflowExecutionInfo(), seen)
	case last.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		known = expense.SweptSignaled // it knows, and is not told again by every sweep
	}
	if err == nil && known == "" && n.NotificationURI == "" {
		var knows bool
		if knows, err = c.HasRun(ctx, n, seen); knows {
			known = expense.SweptSkipped
		}
	}
	if err != nil || known != "" {
		return known, err
	}
	started, err := c.startOn(ctx, n, SweepQueue(c.taskQueue))
	switch {
	case err != nil:
		return "", err
	case started:
		return expense.SweptStarted, nil
	}
	return expense.SweptSignaled, nil
}

// ownsNow reports whether a report that a run has left alone as another connector's is known
// to be this deployment's by now. A run that does not say why it left it does not know.
func (c *Client) ownsNow(ctx context.Context, kind expense.ObjectKind, run *commonpb.WorkflowExecution, seen expense.ListRead) bool {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var result Result
	err := c.temporal.GetWorkflow(ctx, run.GetWorkflowId(), run.GetRunId()).Get(ctx, &result)
	return err == nil && seen.Owns != nil && seen.Owns(kind, result.FailedListEventTypes, result.Policies)
}

// withheld says why a run that ended dry-run has written nothing; a run that does not say
// so counts as one of other settings.
func (c *Client) withheld(ctx context.Context, run *commonpb.WorkflowExecution) expense.DryRunReason {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var result Result
	if err := c.temporal.GetWorkflow(ctx, run.GetWorkflowId(), run.GetRunId()).Get(ctx, &result); err != nil {
		return ""
	}
	return result.DryRun
}

// HasRun reports whether a run makes it needless to look at a report, or a travel request,
// that a list of Concur shows as waiting. N names it, and says when it was changed last.
//
// An open run does. Any other does only if it closed after the last change and the last
// submission that the list shows. No run that has closed knows the report for ever: a report
// may come to its next stop without a change of anything that a list shows. So one that only
// showed what it would write knows for a day, for as long as that is withheld; and any other
// knows for the grace, whatever it ended with. The runs that sweeps have started for it in
// vain double the grace. A run that ended joined does not count: the other one does.
func (c *Client) HasRun(ctx context.Context, n expense.Notification, seen expense.ListRead) (bool, error) {
	list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: knownRuns,
		Query: fmt.Sprintf("(%s = '%s' OR WorkflowId = '%s') AND (ExecutionStatus = 'Running' OR CloseTime > '%s')",
			ReportIDAttribute, quoted(indexed(n.Key)), quoted(n.ID()), said(n.EventDateTime).UTC().Format(time.RFC3339Nano)),
	})
	if err != nil {
		return false, fmt.Errorf("look for the runs of a report: %w", err)
	}
	var closed time.Time // the last
	tries := 0
	for _, run := range list.GetExecutions() {
		outcome := expense.Outcome(keyword(run.GetSearchAttributes(), OutcomeAttribute))
		switch {
		case run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
			return true, nil
		case outcome == expense.DryRun:
			shown := run.GetCloseTime().AsTime().Add(shownFor).After(seen.At)
			if shown && c.withheld(ctx, run.GetExecution()).StillApplies(seen.DryRun) {
				return true, nil
			}
			continue
		case outcome == expense.HandedOver:
			continue
		case run.GetExecution().GetWorkflowId() == n.ID() && !acted(outcome):
			tries++
		}
		if at := run.GetCloseTime().AsTime(); at.After(closed) {
			closed = at
		}
	}
	grace := seen.Grace << min(max(tries-1, 0), maxDoublings)
	return closed.Add(grace).After(seen.At), nil
}

// shownFor is how long a sweep leaves alone what was only shown. Then it is shown again: by
// then the report may wait at another stop, and nothing that a list shows need have changed.
const shownFor = 24 * time.Hour

// acted reports whether a run with that outcome has done something about its report, so that
// it was not started in vain.
func acted(outcome expense.Outcome) bool {
	return outcome == expense.Approved || outcome == expense.ApprovedWithExceptions || outcome == expense.SentBack
}

// maxDoublings bounds how long a report is left alone that a list shows as waiting and
// that does not wait when it is read.
const maxDoublings = 4

// quoted is a text as a query wants it.
func quoted(value string) string {
	return strings.NewReplacer(`\`, `\\`, "'", "''").Replace(value)
}

// knownRuns is how many runs of one report are looked at, the newest.
const knownRuns = 20

// CountUnread counts the open runs that began after that moment and have not read their report
// yet, but for those that wait for an operator.
func (c *Client) CountUnread(ctx context.Context, since time.Time) (int, error) {
	n, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: fmt.Sprintf("%s AND WorkflowId STARTS_WITH '%s:' AND ExecutionStatus = 'Running' AND StartTime > '%s' AND %s IS NULL AND %s IS NULL",
			c.ours(), expense.ReportObject, since.UTC().Format(time.RFC3339Nano), ReportIDAttribute, WaitingForAttribute),
	})
	if err != nil {
		return 0, fmt.Errorf("count the runs that have not read: %w", err)
	}
	return int(n.GetCount()), nil
}

// askLimit bounds how long the last run of a notification is asked what it knows.
const askLimit = 5 * time.Second

// settled says what the last run of a failed notification makes of it, or nothing when it
// is to be taken up. Left alone is what is an object that we do not handle, or is at a step of
// another connector as far as is known; what an operator ended after the event; what was only
// shown, or left in the list, after the event for a reason that stands still; and what its last run was deleting while the list was
// read, or so shortly before that the list may not show it yet. What the list shows later is
// owed again.
func (c *Client) settled(ctx context.Context, n expense.Notification, last *workflowpb.WorkflowExecutionInfo, seen expense.ListRead) (expense.Swept, error) {
	outcome := expense.Outcome(keyword(last.GetSearchAttributes(), OutcomeAttribute))
	began := text(last.GetMemo().GetFields()[NotificationMemo]) == n.NotificationURI
	closed := last.GetCloseTime().AsTime()
	var later bool // it closed after the event
	switch last.GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		if began {
			return expense.SweptSignaled, nil // it knows, and is not told again by every sweep
		}
		return "", nil
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		switch {
		case outcome == expense.Unsupported:
			return expense.SweptSkipped, nil
		case outcome == expense.NotOurs && began && !c.ownsNow(ctx, n.Kind, last.GetExecution(), seen):
			return expense.SweptSkipped, nil
		case outcome == expense.NotOurs:
			return "", nil
		case outcome == expense.HandedOver && c.isSeenTo(ctx, last):
			return expense.SweptSkipped, nil // by the run that it was left to
		case began && outcome != expense.DryRun && (!closed.Add(seen.VisibleWithin).Before(seen.At) || c.withheld(ctx, last.GetExecution()).StillApplies(seen.DryRun)):
			return expense.SweptSkipped, nil // the list was read before, or the run left it there
		case outcome != expense.DryRun:
			return c.deleted(ctx, n, seen)
		case !c.withheld(ctx, last.GetExecution()).StillApplies(seen.DryRun):
			return "", nil
		}
		later = closed.After(said(n.EventDateTime)) // in another zone it is shown late, or once more: nothing is decided
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		later = closed.After(happened(n.EventDateTime))
	default:
		return "", nil
	}
	if began || later {
		return expense.SweptSkipped, nil
	}
	// The event's time has no zone: this run may have been ended because of this very
	// notification all the same, and then it knows it.
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	status, err := c.Status(ctx, n.ID())
	switch {
	case slices.Contains(status.PendingDeletes, n.NotificationURI):
		return expense.SweptSkipped, nil
	case err != nil && outcome != expense.DryRun:
		return expense.SweptUnknown, nil
	}
	return "", nil
}

const (
	// mostDeletes is how often an entry of the failed list is deleted, sweep by sweep, that
	// Concur lists all the same. After that it is tried once a day, and each sweep says so.
	mostDeletes    = 3
	betweenDeletes = 24 * time.Hour
	// deletingRuns is how many runs of one report are looked at, the newest. Several entries
	// of the list may be about the same report, and each has runs of its own.
	deletingRuns = 200
)

// deleted says what becomes of an entry that is still in the list although runs may have
// deleted it before. Nothing means that a run is to delete it again. The runs that began with
// this very entry count, and no others: another entry of the same report may be listed, too.
func (c *Client) deleted(ctx context.Context, n expense.Notification, seen expense.ListRead) (expense.Swept, error) {
	list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: deletingRuns, Query: fmt.Sprintf("WorkflowId = '%s' AND ExecutionStatus = 'Completed'", quoted(n.ID())),
	})
	if err != nil {
		return "", fmt.Errorf("look for the runs that deleted a failed notification: %w", err)
	}
	times, last := 0, time.Time{}
	for _, run := range list.GetExecutions() {
		if text(run.GetMemo().GetFields()[NotificationMemo]) != n.NotificationURI {
			continue
		}
		times++
		if at := run.GetCloseTime().AsTime(); at.After(last) {
			last = at
		}
	}
	if times >= mostDeletes && seen.At.Sub(last) <= betweenDeletes {
		return expense.SweptStillListed, nil
	}
	return "", nil
}

// said returns the moment that the text of an event's time means in UTC.
func said(text string) time.Time {
	for _, form := range eventTimes {
		if at, err := time.Parse(form, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

// eventTimes are the forms in which Concur prints when an event was.
var eventTimes = []string{"2006-01-02T15:04:05", "2006-01-02:15:04:05", time.RFC3339, time.DateOnly}

// happened returns the latest moment that the text of an event's time can mean: it
// has no zone, and often no time of day. A text that cannot be read may mean now.
func happened(text string) time.Time {
	const farthestZone = 12 * time.Hour // west of Greenwich
	at := said(text)
	if at.IsZero() {
		return time.Now()
	}
	if len(text) == len(time.DateOnly) {
		at = at.AddDate(0, 0, 1)
	}
	return at.Add(farthestZone)
}

func keyword(attributes *commonpb.SearchAttributes, name string) string {
	return text(attributes.GetIndexedFields()[name])
}

// text reads a payload that is a text; any other says nothing.
func text(p *commonpb.Payload) (s string) {
	if p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &s)
	}
	return s
}
