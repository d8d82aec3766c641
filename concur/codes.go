package concur

import (
	"cmp"
	"slices"
	"strings"

	"concur-connector/expense"
)

// Code is a code by which an interface of Concur says why it refuses a request.
type Code struct {
	Code string // in lower case, and without the prefix error.workflow.
	Kind expense.Kind
	Mend string // what a person can do
	Page string // where it is documented

	said string // as an answer has written it
}

const (
	// workflowCodes are the answers to approve and sendBack in the machine-readable description.
	workflowCodes = "https://developer.concur.com/api-explorer/v4-0/Reports.html"
	requestCodes  = "https://developer.concur.com/api-reference/request/v4.response-codes.html"
)

// What a person can do about codes that have one cause.
const (
	clearIt     = "Have the blocking exceptions cleared in Concur, or decide to send it back."
	nameOne     = "Give the owner an approver in Concur (User Administration)."
	nameAnother = "Choose another approver in Concur: the next one may not approve this."
	reviewThem  = "Review the approvers in the workflow of this report or travel request in Concur."
	notOwner    = "Change the approvers in Concur: the workflow would lead back to the owner."
	moved       = "Look in Concur at which step it stands: the action does not apply there."
	sendItBack  = "Decide to send it back, so that the owner completes it in Concur."
	byHand      = "Decide it by hand in Concur: the interface does not do this."
	setUp       = "Have the set-up mended in Concur (Expense Admin): it lacks what the message names."
	ours        = "Report this as a mistake of the connector: it sends what Concur does not take."
	wrongUser   = "Give the connector a token of a user who may do this, or of the company."
	rights      = "Grant the application the scope, and its user the role, that the message names; or look whether the step belongs to an external system."
	trip        = "Look at the trip in Concur Travel, and decide it by hand in Concur."
	noSuch      = "Nothing: Concur does not have it any more."
	sayIt       = "Concur requires a comment to pass it on: give settings.passOnComment in the rules file, or have the person who was asked decide again with a comment."
	sayWhy      = "Concur requires a comment about the rejected expenses: give settings.expenseRejectedComment in the rules file."
	comeAgain   = "Nothing: it is sent again."
)

// codes are those of the answers to what the connector sends, by the interfaces that have
// codes. v1.1 and v3 have none, and those of the token endpoint are in refusals.
var codes = []Code{
	{Code: "step_exit_blocking_by_exception", Kind: Blocked, Mend: clearIt, Page: workflowCodes},
	{Code: "error.submit.rptxctmaxthreshold", Kind: Blocked, Mend: clearIt, Page: workflowCodes},
	{Code: "error.submit.entryxctmaxthreshold", Kind: Blocked, Mend: clearIt, Page: workflowCodes},
	{Code: "blockingexception", Kind: Blocked, Mend: clearIt, Page: requestCodes},

	{Code: "no_approver", Kind: NoApprover, Mend: nameOne, Page: workflowCodes},
	{Code: "no_approver.not_editable_step", Kind: NoApprover, Mend: nameOne, Page: workflowCodes},
	{Code: "no_approver.change_my_info", Kind: NoApprover, Mend: nameOne, Page: workflowCodes},
	{Code: "no_approver_not_editable_step", Kind: NoApprover, Mend: nameOne, Page: requestCodes},
	{Code: "no_approver_change_my_info", Kind: NoApprover, Mend: nameOne, Page: requestCodes},
	{Code: "no_auth_approvers", Kind: NoApprover, Mend: "Name an Authorized Approver in Concur: the next step wants one, and there is none.", Page: requestCodes},
	{Code: "receiptimagehold.workflow.noapprover", Kind: NoApprover, Mend: nameOne, Page: workflowCodes},
	{Code: "wf_config_invalid_next_step", Kind: NoApprover, Mend: nameOne, Page: workflowCodes},
	{Code: "config_invalid_next_step", Kind: NoApprover, Mend: nameOne, Page: requestCodes},
	{Code: "not_an_approver", Kind: NoApprover, Mend: nameAnother, Page: workflowCodes},
	{Code: "invalid_auth_approver", Kind: NoApprover, Mend: "Choose an Authorized Approver in Concur: the next step wants one.", Page: workflowCodes},
	{Code: "approver_cum_reportowner", Kind: NoApprover, Mend: notOwner, Page: workflowCodes},
	{Code: "approver_cum_reportowner.is_editableby", Kind: NoApprover, Mend: notOwner, Page: workflowCodes},
	{Code: "approver_cum_reportowner_is_editable_by", Kind: NoApprover, Mend: notOwner, Page: requestCodes},
	{Code: "approver_cum_reportowner_editable", Kind: NoApprover, Mend: notOwner, Page: requestCodes},
	{Code: "approver_cashadvance_owner.is_editableby", Kind: NoApprover, Mend: notOwner, Page: workflowCodes},
	{Code: "review_approval_flow_approver", Kind: NoApprover, Mend: reviewThem, Page: workflowCodes},

	{Code: "missingcomments", Kind: CommentMissing, Mend: sayIt, Page: workflowCodes},
	{Code: "costobjectchangemissingcomments", Kind: CommentMissing, Mend: sayIt, Page: workflowCodes},
	{Code: "budgetobjectchangemissingcomments", Kind: CommentMissing, Mend: sayIt, Page: workflowCodes},
	{Code: "rejectedexpensemissingcomments", Kind: CommentMissing, Mend: sayWhy, Page: workflowCodes},

	{Code: "invalid_action", Kind: NotWaiting, Mend: moved, Page: workflowCodes},
	{Code: "instance_out_of_date", Kind: NotWaiting, Mend: "Choose a new approver in Concur: the workflow of this report was changed.", Page: workflowCodes},
	{Code: "reports.workflow.invalidfgistep", Kind: NotWaiting, Mend: moved, Page: workflowCodes},
	{Code: "invalid_report_key", Kind: NotFound, Mend: noSuch, Page: workflowCodes},
	{Code: "notfound", Kind: NotFound, Mend: noSuch, Page: requestCodes},

	{Code: "error.submit.no_entries", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "error.submit.undefined_expense_type", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "error.submit.missing_reqd_fields", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "error.submit.missing_alloc_reqd_fields", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "missing_alloc_reqd_fields", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "missingrequiredfield", Kind: Rejected, Mend: sendItBack, Page: requestCodes},
	{Code: "listvalidationerror", Kind: Rejected, Mend: sendItBack, Page: requestCodes},
	{Code: "error.submit.missingkids", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "error.submit.itemdiff", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "error.submit.itemmissing", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "error.submit.cashadvance_cant_carry_balance", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "error.submit.cashadvance_negative_balance", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "error.submit.single_row_itinerary", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "error.submit.invalidattendeetype", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},
	{Code: "attendee_total_error", Kind: Rejected, Mend: sendItBack, Page: workflowCodes},

	{Code: "error.submit.generic", Kind: Rejected, Mend: byHand, Page: workflowCodes},
	{Code: "error.submit.alreadysubmitted", Kind: Rejected, Mend: byHand, Page: workflowCodes},
	{Code: "error.submit.cannotsubmitasdelegate", Kind: Rejected, Mend: wrongUser, Page: workflowCodes},
	{Code: "info.submit.notify_by_delegate", Kind: Rejected, Mend: wrongUser, Page: workflowCodes},
	{Code: "cannot_approve_your_own_report", Kind: Rejected, Mend: wrongUser, Page: workflowCodes},
	{Code: "incomplete_receipt_review", Kind: Rejected, Mend: "Review the receipts and decide it by hand in Concur: the company wants a person to review them.", Page: workflowCodes},
	{Code: "cost_object_step", Kind: Rejected, Mend: byHand, Page: workflowCodes},
	{Code: "error.recall.cannotrecall", Kind: Rejected, Mend: byHand, Page: workflowCodes},
	{Code: "no_clearingcode", Kind: Rejected, Mend: "Give the card account, or the payment type, a clearing account code in Concur (Expense Admin).", Page: workflowCodes},
	{Code: "nocomments", Kind: Rejected, Mend: "Give the rule, or the decision, a comment: Concur wants one when a report is sent back.", Page: workflowCodes},
	{Code: "statusid.invalidvalue", Kind: Rejected, Mend: ours, Page: workflowCodes},

	{Code: "badparam", Kind: Rejected, Mend: ours, Page: requestCodes},
	{Code: "invalidjson", Kind: Rejected, Mend: ours, Page: requestCodes},
	{Code: "invaliddate", Kind: Rejected, Mend: ours, Page: requestCodes},
	{Code: "invaliduuid", Kind: Rejected, Mend: ours, Page: requestCodes},
	{Code: "unsupportedparam", Kind: Rejected, Mend: ours, Page: requestCodes},
	{Code: "missingrequiredparam", Kind: Rejected, Mend: "Look in Concur whether it stands at a step of an external system: elsewhere Concur wants a user to be named.", Page: requestCodes},
	{Code: "idnotallowed", Kind: Rejected, Mend: ours, Page: requestCodes},
	{Code: "invalidlocation", Kind: Rejected, Mend: sendItBack, Page: requestCodes},
	{Code: "severallocationsmatch", Kind: Rejected, Mend: sendItBack, Page: requestCodes},
	{Code: "invalidpolicy", Kind: Rejected, Mend: setUp, Page: requestCodes},
	{Code: "multilegnotallowed", Kind: Rejected, Mend: setUp, Page: requestCodes},
	{Code: "reporttemplatenotfound", Kind: Rejected, Mend: setUp, Page: requestCodes},
	{Code: "segmenttypenotmappedtopolicy", Kind: Rejected, Mend: setUp, Page: requestCodes},
	{Code: "expensetypenotmappedtopolicy", Kind: Rejected, Mend: setUp, Page: requestCodes},
	{Code: "companynotfound", Kind: Rejected, Mend: wrongUser, Page: requestCodes},
	{Code: "usernotfound", Kind: Rejected, Mend: wrongUser, Page: requestCodes},
	{Code: "requeststatusnotapproved", Kind: Rejected, Mend: byHand, Page: requestCodes},
	{Code: "requeststartdateinthefuture", Kind: Rejected, Mend: byHand, Page: requestCodes},
	{Code: "cannot_submit_as_delegate", Kind: Rejected, Mend: wrongUser, Page: requestCodes},
	{Code: "cannot_approve_own_ca", Kind: Rejected, Mend: wrongUser, Page: requestCodes},
	{Code: "submit_generic", Kind: Rejected, Mend: byHand, Page: requestCodes},
	{Code: "submit_already_submitted", Kind: Rejected, Mend: byHand, Page: requestCodes},
	{Code: "cliqbook_approval_failure", Kind: Rejected, Mend: trip, Page: requestCodes},
	{Code: "cliqbook_cancel_failure", Kind: Rejected, Mend: trip, Page: requestCodes},

	{Code: "permissiondenied", Kind: Forbidden, Mend: rights, Page: requestCodes},
	{Code: "userisnotallowed", Kind: Forbidden, Mend: rights, Page: requestCodes},
	{Code: "publicapinotallowed", Kind: Forbidden, Mend: rights, Page: requestCodes},
	{Code: "invaliduser", Kind: Unauthorized, Mend: wrongUser, Page: requestCodes},

	{Code: "timeout", Kind: Unavailable, Mend: comeAgain, Page: requestCodes},
	{Code: "circuitbreaker", Kind: Unavailable, Mend: comeAgain, Page: requestCodes},
	{Code: "entityoffline", Kind: Unavailable, Mend: comeAgain, Page: requestCodes},
	{Code: "cliqbook_approval_retry", Kind: Unavailable, Mend: comeAgain, Page: requestCodes},
}

// Codes lists every documented code of a refusal.
func Codes() []Code { return slices.Clone(codes) }

// decisive are the kinds of which one that an answer names goes before the others: what
// nothing but a person can mend goes first.
var decisive = []expense.Kind{Blocked, NoApprover, CommentMissing, NotWaiting, NotFound, Rejected, Forbidden, Unauthorized, Unavailable}

// known finds the documented code that decides, of those that an answer has.
func known(said []string) (Code, bool) {
	var found []Code
	for _, text := range said {
		if code, ok := documentedCode(text); ok {
			code.said = text
			found = append(found, code)
		}
	}
	if len(found) == 0 {
		return Code{}, false
	}
	return slices.MinFunc(found, func(a, b Code) int {
		return cmp.Compare(slices.Index(decisive, a.Kind), slices.Index(decisive, b.Kind))
	}), true
}

// documentedCode finds a code in the table. What is not in it may still be a variant of
// no_approver, whose documented ones differ between the interfaces, or of missingComments.
func documentedCode(text string) (Code, bool) {
	bare := strings.TrimPrefix(strings.ToLower(text), "error.workflow.")
	bare = strings.TrimPrefix(bare, "cash_advance_")
	if i := slices.IndexFunc(codes, func(c Code) bool { return c.Code == bare }); i >= 0 {
		return codes[i], true
	}
	if strings.HasPrefix(bare, "no_approver") {
		return Code{Code: bare, Kind: NoApprover, Mend: nameOne, Page: workflowCodes}, true
	}
	if strings.HasSuffix(bare, "missingcomments") {
		code := Code{Code: bare, Kind: CommentMissing, Mend: sayIt, Page: workflowCodes}
		if strings.Contains(bare, "rejected") {
			code.Mend = sayWhy
		}
		return code, true
	}
	return Code{}, false
}

// The fields of an action in which Concur can require a comment.
const (
	Comment                = "comment"
	ExpenseRejectedComment = "expenseRejectedComment"
)

// wanted returns the fields in which Concur requires a comment, by the codes of its refusal,
// and what a person can do about all of them.
func wanted(said []string) (fields []string, mend string) {
	for _, text := range said {
		code, _ := documentedCode(text)
		field := Comment
		if code.Mend == sayWhy {
			field = ExpenseRejectedComment
		}
		if code.Kind == CommentMissing && !slices.Contains(fields, field) {
			fields = append(fields, field)
			mend = strings.TrimSpace(mend + " " + code.Mend)
		}
	}
	return fields, mend
}
