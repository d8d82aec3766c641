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

// Sweep does with a notification of the failed list what Start does with a callout,
// on the sweeps' own queues. It leaves alone what the last run of the notification
// says is not to be taken up again: an object that we do not handle, one that was dealt
// with, a run that an operator ended after the event, and one that after the event has
// only shown what would be withheld still. Under other settings such a one is taken up.
func (c *Client) Sweep(ctx context.Context, n expense.Notification, now expense.Withheld) (expense.Swept, error) {
	last, err := c.temporal.DescribeWorkflowExecution(ctx, n.ID(), "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
	case err != nil:
		return "", fmt.Errorf("look for the run of %s: %w", n.ID(), err)
	default:
		if known := c.known(ctx, n, last.GetWorkflowExecutionInfo(), now); known != "" {
			return known, nil
		}
	}
	started, err := c.startOn(ctx, n, SweepQueue(c.taskQueue))
	switch {
	case err != nil:
		return "", err
	case started:
		return expense.SweptStarted, nil
	}
	return expense.SweptJoined, nil
}

// withheld says why a run that ended dry-run has written nothing; a run that does not say
// so counts as one of other settings.
func (c *Client) withheld(ctx context.Context, run *commonpb.WorkflowExecution) expense.Withheld {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var result Result
	if err := c.temporal.GetWorkflow(ctx, run.GetWorkflowId(), run.GetRunId()).Get(ctx, &result); err != nil {
		return ""
	}
	return result.Withheld
}

// Knows reports whether a run of the report is open, or closed after that moment. A run
// that has only shown what it would do counts while that is withheld still.
func (c *Client) Knows(ctx context.Context, reportID string, since time.Time, now expense.Withheld) (bool, error) {
	list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: knownRuns,
		Query: fmt.Sprintf("%s = '%s' AND (ExecutionStatus = 'Running' OR CloseTime > '%s')",
			ReportIDAttribute, quoted(reportID), since.UTC().Format(time.RFC3339Nano)),
	})
	if err != nil {
		return false, fmt.Errorf("look for the runs of a report: %w", err)
	}
	for _, run := range list.GetExecutions() {
		shown := expense.Outcome(keyword(run.GetSearchAttributes(), OutcomeAttribute)) == expense.DryRun
		if !shown || c.withheld(ctx, run.GetExecution()).Still(now) {
			return true, nil
		}
	}
	return false, nil
}

// quoted is the value of a search attribute as a query wants it.
func quoted(value string) string {
	return strings.NewReplacer(`\`, `\\`, "'", "''").Replace(indexed(value))
}

// knownRuns is how many runs of one report are looked at, the newest.
const knownRuns = 20

// Unread counts the open runs that have not read their report yet, but for those that
// wait for an operator.
func (c *Client) Unread(ctx context.Context) (int, error) {
	n, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: fmt.Sprintf("%s AND WorkflowId STARTS_WITH '%s:' AND ExecutionStatus = 'Running' AND %s IS NULL AND %s IS NULL",
			c.ours(), expense.ReportObject, ReportIDAttribute, WaitingForAttribute),
	})
	if err != nil {
		return 0, fmt.Errorf("count the runs that have not read: %w", err)
	}
	return int(n.GetCount()), nil
}

// askLimit bounds how long the last run of a notification is asked what it knows.
const askLimit = 5 * time.Second

// known says what the last run of a notification makes of it, or nothing when it is to
// be taken up.
func (c *Client) known(ctx context.Context, n expense.Notification, last *workflowpb.WorkflowExecutionInfo, now expense.Withheld) expense.Swept {
	outcome := expense.Outcome(keyword(last.GetSearchAttributes(), OutcomeAttribute))
	began := n.NotificationURI != "" && text(last.GetMemo().GetFields()[NotificationMemo]) == n.NotificationURI
	closed := last.GetCloseTime().AsTime()
	var later bool // it closed after the event
	switch last.GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		if began || n.NotificationURI == "" {
			return expense.SweptJoined // it knows, and is not told again by every sweep
		}
		return ""
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		switch {
		case outcome == expense.Joined && c.isSeenTo(ctx, last):
			return expense.SweptLeft // by the run that it was left to
		case outcome == expense.Joined:
			return ""
		case outcome == expense.Unsupported && n.NotificationURI != "", began && outcome != expense.DryRun:
			return expense.SweptLeft
		case n.NotificationURI == "" && outcome != expense.DryRun && n.EventDateTime != "" && closed.After(said(n.EventDateTime)):
			return expense.SweptLeft // what was changed last it has seen
		case outcome != expense.DryRun || !c.withheld(ctx, last.GetExecution()).Still(now):
			return ""
		}
		later = closed.After(said(n.EventDateTime)) // in another zone it is shown late, or once more: nothing is decided
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		later = closed.After(happened(n.EventDateTime))
	default:
		return ""
	}
	switch {
	case began || later:
		return expense.SweptLeft
	case n.NotificationURI == "":
		return ""
	}
	// The event's time has no zone: this run may have been ended because of this very
	// notification all the same, and then it knows it.
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	status, err := c.Status(ctx, n.ID())
	switch {
	case slices.Contains(status.OwedDeletes, n.NotificationURI):
		return expense.SweptLeft
	case err != nil && outcome != expense.DryRun:
		return expense.SweptUnknown
	}
	return ""
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
