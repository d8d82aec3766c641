package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEndpoints sends one request to each endpoint and applies a fault to that endpoint only.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	r, q := w.rich("r"), w.request("q")
	var item failedItem
	w.control(http.MethodPost, "/reports/r/callout", "failed: true", &item)
	expense := long(r) + "/expenses/" + r.ExpenseIDs[0]
	paths := map[string]string{
		tokenEndpoint: tokenPath, connectionsEndpoint: connectionsPath, detailsEndpoint: detailsPath + r.Key, exceptionsEndpoint: reportPath + r.RptKey + "/exceptions",
		actionEndpoint: reportPath + r.Step + "/workflowaction", failedListEndpoint: failedPath, failedDeleteEndpoint: failedPath + "/" + item.ID,
		pendingListEndpoint: pendingPath, usersSearchEndpoint: usersPath + ".search", userEndpoint: usersPath + r.UserID, listItemEndpoint: listItemPath + "x",
		reportV3Endpoint: pendingPath + "/" + r.ReportID, entriesV3Endpoint: expenseV3Path + "entries?reportID=" + r.ReportID,
		itemizationsV3Endpoint: expenseV3Path + "itemizations?reportID=" + r.ReportID, allocationsV3Endpoint: expenseV3Path + "allocations?reportID=" + r.ReportID,
		reportV4Endpoint: long(r), expensesV4Endpoint: long(r) + "/expenses", expenseV4Endpoint: expense, itemizationsV4Endpoint: expense + "/itemizations",
		allocationsV4Endpoint: expense + "/allocations", attendeesV4Endpoint: expense + "/attendees", commentsV4Endpoint: expense + "/comments",
		exceptionsV4Endpoint: short(r) + "/exceptions", exceptionPutEndpoint: short(r) + "/exceptions", exceptionDeleteEndpoint: short(r) + "/exceptions/NODATE",
		approveEndpoint: short(r) + "/approve", sendBackEndpoint: short(r) + "/sendBack",
		requestEndpoint: trip(q), requestsEndpoint: requestsPath, requestExpensesEndpoint: trip(q) + "/expenses",
		requestExceptionsEndpoint: trip(q) + "/exceptions", requestCommentsEndpoint: trip(q) + "/comments",
		requestActionEndpoint: trip(q) + "/approve", requestV1Endpoint: requestV1Path + q.Key,
	}
	require.Len(t, paths, len(endpoints))
	for _, one := range endpoints {
		w.fault("{endpoint: %s, kind: unavailable}", one.name)
		answer := w.send(one.method, paths[one.name], "")
		require.Equal(t, http.StatusServiceUnavailable, answer.status, one.name)
		line := w.lastLine(one.name)
		require.Equal(t, "unavailable", line.Fault)
		about := ""
		switch one.errors {
		case expenseErrors, v3Errors:
			about = "r"
		case requestErrors:
			about = "q"
		}
		if about != "" && one.name != requestsEndpoint {
			require.Equal(t, about, line.Report, one.name)
		}
	}
	require.Equal(t, waiting, w.state("r").Status)
}
