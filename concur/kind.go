package concur

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// kindOf classifies an answer that is no success, by its status and by the codes that
// Concur documents.
//
// Source: https://developer.concur.com/api-reference/http-status-codes.html
// Source: https://developer.concur.com/api-reference/request/v4.response-codes.html
func kindOf(status int, body []byte, write bool) expense.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusForbidden:
		return Forbidden
	case status == http.StatusNotFound:
		return NotFound
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status == http.StatusBadRequest:
		return badRequest(body)
	case status == http.StatusConflict:
		return refusal(wire.ErrorCodes(body))
	case status == http.StatusServiceUnavailable && slices.ContainsFunc(wire.ErrorCodes(body), isTripFailure):
		return Rejected
	case status == http.StatusServiceUnavailable:
		return Unavailable
	case (status >= 500 || status == http.StatusRequestTimeout) && write:
		return OutcomeUnknown
	case status >= 500, status == http.StatusRequestTimeout:
		return Unavailable
	}
	return Rejected
}

// tooMany are the words of a limit on requests; other limits are refusals.
var tooMany = regexp.MustCompile(`\b(requests?|rate|calls?|api)\s+(limits?|quota)|\blimit (of|on|for) (requests|calls)|\bnumber of (requests|calls)|too many (requests|calls)|throttl`)

// badRequest finds the refusals that a code tells, and the two passing conditions that
// Concur reports as a 400. Only the text tells those apart from a refusal; it chooses a
// delay and nothing more.
func badRequest(body []byte) expense.Kind {
	if kind := refusal(wire.ErrorCodes(body)); kind != Rejected {
		return kind
	}
	switch text := bytes.ToLower(body); {
	case bytes.Contains(text, []byte("deadlock")):
		return Deadlock
	case tooMany.Match(text):
		return RateLimited
	}
	return Rejected
}

// refusal tells refusals apart by their codes, of which an answer may have several: the
// one that nothing but a person can mend goes first.
func refusal(codes []string) expense.Kind {
	for _, test := range []struct {
		kind expense.Kind
		is   func(code string) bool
	}{{Blocked, isBlocked}, {NoApprover, isNoApprover}, {NotWaiting, isElsewhere}, {NotFound, isGone}} {
		if slices.ContainsFunc(codes, func(code string) bool { return test.is(bare(code)) }) {
			return test.kind
		}
	}
	return Rejected
}

// bare takes off what the documentation prints before some codes and not before others.
func bare(code string) string {
	return strings.TrimPrefix(strings.ToLower(code), "error.workflow.")
}

// isBlocked finds the codes of a blocking exception: at a step's end (Expense and Request
// v4), at a submission (Request v4), and when the report or an entry is above its limit.
func isBlocked(code string) bool {
	switch code {
	case "step_exit_blocking_by_exception", "blockingexception", "error.submit.rptxctmaxthreshold", "error.submit.entryxctmaxthreshold":
		return true
	}
	return false
}

// isNoApprover finds no_approver.change_my_info and its kin, of a cash advance, too.
func isNoApprover(code string) bool {
	code = strings.TrimPrefix(code, "cash_advance_")
	return strings.HasPrefix(code, "no_approver") || code == "no_auth_approvers" || code == "receiptimagehold.workflow.noapprover"
}

// isElsewhere finds the codes of an action that does not apply at the step where the report
// stands, and of a step that is no longer the present one (Expense v4).
func isElsewhere(code string) bool { return code == "invalid_action" || code == "instance_out_of_date" }

func isGone(code string) bool { return code == "invalid_report_key" }

// isTripFailure finds what Concur Travel refuses for good, though it is a 503.
func isTripFailure(code string) bool {
	return strings.HasPrefix(code, "CLIQBOOK_") && strings.HasSuffix(code, "_FAILURE")
}

var codeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z_.]{0,63}$`)

// codeWord keeps a code that is a word, which names nobody.
func codeWord(code string) string {
	if codeForm.MatchString(code) {
		return code
	}
	return ""
}
