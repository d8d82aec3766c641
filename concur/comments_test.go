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

func TestCommentsThatDoNotTellTheirExpenseAreCountedExpenseByExpense(t *testing.T) {
	t.Parallel()
	for all, want := range map[string][]int{
		`[{"comment":"x"},{"comment":"y"}]`:                                   {2, 0}, // what each expense says itself
		`[{"comment":"x","expenseId":"E2"},{"comment":"y","expenseId":null}]`: {0, 1},
		`[]`: {0, 0},
	} {
		c := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			switch path := r.URL.Path; {
			case strings.HasSuffix(path, "/expenses/E1/comments"):
				fmt.Fprint(w, `[{"comment":"x"},{"comment":"y"}]`)
			case strings.HasSuffix(path, "/expenses/E2/comments"):
				fmt.Fprint(w, `[]`)
			case strings.HasSuffix(path, "/comments"):
				fmt.Fprint(w, all)
			case strings.HasSuffix(path, "/expenses"):
				fmt.Fprint(w, `[{"expenseId":"E1"},{"expenseId":"E2"}]`)
			default:
				fmt.Fprint(w, `{"reportId":"`+fakeID+`","approvalStatusId":"A_EXTV"}`)
			}
		}).client(t)
		read, err := c.ReadReport(context.Background(), v4URI, concur.ReadOptions{Via: expense.V4, Parts: expense.Parts{Comments: true}})
		require.NoError(t, err)
		var got []int
		for _, e := range read.Report.Entries {
			got = append(got, *e.CommentCount)
		}
		require.Equal(t, want, got, all)
	}
}
