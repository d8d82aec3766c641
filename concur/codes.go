package concur

import (
	"bytes"
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// Code is a code with which one of Concur's interfaces says why it refuses a request.
type Code struct {
	Code string // in lower case, and without the prefix error.workflow.
	Kind expense.Kind
	Fix  string // what a person can do
	Page string // where it is documented

	written string // as an answer has written it
}

const (
	// workflowCodes are the answers to approve and sendBack in the machine-readable description.
	workflowCodes = "https://developer.concur.com/api-explorer/v4-0/Reports.html"
	requestCodes  = "https://developer.concur.com/api-reference/request/v4.response-codes.html"
)

// What a person can do about codes that have one cause.
const (
	fixBlocking        = "Have the blocking exceptions cleared in Concur, or decide to send it back."
	fixNoApprover      = "Give the owner an approver in Concur (User Administration)."
	fixApprover        = "Choose another approver in Concur: the next one may not approve this."
	fixApprovers       = "Review the approvers in the workflow of this report or travel request in Concur."
	fixOwnerApproves   = "Change the approvers in Concur: the workflow would lead back to the owner."
	fixMoved           = "Look in Concur at which step it stands: the action does not apply there."
	fixSendBack        = "Decide to send it back, so that the owner completes it in Concur."
	fixByHand          = "Decide it by hand in Concur: the interface does not do this."
	fixSetUp           = "Have the set-up fixed in Concur (Expense Admin): it lacks what the message names."
	fixConnector       = "Report this as a mistake of the connector: it sends what Concur does not take."
	fixUser            = "Give the connector a token of a user who may do this, or of the company."
	fixRights          = "Grant the application the scope, and its user the role, that the message names; or look whether the step belongs to an external system."
	fixTrip            = "Look at the trip in Concur Travel, and decide it by hand in Concur."
	fixGone            = "Nothing: Concur does not have it any more."
	fixComment         = "Concur requires a comment to approve the report: set settings.approveComment in the rules file, or have the person who was asked decide again with a comment."
	fixRejectedComment = "Concur requires a comment about the rejected expenses: give settings.expenseRejectedComment in the rules file."
	fixNothing         = "Nothing: it is sent again."
)

// codes are those of the answers to what the connector sends, by the interfaces that have
// codes. v1.1 and v3 have none, and those of the token endpoint are in refusals.
var codes = []Code{
	{Code: "step_exit_blocking_by_exception", Kind: Blocked, Fix: fixBlocking, Page: workflowCodes},
	{Code: "error.submit.rptxctmaxthreshold", Kind: Blocked, Fix: fixBlocking, Page: workflowCodes},
	{Code: "error.submit.entryxctmaxthreshold", Kind: Blocked, Fix: fixBlocking, Page: workflowCodes},
	{Code: "blockingexception", Kind: Blocked, Fix: fixBlocking, Page: requestCodes},

	{Code: "no_approver", Kind: NoApprover, Fix: fixNoApprover, Page: workflowCodes},
	{Code: "no_approver.not_editable_step", Kind: NoApprover, Fix: fixNoApprover, Page: workflowCodes},
	{Code: "no_approver.change_my_info", Kind: NoApprover, Fix: fixNoApprover, Page: workflowCodes},
	{Code: "no_approver_not_editable_step", Kind: NoApprover, Fix: fixNoApprover, Page: requestCodes},
	{Code: "no_approver_change_my_info", Kind: NoApprover, Fix: fixNoApprover, Page: requestCodes},
	{Code: "no_auth_approvers", Kind: NoApprover, Fix: "Name an Authorized Approver in Concur: the next step wants one, and there is none.", Page: requestCodes},
	{Code: "receiptimagehold.workflow.noapprover", Kind: NoApprover, Fix: fixNoApprover, Page: workflowCodes},
	{Code: "wf_config_invalid_next_step", Kind: NoApprover, Fix: fixNoApprover, Page: workflowCodes},
	{Code: "config_invalid_next_step", Kind: NoApprover, Fix: fixNoApprover, Page: requestCodes},
	{Code: "not_an_approver", Kind: NoApprover, Fix: fixApprover, Page: workflowCodes},
	{Code: "invalid_auth_approver", Kind: NoApprover, Fix: "Choose an Authorized Approver in Concur: the next step wants one.", Page: workflowCodes},
	{Code: "approver_cum_reportowner", Kind: NoApprover, Fix: fixOwnerApproves, Page: workflowCodes},
	{Code: "approver_cum_reportowner.is_editableby", Kind: NoApprover, Fix: fixOwnerApproves, Page: workflowCodes},
	{Code: "approver_cum_reportowner_is_editable_by", Kind: NoApprover, Fix: fixOwnerApproves, Page: requestCodes},
	{Code: "approver_cum_reportowner_editable", Kind: NoApprover, Fix: fixOwnerApproves, Page: requestCodes},
	{Code: "approver_cashadvance_owner.is_editableby", Kind: NoApprover, Fix: fixOwnerApproves, Page: workflowCodes},
	{Code: "review_approval_flow_approver", Kind: NoApprover, Fix: fixApprovers, Page: workflowCodes},

	{Code: "missingcomments", Kind: CommentMissing, Fix: fixComment, Page: workflowCodes},
	{Code: "costobjectchangemissingcomments", Kind: CommentMissing, Fix: fixComment, Page: workflowCodes},
	{Code: "budgetobjectchangemissingcomments", Kind: CommentMissing, Fix: fixComment, Page: workflowCodes},
	{Code: "rejectedexpensemissingcomments", Kind: CommentMissing, Fix: fixRejectedComment, Page: workflowCodes},

	{Code: "invalid_action", Kind: NotWaiting, Fix: fixMoved, Page: workflowCodes},
	{Code: "instance_out_of_date", Kind: NotWaiting, Fix: "Choose a new approver in Concur: the workflow of this report was changed.", Page: workflowCodes},
	{Code: "reports.workflow.invalidfgistep", Kind: NotWaiting, Fix: fixMoved, Page: workflowCodes},
	{Code: "invalid_report_key", Kind: NotFound, Fix: fixGone, Page: workflowCodes},
	{Code: "notfound", Kind: NotFound, Fix: fixGone, Page: requestCodes},

	{Code: "error.submit.no_entries", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "error.submit.undefined_expense_type", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "error.submit.missing_reqd_fields", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "error.submit.missing_alloc_reqd_fields", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "missing_alloc_reqd_fields", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "missingrequiredfield", Kind: Rejected, Fix: fixSendBack, Page: requestCodes},
	{Code: "listvalidationerror", Kind: Rejected, Fix: fixSendBack, Page: requestCodes},
	{Code: "error.submit.missingkids", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "error.submit.itemdiff", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "error.submit.itemmissing", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "error.submit.cashadvance_cant_carry_balance", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "error.submit.cashadvance_negative_balance", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "error.submit.single_row_itinerary", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "error.submit.invalidattendeetype", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},
	{Code: "attendee_total_error", Kind: Rejected, Fix: fixSendBack, Page: workflowCodes},

	{Code: "error.submit.generic", Kind: Rejected, Fix: fixByHand, Page: workflowCodes},
	{Code: "error.submit.alreadysubmitted", Kind: Rejected, Fix: fixByHand, Page: workflowCodes},
	{Code: "error.submit.cannotsubmitasdelegate", Kind: Rejected, Fix: fixUser, Page: workflowCodes},
	{Code: "info.submit.notify_by_delegate", Kind: Rejected, Fix: fixUser, Page: workflowCodes},
	{Code: "cannot_approve_your_own_report", Kind: Rejected, Fix: fixUser, Page: workflowCodes},
	{Code: "incomplete_receipt_review", Kind: Rejected, Fix: "Review the receipts and decide it by hand in Concur: the company wants a person to review them.", Page: workflowCodes},
	{Code: "cost_object_step", Kind: Rejected, Fix: fixByHand, Page: workflowCodes},
	{Code: "error.recall.cannotrecall", Kind: Rejected, Fix: fixByHand, Page: workflowCodes},
	{Code: "no_clearingcode", Kind: Rejected, Fix: "Give the card account, or the payment type, a clearing account code in Concur (Expense Admin).", Page: workflowCodes},
	{Code: "nocomments", Kind: Rejected, Fix: "Give the rule, or the decision, a comment: Concur wants one when a report is sent back.", Page: workflowCodes},
	{Code: "statusid.invalidvalue", Kind: Rejected, Fix: fixConnector, Page: workflowCodes},

	{Code: "badparam", Kind: Rejected, Fix: fixConnector, Page: requestCodes},
	{Code: "invalidjson", Kind: Rejected, Fix: fixConnector, Page: requestCodes},
	{Code: "invaliddate", Kind: Rejected, Fix: fixConnector, Page: requestCodes},
	{Code: "invaliduuid", Kind: Rejected, Fix: fixConnector, Page: requestCodes},
	{Code: "unsupportedparam", Kind: Rejected, Fix: fixConnector, Page: requestCodes},
	{Code: "missingrequiredparam", Kind: Rejected, Fix: "Look in Concur whether it stands at a step of an external system: elsewhere Concur wants a user to be named.", Page: requestCodes},
	{Code: "idnotallowed", Kind: Rejected, Fix: fixConnector, Page: requestCodes},
	{Code: "invalidlocation", Kind: Rejected, Fix: fixSendBack, Page: requestCodes},
	{Code: "severallocationsmatch", Kind: Rejected, Fix: fixSendBack, Page: requestCodes},
	{Code: "invalidpolicy", Kind: Rejected, Fix: fixSetUp, Page: requestCodes},
	{Code: "multilegnotallowed", Kind: Rejected, Fix: fixSetUp, Page: requestCodes},
	{Code: "reporttemplatenotfound", Kind: Rejected, Fix: fixSetUp, Page: requestCodes},
	{Code: "segmenttypenotmappedtopolicy", Kind: Rejected, Fix: fixSetUp, Page: requestCodes},
	{Code: "expensetypenotmappedtopolicy", Kind: Rejected, Fix: fixSetUp, Page: requestCodes},
	{Code: "companynotfound", Kind: Rejected, Fix: fixUser, Page: requestCodes},
	{Code: "usernotfound", Kind: Rejected, Fix: fixUser, Page: requestCodes},
	{Code: "requeststatusnotapproved", Kind: Rejected, Fix: fixByHand, Page: requestCodes},
	{Code: "requeststartdateinthefuture", Kind: Rejected, Fix: fixByHand, Page: requestCodes},
	{Code: "cannot_submit_as_delegate", Kind: Rejected, Fix: fixUser, Page: requestCodes},
	{Code: "cannot_approve_own_ca", Kind: Rejected, Fix: fixUser, Page: requestCodes},
	{Code: "submit_generic", Kind: Rejected, Fix: fixByHand, Page: requestCodes},
	{Code: "submit_already_submitted", Kind: Rejected, Fix: fixByHand, Page: requestCodes},
	{Code: "cliqbook_approval_failure", Kind: Rejected, Fix: fixTrip, Page: requestCodes},
	{Code: "cliqbook_cancel_failure", Kind: Rejected, Fix: fixTrip, Page: requestCodes},

	{Code: "permissiondenied", Kind: Forbidden, Fix: fixRights, Page: requestCodes},
	{Code: "userisnotallowed", Kind: Forbidden, Fix: fixRights, Page: requestCodes},
	{Code: "publicapinotallowed", Kind: Forbidden, Fix: fixRights, Page: requestCodes},
	{Code: "invaliduser", Kind: Unauthorized, Fix: fixUser, Page: requestCodes},

	{Code: "timeout", Kind: Unavailable, Fix: fixNothing, Page: requestCodes},
	{Code: "circuitbreaker", Kind: Unavailable, Fix: fixNothing, Page: requestCodes},
	{Code: "entityoffline", Kind: Unavailable, Fix: fixNothing, Page: requestCodes},
	{Code: "cliqbook_approval_retry", Kind: Unavailable, Fix: fixNothing, Page: requestCodes},
}

// Codes lists every documented code of a refusal.
func Codes() []Code { return slices.Clone(codes) }

// decisive orders the kinds. If an answer has several codes, the earliest kind decides. Errors
// that only a person can fix come first.
var decisive = []expense.Kind{Blocked, NoApprover, CommentMissing, NotWaiting, NotFound, Rejected, Forbidden, Unauthorized, Unavailable}

// codeOf finds the documented code that decides, of those that an answer has.
func codeOf(said []string) (Code, bool) {
	var found []Code
	for _, text := range said {
		if code, ok := documentedCode(text); ok {
			code.written = text
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
		return Code{Code: bare, Kind: NoApprover, Fix: fixNoApprover, Page: workflowCodes}, true
	}
	if strings.HasSuffix(bare, "missingcomments") {
		code := Code{Code: bare, Kind: CommentMissing, Fix: fixComment, Page: workflowCodes}
		if strings.Contains(bare, "rejected") {
			code.Fix = fixRejectedComment
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

// requiredFields returns the fields in which Concur requires a comment, by the codes of its refusal,
// and what a person can do about all of them.
func requiredFields(said []string) (fields []string, fix string) {
	for _, text := range said {
		code, _ := documentedCode(text)
		field := Comment
		if code.Fix == fixRejectedComment {
			field = ExpenseRejectedComment
		}
		if code.Kind == CommentMissing && !slices.Contains(fields, field) {
			fields = append(fields, field)
			fix = strings.TrimSpace(fix + " " + code.Fix)
		}
	}
	return fields, fix
}

// kindOf returns the kind of an answer that is no success, by its status and by Concur's
// documented codes, and the code that decided.
//
// Source: https://developer.concur.com/api-reference/http-status-codes.html
// Source: https://developer.concur.com/api-reference/request/v4.response-codes.html
func kindOf(status int, body []byte, write bool) (expense.Kind, Code) {
	code, found := codeOf(wire.ErrorCodes(body))
	switch {
	case status == http.StatusUnauthorized:
		return Unauthorized, code
	case status == http.StatusNotFound:
		return NotFound, code
	case status == http.StatusTooManyRequests:
		return RateLimited, Code{}
	case status == http.StatusServiceUnavailable && found && code.Kind == Rejected:
		return Rejected, code // what Concur Travel refuses for good
	case status == http.StatusServiceUnavailable:
		return Unavailable, Code{}
	case (status >= 500 || status == http.StatusRequestTimeout) && write:
		return OutcomeUnknown, Code{}
	case status >= 500, status == http.StatusRequestTimeout:
		return Unavailable, Code{}
	case found && code.Kind == Unavailable && write:
		return OutcomeUnknown, code
	case found:
		return code.Kind, code
	case status == http.StatusForbidden:
		return Forbidden, Code{}
	case status == http.StatusBadRequest:
		return badRequestKind(body), Code{}
	}
	return Rejected, Code{}
}

// rateLimitWords are the words of a limit on requests. Other limits are refusals.
var rateLimitWords = regexp.MustCompile(`\b(requests?|rate|calls?|api)\s+(limits?|quota)|\blimit (of|on|for) (requests|calls)|\bnumber of (requests|calls)|too many (requests|calls)|throttl`)

// badRequestKind finds the two temporary conditions that Concur reports as a 400. Only the
// text shows that they are not refusals. The kind only chooses a delay.
func badRequestKind(body []byte) expense.Kind {
	switch text := bytes.ToLower(body); {
	case bytes.Contains(text, []byte("deadlock")):
		return Deadlock
	case rateLimitWords.Match(text):
		return RateLimited
	}
	return Rejected
}

var codeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z_.]{0,63}$`)

// codeWord keeps a code that is a single word, because a word names no person.
func codeWord(code string) string {
	if codeForm.MatchString(code) {
		return code
	}
	return ""
}
