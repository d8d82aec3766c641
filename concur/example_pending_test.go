package concur_test

import (
	"context"
	"fmt"
	"net/http"

	"concur-connector/concur"
	"concur-connector/expense"
)

// Without callouts: the reports that wait are listed and read by v4. Each is read once more
// directly before it is passed on.
func ExampleClient_PendingReports() {
	const report = "/expensereports/v4/users/32c2fcc3-b2e8-4907-9672-5b3f49b1c643/context/TRAVELER/reports/0A1B"
	mux := http.NewServeMux()
	for pattern, body := range map[string]string{
		"GET /api/v3.0/expense/reports":             `{"Items":[{"ID":"0A1B","ApprovalStatusCode":"A_EXTV","OwnerLoginID":"kim@example.com"}],"NextPage":null}`,
		"POST /profile/identity/v4.1/Users/.search": `{"Resources":[{"id":"32c2fcc3-b2e8-4907-9672-5b3f49b1c643","userName":"kim@example.com"}]}`,
		"GET " + report:                             `{"reportId":"0A1B","approvalStatusId":"A_EXTV","currencyCode":"EUR","reportTotal":{"value":300.00000001,"currencyCode":"EUR"}}`,
		"GET " + report + "/expenses": `[{"expenseId":"E1","postedAmount":{"value":100.00000001,"currencyCode":"EUR"}},
			{"expenseId":"E2","postedAmount":{"value":2E2,"currencyCode":"EUR"}},{"expenseId":"E3","postedAmount":null}]`,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	}
	mux.HandleFunc("PATCH /expensereports/v4/reports/{id}/approve", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	client, stop := clientOf(mux)
	defer stop()

	ctx := context.Background()
	next, err := client.PendingReports(ctx, "", func(row concur.PendingReport, unread error) error {
		if unread != nil {
			return unread
		}
		uri, err := client.ReportURI(ctx, row)
		if err != nil {
			return err
		}
		read, err := client.ReadReport(ctx, uri, concur.ReadOptions{Via: expense.V4})
		if err != nil {
			return err
		}
		sum := expense.Money{Currency: read.Report.Currency}
		for _, entry := range read.Report.Entries {
			if entry.Posted == nil { // absent is not zero
				continue
			}
			if sum, err = sum.Add(*entry.Posted); err != nil {
				return err
			}
		}
		fmt.Println(row.ID, len(read.Report.Entries), sum, read.Report.Total)
		now, err := client.ReadReport(ctx, uri, concur.ReadOptions{Via: expense.V4, Parts: expense.Parts{HeaderOnly: true}})
		if err != nil {
			return err
		}
		if !now.SameValidation(read) { // it was changed or moved since
			return nil // the next look finds it, if it still waits
		}
		return client.ApproveReportV4(ctx, row.ID, "Checked.", "", concur.Guard{"expectedStepCode": "EXTVAL"})
	})
	fmt.Printf("%q %v\n", next, err)
	// Output:
	// 0A1B 3 300.00000001 EUR 300.00000001 EUR
	// "test users: " <nil>
}
