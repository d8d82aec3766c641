package wire_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func TestDecodePendingReports(t *testing.T) {
	t.Parallel()
	page, others, err := wire.DecodePendingReports([]byte(`{"Items": [
		{"ID": "0B1C", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": "2026-11-03T23:33:08.21", "OwnerName": "Doe, Jo", "OwnerLoginID": " jo@example.com ", "Total": 1900, "OrgUnit1": null},
		{"ID": "0B1D", "ApprovalStatusCode": "A_APPR", "LastModifiedDate": "2026-11-03T23:33:08"},
		{"ID": "0B1E", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": null},
		{"ID": "0B1F", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": "yesterday"}
	], "NextPage": "https://www.concursolutions.com/api/v3.0/expense/reports?offset=abc"}`))
	require.NoError(t, err)
	require.Equal(t, []wire.PendingReport{
		{PendingReport: expense.PendingReport{ID: "0B1C", LastModified: time.Date(2026, 11, 3, 23, 33, 8, 210_000_000, time.UTC)}, Owner: "jo@example.com"},
		{PendingReport: expense.PendingReport{ID: "0B1E"}}, {PendingReport: expense.PendingReport{ID: "0B1F"}},
	}, page.Rows)
	require.Equal(t, 1, others)
	require.Equal(t, "https://www.concursolutions.com/api/v3.0/expense/reports?offset=abc", page.Next)

	all, err := wire.DecodeReportRows([]byte(`{"Items": [{"ID": "0B1D", "ApprovalStatusCode": "A_APPR", "OwnerLoginID": "jo@example.com"}]}`))
	require.NoError(t, err)
	require.Equal(t, []wire.PendingReport{{PendingReport: expense.PendingReport{ID: "0B1D"}, Owner: "jo@example.com"}}, all)

	page, _, err = wire.DecodePendingReports([]byte(`{"Items": [], "NextPage": null}`))
	require.NoError(t, err)
	require.Zero(t, page)

	page, _, err = wire.DecodePendingReports([]byte("\uFEFF" + `{"Items": [{"ID": "0B1C", "ApprovalStatusCode": "A_EXTV"}]}`))
	require.NoError(t, err, "behind a byte order mark")
	require.Equal(t, []wire.PendingReport{{PendingReport: expense.PendingReport{ID: "0B1C"}}}, page.Rows)

	page, _, err = wire.DecodePendingReports([]byte("{\"Items\": [{\"ID\": \"0B\xff1C\", \"ApprovalStatusCode\": \"A_EXTV\"}]}"))
	require.NoError(t, err)
	require.Empty(t, page.Rows, "and no report of another ID")
	require.EqualError(t, page.Unread[0], "row 1: it has no ID, or one that cannot be")

	page, _, err = wire.DecodePendingReports([]byte(`{"Items": [{"ApprovalStatusCode": "A_EXTV"}, {"ID": "0B1C"}, null, {"ID": 1,5, "ApprovalStatusCode": "A_EXTV"}, {"ID": "0B1D", "ApprovalStatusCode": "A_EXTV"}], "NextPage": "https://next"}`))
	require.NoError(t, err)
	require.Equal(t, []wire.PendingReport{{PendingReport: expense.PendingReport{ID: "0B1D"}}}, page.Rows, "a row that cannot be read hides no other")
	require.Equal(t, "https://next", page.Next)
	require.Equal(t, "[row 1: it has no ID, or one that cannot be row 2: it has no approval status (ApprovalStatusCode) row 3 is not an object row 4: not well-formed]", fmt.Sprint(page.Unread))

	for _, body := range []string{"", "{}", "[]", `{"Items": 1}`, `{"Items": [{"ID": "0B1C"}`, "<html/>"} {
		_, _, err := wire.DecodePendingReports([]byte(body))
		require.ErrorContains(t, err, "the list of reports cannot be read", body)
	}
	for _, id := range []string{`AB\\`, `AB' OR '1'='1`, "A B", "AB\\u0000", strings.Repeat("A", 101), `\"`} {
		page, _, err := wire.DecodePendingReports([]byte(`{"Items": [{"ID": "` + id + `", "ApprovalStatusCode": "A_EXTV"}]}`))
		require.NoError(t, err)
		require.Empty(t, page.Rows)
		require.EqualError(t, page.Unread[0], "row 1: it has no ID, or one that cannot be", id)
	}
}

func FuzzDecodePendingReports(f *testing.F) {
	f.Add([]byte(`{"Items": [{"ID": "0B1C", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": "2026-11-03"}], "NextPage": ""}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		page, _, err := wire.DecodePendingReports(body)
		if err != nil {
			require.Zero(t, page)
		}
		for _, row := range page.Rows {
			require.NotEmpty(t, row.ID)
		}
	})
}
