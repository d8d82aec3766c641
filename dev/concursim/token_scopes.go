package main

import (
	"slices"
	"strings"
)

// allScopes are those of every endpoint; the application has them unless -scopes says
// otherwise.
const allScopes = "EXPRPT NOTIF expense.report.read expense.report.readwrite expense.report.workflowstatus.write" +
	" identity.user.ids.read identity.user.core.read spend.listitem.read travelrequest.write travelrequest.externalsystemworkflow.write"

// scopeRules say which scopes the token of a request needs at each endpoint, as its page of
// the documentation has it. The endpoints that are not here need none.
var scopeRules = []struct {
	endpoints []string
	scopes    string // joined by and, or by or
}{
	{[]string{detailsEndpoint, exceptionsEndpoint, actionEndpoint, pendingListEndpoint, reportV3Endpoint,
		entriesV3Endpoint, itemizationsV3Endpoint, allocationsV3Endpoint}, "EXPRPT"},
	{[]string{failedListEndpoint, failedDeleteEndpoint}, "NOTIF"},
	{[]string{reportV4Endpoint, expensesV4Endpoint, expenseV4Endpoint, itemizationsV4Endpoint, allocationsV4Endpoint,
		attendeesV4Endpoint, commentsV4Endpoint, exceptionsV4Endpoint}, "expense.report.read or expense.report.readwrite"},
	{[]string{exceptionPutEndpoint, exceptionDeleteEndpoint}, "expense.report.readwrite"},
	{[]string{approveEndpoint, sendBackEndpoint}, "expense.report.workflowstatus.write"},
	{[]string{usersSearchEndpoint, userEndpoint}, "identity.user.ids.read and identity.user.core.read"},
	{[]string{listItemEndpoint}, "spend.listitem.read"},
	{[]string{requestEndpoint, requestsEndpoint, requestExpensesEndpoint, requestExceptionsEndpoint, requestCommentsEndpoint}, "travelrequest.write"},
	{[]string{requestActionEndpoint}, "travelrequest.externalsystemworkflow.write"},
}

// allowedAt reports whether these scopes are enough at an endpoint. They are compared with
// their case.
func allowedAt(endpoint string, scopes []string) bool {
	for _, rule := range scopeRules {
		if !slices.Contains(rule.endpoints, endpoint) {
			continue
		}
		has := func(scope string) bool { return slices.Contains(scopes, scope) }
		if one := strings.Split(rule.scopes, " or "); len(one) > 1 {
			return slices.ContainsFunc(one, has)
		}
		return !slices.ContainsFunc(strings.Split(rule.scopes, " and "), func(scope string) bool { return !has(scope) })
	}
	return true
}

// ofApplication are the scopes of a list that the application has today.
func (t *tokens) ofApplication(scopes []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return !slices.Contains(t.scopes, scope) })
}

// askedScopes are those that a grant asks for; without a word on them, all that it may have.
// False means that it asks for more than that.
func askedScopes(asked string, granted []string) ([]string, bool) {
	wanted := strings.Fields(asked)
	if len(wanted) == 0 {
		return granted, true
	}
	exceeds := slices.ContainsFunc(wanted, func(scope string) bool { return !slices.Contains(granted, scope) })
	return wanted, !exceeds
}
