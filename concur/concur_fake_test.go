package concur_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"concur-connector/concur"
)

const (
	fakeID    = "0A1B2C3D4E5F60718293"
	owner     = "kim+1@example.com"
	ownerUUID = "32c2fcc3-b2e8-4907-9672-5b3f49b1c643"
	v4URI     = "https://us.api.concursolutions.com/expensereports/v4/users/" + ownerUUID + "/context/MANAGER/reports/" + fakeID
)

var users = concur.Users{owner: ownerUUID, "lee@example.com": "11111111-2222-3333-4444-555555555555"}

// fake is one report in every generation of Concur's interfaces. Entry i costs i.00000001
// and every third is itemized, in two parts; every second is allocated, or its parts are.
type fake struct {
	*server
	entries    int
	exceptions string // the list of those on the report

	mu         sync.Mutex
	status     string         // the approval status
	refuse     map[string]int // by a part of the path: the HTTP status that answers it
	version    func() string  // of the header: one digit
	more       string         // of the header by v3 and v4: further fields, each after a comma
	moreV1     string         // elements of the report by v1.1
	statusV1   string         // by v1.1, if it is another
	owner      string         // the UUID in the header by v4, if it is another
	entryOwner string         // the login in the entries by v3
	action     string         // v1.1's WorkflowActionURL
	asked      map[string]int // by the kind of request
}

func newFake(t testing.TB, entries int) *fake {
	t.Helper()
	f := &fake{entries: entries, exceptions: "[]", status: "A_EXTV", refuse: map[string]int{}, asked: map[string]int{}, version: func() string { return "1" }}
	f.server = newServer(t, f.answer)
	return f
}

func (f *fake) reader(t testing.TB, change ...func(*concur.Options)) *concur.Client {
	c := f.client(t, change...)
	c.SetUsers(users)
	return c
}

func (f *fake) count(kind string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[kind]
}

func (f *fake) answer(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	for part, status := range f.refuse {
		if strings.Contains(r.URL.Path, part) {
			f.mu.Unlock()
			w.WriteHeader(status)
			return
		}
	}
	kind, body := f.body(r)
	f.asked[kind]++
	f.mu.Unlock()
	if body == "" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if kind != "v1" && r.Header.Get("Accept") != "application/json" {
		w.WriteHeader(http.StatusNotAcceptable)
		return
	}
	fmt.Fprint(w, body)
}

// body answers a request, and says which it is.
func (f *fake) body(r *http.Request) (kind, body string) {
	q := r.URL.Query()
	mine := q.Get("reportID") == fakeID
	switch path, v4 := strings.CutPrefix(r.URL.Path, "/expensereports/v4/users/"+ownerUUID+"/context/TRAVELER/reports/"+fakeID); {
	case r.URL.Path == reportPath+reportKey:
		return "v1", `<ReportDetails><X_UserID>` + owner + `</X_UserID><ReportId>` + fakeID + `</ReportId><RptKey>nKey$p1</RptKey><ApsKey>` + cmp.Or(f.statusV1, f.status) + `</ApsKey><WorkflowActionURL>` + f.action + `</WorkflowActionURL>` + f.moreV1 + `<Entries Count="0"/></ReportDetails>`
	case r.URL.Path == "/api/v3.0/expense/reports/"+fakeID && q.Get("user") == owner:
		return "header", `{"ID":"` + fakeID + `","ApprovalStatusCode":"` + f.status + `","CurrencyCode":"EUR","OwnerLoginID":"` + owner + `","LastModifiedDate":"2026-04-05T08:00:0` + f.version() + `"` + f.more + `}`
	case r.URL.Path == "/api/v3.0/expense/entries" && mine && q.Get("user") == owner:
		return "entries", f.page(r, f.entries, func(i int) string {
			return fmt.Sprintf(`{"ID":"gE%d","ExpenseID":"E%d","ReportID":"%s","ReportOwnerID":"%s","PostedAmount":%d.00000001,"TransactionAmount":1,"TransactionCurrencyCode":"USD","HasItemizations":%t,"AllocationType":"%s"}`,
				i, i, fakeID, f.entryOwner, i, i%3 == 0, map[bool]string{true: "F", false: "N"}[i%2 == 0])
		})
	case r.URL.Path == "/api/v3.0/expense/itemizations" && mine && q.Get("user") == owner:
		return "itemizations", f.page(r, f.entries/3*2, func(i int) string {
			e := (i + 1) / 2 * 3
			return fmt.Sprintf(`{"ID":"gI%d","EntryID":"gE%d","PostedAmount":"%s","TransactionAmount":1,"AllocationType":"N"}`, i, e, half(e, i%2 == 1))
		})
	case r.URL.Path == "/api/v3.0/expense/allocations" && mine && !q.Has("user"):
		return "allocations", f.page(r, f.entries/2, func(i int) string {
			at := fmt.Sprintf("gE%d", 2*i)
			if i%3 == 0 {
				at = fmt.Sprintf("gI%d", 4*i/3) // the second part of that entry
			}
			return fmt.Sprintf(`{"ID":"gA%d","EntryID":"%s","Percentage":"100.00000000"}`, 2*i, at)
		})
	case v4 && path == "":
		return "header", `{"reportId":"` + fakeID + `","approvalStatusId":"` + f.status + `","currencyCode":"EUR","userId":"` + cmp.Or(f.owner, strings.ToUpper(ownerUUID)) + `","reportVersion":` + f.version() + f.more + `}`
	case v4 && path == "/comments" && q.Get("includeAllComments") == "true":
		return "comments", `[{"expenseId":null},{"expenseId":"E1"},{"expenseId":"E1"}]`
	case r.URL.Path == "/expensereports/v4/reports/"+fakeID+"/exceptions":
		return "exceptions", f.exceptions
	case v4 && path == "/expenses":
		return "expenses", f.list(1, f.entries, func(i int) string { return v4Expense(i, false) })
	case v4 && strings.HasPrefix(path, "/expenses/"):
		return f.expense(strings.Split(path[len("/expenses/"):], "/"))
	}
	return "stray", ""
}

func (f *fake) expense(segments []string) (kind, body string) {
	id := segments[0]
	n, err := strconv.Atoi(strings.TrimRight(id[1:], "ab"))
	if err != nil || n < 1 || n > f.entries || len(segments) > 2 {
		return "stray", ""
	}
	switch what := segments[len(segments)-1]; {
	case what == "itemizations" && n%3 != 0:
		return "itemizations", "[]"
	case what == "itemizations":
		return "itemizations", "[" + v4Part(n, "a", false) + "," + v4Part(n, "b", false) + "]"
	case what == "allocations":
		return "allocations", fmt.Sprintf(`[{"allocationId":"A%s","percentage":100.00000000}]`, id)
	case what == "attendees":
		return "attendees", `{"expenseAttendeeList":[{"associatedAttendeeCount":2}]}`
	case strings.HasSuffix(id, "a"), strings.HasSuffix(id, "b"):
		return "expense", v4Part(n, id[len(id)-1:], true)
	}
	return "expense", v4Expense(n, true)
}

// half is a part of what entry i costs: the first is 1, the second is the rest.
func half(i int, first bool) string {
	if first {
		return "1.00000000"
	}
	return fmt.Sprintf("%d.00000001", i-1)
}

func v4Expense(i int, single bool) string {
	state := "NOT_ALLOCATED"
	if i%2 == 0 && i%3 != 0 {
		state = "FULLY_ALLOCATED"
	}
	return v4Object(fmt.Sprintf("E%d", i), fmt.Sprintf("%d.00000001", i), state, "", single)
}

func v4Part(i int, part string, single bool) string {
	state := "NOT_ALLOCATED"
	if i%2 == 0 && part == "b" {
		state = "PARTIALLY_ALLOCATED"
	}
	return v4Object(fmt.Sprintf("E%d%s", i, part), half(i, part == "a"), state, fmt.Sprintf("E%d", i), single)
}

func v4Object(id, amount, state, parent string, single bool) string {
	more := ""
	if single {
		more = fmt.Sprintf(`,"parentExpenseId":%s,"customData":[{"id":"custom1","value":"of %s","listItemUrl":null}]`,
			map[bool]string{true: "null", false: strconv.Quote(parent)}[parent == ""], id)
	}
	return fmt.Sprintf(`{"expenseId":%q,"allocationState":%q,"postedAmount":{"value":%s,"currencyCode":"EUR"},"transactionAmount":{"value":1,"currencyCode":"USD"}%s}`, id, state, amount, more)
}

// page answers a page of a list of v3: its rows are numbered from 1, and its next page
// names where it begins.
func (f *fake) page(r *http.Request, rows int, row func(i int) string) string {
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	offset, _ := strconv.Atoi(q.Get("offset"))
	last := min(offset+limit, rows)
	next := "null"
	if last < rows {
		q.Set("offset", strconv.Itoa(last))
		text, _ := json.Marshal("http://www.concursolutions.com" + r.URL.Path + "?" + q.Encode())
		next = string(text)
	}
	return `{"Items":` + f.list(offset+1, last, row) + `,"NextPage":` + next + `}`
}

func (f *fake) list(from, to int, row func(i int) string) string {
	var rows []string
	for i := from; i <= to; i++ {
		rows = append(rows, row(i))
	}
	return "[" + strings.Join(rows, ",") + "]"
}
