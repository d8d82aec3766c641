package approvals_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"concur-connector/approvals"
	"concur-connector/expense"
)

// visitor is a browser without JavaScript at the real page of an endpoint.
type visitor struct {
	t      *testing.T
	url    string
	client *http.Client
}

func visit(t *testing.T, d *endpoint) visitor {
	t.Helper()
	page, err := approvals.NewPage(d.Endpoint)
	require.NoError(t, err)
	server := httptest.NewServer(d.Handler(page))
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return visitor{t, server.URL, &http.Client{Jar: jar}}
}

func (v visitor) read(response *http.Response, err error) (int, string) {
	v.t.Helper()
	require.NoError(v.t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(v.t, err)
	return response.StatusCode, string(content)
}

func (v visitor) get(path string) (int, string) {
	v.t.Helper()
	return v.read(v.client.Get(v.url + path))
}

func (v visitor) post(path string, form url.Values) (int, string) {
	v.t.Helper()
	return v.read(v.client.PostForm(v.url+path, form))
}

var hidden = regexp.MustCompile(`name="(task|id)" value="([^"]*)"`)

// fill reads the hidden fields of the form to decide.
func fill(page, decision, comment string) url.Values {
	form := url.Values{"decision": {decision}, "comment": {comment}}
	for _, found := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(found[1], found[2])
	}
	return form
}

func TestThePageShowsAndDecidesWhatTheEndpointKnows(t *testing.T) {
	t.Parallel()
	r := newRuns()
	total := &expense.Money{Amount: decimal.RequireFromString("5318.4"), Currency: "EUR"}
	fields := []expense.ShownField{{Name: "report.name", Text: "Conference"}, {Name: "report.total", Money: total}}
	r.tasks = []expense.TaskSummary{{
		NotificationID: percentID, ReportID: "R1", Kind: expense.ReportObject, TaskID: task, OpenedAt: opened, Groups: []string{"finance"},
		Fields: fields, Owner: expense.Owner{Login: "erika@example.com", Name: "Erika Muster"},
	}}
	r.status.StepName = "Finance review"
	r.status.Verdict.Shown = &expense.ShownReport{Fields: fields, Objects: []expense.ShownObject{{ID: "e1", Level: "entry", Fields: []expense.ShownField{{Name: "entry.typeName", Text: "Hotel"}}}}}
	r.status.Verdict.Findings = []expense.Finding{{Rule: "large", Object: "e1", Message: "Please explain.", ForApprover: "Too dear."}}
	d := open(t, r)
	path := "/tasks/" + url.PathEscape(percentID)

	anna := visit(t, d)
	status, page := anna.post("/sign-in", url.Values{"token": {"cca_wrong"}, "next": {"/"}})
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, page, "belongs to no approver")
	status, page = anna.post("/sign-in", url.Values{"token": {d.anna}, "next": {"/"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "Conference")
	require.Contains(t, page, `<option>finance</option>`)
	_, page = anna.get("/?employee=nobody&cursor=broken")
	require.Contains(t, page, "No report fits this filter.")
	_, page = anna.get(path)
	for _, says := range []string{"Too dear.", "Hotel", "Finance review", "5,318.40", "<option>bob</option>"} {
		require.Contains(t, page, says)
	}
	status, page = anna.post(path+"/decide", fill(page, "send-back", ""))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, page = anna.post(path+"/decide", fill(page, "approve", "Fine."))
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "Your approval counts.")
	_, page = anna.get("/mine")
	require.Contains(t, page, "You approved")

	bob := visit(t, d)
	bob.post("/sign-in", url.Values{"token": {d.bob}, "next": {"/"}})
	status, page = bob.post(path+"/decide", url.Values{"task": {task}, "id": {"b1"}, "decision": {"approve"}})
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, page, "You were too late")
	require.Contains(t, page, "anna approved on")
}

func TestThePageSaysWhyATaskIsNotShown(t *testing.T) {
	t.Parallel()
	r := newRuns()
	d := open(t, r)
	path := "/tasks/" + url.PathEscape(percentID)
	for token, says := range map[string]string{d.erin: "This is your own report", d.olga: "Another group decides this"} {
		somebody := visit(t, d)
		somebody.post("/sign-in", url.Values{"token": {token}, "next": {"/"}})
		status, page := somebody.get(path)
		require.Equal(t, http.StatusForbidden, status)
		require.Contains(t, page, says)
		status, _ = somebody.get("/tasks/EXPRPT:other")
		require.Equal(t, http.StatusNotFound, status)
	}
	anna := visit(t, d)
	anna.post("/sign-in", url.Values{"token": {d.anna}, "next": {"/"}})
	r.idle = true
	status, page := anna.get(path)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, page, "Nothing is lost")
}
