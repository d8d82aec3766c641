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
// says is not to be taken up again: an object that we do not handle, a run that an
// operator ended after the event, and, with shown, one that after the event has only
// shown what it would do. Without shown, such a one is taken up: it waits still.
func (c *Client) Sweep(ctx context.Context, n expense.Notification, shown bool) (expense.Swept, error) {
	last, err := c.temporal.DescribeWorkflowExecution(ctx, n.ID(), "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
	case err != nil:
		return "", fmt.Errorf("look for the run of %s: %w", n.ID(), err)
	case begunWith(last.GetWorkflowExecutionInfo(), n.NotificationURI):
		return expense.SweptJoined, nil // it knows, and is not told again by every sweep
	default:
		leave, err := c.leave(ctx, n, last.GetWorkflowExecutionInfo(), shown)
		if err != nil {
			return "", err
		}
		if leave {
			return expense.SweptLeft, nil
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

// begunWith reports whether a run is open and began with that notification URI.
func begunWith(run *workflowpb.WorkflowExecutionInfo, uri string) bool {
	if run.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING || uri == "" {
		return false
	}
	return text(run.GetMemo().GetFields()[NotificationMemo]) == uri
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

// leave reports whether the last run of a notification says that it is not to be
// taken up again.
func (c *Client) leave(ctx context.Context, n expense.Notification, last *workflowpb.WorkflowExecutionInfo, shown bool) (bool, error) {
	outcome := expense.Outcome(keyword(last.GetSearchAttributes(), OutcomeAttribute))
	switch last.GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		if outcome != expense.DryRun || !shown {
			return outcome == expense.Unsupported, nil
		}
		if last.GetCloseTime().AsTime().After(said(n.EventDateTime)) {
			return true, nil // nothing is lost if its zone is another: it is shown a little later
		}
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
	default:
		return false, nil
	}
	if last.GetCloseTime().AsTime().After(happened(n.EventDateTime)) {
		return true, nil
	}
	// The event's time has no zone: this run may have been ended because of this very
	// notification all the same, and then it knows it.
	status, err := c.Status(ctx, n.ID())
	if err != nil {
		return false, fmt.Errorf("ask the last run of %s: %w", n.ID(), err)
	}
	return slices.Contains(status.OwedDeletes, n.NotificationURI), nil
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
