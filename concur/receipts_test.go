package concur_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

func TestAnImageOfTheWholeReportLeavesOpenWhoseReceiptsItShows(t *testing.T) {
	t.Parallel()
	for said, want := range map[string][]*bool{
		`,"isReceiptImageAvailable":true`:  {new(true), nil, nil},
		`,"isReceiptImageAvailable":false`: {new(true), new(false), nil},
		`,"isReceiptImageAvailable":null`:  {new(true), nil, nil},
		"":                                 {new(true), nil, nil},
	} {
		c := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/expenses") {
				fmt.Fprint(w, `[{"expenseId":"E1","receiptImageId":"2E18099C","hasMissingReceiptDeclaration":false},`+
					`{"expenseId":"E2","receiptImageId":null,"ereceiptImageId":null,"hasMissingReceiptDeclaration":false},`+
					`{"expenseId":"E3","receiptImageId":null,"ereceiptImageId":null,"hasMissingReceiptDeclaration":true}]`)
				return
			}
			fmt.Fprint(w, `{"reportId":"`+fakeID+`","approvalStatusId":"A_EXTV"`+said+`}`)
		}).client(t)
		read, err := c.ReadReport(context.Background(), v4URI, concur.ReadOptions{Via: expense.V4})
		require.NoError(t, err)
		var got []*bool
		for _, e := range read.Report.Entries {
			got = append(got, e.HasReceipt)
		}
		require.Equal(t, want, got, said)
		require.Equal(t, new(true), read.Report.Entries[2].MissingReceipt)
	}
}
