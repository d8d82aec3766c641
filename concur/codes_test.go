package concur_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

// workflow are the codes that the description of Expense v4 documents for approve and
// sendBack, as it prints them, by what they mean.
var workflow = map[expense.Kind][]string{
	concur.Blocked: {"step_exit_blocking_by_exception", "error.submit.rptXctMaxThreshold", "error.submit.entryXctMaxThreshold"},
	concur.NoApprover: {
		"no_approver", "no_approver.not_editable_step", "no_approver.change_my_info", "wf_config_invalid_next_step", "not_an_approver",
		"invalid_auth_approver", "approver_cum_reportowner", "approver_cum_reportowner.is_editableby", "review_approval_flow_approver",
		"receiptimagehold.workflow.noapprover", "approver_cashadvance_owner.is_editableby",
	},
	concur.CommentMissing: {
		"error.workflow.missingComments", "error.workflow.rejectedExpenseMissingComments",
		"error.workflow.CostObjectChangeMissingComments", "error.workflow.BudgetObjectChangeMissingComments",
	},
	concur.NotWaiting: {"error.workflow.invalid_action", "instance_out_of_date", "reports.workflow.invalidFGIStep"},
	concur.NotFound:   {"error.workflow.invalid_report_key"},
	concur.Rejected: {
		"error.submit.Generic", "error.submit.no_entries", "error.workflow.no_clearingcode", "error.workflow.incomplete_receipt_review",
		"error.submit.undefined_expense_type", "error.submit.missing_reqd_fields", "error.submit.missing_alloc_reqd_fields",
		"error.submit.missingKids", "error.submit.itemDiff", "error.submit.itemMissing", "error.submit.alreadySubmitted",
		"error.submit.cannotSubmitAsDelegate", "error.submit.cashadvance_cant_carry_balance", "error.submit.cashadvance_negative_balance",
		"error.submit.single_row_itinerary", "error.submit.invalidAttendeeType", "info.submit.notify_by_delegate",
		"cannot_approve_your_own_report", "cost_object_step", "attendee_total_error", "error.workflow.missing_alloc_reqd_fields",
		"error.recall.cannotRecall", "error.workflow.noComments", "statusId.invalidValue",
	},
}

// requestV4 are those of Request v4, with the status that documents them.
var requestV4 = map[expense.Kind]map[int][]string{
	concur.Blocked: {400: {"blockingException"}, 409: {"STEP_EXIT_BLOCKING_BY_EXCEPTION"}},
	concur.NoApprover: {409: {
		"NO_APPROVER", "NO_APPROVER_NOT_EDITABLE_STEP", "NO_APPROVER_CHANGE_MY_INFO", "NO_AUTH_APPROVERS", "REVIEW_APPROVAL_FLOW_APPROVER",
		"APPROVER_CUM_REPORTOWNER", "APPROVER_CUM_REPORTOWNER_EDITABLE", "INVALID_AUTH_APPROVER", "CONFIG_INVALID_NEXT_STEP",
		"CASH_ADVANCE_CONFIG_INVALID_NEXT_STEP", "CASH_ADVANCE_APPROVER_CUM_REPORTOWNER", "CASH_ADVANCE_APPROVER_CUM_REPORTOWNER_IS_EDITABLE_BY",
		"CASH_ADVANCE_INVALID_AUTH_APPROVER", "CASH_ADVANCE_NO_APPROVER", "CASH_ADVANCE_NO_APPROVER_CHANGE_MY_INFO",
		"CASH_ADVANCE_NOT_AN_APPROVER", "CASH_ADVANCE_REVIEW_APPROVAL_FLOW_APPROVER",
	}},
	concur.Rejected: {
		400: {
			"badParam", "invalidJson", "invalidDate", "invalidUuid", "invalidLocation", "severalLocationsMatch", "invalidPolicy",
			"listValidationError", "missingRequiredField", "multiLegNotAllowed", "reportTemplateNotFound", "unsupportedParam",
			"missingRequiredParam", "companyNotFound", "userNotFound", "segmentTypeNotMappedToPolicy", "expenseTypeNotMappedToPolicy", "idNotAllowed",
		},
		403: {"requestStatusNotApproved", "requestStartDateInTheFuture", "CASH_ADVANCE_CANNOT_SUBMIT_AS_DELEGATE", "CASH_ADVANCE_CANNOT_APPROVE_OWN_CA"},
		409: {"CASH_ADVANCE_SUBMIT_GENERIC", "CASH_ADVANCE_SUBMIT_ALREADY_SUBMITTED"},
		503: {"CLIQBOOK_APPROVAL_FAILURE", "CLIQBOOK_CANCEL_FAILURE"},
	},
	concur.Forbidden:      {403: {"permissionDenied", "userIsNotAllowed", "publicApiNotAllowed"}},
	concur.Unauthorized:   {401: {"invalidUser"}},
	concur.NotFound:       {404: {"notFound"}},
	concur.Unavailable:    {503: {"circuitBreaker", "entityOffline", "CLIQBOOK_APPROVAL_RETRY"}},
	concur.OutcomeUnknown: {408: {"timeOut"}},
}

func TestEveryDocumentedCodeOfARefusalHasItsKindAndAdvice(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	advised := map[string]string{}
	for _, code := range concur.Codes() {
		require.NotContains(t, advised, code.Code, "a code stands once in the table")
		require.NotEmpty(t, code.Fix, code.Code)
		require.True(t, strings.HasPrefix(code.Page, "https://developer.concur.com/"), code.Code)
		advised[code.Code] = code.Fix
	}
	check := func(code string, status int, body string, kind expense.Kind, act func(*concur.Client) error) {
		err := act(newServer(t, answering(status, "application/json", body)).client(t))
		var e *concur.Error
		require.ErrorAs(t, err, &e, code)
		require.Equal(t, kind, e.Kind, "%s with %d: %v", code, status, err)
		require.Equal(t, code, e.Code)
		if status != 408 && (status != 503 || kind == concur.Rejected) {
			bare := strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(code), "error.workflow."), "cash_advance_")
			require.Equal(t, advised[bare], e.Fix, code)
		}
	}
	for kind, codes := range workflow {
		for _, code := range codes {
			for _, body := range []string{
				`{"httpStatus":"400 Bad Request","errorMessage":"no","errorId":"63b7fbd9-ae08-0840-abdb-62b0b9160081","validationErrors":[{"source":"s","message":"m","id":"other"},{"id":"` + code + `","message":"n"}]}`,
				`{"httpStatus":"400 Bad Request","errorMessage":"no","errorId":"` + code + `"}`,
			} {
				for _, status := range []int{400, 403, 409, 422} {
					check(code, status, body, kind, func(c *concur.Client) error { return c.ApproveReportV4(ctx, reportID, "", "", nil) })
					check(code, status, body, kind, func(c *concur.Client) error { return c.SendBackReportV4(ctx, reportID, "c", nil) })
				}
			}
		}
	}
	for kind, byStatus := range requestV4 {
		for status, codes := range byStatus {
			for _, code := range codes {
				check(code, status, `{"errors":[{"errorCode":"`+code+`","errorMessage":"no"}]}`, kind, func(c *concur.Client) error {
					_, err := c.ApproveRequestV4(ctx, requestID)
					return err
				})
			}
		}
	}
}

func TestTheCodeThatDecidesIsTheOneThatAPersonMustMend(t *testing.T) {
	t.Parallel()
	err := newServer(t, answering(400, "application/json",
		`{"errorMessage":"no","validationErrors":[{"id":"error.workflow.invalid_action"},{"id":"not_an_approver"},{"id":"badParam"}]}`)).
		client(t).ApproveReportV4(context.Background(), reportID, "", "", nil)
	var e *concur.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, concur.NoApprover, e.Kind)
	require.Equal(t, "not_an_approver", e.Code)
}
