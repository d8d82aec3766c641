package activities_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
)

const pendingList = `{"Items": [
	{"ID": "0KNOWN", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": "2026-11-03T10:00:00"},
	{"ID": "0LOST", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": "2026-11-03T10:00:00.5"},
	{"ID": "0UNDATED", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": null},
	{"ID": "0FRESH", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": "2999-01-01T00:00:00"},
	{"ID": "0DONE", "ApprovalStatusCode": "A_APPR", "LastModifiedDate": "2026-11-03T10:00:00"}
], "NextPage": null}`

func TestListPendingReports(t *testing.T) {
	t.Parallel()
	input := expense.ListPendingReportsInput{Grace: time.Hour}
	t.Run("names those that wait longer than the grace and that no run knows of", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t).on("pending", says(http.StatusOK, pendingList))
		found, err := run[expense.PendingReports](t, attempt{}, h.activities(t).ListPendingReports, input)
		require.NoError(t, err)
		require.Equal(t, expense.PendingReports{Waiting: 3, Known: 1, Forgotten: 2, Reports: []string{"0LOST", "0UNDATED"}}, found)
	})
	t.Run("names none while a run has yet to read its report", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t).on("pending", says(http.StatusOK, pendingList))
		acts := h.activities(t, func(o *activities.Options) { o.Knower = &starter{unread: 1} })
		found, err := run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, input)
		require.NoError(t, err)
		require.Equal(t, expense.PendingReports{Waiting: 3, Known: 1, Unsure: 2}, found)
	})
	t.Run("is tried again when Temporal cannot be asked", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t).on("pending", says(http.StatusOK, pendingList))
		acts := h.activities(t, func(o *activities.Options) { o.Knower = &starter{fails: errors.New("away")} })
		_, err := run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, input)
		require.ErrorContains(t, err, "away")
	})
	t.Run("without the role is for a person to mend", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t).on("pending", says(http.StatusForbidden, ""))
		_, err := run[expense.PendingReports](t, attempt{}, h.activities(t).ListPendingReports, input)
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
	})
}
