package workflows

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"concur-connector/expense"
)

// Sweep does for a notification that a sweep has found what Start does for a callout, on the queues
// of the sweep. It skips a waiting report when HasRun returns true, and an entry of the failed list
// as skipReason says.
func (c *Client) Sweep(ctx context.Context, n expense.Notification, seen expense.ListRead) (expense.Swept, error) {
	last, err := c.latest(ctx, n.ID())
	skipped := expense.Swept("")
	switch {
	case err != nil || last == nil:
	case n.NotificationURI != "":
		skipped, err = c.skipReason(ctx, n, last, seen)
	case isOpen(last):
		skipped = expense.SweptSignaled // the run handles the notification already
	}
	if err == nil && skipped == "" && n.NotificationURI == "" {
		var handled bool
		if handled, err = c.HasRun(ctx, n, seen); handled {
			skipped = expense.SweptSkipped
		}
	}
	if err != nil || skipped != "" {
		return skipped, err
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

// resultOf returns the result of a closed run.
func (c *Client) resultOf(ctx context.Context, run *workflowpb.WorkflowExecutionInfo) (result Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, resultTimeout)
	defer cancel()
	id := run.GetExecution()
	err = c.temporal.GetWorkflow(ctx, id.GetWorkflowId(), id.GetRunId()).Get(ctx, &result)
	return result, err
}

// ownsNow returns true when a report that a run skipped as another connector's is known to be for
// this deployment by now.
func (c *Client) ownsNow(ctx context.Context, kind expense.ObjectKind, run *workflowpb.WorkflowExecutionInfo, seen expense.ListRead) bool {
	result, err := c.resultOf(ctx, run)
	return err == nil && seen.Owns != nil && seen.Owns(kind, result.FailedListEventTypes, result.Policies)
}

// isDryRunStill returns true when a run wrote nothing for a reason that still applies. A run without
// a result counts as one that ended under other settings.
func (c *Client) isDryRunStill(ctx context.Context, run *workflowpb.WorkflowExecutionInfo, seen expense.ListRead) bool {
	result, err := c.resultOf(ctx, run)
	return err == nil && result.DryRun.StillApplies(seen.DryRun)
}

// HasRun returns true when a run handles, or has just handled, a report or travel request that a list
// of Concur shows as waiting. N names it, and says when it was changed last.
//
// An open run handles it. A closed run counts only if it closed after the last change and the last
// submission that the list shows, and only for a time: a report may come to its next step without
// a change of anything that a list shows. A dry run counts for a day, for as long as its reason
// applies. Any other run counts for the grace, whatever its outcome. Runs that sweeps have started
// for the report in vain double the grace. A run that has handed its report over does not count,
// because the older run does.
func (c *Client) HasRun(ctx context.Context, n expense.Notification, seen expense.ListRead) (bool, error) {
	list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: knownRuns,
		Query: fmt.Sprintf("(%s = '%s' OR WorkflowId = '%s') AND (ExecutionStatus = 'Running' OR CloseTime > '%s')",
			ReportIDAttribute, quoted(cutForIndex(n.Key)), quoted(n.ID()), parseEventTime(n.EventDateTime).UTC().Format(time.RFC3339Nano)),
	})
	if err != nil {
		return false, fmt.Errorf("list the runs of a report: %w", err)
	}
	var closed time.Time // the last
	tries := 0
	for _, run := range list.GetExecutions() {
		outcome := expense.Outcome(keyword(run.GetSearchAttributes(), OutcomeAttribute))
		switch {
		case isOpen(run):
			return true, nil
		case outcome == expense.DryRun:
			recent := run.GetCloseTime().AsTime().Add(dryRunCounts).After(seen.At)
			if recent && c.isDryRunStill(ctx, run, seen) {
				return true, nil
			}
			continue
		case outcome == expense.HandedOver:
			continue
		case run.GetExecution().GetWorkflowId() == n.ID() && !hasActed(outcome):
			tries++
		}
		if at := run.GetCloseTime().AsTime(); at.After(closed) {
			closed = at
		}
	}
	grace := seen.Grace << min(max(tries-1, 0), maxDoublings)
	return closed.Add(grace).After(seen.At), nil
}

// dryRunCounts is how long a sweep skips a report after a dry run. After that the report may wait at
// another step, although nothing has changed that a list shows.
const dryRunCounts = 24 * time.Hour

// hasActed returns true when a run with that outcome was not started in vain.
func hasActed(outcome expense.Outcome) bool {
	return outcome == expense.Approved || outcome == expense.ApprovedWithExceptions || outcome == expense.SentBack
}

// maxDoublings bounds how long a sweep skips a report that a list shows as waiting, and that does
// not wait when a run reads it.
const maxDoublings = 4

// quoted escapes a text for a query.
func quoted(value string) string {
	return strings.NewReplacer(`\`, `\\`, "'", "''").Replace(value)
}

// knownRuns is how many runs of one report count, the newest.
const knownRuns = 20

// CountUnread counts the open runs that began after that moment, have not read their report yet, and are
// not parked.
func (c *Client) CountUnread(ctx context.Context, since time.Time) (int, error) {
	n, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: fmt.Sprintf("%s AND WorkflowId STARTS_WITH '%s:' AND ExecutionStatus = 'Running' AND StartTime > '%s' AND %s IS NULL AND %s IS NULL",
			c.deploymentQuery(), expense.ReportObject, since.UTC().Format(time.RFC3339Nano), ReportIDAttribute, WaitingForAttribute),
	})
	if err != nil {
		return 0, fmt.Errorf("count the runs that have not read their report: %w", err)
	}
	return int(n.GetCount()), nil
}

// resultTimeout bounds how long a sweep waits for the result or the status of one run.
const resultTimeout = 5 * time.Second

// skipReason says why a sweep starts no run for an entry of the failed list, or nothing. It skips
//   - an object that the connector does not handle, or one at another connector's step;
//   - one whose last run an operator ended after the event;
//   - one that a dry run handled after the event, for a reason that still applies;
//   - one that its last run deleted while the list was read, or so shortly before that the list may
//     not show it yet. When a later list still shows it, a run deletes it again.
func (c *Client) skipReason(ctx context.Context, n expense.Notification, last *workflowpb.WorkflowExecutionInfo, seen expense.ListRead) (expense.Swept, error) {
	outcome := expense.Outcome(keyword(last.GetSearchAttributes(), OutcomeAttribute))
	began := text(last.GetMemo().GetFields()[NotificationMemo]) == n.NotificationURI
	closed := last.GetCloseTime().AsTime()
	var later bool // it closed after the event
	switch last.GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		if began {
			return expense.SweptSignaled, nil // the run handles the notification already
		}
		return "", nil
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		switch {
		case outcome == expense.Unsupported:
			return expense.SweptSkipped, nil
		case outcome == expense.NotOurs && began && !c.ownsNow(ctx, n.Kind, last, seen):
			return expense.SweptSkipped, nil
		case outcome == expense.NotOurs:
			return "", nil
		case outcome == expense.HandedOver && c.hasOpenRun(ctx, last):
			return expense.SweptSkipped, nil // the older run deletes it
		case began && outcome != expense.DryRun && (!closed.Add(seen.VisibleWithin).Before(seen.At) || c.isDryRunStill(ctx, last, seen)):
			return expense.SweptSkipped, nil // the list is older than the delete, or the dry run kept the entry
		case outcome != expense.DryRun:
			return c.skipDeleted(ctx, n, seen)
		case !c.isDryRunStill(ctx, last, seen):
			return "", nil
		}
		later = closed.After(parseEventTime(n.EventDateTime)) // in another time zone the dry run comes late, or twice: that decides nothing
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		later = closed.After(latestEventTime(n.EventDateTime))
	default:
		return "", nil
	}
	if began || later {
		return expense.SweptSkipped, nil
	}
	// The event's time has no zone: an operator may have ended this run because of this very
	// notification, and then the run knows it.
	ctx, cancel := context.WithTimeout(ctx, resultTimeout)
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
	// mostDeletes is how often runs delete an entry that Concur still lists, sweep by sweep. After
	// that a run tries once a day, and each sweep reports the entry.
	mostDeletes    = 3
	betweenDeletes = 24 * time.Hour
	// deletingRuns is how many runs of one report count, the newest. Several entries of the list may
	// be about the same report, and each has runs of its own.
	deletingRuns = 200
)

// skipDeleted says whether a sweep skips an entry that is still in the list after runs deleted it.
// If not, a run deletes it again. Only runs that began with this very entry count: another entry of
// the same report may be listed, too.
func (c *Client) skipDeleted(ctx context.Context, n expense.Notification, seen expense.ListRead) (expense.Swept, error) {
	list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: deletingRuns, Query: fmt.Sprintf("WorkflowId = '%s' AND ExecutionStatus = 'Completed'", quoted(n.ID())),
	})
	if err != nil {
		return "", fmt.Errorf("list the runs that deleted a failed notification: %w", err)
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

// parseEventTime returns the time of an event, as if it were in UTC, or zero.
func parseEventTime(text string) time.Time {
	for _, form := range eventTimes {
		if at, err := time.Parse(form, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

// eventTimes are the forms in which Concur prints the time of an event.
var eventTimes = []string{"2006-01-02T15:04:05", "2006-01-02:15:04:05", time.RFC3339, time.DateOnly}

// latestEventTime returns the latest time that the text of an event's time can mean. It has no
// time zone, and often no time of day. A text of another form can mean now.
func latestEventTime(text string) time.Time {
	const farthestZone = 12 * time.Hour // west of Greenwich
	at := parseEventTime(text)
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

// text decodes a payload that is a text, and returns nothing for any other.
func text(p *commonpb.Payload) (s string) {
	if p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &s)
	}
	return s
}
