package concur

import (
	"bytes"
	"net/http"
	"regexp"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// kindOf classifies an answer that is no success, by its status and by the codes that
// Concur documents. It returns the code that decided.
//
// Source: https://developer.concur.com/api-reference/http-status-codes.html
// Source: https://developer.concur.com/api-reference/request/v4.response-codes.html
func kindOf(status int, body []byte, write bool) (expense.Kind, Code) {
	code, found := known(wire.ErrorCodes(body))
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
		return badRequest(body), Code{}
	}
	return Rejected, Code{}
}

// tooMany are the words of a limit on requests; other limits are refusals.
var tooMany = regexp.MustCompile(`\b(requests?|rate|calls?|api)\s+(limits?|quota)|\blimit (of|on|for) (requests|calls)|\bnumber of (requests|calls)|too many (requests|calls)|throttl`)

// badRequest finds the two passing conditions that Concur reports as a 400. Only the text
// tells those apart from a refusal; it chooses a delay and nothing more.
func badRequest(body []byte) expense.Kind {
	switch text := bytes.ToLower(body); {
	case bytes.Contains(text, []byte("deadlock")):
		return Deadlock
	case tooMany.Match(text):
		return RateLimited
	}
	return Rejected
}

var codeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z_.]{0,63}$`)

// codeWord keeps a code that is a word, which names nobody.
func codeWord(code string) string {
	if codeForm.MatchString(code) {
		return code
	}
	return ""
}
