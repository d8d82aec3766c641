package activities_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/concur/wire"
	"concur-connector/expense"
	"concur-connector/policy"
)

const (
	reportID     = "0A1B2C3D4E5F60718293"
	ownerID      = "32c2fcc3-b2e8-4907-9672-5b3f49b1c643"
	ownerLogin   = "kim@example.com"
	ownersAPI    = "/expensereports/v4/users/" + ownerID + "/context/TRAVELER/reports/" + reportID
	writesAPI    = "/expensereports/v4/reports/" + reportID
	v4URI        = "https://us.api.concursolutions.com" + ownersAPI
	submitted    = "2026-11-03T10:00:00Z"
	validationV4 = "A_EXTV " + reportID + " 2026-11-03T10:00:00"

	requestID         = "E1B39B5C82FB4D5E8B9BEE94C3D1AB7F"
	requestsAPI       = "/travelrequest/v4/requests"
	requestURI        = "https://us.api.concursolutions.com" + requestsAPI + "/" + requestID
	validationRequest = "SUBMITTED " + requestID + " 2026-11-03T10:00:00"

	listed1 = "54F0CBD8833CB348BD45A6C7C621C951" // the item of custom field 1, which a rule reads
	listed2 = "54F0CBD8833CB348BD45A6C7C621C952" // that of custom field 2, which no rule reads
)

// rulesV4 post two codes, and read a list field of an entry and of a travel request.
const rulesV4 = `apiVersion: concur-connector/v1
approvals: {page: {fields: []}}
rules:
  - name: centre
    level: entry
    expression: entry.custom["1"].code != "CLOSED"
    message: This cost centre is closed.
    then: {exception: {code: CENTRE}}
  - name: late
    level: report
    expression: report.purpose != "late"
    message: Too late.
    then: {exception: {code: LATE}}
  - name: trip
    level: request
    expression: request.custom["1"].code != "CLOSED"
    message: This cost centre is closed.
    then: {sendBack: true}
`

// headerState is what one read of the header, or of the travel request, shows.
type headerState struct {
	Status, Submitted string // A_EXTV or SUBMITTED, and submitted, when they are empty
	Version           int    // changes only the header hash
	Elsewhere         bool   // a travel request that we are not offered to act on
	Name              string // of the status of a travel request; empty: a documented one
	Gone              bool
}

// headerHashV4 is the header hash of an unchanged report.
func headerHashV4() string {
	h, err := wire.DecodeReportV4([]byte(headerState{}.filled("A_EXTV").headerV4()))
	if err != nil {
		panic(err)
	}
	return h.Hash
}

func headerHashRequest() string {
	r, err := wire.DecodeRequest([]byte(headerState{}.filled("SUBMITTED").row(requestID)))
	if err != nil {
		panic(err)
	}
	return r.Hash
}

// fakeV4 is a fakeConcur that shows one report and one travel request by v3 and v4.
// Entry n has the ID En; every third has two itemizations, Ena and Enb. E2, E5, ... and
// each Enb have an allocation, A2 and A3b.
type fakeV4 struct {
	*fakeConcur
	entries  int
	states   []headerState // one for each read; the last repeats
	existing []expense.ExistingException
}

func newFakeV4(t testing.TB, looks ...headerState) *fakeV4 {
	t.Helper()
	return addV4(newFakeConcur(t), looks...)
}

func addV4(h *fakeConcur, looks ...headerState) *fakeV4 {
	n := &fakeV4{fakeConcur: h, entries: 3, states: looks}
	n.on("read", respond(http.StatusOK, `<ReportDetails><X_UserID>`+ownerLogin+`</X_UserID><ReportId>`+reportID+
		`</ReportId><RptKey>nRpt$7</RptKey><ApsKey>A_EXTV</ApsKey><Entries Count="0"/><WorkflowActionURL>`+escaped(stepOne)+`</WorkflowActionURL></ReportDetails>`))
	n.on("header", n.header)
	n.on("header v3", n.headerV3)
	n.on("part", n.part)
	n.on("entries v3", n.rows(func() int { return n.entries }, n.entryV3))
	n.on("itemizations v3", n.rows(func() int { return n.entries / 3 * 2 }, n.itemizationV3))
	n.on("allocations v3", n.rows(func() int { return (n.entries+1)/3 + n.entries/3 }, n.allocationV3))
	n.on("exceptions", n.exceptions)
	n.on("put", n.put)
	n.on("delete exception", n.deleteException)
	for _, act := range []string{"approve", "send back"} {
		n.on(act, respond(http.StatusNoContent, ""))
	}
	n.on("find user", findUser)
	n.on("item", func(w http.ResponseWriter, r *http.Request) {
		id := last(r.URL.Path)
		respond(http.StatusOK, fmt.Sprintf(`{"id":%q,"shortCode":"CC%s","value":"Centre"}`, id, id[len(id)-1:]))(w, r)
	})
	n.on("login", respond(http.StatusOK, fmt.Sprintf(`{"id":%q,"userName":%q}`, ownerID, ownerLogin)))
	n.on("request", n.request)
	n.on("expected", respond(http.StatusOK, `[{"id":"X1","postedAmount":{"value":5,"currency":"EUR"}}]`))
	n.on("request exceptions", respond(http.StatusOK, `[]`))
	n.on("approve request", n.answers(headerState{Elsewhere: true, Version: 1}))
	n.on("sendback request", n.answers(headerState{Status: "SENTBACK", Version: 1}))
	return n
}

// requestFormsV4 name the requests by v3 and v4. A star stands for the last segment.
var requestFormsV4 = []struct {
	form *regexp.Regexp // of the method and the path
	name string
}{
	{regexp.MustCompile(`^GET /api/v3\.0/expense/reports/[^/]+$`), "header v3"},
	{regexp.MustCompile(`^GET /api/v3\.0/expense/(entries|itemizations|allocations)$`), "* v3"},
	{regexp.MustCompile(`^GET /expensereports/v4/users/[^/]+/context/TRAVELER/reports/[^/]+$`), "header"},
	{regexp.MustCompile(`^GET /expensereports/v4/users/.+$`), "part"},
	{regexp.MustCompile(`^GET /expensereports/v4/reports/[^/]+/exceptions$`), "exceptions"},
	{regexp.MustCompile(`^PUT /expensereports/v4/reports/.+/exceptions$`), "put"},
	{regexp.MustCompile(`^DELETE /expensereports/v4/reports/.+/exceptions/[^/]+$`), "delete exception"},
	{regexp.MustCompile(`^PATCH /expensereports/v4/reports/[^/]+/approve$`), "approve"},
	{regexp.MustCompile(`^PATCH /expensereports/v4/reports/[^/]+/sendBack$`), "send back"},
	{regexp.MustCompile(`^POST /profile/identity/v4\.1/Users/\.search$`), "find user"},
	{regexp.MustCompile(`^GET /profile/identity/v4\.1/Users/[^/]+$`), "login"},
	{regexp.MustCompile(`^GET /list/v4/items/[^/]+$`), "item"},
	{regexp.MustCompile(`^GET /travelrequest/v4/requests$`), "requests"},
	{regexp.MustCompile(`^GET /travelrequest/v4/requests/[^/]+$`), "request"},
	{regexp.MustCompile(`^GET /travelrequest/v4/requests/[^/]+/expenses$`), "expected"},
	{regexp.MustCompile(`^GET /travelrequest/v4/requests/[^/]+/exceptions$`), "request exceptions"},
	{regexp.MustCompile(`^POST /travelrequest/v4/requests/[^/]+/(approve|sendback)$`), "* request"},
}

// requestNameV4 names a request by v3 or v4.
func requestNameV4(r *http.Request) string {
	what := r.Method + " " + r.URL.Path
	for _, one := range requestFormsV4 {
		if one.form.MatchString(what) {
			return strings.Replace(one.name, "*", last(what), 1)
		}
	}
	return what
}

// last returns the last segment of a path.
func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// next returns what this read shows.
func (n *fakeV4) next(status string) headerState {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := headerState{}
	if len(n.states) > 0 {
		l = n.states[0]
	}
	if len(n.states) > 1 {
		n.states = n.states[1:]
	}
	return l.filled(status)
}

func (l headerState) filled(status string) headerState {
	if l.Status == "" {
		l.Status = status
	}
	if l.Submitted == "" {
		l.Submitted = submitted
	}
	return l
}

func (n *fakeV4) header(w http.ResponseWriter, r *http.Request) {
	l := n.next("A_EXTV")
	if l.Gone {
		respond(http.StatusNotFound, "{}")(w, r)
		return
	}
	_, _ = io.WriteString(w, l.headerV4())
}

func (l headerState) headerV4() string {
	return fmt.Sprintf(`{"reportId":%q,"approvalStatusId":%q,"submitDate":%q,"reportVersion":%d,"currencyCode":"EUR","userId":%q,"businessPurpose":"Trip","name":"Trip"}`,
		reportID, l.Status, l.Submitted, l.Version, ownerID)
}

func (n *fakeV4) headerV3(w http.ResponseWriter, r *http.Request) {
	l := n.next("A_EXTV")
	if l.Gone {
		respond(http.StatusNotFound, "{}")(w, r)
		return
	}
	_, _ = fmt.Fprintf(w, `{"ID":%q,"ApprovalStatusCode":%q,"SubmitDate":%q,"LastModifiedDate":"2026-11-03T10:00:00.00%d","CurrencyCode":"EUR","OwnerLoginID":%q,"Purpose":"Trip","Name":"Trip"}`,
		reportID, l.Status, l.Submitted, l.Version, ownerLogin)
}

// part answers with what v4 has below the header.
func (n *fakeV4) part(w http.ResponseWriter, r *http.Request) {
	path := strings.Split(strings.TrimPrefix(r.URL.Path, ownersAPI+"/"), "/")
	switch {
	case len(path) == 1 && path[0] == "expenses":
		var all []string
		for i := 1; i <= n.entries; i++ {
			all = append(all, n.expense(fmt.Sprint("E", i), false))
		}
		_, _ = io.WriteString(w, "["+strings.Join(all, ",")+"]")
	case len(path) == 1:
		_, _ = io.WriteString(w, `[{"expenseId":"E1"}]`) // comments
	case len(path) == 2:
		_, _ = io.WriteString(w, n.expense(path[1], true))
	case path[2] == "itemizations" && itemized(path[1]):
		_, _ = io.WriteString(w, "["+n.expense(path[1]+"a", false)+","+n.expense(path[1]+"b", false)+"]")
	case path[2] == "allocations":
		_, _ = fmt.Fprintf(w, `[{"allocationId":"A%s","percentage":100}]`, path[1][1:])
	default:
		_, _ = io.WriteString(w, "[]")
	}
}

func number(id string) int {
	i, _ := strconv.Atoi(strings.Trim(id, "Eab")) // the fake's own
	return i
}

func itemized(id string) bool { return number(id)%3 == 0 && !strings.ContainsAny(id, "ab") }

func (n *fakeV4) expense(id string, single bool) string {
	state, more := "NOT_ALLOCATED", ""
	if number(id)%3 == 2 || strings.HasSuffix(id, "b") {
		state = "FULLY_ALLOCATED"
	}
	if single {
		more = fmt.Sprintf(`,"attendeeCount":0,"customData":[{"id":"custom1","value":%q,"listItemUrl":"x"},{"id":"custom2","value":%q,"listItemUrl":"x"}]`, listed1, listed2)
	}
	return fmt.Sprintf(`{"expenseId":%q,"allocationState":%q,"postedAmount":{"value":12.50000000,"currencyCode":"EUR"}%s}`, id, state, more)
}

func (n *fakeV4) entryV3(i int) string {
	return fmt.Sprintf(`{"ID":"gE%d","ExpenseID":"E%d","ReportID":%q,"PostedAmount":12.5,"HasComments":false,"HasItemizations":%t,"AllocationType":%q,"Custom1":{"Type":"List","Code":"CC1","Value":"Centre"}}`,
		i, i, reportID, i%3 == 0, map[bool]string{true: "F", false: "N"}[i%3 == 2])
}

func (n *fakeV4) itemizationV3(i int) string {
	id := fmt.Sprint((i+1)/2*3, map[bool]string{true: "a", false: "b"}[i%2 == 1])
	return fmt.Sprintf(`{"ID":"gE%s","ExpenseID":"E%s","EntryID":"gE%d","PostedAmount":6.25,"AllocationType":%q}`, id, id, (i+1)/2*3, map[bool]string{true: "N", false: "F"}[i%2 == 1])
}

func (n *fakeV4) allocationV3(i int) string {
	id := fmt.Sprint((i+1)/2*3-1, "") // of an entry
	if i%2 == 0 {
		id = fmt.Sprint(i/2*3, "b")
	}
	return fmt.Sprintf(`{"ID":"A%s","EntryID":"gE%s","Percentage":"100"}`, id, id)
}

// rows returns a handler for the pages of a list of v3.
func (n *fakeV4) rows(count func() int, row func(i int) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		limit, _ := strconv.Atoi(q.Get("limit"))
		offset, _ := strconv.Atoi(q.Get("offset"))
		end, next := min(offset+limit, count()), "null"
		if end < count() {
			q.Set("offset", strconv.Itoa(end))
			text, _ := json.Marshal(host + r.URL.Path + "?" + q.Encode())
			next = string(text)
		}
		var all []string
		for i := offset + 1; i <= end; i++ {
			all = append(all, row(i))
		}
		_, _ = io.WriteString(w, `{"Items":[`+strings.Join(all, ",")+`],"NextPage":`+next+`}`)
	}
}

func (n *fakeV4) exceptions(w http.ResponseWriter, _ *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := []string{}
	for _, e := range n.existing {
		allocation := ""
		if e.ObjectType == expense.OnAllocation {
			allocation = e.ObjectID
		}
		all = append(all, fmt.Sprintf(`{"exceptionCode":%q,"exceptionVisibility":"ALL","isBlocking":%t,"expenseId":%q,"allocationId":%q}`, e.Code, e.Blocking, e.ExpenseID, allocation))
	}
	_, _ = io.WriteString(w, "["+strings.Join(all, ",")+"]")
}

// objectAt returns the object that a path of exceptions names.
func objectAt(path string) expense.ExistingException {
	e := expense.ExistingException{Exception: expense.Exception{ObjectType: expense.OnReport, Visibility: expense.VisibleToAll}}
	segments := strings.Split(strings.TrimPrefix(path, writesAPI+"/"), "/")
	for i, s := range segments {
		switch s {
		case "expenses":
			e.ExpenseID = segments[i+1]
			e.ObjectType, e.ObjectID = expense.OnEntry, e.ExpenseID
		case "allocations":
			e.ObjectType, e.ObjectID = expense.OnAllocation, segments[i+1]
		}
	}
	return e
}

func (n *fakeV4) put(_ http.ResponseWriter, r *http.Request) {
	e := objectAt(r.URL.Path)
	var body struct{ ExceptionCode string }
	_ = json.NewDecoder(r.Body).Decode(&body)
	e.Code = body.ExceptionCode
	n.mu.Lock()
	defer n.mu.Unlock()
	n.existing = append(n.existing, e)
}

func (n *fakeV4) deleteException(w http.ResponseWriter, r *http.Request) {
	e := objectAt(r.URL.Path)
	e.Code = last(r.URL.Path)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.existing = slices.DeleteFunc(n.existing, func(one expense.ExistingException) bool { return one.Same(e.Exception) })
	w.WriteHeader(http.StatusNoContent)
}

func findUser(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	found := ""
	for login, id := range map[string]string{ownerLogin: ownerID, "lee@example.com": "11111111-2222-3333-4444-555555555555"} {
		if strings.Contains(strings.ToLower(string(body)), login) {
			found = fmt.Sprintf(`{"id":%q,"userName":%q}`, id, login)
		}
	}
	_, _ = io.WriteString(w, `{"totalResults":1,"Resources":[`+found+`]}`)
}

func (n *fakeV4) request(w http.ResponseWriter, r *http.Request) {
	n.answers(n.next("SUBMITTED"))(w, r)
}

// answers returns a handler that shows the travel request in a state.
func (n *fakeV4) answers(l headerState) http.HandlerFunc {
	l = l.filled("SUBMITTED")
	if l.Gone {
		return respond(http.StatusNotFound, "{}")
	}
	return respond(http.StatusOK, l.row(requestID))
}

func (l headerState) row(id string) string {
	offered, name := `{"rel":"approve"},{"rel":"sendback"}`, "Pending External Validation"
	if l.Elsewhere || l.Status != "SUBMITTED" {
		offered, name = `{"rel":"recall"}`, "Submitted & Pending Approval"
	}
	name = cmp.Or(l.Name, name)
	return fmt.Sprintf(`{"id":%q,"requestId":"3AT7","name":"Fair","approvalStatus":{"code":%q,"name":"`+name+`"},"submitDate":%q,"lastModified":"2026-11-03T10:0%d:00Z",`+
		`"owner":{"id":%q},"custom1":{"code":"OLD","value":%q,"href":"x"},"custom2":{"value":%q,"href":"x"},"operations":[%s]}`,
		id, l.Status, l.Submitted, l.Version, ownerID, listed1, listed2, offered)
}

// via reads and acts by an interface, and evaluates by its rules.
func readBy(via expense.Interface) func(*activities.Options) {
	return func(o *activities.Options) { o.Interface.Via = via }
}

func (n *fakeV4) activities(t testing.TB, change ...func(*activities.Options)) *activities.Activities {
	t.Helper()
	rules, err := policy.Parse("rules.yaml", []byte(rulesV4))
	require.NoError(t, err)
	judging := func(o *activities.Options) { o.Rules, o.Interface.Via = rules, expense.V4 }
	return n.fakeConcur.activities(t, append([]func(*activities.Options){judging}, change...)...)
}

// except removes names from a list.
func except(names []string, left ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(s string) bool { return slices.Contains(left, s) })
}
