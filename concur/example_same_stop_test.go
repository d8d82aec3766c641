package concur_test

import (
	"context"
	"fmt"
	"net/http"

	"concur-connector/concur"
	"concur-connector/expense"
)

// A program posts an exception by v3+v4, and passes the report on. It reads the report
// directly before each write. The exception may change what is compared, so the program
// reads once more after it, and compares the read before the action with that one.
func ExampleRead_SameValidation() {
	const report = "/expensereports/v4/users/32c2fcc3-b2e8-4907-9672-5b3f49b1c643/context/TRAVELER/reports/764428DD6A664AF0BFCB"
	version := 3 // a step, and here an exception, too, makes it another
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+report, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"reportId":"764428DD6A664AF0BFCB","approvalStatusId":"A_EXTV","submitDate":"2026-05-01T10:00:00Z","reportVersion":%d,"currencyCode":"USD"}`, version)
	})
	mux.HandleFunc("GET "+report+"/expenses", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `[{"expenseId":"84FC"}]`) })
	mux.HandleFunc("PUT /expensereports/v4/reports/764428DD6A664AF0BFCB/exceptions", func(http.ResponseWriter, *http.Request) { version++ })
	mux.HandleFunc("PATCH /expensereports/v4/reports/764428DD6A664AF0BFCB/approve", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	client, stop := clientOf(mux)
	defer stop()

	ctx := context.Background()
	read := func(parts expense.Parts) concur.Read {
		r, err := client.ReadReport(ctx, "https://us.api.concursolutions.com"+report, concur.ReadOptions{Via: expense.V4, Parts: parts})
		if err != nil {
			fmt.Println(err)
		}
		return r
	}
	header := expense.Parts{HeaderOnly: true}

	evaluated := read(expense.Parts{})
	if now := read(header); now.SameValidation(evaluated) {
		late := expense.ExistingException{Exception: expense.Exception{ObjectType: expense.OnReport, Code: "LATE"}}
		fmt.Println("put:", client.PutExceptionV4(ctx, now.Report.ID, late))
		evaluated = read(header)
	}
	if now := read(header); now.SameValidation(evaluated) {
		fmt.Println("passed on:", client.ApproveReportV4(ctx, now.Report.ID, "", "", concur.Guard{"expectedStepCode": "EXTVAL"}))
	}

	version++ // somebody has moved it to the next external validation
	fmt.Println("still there:", read(header).SameValidation(evaluated))
	// Output:
	// put: <nil>
	// passed on: <nil>
	// still there: false
}
