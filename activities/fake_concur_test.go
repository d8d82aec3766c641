package activities_test

import (
	"bytes"
	"crypto/x509"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/policy"
)

const (
	host          = "https://www.concursolutions.com"
	reportAPI     = "/api/expense/expensereport/v1.1/"
	objectURI     = host + reportAPI + "reportfulldetails/nK$3%Rek" // a stray percent sign, as Concur prints one
	stepOne       = host + reportAPI + "report/nStep$1/WorkFlowAction"
	stepTwo       = host + reportAPI + "report/nStep$2/WorkFlowAction"
	validationOne = "A_EXTV " + reportAPI + "report/nStep$1/WorkFlowAction"
	entriesAPI    = "/api/platform/notifications/v1.0/notification"
	entryURI      = host + entriesAPI + "/nEntry$9"

	success = `<ActionStatus><Message>SUCCESS!</Message><Status>SUCCESS!</Status></ActionStatus>`
	failure = `<ActionStatus><Message>The report was changed by somebody.</Message><Status>FAILURE</Status></ActionStatus>`

	bearer = "token-of-the-test"
)

// page is the report that the fake shows.
type page struct {
	Status, Step   string
	Flag           string // Y or N, of the report
	Flag1, Flag2   string // of the entries e1 and e2
	Gone           bool
	Purpose        string
	withoutStepURL bool
}

func waiting() page { return page{Status: "A_EXTV", Step: stepOne} }

// xml prints the report: e1 is itemized into i1, which is allocated as a1; e2 is
// allocated as a2.
func (p page) xml() string {
	flag := func(text string) string {
		if text == "" {
			return "N"
		}
		return text
	}
	step := "<WorkflowActionURL>" + escaped(p.Step) + "</WorkflowActionURL>"
	if p.withoutStepURL {
		step = ""
	}
	return `<ReportDetails><ReportId>0B1C</ReportId><ReportName>Trip</ReportName><RptKey>nRpt$7</RptKey><CrnCode>USD</CrnCode>` +
		`<ApsKey>` + p.Status + `</ApsKey><Purpose>` + escaped(p.Purpose) + `</Purpose><HasException>` + flag(p.Flag) + `</HasException>` + step +
		`<Entries><ExpenseEntry><RpeKey>e1</RpeKey><HasExceptions>` + flag(p.Flag1) + `</HasExceptions><ItemizationsList><ItemizationEntryDetails>` +
		`<ItemizationKey>i1</ItemizationKey><AllocationsList><Allocations><AllocationKey>a1</AllocationKey></Allocations></AllocationsList>` +
		`</ItemizationEntryDetails></ItemizationsList></ExpenseEntry>` +
		`<ExpenseEntry><RpeKey>e2</RpeKey><HasExceptions>` + flag(p.Flag2) + `</HasExceptions>` +
		`<Allocations><AllocationKey>a2</AllocationKey></Allocations></ExpenseEntry></Entries></ReportDetails>`
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder refuses nothing
	return b.String()
}

// request is one request that reached the fake Concur.
type request struct {
	name, path, body string
	at               time.Time
}

// fakeConcur is a fake of Concur with one report and a token that never expires.
type fakeConcur struct {
	*httptest.Server

	mu      sync.Mutex
	pages   []page                      // one for each read; the last repeats
	answers map[string]http.HandlerFunc // by the request's name; in place of success
	journal []request
}

func newFakeConcur(t testing.TB, pages ...page) *fakeConcur {
	t.Helper()
	h := &fakeConcur{pages: pages, answers: map[string]http.HandlerFunc{}}
	h.Server = httptest.NewUnstartedServer(h)
	h.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	h.StartTLS()
	t.Cleanup(h.Close)
	return h
}

// requestName names a request.
func requestName(r *http.Request) string {
	switch path := r.URL.Path; {
	case path == "/oauth2/v0/token":
		return "token"
	case r.Method == http.MethodGet && strings.HasPrefix(path, reportAPI+"reportfulldetails/"):
		return "read"
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/Exceptions"):
		return "post"
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/WorkFlowAction"):
		return "act"
	case r.Method == http.MethodGet && path == entriesAPI:
		return "list"
	case r.Method == http.MethodGet && path == "/api/v3.0/expense/reports" && r.URL.Query().Get("isTestUser") == "true":
		return "test users"
	case r.Method == http.MethodGet && path == "/api/v3.0/expense/reports":
		return "pending"
	case r.Method == http.MethodDelete && strings.HasPrefix(path, entriesAPI+"/"):
		return "delete"
	}
	return requestNameV4(r)
}

func (h *fakeConcur) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	what := requestName(r)
	w.Header().Set("Concur-Correlationid", "of-concur")
	h.mu.Lock()
	if what != "token" {
		h.journal = append(h.journal, request{name: what, path: r.URL.Path, body: string(body), at: time.Now()})
	}
	answer := h.answers[what]
	shown := page{Gone: true}
	if what == "read" && answer == nil && len(h.pages) > 0 {
		if shown = h.pages[0]; len(h.pages) > 1 {
			h.pages = h.pages[1:]
		}
	}
	h.mu.Unlock()
	if what != "token" && r.Header.Get("Authorization") != "Bearer "+bearer {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch {
	case answer != nil:
		answer(w, r)
	case what == "token":
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600,"refresh_token":"r","geolocation":%q}`, bearer, h.URL)
	case what == "read" && !shown.Gone:
		_, _ = io.WriteString(w, shown.xml())
	case what == "post":
		n := strings.Count(string(body), "<Exception>")
		_, _ = fmt.Fprintf(w, `<exception-result><exceptions-succeeded>%d</exceptions-succeeded><exceptions-failed>0</exceptions-failed></exception-result>`, n)
	case what == "test users":
		_, _ = io.WriteString(w, `{"Items": [], "NextPage": null}`)
	case what == "act":
		_, _ = io.WriteString(w, success)
	case what == "delete":
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// on sets the answer to requests of one name.
func (h *fakeConcur) on(name string, answer http.HandlerFunc) *fakeConcur {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers[name] = answer
	return h
}

func (h *fakeConcur) requests() []request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]request(nil), h.journal...)
}

// requestNames returns the names of the requests in their order.
func (h *fakeConcur) requestNames() []string {
	names := []string{}
	for _, r := range h.requests() {
		names = append(names, r.name)
	}
	return names
}

func (h *fakeConcur) client(t testing.TB, change ...func(*concur.Options)) *concur.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(h.Certificate())
	options := concur.Options{
		Geolocation: h.URL, ClientID: "client", ClientSecret: "secret", RefreshToken: "r",
		TrustedHosts: []string{strings.TrimPrefix(h.URL, "https://")}, RootCAs: roots,
	}
	for _, f := range change {
		f(&options)
	}
	c, err := concur.New(options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// visibleWithin sets how long an attempt waits until a write is visible, with short pauses.
func visibleWithin(d time.Duration) func(*activities.Options) {
	return func(o *activities.Options) { o.Delays.WriteCheck, o.Delays.VisibleWithin = time.Millisecond, d }
}

// delays differ from every other duration in these tests.
var delays = activities.Delays{Outage: 5*time.Minute + time.Second, Unauthorized: time.Hour + time.Second}

// rulesFile has one rule that reads the report's purpose and is always satisfied. Approvers see
// no fields.
const rulesFile = `apiVersion: concur-connector/v1
approvals: {page: {fields: []}}
rules:
  - name: no-joke
    level: report
    expression: report.purpose != "joke"
    message: No joke, please.
    then: {sendBack: true}
`

func (h *fakeConcur) options(t testing.TB) activities.Options {
	t.Helper()
	rules, err := policy.Parse("rules.yaml", []byte(rulesFile))
	require.NoError(t, err)
	return activities.Options{
		Concur: h.client(t), Rules: rules, Starter: &starter{}, RunFinder: &starter{}, Delays: delays,
		OwnSteps:      expense.OwnSteps{All: true},
		EarlierWrites: earlierWrites{}, Permits: &permits{}, Approvers: nobody{}, Heartbeat: acknowledged,
		RequestTimeout: 30 * time.Millisecond, MaxReportBytes: 1 << 20,
	}
}

// nobody is no approver: each decision is refused.
type nobody struct{}

func (nobody) Check(expense.CheckDecisionInput, func(string) bool) expense.CheckedDecision {
	return expense.CheckedDecision{By: expense.Unverified, Why: "nobody may decide"}
}

func (h *fakeConcur) activities(t testing.TB, change ...func(*activities.Options)) *activities.Activities {
	t.Helper()
	options := h.options(t)
	for _, f := range change {
		f(&options)
	}
	acts, err := activities.New(options)
	require.NoError(t, err)
	return acts
}

// respond returns a handler that answers with a status and a text.
func respond(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// hang does not answer until the client has gone.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func readInput() expense.FetchReportInput { return expense.FetchReportInput{ObjectURI: objectURI} }
