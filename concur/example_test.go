package concur_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"concur-connector/concur"
	"concur-connector/expense"
)

// A report is read and passed on. The host in the report's URLs is one of Concur's;
// what is sent goes to the geolocation, here a server that stands for it.
func ExampleClient() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/v0/token", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"access_token":"a-token","token_type":"Bearer","expires_in":"3600"}`)
	})
	mux.HandleFunc("GET /api/expense/expensereport/v1.1/reportfulldetails/{key}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<ReportDetails><CrnCode>EUR</CrnCode><ApsKey>A_EXTV</ApsKey><ReportTotal>129.50000000</ReportTotal>`+
			`<Entries Count="1"><ExpenseEntry><RpeKey>nE</RpeKey><PostedAmount>129.50000000</PostedAmount></ExpenseEntry></Entries>`+
			`<WorkflowActionURL>http://www.concursolutions.com/api/expense/expensereport/v1.1/report/nStep/WorkFlowAction</WorkflowActionURL></ReportDetails>`)
	})
	mux.HandleFunc("POST /api/expense/expensereport/v1.1/report/{step}/WorkFlowAction", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<ActionStatus><Message>It has recently been changed.</Message><Status>FAILURE</Status></ActionStatus>`)
	})
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	client, err := concur.New(concur.Options{
		Geolocation:  server.URL,
		ClientID:     "client",
		ClientSecret: "secret",
		RefreshToken: "refresh",
		TrustedHosts: []string{server.Listener.Addr().String()},
		RootCAs:      roots,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	ctx := context.Background()
	read, err := client.ReadReport(ctx, "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nKey$p1", concur.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report := read.Report
	fmt.Println(report.Key, report.Total, report.AwaitsValidation())

	err = client.TakeActionV1(ctx, report.ActionURL, expense.Approve, "Checked.")
	var e *concur.Error
	if errors.As(err, &e) {
		fmt.Println(e.Kind, errors.Is(err, concur.Rejected), e.Message)
	}
	// Output:
	// nKey$p1 129.50 EUR true
	// Rejected true It has recently been changed.
}

// standIn is a server that stands for Concur in the examples, and a client of it.
func standIn(mux *http.ServeMux) (*concur.Client, func(), error) {
	mux.HandleFunc("POST /oauth2/v0/token", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"access_token":"a-token","token_type":"Bearer","expires_in":"3600"}`)
	})
	server := httptest.NewTLSServer(mux)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client, err := concur.New(concur.Options{
		Geolocation: server.URL, ClientID: "client", ClientSecret: "secret", RefreshToken: "refresh",
		TrustedHosts: []string{server.Listener.Addr().String()}, RootCAs: roots,
	})
	return client, server.Close, err
}

// A travel request that waits for an external system is read and sent back. Concur answers
// with the request as it is then.
func ExampleClient_ReadRequest() {
	mux := http.NewServeMux()
	answer := func(path, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	}
	answer("GET /travelrequest/v4/requests/9A0F", `{"id":"9A0F","requestId":"3AT7","approvalStatus":{"code":"SUBMITTED"},
		"totalPostedAmount":{"value":1250.50,"currency":"EUR"},"operations":[{"rel":"approve"},{"rel":"sendback"}]}`)
	answer("GET /travelrequest/v4/requests/9A0F/expenses", `[{"id":"E1","expenseType":{"id":"AIRFR"},"transactionDate":"2026-04-01T00:00:00.000Z"}]`)
	answer("GET /travelrequest/v4/requests/9A0F/exceptions", `[]`)
	answer("POST /travelrequest/v4/requests/9A0F/sendback", `{"id":"9A0F","approvalStatus":{"code":"SENTBACK"}}`)
	client, done, err := standIn(mux)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer done()
	defer client.Close()

	ctx := context.Background()
	uri, err := client.RequestURI(ctx, "9A0F")
	if err != nil {
		fmt.Println(err)
		return
	}
	read, err := client.ReadRequest(ctx, uri, concur.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := read.Request
	fmt.Println(r.Number, r.Posted, r.AwaitsValidation(), r.Expenses[0].Type, r.Expenses[0].Date)

	after, err := client.SendBackRequestV4(ctx, r.ID, "Please travel by train.")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(after.Status)
	// Output:
	// 3AT7 1250.50 EUR true AIRFR 2026-04-01
	// SENTBACK
}

// Approve a report by v4, only at the step that the guard names. The kind of the error says why
// Concur refused.
func ExampleClient_ApproveReportV4() {
	mux := http.NewServeMux()
	mux.HandleFunc("PATCH /expensereports/v4/reports/{id}/approve", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(string(body))
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"errorMessage":"Not approved.","validationErrors":[{"id":"step_exit_blocking_by_exception","message":"A blocking exception is left."}]}`)
	})
	client, done, err := standIn(mux)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer done()
	defer client.Close()

	guard := concur.Guard{"expectedStepCode": "EXTVAL"}
	if err := concur.CheckGuard(guard); err != nil {
		fmt.Println(err)
		return
	}
	err = client.ApproveReportV4(context.Background(), "0A1B2C3D4E5F60718293", "Checked.", "", guard)
	var e *concur.Error
	if errors.As(err, &e) {
		fmt.Println(e.Kind, e.Code, errors.Is(err, concur.Blocked))
	}
	// Output:
	// {"comment":"Checked.","expectedStepCode":"EXTVAL"}
	// Blocked step_exit_blocking_by_exception true
}
