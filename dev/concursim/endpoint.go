package main

import (
	"net/http"
	"slices"

	"concur-connector/dev/concursim/journal"
)

// The names of the endpoints in the journal and in faults.
const (
	tokenEndpoint        = "token"
	connectionsEndpoint  = "connections"
	detailsEndpoint      = "details"
	exceptionsEndpoint   = "exceptions"
	actionEndpoint       = "action"
	failedListEndpoint   = "failed-list"
	failedDeleteEndpoint = "failed-delete"
	pendingListEndpoint  = "pending-list"

	usersSearchEndpoint = "users-search"
	userEndpoint        = "user"
	listItemEndpoint    = "list-item"

	reportV3Endpoint       = "report-v3"
	entriesV3Endpoint      = "entries-v3"
	itemizationsV3Endpoint = "itemizations-v3"
	allocationsV3Endpoint  = "allocations-v3"

	reportV4Endpoint       = "report-v4"
	expensesV4Endpoint     = "expenses-v4"
	expenseV4Endpoint      = "expense-v4"
	itemizationsV4Endpoint = "itemizations-v4"
	allocationsV4Endpoint  = "allocations-v4"
	attendeesV4Endpoint    = "attendees-v4"
	commentsV4Endpoint     = "comments-v4"
	exceptionsV4Endpoint   = "exceptions-v4"

	exceptionPutEndpoint    = "exception-put"
	exceptionDeleteEndpoint = "exception-delete"
	approveEndpoint         = "approve"
	sendBackEndpoint        = "send-back"

	requestEndpoint           = "request"
	requestsEndpoint          = "requests"
	requestExpensesEndpoint   = "request-expenses"
	requestExceptionsEndpoint = "request-exceptions"
	requestCommentsEndpoint   = "request-comments"
	requestActionEndpoint     = "request-action"
	requestV1Endpoint         = "request-v1"

	publicEndpoint  = "callout"
	testEndpoint    = "test-connection"
	trapEndpoint    = "trap"
	unknownEndpoint = "unknown"
	allEndpoints    = "all"
)

const (
	tokenPath       = "/oauth2/v0/token"
	connectionsPath = "/app-mgmt/v0/connections"
	failedPath      = "/api/platform/notifications/v1.0/notification"
	testPath        = "/system/v1.0/testconnection" // at the connector
)

// endpoint describes an endpoint of the simulator: its name, its method, its path, the form
// of its errors and what its requests do.
type endpoint struct {
	name, method, path string
	errors             errorForm
	kind               journal.Kind
}

var endpoints = []endpoint{
	{tokenEndpoint, http.MethodPost, tokenPath, xmlErrors, journal.Other},
	{connectionsEndpoint, http.MethodDelete, connectionsPath, xmlErrors, journal.Other},
	{detailsEndpoint, http.MethodGet, detailsPath + "{key}", xmlErrors, journal.ReadsEntries},
	{exceptionsEndpoint, http.MethodPost, reportPath + "{RptKey}/Exceptions", xmlErrors, journal.PostsExceptions},
	{actionEndpoint, http.MethodPost, reportPath + "{step}/WorkFlowAction", xmlErrors, journal.ActsAtStep},
	{failedListEndpoint, http.MethodGet, failedPath + "?status=failed", xmlErrors, journal.Other},
	{failedDeleteEndpoint, http.MethodDelete, failedPath + "/{id}", xmlErrors, journal.Other},
	{pendingListEndpoint, http.MethodGet, pendingPath, xmlErrors, journal.Other},

	{usersSearchEndpoint, http.MethodPost, usersPath + ".search", scimErrors, journal.Other},
	{userEndpoint, http.MethodGet, usersPath + "{uuid}", scimErrors, journal.Other},
	{listItemEndpoint, http.MethodGet, listItemPath + "{id}", listErrors, journal.Other},

	{reportV3Endpoint, http.MethodGet, pendingPath + "/{reportId}?user=", v3Errors, journal.Other},
	{entriesV3Endpoint, http.MethodGet, expenseV3Path + "entries?reportID=&user=", v3Errors, journal.ReadsEntries},
	{itemizationsV3Endpoint, http.MethodGet, expenseV3Path + "itemizations?reportID=&user=", v3Errors, journal.Other},
	{allocationsV3Endpoint, http.MethodGet, expenseV3Path + "allocations?reportID=", v3Errors, journal.Other},

	{reportV4Endpoint, http.MethodGet, longV4, expenseErrors, journal.Other},
	{expensesV4Endpoint, http.MethodGet, longV4 + "/expenses", expenseErrors, journal.ReadsEntries},
	{expenseV4Endpoint, http.MethodGet, longV4 + "/expenses/{expenseId}", expenseErrors, journal.Other},
	{itemizationsV4Endpoint, http.MethodGet, longV4 + "/expenses/{expenseId}/itemizations", expenseErrors, journal.Other},
	{allocationsV4Endpoint, http.MethodGet, longV4 + "/expenses/{expenseId}/allocations", expenseErrors, journal.Other},
	{attendeesV4Endpoint, http.MethodGet, "long or short/expenses/{expenseId}/attendees", expenseErrors, journal.Other},
	{commentsV4Endpoint, http.MethodGet, "long or short[/expenses/{expenseId}]/comments", expenseErrors, journal.Other},
	{exceptionsV4Endpoint, http.MethodGet, shortV4 + "[/expenses/{expenseId}[/allocations/{allocationId}]]/exceptions", expenseErrors, journal.Other},
	{exceptionPutEndpoint, http.MethodPut, shortV4 + "…/exceptions", expenseErrors, journal.ChangesException},
	{exceptionDeleteEndpoint, http.MethodDelete, shortV4 + "…/exceptions/{exceptionCode}", expenseErrors, journal.ChangesException},
	{approveEndpoint, http.MethodPatch, shortV4 + "/approve", expenseErrors, journal.Acts},
	{sendBackEndpoint, http.MethodPatch, shortV4 + "/sendBack", expenseErrors, journal.Acts},

	{requestsEndpoint, http.MethodGet, requestsPath, requestErrors, journal.Other},
	{requestEndpoint, http.MethodGet, requestsPath + "/{id}", requestErrors, journal.Other},
	{requestExpensesEndpoint, http.MethodGet, requestsPath + "/{id}/expenses", requestErrors, journal.Other},
	{requestExceptionsEndpoint, http.MethodGet, requestsPath + "/{id}/exceptions?userId=", requestErrors, journal.Other},
	{requestCommentsEndpoint, http.MethodGet, requestsPath + "/{id}/comments", requestErrors, journal.Other},
	{requestActionEndpoint, http.MethodPost, requestsPath + "/{id}/approve or sendback", requestErrors, journal.ActsOnRequest},
	{requestV1Endpoint, http.MethodGet, requestV1Path + "{key}", xmlErrors, journal.Other},
}

func endpointNamed(name string) endpoint {
	i := slices.IndexFunc(endpoints, func(e endpoint) bool { return e.name == name })
	if i < 0 {
		return endpoint{name: name}
	}
	return endpoints[i]
}

// The groups of endpoints that a fault can name.
var (
	// companyCalls are the endpoints with short paths in Expense v4, which need a company's
	// token.
	companyCalls = []string{exceptionsV4Endpoint, exceptionPutEndpoint, exceptionDeleteEndpoint, approveEndpoint, sendBackEndpoint}
	// otherCalls are not about a single report.
	otherCalls = []string{tokenEndpoint, connectionsEndpoint, failedListEndpoint, failedDeleteEndpoint, pendingListEndpoint, usersSearchEndpoint, userEndpoint, listItemEndpoint, requestsEndpoint}
)

func isWrite(name string) bool  { return endpointNamed(name).kind.Writes() }
func isAction(name string) bool { return endpointNamed(name).kind.IsAction() }

// groups are the words that stand for several endpoints in the table of faults.
var groups = map[string][]string{
	"any":          append(namesWithout(nil), allEndpoints),
	"calls":        namesWithout([]string{tokenEndpoint}),
	"report calls": namesWithout(otherCalls),
	"company":      companyCalls,
}

func namesWithout(these []string) []string {
	names := []string{}
	for _, e := range endpoints {
		if !slices.Contains(these, e.name) {
			names = append(names, e.name)
		}
	}
	return names
}
