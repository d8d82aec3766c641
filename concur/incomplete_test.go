package concur_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

// claiming answers what a story says for a path, in the place of the fake. It counts the
// reads of each path.
func claiming(t *testing.T, answers map[string]func(n int) string) (*server, map[string]int) {
	t.Helper()
	f, seen := newFake(t, 2), map[string]int{}
	var mu sync.Mutex
	return newServer(t, func(w http.ResponseWriter, r *http.Request) {
		for path, answer := range answers {
			if strings.HasSuffix(r.URL.Path, path) {
				mu.Lock()
				seen[path]++
				body := answer(seen[path])
				mu.Unlock()
				if body != "" {
					fmt.Fprint(w, body)
				} else {
					w.WriteHeader(http.StatusNotFound)
				}
				return
			}
		}
		if strings.HasSuffix(r.URL.Path, "/expense/allocations") {
			fmt.Fprint(w, noneV3)
			return
		}
		f.answer(w, r)
	}), seen
}

func always(body string) func(int) string { return func(int) string { return body } }

const (
	totalV3  = `{"ID":"` + fakeID + `","ApprovalStatusCode":"A_EXTV","CurrencyCode":"EUR","OwnerLoginID":"` + owner + `","Total":30}`
	totalV4  = `{"reportId":"` + fakeID + `","approvalStatusId":"A_EXTV","currencyCode":"EUR","userId":"` + ownerUUID + `","reportTotal":{"value":30,"currencyCode":"EUR"}}`
	noneV3   = `{"Items":[],"NextPage":null}`
	pathV3   = "/expense/entries"
	headerV3 = "/expense/reports/" + fakeID
)

func entriesV3(rows ...string) string {
	return `{"Items":[` + strings.Join(rows, ",") + `],"NextPage":null}`
}

func TestAReportThatIsNotComplete(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const (
		a = `{"ID":"g1","ExpenseID":"E1","PostedAmount":10,"HasItemizations":false,"AllocationType":"N"}`
		b = `{"ID":"g2","ExpenseID":"E2","PostedAmount":20,"HasItemizations":false,"AllocationType":"N"}`
	)
	commented := func(entry string) string { return strings.Replace(entry, `{`, `{"HasComments":true,`, 1) }
	one := func(more string) string {
		return `[{"expenseId":"E1","postedAmount":{"value":30,"currencyCode":"EUR"}` + more + `}]`
	}
	for name, c := range map[string]struct {
		via     expense.Interface
		answers map[string]func(int) string
		says    string // empty: it is complete
	}{
		"v3: no entry": {expense.V3, map[string]func(int) string{headerV3: always(totalV3), pathV3: always(noneV3)},
			"Concur claims a total of 30.00 EUR, and no entry arrived"},
		"v3: no entry, and a total of zero": {expense.V3, map[string]func(int) string{headerV3: always(strings.Replace(totalV3, "30", "0", 1)), pathV3: always(noneV3)}, ""},
		"v3: no entry, and no total": {expense.V3, map[string]func(int) string{headerV3: always(strings.Replace(totalV3, `"Total":30`, `"Total":null`, 1)), pathV3: always(noneV3)},
			"Concur gives neither a total nor a number of entries, and no entry arrived"},
		"v3: all of them":         {expense.V3, map[string]func(int) string{headerV3: always(totalV3), pathV3: always(entriesV3(a, b))}, ""},
		"v3: another sum is none": {expense.V3, map[string]func(int) string{headerV3: always(totalV3), pathV3: always(entriesV3(a))}, ""},
		"v3: the same page twice": {expense.V3, map[string]func(int) string{headerV3: always(totalV3), pathV3: always(entriesV3(a, a))}, "an entry is listed twice"},
		"v3: a next page that is cut off": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3: always(`{"Items":[` + a + `],"NextPage":"https://www.concursolutions.com/api/v3.0/expense/ent"}`)}, "NextPage is cut off: the rest of the list is missing"},
		"v3: a next page that names none": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3: always(`{"Items":[` + a + `],"NextPage":"https://www.concursolutions.com/api/v3.0/expense/entries"}`)}, "NextPage names no page"},
		"v3: an itemized entry without itemizations": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3: always(entriesV3(a, strings.Replace(b, `"HasItemizations":false`, `"HasItemizations":true`, 1))), "/expense/itemizations": always(noneV3)},
			"Concur says that entry 2 has itemizations, and none arrived"},
		"v3: itemizations of an entry that is not said to have some": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3:                  always(entriesV3(a, strings.NewReplacer(`"HasItemizations":false`, `"HasItemizations":null`, `"AllocationType":"N"`, `"AllocationType":"F"`).Replace(b))),
			"/expense/itemizations": always(`{"Items":[{"ID":"i1","EntryID":"g2","AllocationType":"F"}],"NextPage":null}`),
			"/expense/allocations":  always(`{"Items":[{"ID":"a1","EntryID":"i1","Percentage":100}]}`)}, ""},
		"v3: an itemization of an entry that is not there": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3:                  always(entriesV3(strings.Replace(b, `"HasItemizations":false`, `"HasItemizations":true`, 1))),
			"/expense/itemizations": always(`{"Items":[{"ID":"i1","EntryID":"g9"}],"NextPage":null}`)}, "an itemization belongs to no entry that arrived"},
		"v3: an allocated entry without allocations": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3: always(entriesV3(a, strings.Replace(b, `"AllocationType":"N"`, `"AllocationType":"P"`, 1))), "/expense/allocations": always(noneV3)},
			"Concur says that entry 2 has allocations, and none arrived"},
		"v3: an allocated entry with the hidden rest alone": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3:                 always(entriesV3(a, strings.Replace(b, `"AllocationType":"N"`, `"AllocationType":"P"`, 1))),
			"/expense/allocations": always(`{"Items":[{"ID":"a1","EntryID":"g2","Percentage":40,"IsHidden":true}]}`)},
			"Concur says that entry 2 has allocations, and none arrived"},
		"v3: an allocated entry whose hidden allocation is all of it": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3:                 always(entriesV3(a, strings.Replace(b, `"AllocationType":"N"`, `"AllocationType":"F"`, 1))),
			"/expense/allocations": always(`{"Items":[{"ID":"a1","EntryID":"g2","Percentage":100,"IsHidden":true}]}`)}, ""},
		"v3: an itemized entry may say that it is allocated": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3:                  always(entriesV3(a, strings.NewReplacer(`"HasItemizations":false`, `"HasItemizations":true`, `"AllocationType":"N"`, `"AllocationType":"F"`).Replace(b))),
			"/expense/itemizations": always(`{"Items":[{"ID":"i1","EntryID":"g2"},{"ID":"i2","EntryID":"g2"}]}`), "/expense/allocations": always(noneV3)}, ""},
		"v3: allocations of one itemization only": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3:                  always(entriesV3(a, strings.NewReplacer(`"HasItemizations":false`, `"HasItemizations":true`, `"AllocationType":"N"`, `"AllocationType":"P"`).Replace(b))),
			"/expense/itemizations": always(`{"Items":[{"ID":"i1","EntryID":"g2","AllocationType":"N"},{"ID":"i2","EntryID":"g2","AllocationType":"F"}]}`),
			"/expense/allocations":  always(`{"Items":[{"ID":"a1","EntryID":"i2","Percentage":100}]}`)}, ""},
		"v3: an allocated itemization without allocations": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3:                  always(entriesV3(a, strings.Replace(b, `"HasItemizations":false`, `"HasItemizations":true`, 1))),
			"/expense/itemizations": always(`{"Items":[{"ID":"i1","EntryID":"g2","AllocationType":"F"},{"ID":"i2","EntryID":"g2","AllocationType":"P"}]}`),
			"/expense/allocations":  always(`{"Items":[{"ID":"a1","EntryID":"i1","Percentage":100}]}`)},
			"Concur says that entry 2 has an itemization with allocations, and none arrived"},
		"v3: no comment that is announced": {expense.V3, map[string]func(int) string{headerV3: always(totalV3),
			pathV3: always(entriesV3(a, commented(b))), "/comments": always(`[]`)}, "Concur says that entries have comments, and none arrived"},
		"v4: no expense": {expense.V4, map[string]func(int) string{"/reports/" + fakeID: always(totalV4), "/expenses": always("[]")},
			"Concur claims a total of 30.00 EUR, and no entry arrived"},
		"v4: no expense, and a total of zero": {expense.V4, map[string]func(int) string{
			"/reports/" + fakeID: always(strings.Replace(totalV4, `"value":30`, `"value":0E-8`, 1)), "/expenses": always("[]"), "/comments": always("[]")}, ""},
		"v4: an expense that is not found": {expense.V4, map[string]func(int) string{"/reports/" + fakeID: always(totalV4), "/expenses": always(one("")), "/expenses/E1": always("")},
			"Concur names a part of it, and does not find that: entry 1"},
		"v4: itemizations that are not found": {expense.V4, map[string]func(int) string{"/reports/" + fakeID: always(totalV4), "/expenses": always(one("")), "/expenses/E1": always(strings.Trim(one(""), "[]")), "/itemizations": always("")},
			"Concur names a part of it, and does not find that: entry 1"},
		"v4: an allocated expense without allocations": {expense.V4, map[string]func(int) string{"/reports/" + fakeID: always(totalV4), "/expenses": always(one("")),
			"/expenses/E1": always(strings.Trim(one(`,"allocationState":"FULLY_ALLOCATED"`), "[]")), "/itemizations": always("[]"), "/allocations": always("[]")},
			"Concur says that it is allocated, and no allocation arrived"},
		"v4: an allocated expense with the hidden rest alone": {expense.V4, map[string]func(int) string{"/reports/" + fakeID: always(totalV4), "/expenses": always(one("")),
			"/expenses/E1": always(strings.Trim(one(`,"allocationState":"PARTIALLY_ALLOCATED"`), "[]")), "/itemizations": always("[]"),
			"/allocations": always(`[{"allocationId":"a1","percentage":40,"isSystemAllocation":true}]`)},
			"Concur says that it is allocated, and no allocation arrived"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := claiming(t, c.answers)
			client := s.client(t)
			client.SetUsers(users)
			_, err := client.ReadReport(ctx, v4URI, concur.ReadOptions{Via: c.via, Parts: expense.AllParts})
			if c.via == expense.V3 {
				_, err = client.ReadReport(ctx, objectURI, concur.ReadOptions{Via: c.via, Parts: expense.Parts{Itemizations: true, Allocations: true, Comments: true}})
			}
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, concur.Incomplete)
			require.ErrorContains(t, err, c.says)
		})
	}
	t.Run("how many comments an entry has is not known when they are on its itemizations", func(t *testing.T) {
		t.Parallel()
		s, _ := claiming(t, map[string]func(int) string{headerV3: always(totalV3),
			pathV3: always(entriesV3(a, commented(b))), "/comments": always(`[{"expenseId":"E2a"}]`)})
		read, err := s.client(t).ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V3, Parts: expense.Parts{Comments: true}})
		require.NoError(t, err)
		require.Nil(t, read.Report.Entries[1].CommentCount)
	})
}

func TestASumThatDiffersIsReadOnceMore(t *testing.T) {
	t.Parallel()
	const a, b = `{"ID":"g1","ExpenseID":"E1","PostedAmount":10}`, `{"ID":"g2","ExpenseID":"E2","PostedAmount":20}`
	o := concur.ReadOptions{Via: expense.V3}
	t.Run("an entry that was missing once is there", func(t *testing.T) {
		t.Parallel()
		s, seen := claiming(t, map[string]func(int) string{headerV3: always(totalV3), pathV3: func(n int) string {
			if n == 1 {
				return entriesV3(a)
			}
			return entriesV3(a, b)
		}})
		read, err := s.client(t).ReadReport(context.Background(), objectURI, o)
		require.NoError(t, err)
		require.Len(t, read.Report.Entries, 2)
		require.Equal(t, 2, seen[pathV3])
	})
	t.Run("and believed when it stays", func(t *testing.T) {
		t.Parallel()
		s, seen := claiming(t, map[string]func(int) string{headerV3: always(totalV3), pathV3: always(entriesV3(a))})
		read, err := s.client(t).ReadReport(context.Background(), objectURI, o)
		require.NoError(t, err)
		require.Equal(t, "the entries sum to 10.00 EUR, and the report's total is 30.00 EUR", read.Report.TotalDiffers())
		require.Equal(t, 2, seen[pathV3])
	})
}

func TestV11SaysHowManyEntriesThereAreWhereTheSumDiffers(t *testing.T) {
	t.Parallel()
	const a = `{"ID":"g1","ExpenseID":"E1","PostedAmount":10}`
	details := func(entries ...string) string {
		list := ""
		for _, amount := range entries {
			list += `<ExpenseEntry><RpeKey>n` + amount + `</RpeKey><PostedAmount>` + amount + `</PostedAmount></ExpenseEntry>`
		}
		return `<ReportDetails><X_UserID>` + owner + `</X_UserID><ReportId>` + fakeID + `</ReportId><CrnCode>EUR</CrnCode><ApsKey>A_EXTV</ApsKey><ReportTotal>30</ReportTotal><Entries>` + list + `</Entries></ReportDetails>`
	}
	for name, c := range map[string]struct {
		total string
		v1    []string // what v1.1 shows; nil: a report that it does not find at the second look
		reads int      // of v1.1, with the one for the owner
		says  string
	}{
		"more of them":          {"30", []string{"10", "20"}, 2, "v1.1 shows 2 entries, and 1 arrived; the entries sum to 10.00 EUR, and the report's total is 30.00 EUR"},
		"as many":               {"30", []string{"10"}, 2, ""},
		"nothing":               {"30", nil, 2, ""},
		"nobody asks for a sum": {"10", []string{"10", "20"}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, seen := claiming(t, map[string]func(int) string{
				headerV3: always(strings.Replace(totalV3, `"Total":30`, `"Total":`+c.total, 1)), pathV3: always(entriesV3(a)),
				reportKey: func(n int) string {
					if n > 1 && c.v1 == nil {
						return ""
					}
					return details(c.v1...)
				},
			})
			client := s.client(t)
			read, err := client.ReadReport(context.Background(), objectURI, concur.ReadOptions{Via: expense.V3})
			require.Equal(t, c.reads, seen[reportKey])
			if c.says == "" {
				require.NoError(t, err)
				require.Len(t, read.Report.Entries, 1)
				return
			}
			require.ErrorIs(t, err, concur.Incomplete)
			require.ErrorContains(t, err, c.says)
			read, err = client.ReadReport(context.Background(), objectURI, concur.ReadOptions{Via: expense.V3, Fallback: true})
			require.NoError(t, err)
			require.Len(t, read.Report.Entries, 2, "and it is read by v1.1 where that is allowed")
		})
	}
}

func TestAnIncompleteReportFallsBackToV11AtLast(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	details := func(total, entries string) string {
		return `<ReportDetails><X_UserID>` + owner + `</X_UserID><ReportId>` + fakeID + `</ReportId><CrnCode>EUR</CrnCode><ApsKey>A_EXTV</ApsKey><ReportTotal>` + total + `</ReportTotal>` + entries + `</ReportDetails>`
	}
	const entry = `<Entries Count="1"><ExpenseEntry><RpeKey>n1</RpeKey><PostedAmount>30</PostedAmount></ExpenseEntry></Entries>`
	o := concur.ReadOptions{Via: expense.V3, Fallback: true}
	t.Run("not while it will be read again", func(t *testing.T) {
		t.Parallel()
		s, _ := claiming(t, map[string]func(int) string{headerV3: always(totalV3), pathV3: always(noneV3), reportKey: always(details("30", entry))})
		client := s.client(t)
		again := o
		again.ReadAgain = true
		_, err := client.ReadReport(ctx, objectURI, again)
		require.ErrorIs(t, err, concur.Incomplete)
		read, err := client.ReadReport(ctx, objectURI, o)
		require.NoError(t, err)
		require.Empty(t, read.Report.Via)
		require.Len(t, read.Report.Entries, 1)
		require.Equal(t, "read report by v3+v4 did not show all of it: Concur claims a total of 30.00 EUR, and no entry arrived", read.FallbackReason)
		_, err = client.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V3})
		require.ErrorIs(t, err, concur.Incomplete, "nor without leave")
	})
	t.Run("when neither shows it, both are said", func(t *testing.T) {
		t.Parallel()
		s, _ := claiming(t, map[string]func(int) string{headerV3: always(totalV3), pathV3: always(noneV3), reportKey: always(details("30", `<EntryCount>1</EntryCount><Entries Count="1"/>`))})
		_, err := s.client(t).ReadReport(ctx, objectURI, o)
		require.ErrorIs(t, err, concur.Incomplete)
		require.ErrorContains(t, err, "by v1.1: Concur claims 1 entry and a total of 30.00 EUR, and no entry arrived; before, read report by v3+v4: Concur claims a total of 30.00 EUR")
	})
	t.Run("by v1.1 a header is compared with nothing", func(t *testing.T) {
		t.Parallel()
		s, _ := claiming(t, map[string]func(int) string{reportKey: always(details("30", ""))})
		client := s.client(t)
		_, err := client.ReadReport(ctx, objectURI, concur.ReadOptions{Parts: expense.Parts{HeaderOnly: true}})
		require.NoError(t, err)
		_, err = client.ReadReport(ctx, objectURI, concur.ReadOptions{})
		require.ErrorIs(t, err, concur.Incomplete)
	})
	t.Run("nor one that does not wait for us", func(t *testing.T) {
		t.Parallel()
		elsewhere := strings.Replace(details("30", ""), "A_EXTV", "A_APPR", 1)
		s, _ := claiming(t, map[string]func(int) string{reportKey: always(elsewhere)})
		_, err := s.client(t).ReadReport(ctx, objectURI, concur.ReadOptions{})
		require.NoError(t, err)
	})
}

func TestAnEntryThatIsNotSaidToBeItemizedIsAskedForItsItemizations(t *testing.T) {
	t.Parallel()
	for _, said := range []string{"", `,"HasItemizations":null`, `,"HasItemizations":"N/A"`} {
		s, _ := claiming(t, map[string]func(int) string{
			headerV3: always(totalV3), pathV3: always(entriesV3(`{"ID":"g1","PostedAmount":10`+said+`}`, `{"ID":"g2","PostedAmount":20`+said+`}`)),
			"/expense/itemizations": always(entriesV3(`{"ID":"i1","EntryID":"g2","ExpenseTypeCode":"ALCOH"}`)),
		})
		read, err := s.client(t).ReadReport(context.Background(), objectURI, concur.ReadOptions{Via: expense.V3, Parts: expense.Parts{Itemizations: true}})
		require.NoError(t, err)
		require.Equal(t, new(false), read.Report.Entries[0].Itemized)
		require.Equal(t, new(true), read.Report.Entries[1].Itemized)
		require.Equal(t, "ALCOH", read.Report.Entries[1].Itemizations[0].Type)
	}
}
