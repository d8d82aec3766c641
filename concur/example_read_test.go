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

// clientOf is a client of a server that stands for Concur.
func clientOf(mux *http.ServeMux) (_ *concur.Client, stop func()) {
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
	if err != nil {
		panic(err)
	}
	return client, func() { client.Close(); server.Close() }
}

// A callout names a report by its v1.1 address. It is read by v3, which asks for its
// ReportId and its owner: both are in its v1.1 details.
func ExampleClient_ReadReport() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/expense/expensereport/v1.1/reportfulldetails/{key}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<ReportDetails><X_UserID>kim@example.com</X_UserID><ReportId>0A1B2C</ReportId><ApsKey>A_EXTV</ApsKey></ReportDetails>`)
	})
	mux.HandleFunc("GET /api/v3.0/expense/reports/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"ID":"0A1B2C","ApprovalStatusCode":"A_EXTV","CurrencyCode":"EUR","Total":129.50}`)
	})
	mux.HandleFunc("GET /api/v3.0/expense/entries", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"Items":[{"ID":"gE1","ExpenseID":"99F8CC6B","ExpenseTypeCode":"TAXI","HasItemizations":false,"PostedAmount":129.50,
			"TransactionAmount":140.00000000,"TransactionCurrencyCode":"USD","Custom1":{"Code":"4711","Value":"Sales"}}],"NextPage":null}`)
	})
	mux.HandleFunc("GET /api/v3.0/expense/allocations", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"Items":[{"ID":"gA1","EntryID":"gE1","Percentage":"100.00000000","IsHidden":true,"AccountCode1":"6000"}],"NextPage":null}`)
	})
	client, stop := clientOf(mux)
	defer stop()

	read, err := client.ReadReport(context.Background(),
		"https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nKey$p1",
		concur.ReadOptions{Via: expense.V3, Parts: expense.AllParts, Logins: []string{"Kim@example.com"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read.Report.ID, read.Report.Total, read.Report.AwaitsValidation(), read.OwnerListed)
	for _, e := range read.Report.Entries {
		fmt.Println(e.ID, e.Type, e.Posted, e.Transaction, e.Custom["1"].Code)
	}
	// Output:
	// 0A1B2C 129.50 EUR true true
	// 99F8CC6B TAXI 129.50 EUR 140.00 USD 4711
}

// An event names a report by its v4 address, and with it the owner. What takes requests
// of its own is read only when it is asked for.
func ExampleClient_ReadReport_v4() {
	const report = "/expensereports/v4/users/32c2fcc3-b2e8-4907-9672-5b3f49b1c643/context/TRAVELER/reports/764428DD6A664AF0BFCB"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+report, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"reportId":"764428DD6A664AF0BFCB","approvalStatusId":"A_EXTV","currencyCode":"USD","reportTotal":{"value":525.00000000,"currencyCode":"USD"}}`)
	})
	mux.HandleFunc("GET "+report+"/expenses", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `[{"expenseId":"84FC","expenseType":{"id":"HOTEL"},"postedAmount":{"value":525.00000000,"currencyCode":"USD"},"allocationState":"NOT_ALLOCATED"}]`)
	})
	mux.HandleFunc("GET "+report+"/expenses/84FC/itemizations", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `[{"expenseId":"95A0","expenseType":{"id":"LODGX"},"postedAmount":{"value":500.00000000,"currencyCode":"USD"}},
			{"expenseId":"95A1","expenseType":{"id":"LODTX"},"postedAmount":{"value":25.00000000,"currencyCode":"USD"}}]`)
	})
	client, stop := clientOf(mux)
	defer stop()

	read, err := client.ReadReport(context.Background(), "https://us.api.concursolutions.com"+report,
		concur.ReadOptions{Via: expense.V4, Parts: expense.Parts{Itemizations: true}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range read.Report.Entries {
		fmt.Println(e.Type, e.Posted, expense.True(e.Itemized))
		for _, item := range e.Itemizations {
			fmt.Println(" ", item.Type, item.Posted)
		}
	}
	// Output:
	// HOTEL 525.00 USD true
	//   LODGX 500.00 USD
	//   LODTX 25.00 USD
}

// A single request, and what its error says.
func ExampleClient_EntriesV3() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v3.0/expense/entries", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, `{"Message":"no"}`, http.StatusForbidden)
	})
	client, stop := clientOf(mux)
	defer stop()

	_, err := client.EntriesV3(context.Background(), "0A1B2C", "kim@example.com")
	var e *concur.Error
	if errors.As(err, &e) {
		fmt.Println(e.Kind, e.Status, errors.Is(err, concur.Forbidden))
	}
	// Output:
	// Forbidden 403 true
}

// A value that Concur does not provide is nil, not false or zero. A header of v4 does not
// say whether there are exceptions on the report: their list is read when it is asked for.
func ExampleClient_ReadReport_absent() {
	const report = "/expensereports/v4/users/32c2fcc3-b2e8-4907-9672-5b3f49b1c643/context/TRAVELER/reports/764428DD6A664AF0BFCB"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+report, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"reportId":"764428DD6A664AF0BFCB","approvalStatusId":"A_EXTV","currencyCode":"USD"}`)
	})
	mux.HandleFunc("GET "+report+"/expenses", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `[{"expenseId":"84FC","hasExceptions":false}]`)
	})
	mux.HandleFunc("GET /expensereports/v4/reports/764428DD6A664AF0BFCB/exceptions", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `[{"exceptionCode":"LATE","exceptionVisibility":"ALL","isBlocking":false}]`)
	})
	client, stop := clientOf(mux)
	defer stop()

	for _, parts := range []expense.Parts{{}, {Exceptions: true}} {
		read, err := client.ReadReport(context.Background(), "https://us.api.concursolutions.com"+report, concur.ReadOptions{Via: expense.V4, Parts: parts})
		if err != nil {
			fmt.Println(err)
			return
		}
		if has := read.Report.HasException; has == nil {
			fmt.Println("unknown")
		} else {
			fmt.Println("known:", *has)
		}
	}
	fmt.Println("v4 provides a category:", expense.V4.Provides("entry.category"))
	// Output:
	// unknown
	// known: true
	// v4 provides a category: no
}
