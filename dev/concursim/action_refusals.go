package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The documented codes with which Concur refuses an approval, by interface.
var (
	// https://developer.concur.com/api-explorer/v4-0/Reports.html; each is a 400.
	workflowRefusals = []string{
		"error.submit.Generic", "error.submit.no_entries", "error.workflow.no_clearingcode", "error.workflow.invalid_action",
		"error.workflow.incomplete_receipt_review", "error.submit.rptXctMaxThreshold", "error.submit.entryXctMaxThreshold",
		"error.submit.undefined_expense_type", "error.submit.missing_reqd_fields", "error.submit.missing_alloc_reqd_fields",
		"error.submit.missingKids", "error.submit.itemDiff", "error.submit.itemMissing", "error.submit.alreadySubmitted",
		"error.submit.cannotSubmitAsDelegate", "error.submit.cashadvance_cant_carry_balance", "error.submit.cashadvance_negative_balance",
		"error.submit.single_row_itinerary", "error.submit.invalidAttendeeType", "info.submit.notify_by_delegate",
		"cannot_approve_your_own_report", "no_approver", "invalid_auth_approver", "no_approver.not_editable_step", "no_approver.change_my_info",
		"wf_config_invalid_next_step", "not_an_approver", "approver_cum_reportowner", "approver_cum_reportowner.is_editableby",
		"instance_out_of_date", "review_approval_flow_approver", "cost_object_step", "step_exit_blocking_by_exception",
		"receiptimagehold.workflow.noapprover", "error.workflow.invalid_report_key", "attendee_total_error",
		"approver_cashadvance_owner.is_editableby", "error.workflow.missing_alloc_reqd_fields", "error.recall.cannotRecall",
		"error.workflow.noComments", "statusId.invalidValue",
	}
	// https://developer.concur.com/api-reference/request/v4.response-codes.html, by status.
	requestRefusals = map[int][]string{
		http.StatusBadRequest: {
			"badParam", "invalidJson", "invalidDate", "invalidUuid", "invalidLocation", "severalLocationsMatch", "invalidPolicy",
			"listValidationError", "missingRequiredField", "blockingException", "multiLegNotAllowed", "reportTemplateNotFound",
			"unsupportedParam", "missingRequiredParam", "companyNotFound", "userNotFound", "segmentTypeNotMappedToPolicy",
			"expenseTypeNotMappedToPolicy", "idNotAllowed",
		},
		http.StatusForbidden: {
			"permissionDenied", "requestStatusNotApproved", "userIsNotAllowed", "requestStartDateInTheFuture", "publicApiNotAllowed",
			"CASH_ADVANCE_CANNOT_SUBMIT_AS_DELEGATE", "CASH_ADVANCE_CANNOT_APPROVE_OWN_CA",
		},
		http.StatusConflict: {
			"NO_APPROVER", "NO_APPROVER_NOT_EDITABLE_STEP", "NO_APPROVER_CHANGE_MY_INFO", "NO_AUTH_APPROVERS", "REVIEW_APPROVAL_FLOW_APPROVER",
			"APPROVER_CUM_REPORTOWNER", "APPROVER_CUM_REPORTOWNER_EDITABLE", "INVALID_AUTH_APPROVER", "CONFIG_INVALID_NEXT_STEP",
			"STEP_EXIT_BLOCKING_BY_EXCEPTION", "CASH_ADVANCE_SUBMIT_GENERIC", "CASH_ADVANCE_SUBMIT_ALREADY_SUBMITTED",
			"CASH_ADVANCE_CONFIG_INVALID_NEXT_STEP", "CASH_ADVANCE_APPROVER_CUM_REPORTOWNER",
			"CASH_ADVANCE_APPROVER_CUM_REPORTOWNER_IS_EDITABLE_BY", "CASH_ADVANCE_INVALID_AUTH_APPROVER", "CASH_ADVANCE_NO_APPROVER",
			"CASH_ADVANCE_NO_APPROVER_CHANGE_MY_INFO", "CASH_ADVANCE_NOT_AN_APPROVER", "CASH_ADVANCE_REVIEW_APPROVAL_FLOW_APPROVER",
		},
		http.StatusServiceUnavailable: {
			"circuitBreaker", "entityOffline", "CLIQBOOK_APPROVAL_FAILURE", "CLIQBOOK_APPROVAL_RETRY", "CLIQBOOK_CANCEL_FAILURE",
		},
	}
)

// The codes that mean that nobody can approve the report further.
var (
	noApproverWorkflow = []string{"no_approver", "no_approver.not_editable_step", "no_approver.change_my_info", "wf_config_invalid_next_step"}
	noApproverRequest  = []string{"NO_APPROVER", "NO_APPROVER_NOT_EDITABLE_STEP", "NO_APPROVER_CHANGE_MY_INFO", "NO_AUTH_APPROVERS", "CONFIG_INVALID_NEXT_STEP"}
)

// notSystem is what the documentation says for a step that is not a step of an external
// system.
const notSystem = "Caller cannot modify System workflow step"

func (d *description) checkRefusals() error {
	switch {
	case d.WrongStepStatus != 0 && d.WrongStepStatus != http.StatusBadRequest && d.WrongStepStatus != http.StatusForbidden:
		return fmt.Errorf("wrongStepStatus %d: want 400 or 403", d.WrongStepStatus)
	case d.Refusal == "" || d.Request && requestRefusal(d.Refusal) != 0 || !d.Request && slices.Contains(workflowRefusals, d.Refusal):
		return nil
	}
	return fmt.Errorf("refusal %q: want a documented code", d.Refusal)
}

// requestRefusal returns the status that Request v4 documents for a code; 0 is an unknown
// code.
func requestRefusal(code string) int {
	for status, codes := range requestRefusals {
		if slices.Contains(codes, code) {
			return status
		}
	}
	return 0
}

// wrongStep returns the status with which v4 refuses an action at a step that is not the
// client's. Both 400 and 403 are documented, but not when each is used.
func (s *simulator) wrongStep(r *report) int {
	if r.desc.WrongStepStatus != 0 {
		return r.desc.WrongStepStatus
	}
	return []int{http.StatusBadRequest, http.StatusForbidden}[s.draw(r.name, "wrong step").IntN(2)]
}

// oneOf chooses one of the codes for a report.
func (s *simulator) oneOf(r *report, codes []string) string {
	return codes[s.draw(r.name, "refusal").IntN(len(codes))]
}

// messageOf returns a message that says no more than its code.
func messageOf(code string) string {
	return "The action was refused: " + strings.ToLower(strings.NewReplacer("_", " ", ".", " ").Replace(code)) + "."
}
