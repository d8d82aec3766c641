package main

import (
	"net/http"
	"slices"
)

// The endpoints, as the journal and the faults name them.
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

	calloutEndpoint = "callout"
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

// endpoint is one that the simulator has: the journal's name for it, its method, where
// it is, and how its errors are written.
type endpoint struct {
	name, method, path string
	errors             errorForm
}

var endpoints = []endpoint{
	{tokenEndpoint, http.MethodPost, tokenPath, xmlErrors},
	{connectionsEndpoint, http.MethodDelete, connectionsPath, xmlErrors},
	{detailsEndpoint, http.MethodGet, detailsPath + "{key}", xmlErrors},
	{exceptionsEndpoint, http.MethodPost, reportPath + "{RptKey}/Exceptions", xmlErrors},
	{actionEndpoint, http.MethodPost, reportPath + "{step}/WorkFlowAction", xmlErrors},
	{failedListEndpoint, http.MethodGet, failedPath + "?status=failed", xmlErrors},
	{failedDeleteEndpoint, http.MethodDelete, failedPath + "/{id}", xmlErrors},
	{pendingListEndpoint, http.MethodGet, pendingPath, xmlErrors},

	{usersSearchEndpoint, http.MethodPost, usersPath + ".search", scimErrors},
	{userEndpoint, http.MethodGet, usersPath + "{uuid}", scimErrors},
	{listItemEndpoint, http.MethodGet, listItemPath + "{id}", listErrors},

	{reportV3Endpoint, http.MethodGet, pendingPath + "/{reportId}?user=", v3Errors},
	{entriesV3Endpoint, http.MethodGet, expenseV3Path + "entries?reportID=&user=", v3Errors},
	{itemizationsV3Endpoint, http.MethodGet, expenseV3Path + "itemizations?reportID=&user=", v3Errors},
	{allocationsV3Endpoint, http.MethodGet, expenseV3Path + "allocations?reportID=", v3Errors},

	{reportV4Endpoint, http.MethodGet, longV4, expenseErrors},
	{expensesV4Endpoint, http.MethodGet, longV4 + "/expenses", expenseErrors},
	{expenseV4Endpoint, http.MethodGet, longV4 + "/expenses/{expenseId}", expenseErrors},
	{itemizationsV4Endpoint, http.MethodGet, longV4 + "/expenses/{expenseId}/itemizations", expenseErrors},
	{allocationsV4Endpoint, http.MethodGet, longV4 + "/expenses/{expenseId}/allocations", expenseErrors},
	{attendeesV4Endpoint, http.MethodGet, "long or short/expenses/{expenseId}/attendees", expenseErrors},
	{commentsV4Endpoint, http.MethodGet, "long or short[/expenses/{expenseId}]/comments", expenseErrors},
	{exceptionsV4Endpoint, http.MethodGet, shortV4 + "[/expenses/{expenseId}[/allocations/{allocationId}]]/exceptions", expenseErrors},
	{exceptionPutEndpoint, http.MethodPut, shortV4 + "…/exceptions", expenseErrors},
	{exceptionDeleteEndpoint, http.MethodDelete, shortV4 + "…/exceptions/{exceptionCode}", expenseErrors},
	{approveEndpoint, http.MethodPatch, shortV4 + "/approve", expenseErrors},
	{sendBackEndpoint, http.MethodPatch, shortV4 + "/sendBack", expenseErrors},

	{requestsEndpoint, http.MethodGet, requestsPath, requestErrors},
	{requestEndpoint, http.MethodGet, requestsPath + "/{id}", requestErrors},
	{requestExpensesEndpoint, http.MethodGet, requestsPath + "/{id}/expenses", requestErrors},
	{requestExceptionsEndpoint, http.MethodGet, requestsPath + "/{id}/exceptions?userId=", requestErrors},
	{requestCommentsEndpoint, http.MethodGet, requestsPath + "/{id}/comments", requestErrors},
	{requestActionEndpoint, http.MethodPost, requestsPath + "/{id}/approve or sendback", requestErrors},
	{requestV1Endpoint, http.MethodGet, requestV1Path + "{key}", xmlErrors},
}

func endpointNamed(name string) endpoint {
	i := slices.IndexFunc(endpoints, func(e endpoint) bool { return e.name == name })
	if i < 0 {
		return endpoint{name: name}
	}
	return endpoints[i]
}

// The groups of endpoints that a fault may be at.
var (
	// writeCalls change a report or a travel request.
	writeCalls = []string{
		exceptionsEndpoint, actionEndpoint, exceptionPutEndpoint, exceptionDeleteEndpoint,
		approveEndpoint, sendBackEndpoint, requestActionEndpoint,
	}
	// actionCalls move one on, or back.
	actionCalls = []string{actionEndpoint, approveEndpoint, sendBackEndpoint, requestActionEndpoint}
	// companyCalls are the short ones of Expense v4, for a company's token alone.
	companyCalls = []string{exceptionsV4Endpoint, exceptionPutEndpoint, exceptionDeleteEndpoint, approveEndpoint, sendBackEndpoint}
	// otherCalls are about no report.
	otherCalls = []string{tokenEndpoint, connectionsEndpoint, failedListEndpoint, failedDeleteEndpoint, pendingListEndpoint, usersSearchEndpoint, userEndpoint, listItemEndpoint, requestsEndpoint}
)

func isWrite(name string) bool  { return slices.Contains(writeCalls, name) }
func isAction(name string) bool { return slices.Contains(actionCalls, name) }

// groups are the words by which the table of faults names many endpoints.
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
