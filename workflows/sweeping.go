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
// with, a run that an operator ended after the event, and, with shown, one that after the
// event has only shown what it would do. Without shown, such a one is taken up: it waits
// still.
func (c *Client) Sweep(ctx context.Context, n expense.Notification, shown bool) (expense.Swept, error) {
	last, err := c.temporal.DescribeWorkflowExecution(ctx, n.ID(), "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
	case err != nil:
		return "", fmt.Errorf("look for the run of %s: %w", n.ID(), err)
	default:
		if known := c.known(ctx, n, last.GetWorkflowExecutionInfo(), shown); known != "" {
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

// Knows reports whether a run of the report is open, or closed after that moment. A run
// that only showed what it would do counts with shown alone.
func (c *Client) Knows(ctx context.Context, reportID string, since time.Time, shown bool) (bool, error) {
	ended := fmt.Sprintf("CloseTime > '%s'", since.UTC().Format(time.RFC3339Nano))
	if !shown {
		ended += fmt.Sprintf(" AND (%s IS NULL OR %s != '%s')", OutcomeAttribute, OutcomeAttribute, expense.DryRun)
	}
	query := fmt.Sprintf("%s = '%s' AND (ExecutionStatus = 'Running' OR (%s))",
		ReportIDAttribute, strings.ReplaceAll(indexed(reportID), "'", "''"), ended)
	n, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return false, fmt.Errorf("look for the runs of a report: %w", err)
	}
	return n.GetCount() > 0, nil
}

// askLimit bounds how long the last run of a notification is asked what it knows.
const askLimit = 5 * time.Second

// known says what the last run of a notification makes of it, or nothing when it is to
// be taken up.
func (c *Client) known(ctx context.Context, n expense.Notification, last *workflowpb.WorkflowExecutionInfo, shown bool) expense.Swept {
	outcome := expense.Outcome(keyword(last.GetSearchAttributes(), OutcomeAttribute))
	began := n.NotificationURI != "" && text(last.GetMemo().GetFields()[NotificationMemo]) == n.NotificationURI
	closed := last.GetCloseTime().AsTime()
	var later bool // it closed after the event
	switch last.GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		if began {
			return expense.SweptJoined // it knows, and is not told again by every sweep
		}
		return ""
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		switch {
		case outcome == expense.Unsupported, began && outcome != expense.DryRun:
			return expense.SweptLeft
		case outcome != expense.DryRun || !shown:
			return ""
		}
		later = closed.After(said(n.EventDateTime)) // in another zone it is shown once more: nothing is lost
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		later = closed.After(happened(n.EventDateTime))
	default:
		return ""
	}
	if began || later {
		return expense.SweptLeft
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
