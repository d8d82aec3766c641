package main

import (
	"net/http"
	"strings"
)

const (
	usersPath     = "/profile/identity/v4.1/Users/"
	listItemPath  = "/list/v4/items/"
	expenseV3Path = "/api/v3.0/expense/"
	expenseV4Path = "/expensereports/v4/"
	shortV4       = "short" // the documentation's word for the path of a report
	longV4        = "long"  // the same path after its owner and a context
	requestsPath  = "/travelrequest/v4/requests"
	requestV1Path = "/api/travelrequest/v1.0/requests/"
)

// about is what the path of a JSON call names besides the report.
type about struct {
	user, context               string // in a long path of Expense v4
	long                        bool
	expense, allocation, object string // object is the code of an exception, a list item or a user
	action                      string // in the spelling of v1.1
	misspelt                    bool   // written in another case than documented
}

// classifyJSON finds the endpoint of a call to v3, v4, Identity, List or Request.
func (s *simulator) classifyJSON(c *call) bool {
	rest, is := "", false
	if rest, is = strings.CutPrefix(c.path, usersPath); is {
		s.classifyUser(c, rest)
		return true
	}
	if rest, is = strings.CutPrefix(c.path, listItemPath); is && rest != "" && !strings.Contains(rest, "/") {
		c.endpoint, c.about.object = listItemEndpoint, unescape(rest)
		return true
	}
	if rest, is = strings.CutPrefix(c.path, expenseV3Path); is {
		return s.classifyV3(c, rest)
	}
	if rest, is = strings.CutPrefix(c.path, expenseV4Path); is {
		s.classifyV4(c, strings.Split(rest, "/"))
		return true
	}
	if rest, is = strings.CutPrefix(c.path, requestsPath); is && (rest == "" || rest[0] == '/') {
		s.classifyRequest(c, strings.Split(strings.Trim(rest, "/"), "/"))
		return true
	}
	if strings.HasPrefix(c.path, requestV1Path) {
		c.endpoint, c.report = requestV1Endpoint, latestRead(s.directory.paths.find(strings.TrimSuffix(c.path, "/")))
		return true
	}
	return false
}

func (s *simulator) classifyUser(c *call, rest string) {
	switch {
	case rest == ".search":
		c.endpoint = usersSearchEndpoint
	case rest != "" && !strings.Contains(rest, "/"):
		c.endpoint, c.about.object = userEndpoint, unescape(rest)
	}
}

// classifyV3 reports whether the path belongs to v3. It leaves the list of reports to
// classify.
func (s *simulator) classifyV3(c *call, rest string) bool {
	if id, is := strings.CutPrefix(rest, "reports/"); is && id != "" {
		c.endpoint, c.report = reportV3Endpoint, latestRead(s.directory.reportIDs.find(id))
		return true
	}
	name := map[string]string{
		"entries": entriesV3Endpoint, "itemizations": itemizationsV3Endpoint, "allocations": allocationsV3Endpoint,
	}[rest]
	if name == "" {
		return false
	}
	c.endpoint, c.report = name, latestRead(s.directory.reportIDs[c.query.Get("reportID")])
	return true
}

func (s *simulator) classifyV4(c *call, path []string) {
	if len(path) >= 6 && path[0] == "users" && path[2] == "context" {
		c.about.long, c.about.user, c.about.context = true, unescape(path[1]), path[3]
		path = path[4:]
	}
	if len(path) < 2 || path[0] != "reports" {
		return
	}
	name := v4Endpoint(c, path[2:])
	if name == "" {
		return
	}
	c.endpoint, c.report = name, latestRead(s.directory.reportIDs.find(path[1]))
}

// v4Endpoint returns the endpoint for the part of the path after the report's identifier. A
// header, an expense, an itemization and an allocation have only long paths.
func v4Endpoint(c *call, path []string) string {
	if len(path) >= 2 && path[0] == "expenses" && path[1] != "" {
		c.about.expense = unescape(path[1])
		path = append([]string{"expense"}, path[2:]...)
	}
	if !c.about.long && len(path) >= 3 && path[0] == "expense" && path[1] == "allocations" {
		c.about.allocation = unescape(path[2])
		path = append([]string{"expense"}, path[3:]...)
	}
	named := strings.Join(path, "/")
	if c.about.allocation == "" && (named == "comments" || named == "expense/comments") {
		return commentsV4Endpoint
	}
	if c.about.allocation == "" && named == "expense/attendees" {
		return attendeesV4Endpoint
	}
	if c.about.long {
		return map[string]string{
			"": reportV4Endpoint, "expenses": expensesV4Endpoint, "expense": expenseV4Endpoint,
			"expense/itemizations": itemizationsV4Endpoint, "expense/allocations": allocationsV4Endpoint,
		}[named]
	}
	return shortV4Endpoint(c, named)
}

func shortV4Endpoint(c *call, named string) string {
	named = strings.TrimPrefix(named, "expense/")
	code, deletes := strings.CutPrefix(named, "exceptions/")
	switch {
	case deletes && code != "" && !strings.Contains(code, "/"):
		c.about.object = unescape(code)
		return exceptionDeleteEndpoint
	case named == "exceptions" && c.request.Method == http.MethodPut:
		return exceptionPutEndpoint
	case named == "exceptions":
		return exceptionsV4Endpoint
	case c.about.expense != "":
	case strings.EqualFold(named, "approve"):
		c.about.action, c.about.misspelt = approveAction, named != "approve"
		return approveEndpoint
	case strings.EqualFold(named, "sendBack"):
		c.about.action, c.about.misspelt = sendBackAction, named != "sendBack"
		return sendBackEndpoint
	}
	return ""
}

func (s *simulator) classifyRequest(c *call, path []string) {
	if path[0] == "" {
		c.endpoint = requestsEndpoint
		return
	}
	name := ""
	switch {
	case len(path) == 1:
		name = requestEndpoint
	case len(path) > 2:
		return
	case path[1] == "expenses":
		name = requestExpensesEndpoint
	case path[1] == "exceptions":
		name = requestExceptionsEndpoint
	case path[1] == "comments":
		name = requestCommentsEndpoint
	case strings.EqualFold(path[1], "approve"):
		name, c.about.action, c.about.misspelt = requestActionEndpoint, approveAction, path[1] != "approve"
	case strings.EqualFold(path[1], "sendback"):
		name, c.about.action, c.about.misspelt = requestActionEndpoint, sendBackAction, path[1] != "sendback"
	default:
		return
	}
	c.endpoint, c.report = name, latestRead(s.directory.requestIDs.find(path[0]))
}

// errorForm returns the form of this call's errors, also for an unknown path.
func (c *call) errorForm() errorForm {
	if c.endpoint != unknownEndpoint {
		return endpointNamed(c.endpoint).errors
	}
	for prefix, form := range map[string]errorForm{
		expenseV4Path: expenseErrors, requestsPath: requestErrors, usersPath: scimErrors, listItemPath: listErrors, expenseV3Path: v3Errors,
	} {
		if strings.HasPrefix(c.path, prefix) {
			return form
		}
	}
	return xmlErrors
}

// handleAs answers as the endpoint does.
func (s *simulator) handleAs(c *call) answer {
	if a, served := s.servePayload(c); served {
		return a
	}
	handlers := map[string]func(*call) answer{
		tokenEndpoint: s.handleToken, connectionsEndpoint: s.handleRevoke,
		detailsEndpoint: s.handleDetails, exceptionsEndpoint: s.handleExceptions, actionEndpoint: s.handleAction,
		failedListEndpoint: s.handleFailedList, failedDeleteEndpoint: s.handleFailedDelete, pendingListEndpoint: s.handlePendingList,

		usersSearchEndpoint: s.handleUsersSearch, userEndpoint: s.handleUser, listItemEndpoint: s.handleListItem,

		reportV3Endpoint: s.handleReportV3, entriesV3Endpoint: s.handleEntriesV3,
		itemizationsV3Endpoint: s.handleItemizationsV3, allocationsV3Endpoint: s.handleAllocationsV3,

		reportV4Endpoint: s.handleReportV4, expensesV4Endpoint: s.handleExpensesV4, expenseV4Endpoint: s.handleExpenseV4,
		itemizationsV4Endpoint: s.handleItemizationsV4, allocationsV4Endpoint: s.handleAllocationsV4,
		attendeesV4Endpoint: s.handleAttendeesV4, commentsV4Endpoint: s.handleCommentsV4,

		exceptionsV4Endpoint: s.handleExceptionsV4, exceptionPutEndpoint: s.handleExceptionPut,
		exceptionDeleteEndpoint: s.handleExceptionDelete, approveEndpoint: s.handleWorkflow, sendBackEndpoint: s.handleWorkflow,

		requestEndpoint: s.handleRequest, requestsEndpoint: s.handleRequests, requestExpensesEndpoint: s.handleRequestExpenses,
		requestExceptionsEndpoint: s.handleRequestExceptions, requestCommentsEndpoint: s.handleRequestComments,
		requestActionEndpoint: s.handleRequestAction, requestV1Endpoint: s.handleRequestV1,
	}
	if handle, known := handlers[c.endpoint]; known {
		return handle(c)
	}
	return s.errorAnswer(c, http.StatusNotFound, "The requested resource does not exist.")
}
