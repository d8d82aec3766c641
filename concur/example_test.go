package concur_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
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
		Hosts:        []string{server.Listener.Addr().String()},
		RootCAs:      roots,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	ctx := context.Background()
	report, err := client.Report(ctx, "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nKey$p1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Key, report.Total, report.AtStop())

	err = client.TakeAction(ctx, report.ActionURL, expense.Approve, "Checked.")
	var e *concur.Error
	if errors.As(err, &e) {
		fmt.Println(e.Kind, errors.Is(err, concur.Rejected), e.Message)
	}
	// Output:
	// nKey$p1 129.50 EUR true
	// Rejected true It has recently been changed.
}
