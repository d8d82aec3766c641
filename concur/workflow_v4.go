package concur

import (
	"context"
	"net/http"
	"strings"

	"concur-connector/concur/wire"
)

const needsWorkflow = "the scope expense.report.workflowstatus.write, to be that of a company, and the report to stand at a step of the role External System"

// ApproveReportV4 passes a report on that waits at a system step, by Workflows v4. The
// comment may be empty, and so may the one about expenses of it that were rejected: where
// Concur requires one of them, the error is of kind [CommentMissing].
// Once it is sent it ignores ctx until Concur has answered: see the package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.workflows.html
func (c *Client) ApproveReportV4(ctx context.Context, reportID, comment, rejected string, guard Guard) error {
	return c.actOnReport(ctx, "approve report", "approve", reportID, comment, rejected, guard)
}

// SendBackReportV4 sends a report that waits at a system step back to its owner, by
// Workflows v4, which wants a comment.
// Once it is sent it ignores ctx until Concur has answered: see the package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.workflows.html
func (c *Client) SendBackReportV4(ctx context.Context, reportID, comment string, guard Guard) error {
	if strings.TrimSpace(comment) == "" {
		return misused("send report back", "Concur wants a comment when a report is sent back")
	}
	return c.actOnReport(ctx, "send report back", "sendBack", reportID, comment, "", guard)
}

func (c *Client) actOnReport(ctx context.Context, op, action, reportID, comment, rejected string, guard Guard) error {
	r := request{op: op, needs: needsWorkflow, method: http.MethodPatch}.at(v4ReportsPath+"%s/"+action, reportID)
	fields, err := guard.fields()
	if err != nil {
		return misused(op, err.Error())
	}
	r.body = wire.EncodeWorkflow(comment, rejected, fields)
	r.wants = http.StatusNoContent // nothing lists what was done: any other success may be a gateway's
	return c.write(ctx, r)
}

// write sends a write in JSON whose success has no body, or one that says nothing. One that speaks
// of an error is none, nor one of another status than the request wants: what became of the
// write is unknown then.
func (c *Client) write(ctx context.Context, r request) error {
	r.write, r.silent, r.accept, r.media = true, true, mediaJSON, mediaJSON
	a, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	code, message := wire.DecodeError(a.body)
	switch {
	case code != "" || message != "":
		message = strings.TrimSuffix("a success speaks of an error: "+message, ": ")
	case r.wants != 0 && a.status != r.wants:
		message = "the answer is a success that Concur does not document"
	default:
		return nil
	}
	return &Error{Op: r.op, Kind: OutcomeUnknown, Status: a.status, Code: code, CorrelationID: a.correlation, Message: message}
}
