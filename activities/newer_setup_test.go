package activities_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/policy"
)

const (
	reportID  = "0A1B2C3D4E5F60718293"
	requestID = "224AF3CDCC2A5244A37C72FA5770C6F2"
	ownerUUID = "32c2fcc3-b2e8-4907-9672-5b3f49b1c643"
	owner     = "cm@example.com"
	listItem  = "4366A89A916F074099A971B000989A94"
	v4URI     = "https://us2.api.concursolutions.com/expensereports/v4/users/" + ownerUUID + "/context/TRAVELER/reports/" + reportID
	v4Request = "https://us2.api.concursolutions.com/travelrequest/v4/requests/" + requestID
	v4Stop    = "A_EXTV " + reportID + " 2026-11-03T10:00:00Z"
)

// tenant is what a Concur of the newer interfaces shows of one report and one travel
// request. Each list has one value for each read; the last repeats.
type tenant struct {
	statuses []string // of the report
	versions []int
	submits  []string
	held     map[string]bool // "entry CODE", or "CODE"
	puts     []string
	requests []string // statuses of the travel request
	rows     []string // of the list of travel requests, as JSON
}

func next[T any](list *[]T) T {
	var first T
	if len(*list) > 0 {
		if first = (*list)[0]; len(*list) > 1 {
			*list = (*list)[1:]
		}
	}
	return first
}

// newTenant is a house whose Concur speaks v3, v4, Request v4, Identity and List v4.
func newTenant(t testing.TB, tn *tenant) *house {
	t.Helper()
	if tn.statuses == nil {
		tn.statuses = []string{"A_EXTV"}
	}
	if tn.held == nil {
		tn.held = map[string]bool{}
	}
	h := newHouse(t)
	reply := func(f func(r *http.Request) (int, any)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			h.mu.Lock()
			defer h.mu.Unlock()
			status, body := f(r)
			if body == nil {
				w.WriteHeader(status)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(body)
		}
	}
	long, short := "/expensereports/v4/users/"+ownerUUID+"/context/TRAVELER/reports/"+reportID, "/expensereports/v4/reports/"+reportID
	shown := func() (string, int, string) {
		submitted := next(&tn.submits)
		if submitted == "" {
			submitted = "2026-11-03T10:00:00Z"
		}
		return next(&tn.statuses), next(&tn.versions), submitted
	}
	h.on("read", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<ReportDetails><X_UserID>`+owner+`</X_UserID><ReportId>`+reportID+`</ReportId><ApsKey>A_EXTV</ApsKey>`+
			`<WorkflowActionURL>`+stepOne+`</WorkflowActionURL></ReportDetails>`)
	})
	h.on("GET "+long, reply(func(*http.Request) (int, any) {
		status, version, submitted := shown()
		if status == "" {
			return 404, map[string]any{"httpStatus": "404"}
		}
		return 200, map[string]any{"reportId": reportID, "approvalStatusId": status, "submitDate": submitted, "reportVersion": version,
			"userId": ownerUUID, "currencyCode": "USD", "reportTotal": map[string]any{"value": json.Number("525.00000000"), "currencyCode": "USD"}}
	}))
	entry := map[string]any{"expenseId": "E1", "expenseType": map[string]any{"id": "MEALS"}, "transactionDate": "2026-10-01", "attendeeCount": 0,
		"postedAmount": map[string]any{"value": json.Number("525.00000000"), "currencyCode": "USD"}}
	h.on("GET "+long+"/expenses", reply(func(*http.Request) (int, any) { return 200, []any{entry} }))
	detail := maps.Clone(entry)
	detail["customData"] = []any{map[string]any{"id": "custom3", "value": listItem, "listItemUrl": "https://us2.api.concursolutions.com/list/v4/items/" + listItem},
		map[string]any{"id": "custom4", "value": strings.ToLower(listItem), "listItemUrl": "https://x"}}
	h.on("GET "+long+"/expenses/E1", reply(func(*http.Request) (int, any) { return 200, detail }))
	h.on("GET /list/v4/items/"+listItem, reply(func(*http.Request) (int, any) {
		return 200, map[string]any{"id": listItem, "code": "CEN1", "value": "Centre 1"}
	}))
	h.on("GET /api/v3.0/expense/reports/"+reportID, reply(func(*http.Request) (int, any) {
		status, version, submitted := shown()
		return 200, map[string]any{"ID": reportID, "ApprovalStatusCode": status, "OwnerLoginID": owner, "CurrencyCode": "USD", "Total": json.Number("525.00000000"),
			"SubmitDate": strings.TrimSuffix(submitted, "Z"), "LastModifiedDate": fmt.Sprintf("2026-11-03T10:00:%02d", version)}
	}))
	h.on("GET /api/v3.0/expense/entries", reply(func(*http.Request) (int, any) {
		return 200, map[string]any{"Items": []any{map[string]any{"ID": "gW1$", "ExpenseID": "E1", "ReportID": reportID, "ExpenseTypeCode": "MEALS",
			"PostedAmount": json.Number("525.00000000"), "AllocationType": "N", "Custom3": map[string]any{"Type": "List", "Code": "CEN1", "Value": "Centre 1", "ListItemID": "gL1"}}}, "NextPage": nil}
	}))
	h.on("GET "+short+"/exceptions", reply(func(*http.Request) (int, any) {
		all := []any{}
		for _, key := range slices.Sorted(maps.Keys(tn.held)) {
			on, code, ok := strings.Cut(key, " ")
			if !ok {
				on, code = "", key
			}
			one := map[string]any{"exceptionCode": code, "exceptionVisibility": "ALL", "isBlocking": strings.HasPrefix(code, "BLOCK"), "expenseId": nil}
			if on != "" {
				one["expenseId"] = on
			}
			all = append(all, one)
		}
		return 200, all
	}))
	put := func(on string) http.HandlerFunc {
		return reply(func(r *http.Request) (int, any) {
			sent := h.journal[len(h.journal)-1].body
			var body struct{ ExceptionCode string }
			_ = json.Unmarshal([]byte(sent), &body)
			if body.ExceptionCode == "NOSUCH" {
				return 400, map[string]any{"errorMessage": "The code is not configured.", "httpStatus": "400"}
			}
			key := strings.TrimSpace(on + " " + body.ExceptionCode)
			tn.puts = append(tn.puts, key)
			tn.held[key] = true
			return 200, nil
		})
	}
	h.on("PUT "+short+"/exceptions", put(""))
	h.on("PUT "+short+"/expenses/E1/exceptions", put("E1"))
	remove := func(key string) http.HandlerFunc {
		return reply(func(*http.Request) (int, any) {
			if strings.HasSuffix(key, "OWN") {
				return 400, map[string]any{"errorMessage": "It was not added by the API.", "httpStatus": "400"}
			}
			if !tn.held[key] {
				return 404, map[string]any{"httpStatus": "404"}
			}
			delete(tn.held, key)
			return 204, nil
		})
	}
	for _, code := range []string{"LATE", "OWN"} {
		h.on("DELETE "+short+"/exceptions/"+code, remove(code))
		h.on("DELETE "+short+"/expenses/E1/exceptions/"+code, remove("E1 "+code))
	}
	done := reply(func(*http.Request) (int, any) { return 204, nil })
	h.on("PATCH "+short+"/approve", done)
	h.on("PATCH "+short+"/sendBack", done)
	h.on("POST /profile/identity/v4.1/Users/.search", reply(func(*http.Request) (int, any) {
		return 200, map[string]any{"totalResults": 1, "Resources": []any{map[string]any{"id": ownerUUID, "userName": owner}}}
	}))
	h.on("GET /profile/identity/v4.1/Users/"+ownerUUID, reply(func(*http.Request) (int, any) {
		return 200, map[string]any{"id": ownerUUID, "userName": owner}
	}))
	request := func() map[string]any {
		status := next(&tn.requests)
		r := map[string]any{"id": requestID, "requestId": "3AT7", "approvalStatus": map[string]any{"code": strings.TrimSuffix(status, "*")}, "submitDate": "2026-11-03T10:00:00.000Z",
			"owner": map[string]any{"id": ownerUUID}, "totalPostedAmount": map[string]any{"value": json.Number("494.56"), "currency": "USD"}}
		if strings.HasSuffix(status, "*") {
			r["operations"] = []any{map[string]any{"rel": "approve"}, map[string]any{"rel": "sendback"}}
		}
		return r
	}
	if tn.requests == nil {
		tn.requests = []string{"SUBMITTED*"} // a star: Concur offers us to act
	}
	requests := "/travelrequest/v4/requests/" + requestID
	h.on("GET "+requests, reply(func(*http.Request) (int, any) { return 200, request() }))
	h.on("GET "+requests+"/expenses", reply(func(*http.Request) (int, any) { return 200, []any{} }))
	h.on("GET "+requests+"/exceptions", reply(func(*http.Request) (int, any) { return 200, []any{} }))
	h.on("POST "+requests+"/approve", reply(func(*http.Request) (int, any) { return 200, request() }))
	h.on("POST "+requests+"/sendback", reply(func(*http.Request) (int, any) { return 200, request() }))
	h.on("GET /travelrequest/v4/requests", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":[`+strings.Join(tn.rows, ",")+`],"operations":[]}`)
	})
	return h
}

const newerRules = `apiVersion: concur-connector/v1
rules:
  - name: centre
    level: entry
    expression: entry.custom["3"].code == "CEN1"
    message: Another cost centre.
    then: {exception: {code: LATE}}
  - name: own
    level: entry
    expression: "true"
    message: Never.
    then: {exception: {code: OWN}}
  - name: costly
    level: request
    expression: request.posted <= money("100", "USD")
    message: Costly.
    then: {ask: finance}
`

// newer has the activities prefer an interface and judge by newerRules.
func newer(t testing.TB, via expense.Interface) func(*activities.Options) {
	rules, err := policy.Parse("rules.yaml", []byte(newerRules))
	require.NoError(t, err)
	return func(o *activities.Options) {
		o.Rules, o.Reading = rules, activities.Reading{Via: via}
		o.Guard = concur.Guard{"expectedStepCode": "EXTVAL"}
		o.Elders = &elders{}
	}
}

// short names the requests that came by the last words of their paths.
func (h *house) short() []string {
	names := []string{}
	for _, r := range h.requests() {
		words := strings.Split(r.name, "/")
		last := words[len(words)-1]
		method, _, _ := strings.Cut(r.name, " ")
		if last == reportID || last == requestID {
			last = "header"
		}
		names = append(names, strings.TrimSpace(method+" "+last))
	}
	return names
}
