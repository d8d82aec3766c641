package concur_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

const (
	reportID  = "0A1B2C3D4E5F60718293"
	requestID = "9A0F1C22D3E4450B86A7C9D8E7F60512"
)

// Every documented code of the v4 interfaces that says what may be done, as a read and as
// a write see it.
func TestErrorsOfV4(t *testing.T) {
	t.Parallel()
	expenseV4 := func(id string) string {
		return `{"timestamp":"t","httpStatus":"x","errorMessage":"Concur says no","errorId":"63b7fbd9-ae08-0840-abdb-62b0b9160081","validationErrors":[{"id":"other","message":"m"},{"id":"` + id + `","message":"n"}],"path":"/p"}`
	}
	requestV4 := func(code string) string {
		return `{"errors":[{"errorCode":"` + code + `","errorMessage":"Concur says no"}]}`
	}
	for name, c := range map[string]struct {
		status      int
		body        string
		read, write expense.Kind
	}{
		"a blocking exception, Expense":      {400, expenseV4("step_exit_blocking_by_exception"), concur.Blocked, concur.Blocked},
		"a blocking exception, submission":   {400, expenseV4("error.submit.rptXctMaxThreshold"), concur.Blocked, concur.Blocked},
		"a blocking exception, Request":      {409, requestV4("STEP_EXIT_BLOCKING_BY_EXCEPTION"), concur.Blocked, concur.Blocked},
		"a blocking exception, Request, 400": {400, requestV4("blockingException"), concur.Blocked, concur.Blocked},
		"no approver, Expense":               {400, expenseV4("no_approver"), concur.NoApprover, concur.NoApprover},
		"no approver, my info":               {400, expenseV4("no_approver.change_my_info"), concur.NoApprover, concur.NoApprover},
		"no approver, images":                {400, expenseV4("receiptimagehold.workflow.noapprover"), concur.NoApprover, concur.NoApprover},
		"no approver, Request":               {409, requestV4("NO_APPROVER_NOT_EDITABLE_STEP"), concur.NoApprover, concur.NoApprover},
		"no approver, cash advance":          {409, requestV4("CASH_ADVANCE_NO_APPROVER"), concur.NoApprover, concur.NoApprover},
		"no approver of a kind":              {409, requestV4("NO_AUTH_APPROVERS"), concur.NoApprover, concur.NoApprover},
		"no comment":                         {400, expenseV4("error.workflow.missingComments"), concur.CommentMissing, concur.CommentMissing},
		"no comment, without the prefix":     {400, expenseV4("missingComments"), concur.CommentMissing, concur.CommentMissing},
		"no comment, a changed cost object":  {400, expenseV4("error.workflow.CostObjectChangeMissingComments"), concur.CommentMissing, concur.CommentMissing},
		"no comment, a changed budget":       {400, expenseV4("error.workflow.BudgetObjectChangeMissingComments"), concur.CommentMissing, concur.CommentMissing},
		"no comment, a rejected expense":     {400, expenseV4("error.workflow.rejectedExpenseMissingComments"), concur.CommentMissing, concur.CommentMissing},
		"the report is gone":                 {400, expenseV4("error.workflow.invalid_report_key"), concur.NotFound, concur.NotFound},
		"another step":                       {400, expenseV4("error.workflow.invalid_action"), concur.NotWaiting, concur.NotWaiting},
		"a step that is over":                {400, expenseV4("error.workflow.instance_out_of_date"), concur.NotWaiting, concur.NotWaiting},
		"another approver":                   {409, requestV4("REVIEW_APPROVAL_FLOW_APPROVER"), concur.NoApprover, concur.NoApprover},
		"only the text speaks of it":         {400, `{"errors":[{"errorCode":"x","errorMessage":"blockingException no_approver"}]}`, concur.Rejected, concur.Rejected},
		"no time":                            {408, requestV4("timeOut"), concur.Unavailable, concur.OutcomeUnknown},
		"a node is away":                     {503, requestV4("circuitBreaker"), concur.Unavailable, concur.Unavailable},
		"the trip, later":                    {503, requestV4("CLIQBOOK_APPROVAL_RETRY"), concur.Unavailable, concur.Unavailable},
		"the trip, never":                    {503, requestV4("CLIQBOOK_APPROVAL_FAILURE"), concur.Rejected, concur.Rejected},
		"the cancelled trip, never":          {503, requestV4("CLIQBOOK_CANCEL_FAILURE"), concur.Rejected, concur.Rejected},
		"an internal error":                  {500, requestV4("internalServerError"), concur.Unavailable, concur.OutcomeUnknown},
		"not a company's":                    {401, expenseV4("This endpoint is only accessible by a valid company JWT"), concur.Unauthorized, concur.Unauthorized},
		"not our step":                       {403, expenseV4("x"), concur.Forbidden, concur.Forbidden},
		"nothing there":                      {404, requestV4("notFound"), concur.NotFound, concur.NotFound},
		"too many":                           {429, requestV4("x"), concur.RateLimited, concur.RateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newServer(t, answering(c.status, "application/json", c.body)).client(t)
			ctx := context.Background()
			_, read := client.ExceptionsV4(ctx, reportID)
			require.ErrorIs(t, read, c.read)
			_, onRequest := client.ApproveRequestV4(ctx, requestID)
			for _, err := range []error{client.ApproveReportV4(ctx, reportID, "", "", nil), onRequest} {
				require.ErrorIs(t, err, c.write)
				var e *concur.Error
				require.ErrorAs(t, err, &e)
				require.NotEmpty(t, e.Message)
				require.NotContains(t, err.Error(), "63b7fbd9")
			}
		})
	}
}

func TestAMissingCommentSaysWhichFieldConcurRequires(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"errorId":"error.workflow.missingComments"}`:                                   {concur.Comment},
		`{"errorId":"error.workflow.rejectedExpenseMissingComments","errorMessage":"x"}`: {concur.ExpenseRejectedComment},
		`{"validationErrors":[{"id":"error.workflow.rejectedExpenseMissingComments"},{"id":"error.workflow.CostObjectChangeMissingComments"},{"id":"missingComments"}]}`: {
			concur.ExpenseRejectedComment, concur.Comment,
		},
		`{"errorId":"error.report.rejectedExpensesMissingComments"}`: {concur.ExpenseRejectedComment}, // not documented
		`{"errorId":"error.report.approvalMissingComments"}`:         {concur.Comment},                // not documented
		`{"errorId":"error.workflow.no_approver"}`:                   nil,
	} {
		err := newServer(t, answering(400, "application/json", body)).client(t).ApproveReportV4(context.Background(), reportID, "", "", nil)
		var e *concur.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, want, e.RequiredFields, body)
		require.Equal(t, slices.Contains(want, concur.Comment), strings.Contains(e.Fix, "settings.approveComment"), body)
		require.Equal(t, slices.Contains(want, concur.ExpenseRejectedComment), strings.Contains(e.Fix, "settings.expenseRejectedComment"), body)
	}
}
