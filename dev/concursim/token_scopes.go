package main

import (
	"slices"
	"strings"
)

// allScopes are the scopes of all endpoints. The application has them unless -scopes says
// otherwise.
const allScopes = "EXPRPT NOTIF expense.report.read expense.report.readwrite expense.report.workflowstatus.write" +
	" identity.user.ids.read identity.user.core.read spend.listitem.read travelrequest.write travelrequest.externalsystemworkflow.write"

// scopeRules say which scopes each endpoint needs, as its page of the documentation says.
// Endpoints that are not listed need none.
var scopeRules = []struct {
	endpoints []string
	scopes    string // joined by "and" or by "or"
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

// allowedAt reports whether the scopes are enough at an endpoint. Their case matters.
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

// ofApplication returns those scopes of the list that the application has now.
func (t *tokens) ofApplication(scopes []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return !slices.Contains(t.scopes, scope) })
}

// askedScopes returns the scopes that a grant asks for, by default all that it may have. It
// returns false if the grant asks for more.
func askedScopes(asked string, granted []string) ([]string, bool) {
	wanted := strings.Fields(asked)
	if len(wanted) == 0 {
		return granted, true
	}
	exceeds := slices.ContainsFunc(wanted, func(scope string) bool { return !slices.Contains(granted, scope) })
	return wanted, !exceeds
}
