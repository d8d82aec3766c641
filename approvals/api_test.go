package approvals_test

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals"
	"concur-connector/workflows"
)

func TestAWorkerThatComesLateIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRuns()
	r.hasty = 2
	d := open(t, r)
	response, _ := d.get(t, d.at(percentID), d.anna)
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func TestTheIDInThePathIsDecodedOnce(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		percentID, "EXPRPT:nX$p+a&b=c;d,e!f~g*h'i(j)k", "EXPRPT:a%2Fb", "EXPRPT:a%25b", "EXPRPT:%", "EXPRPT:..", "EXPRPT:a?b",
		`EXPRPT:a"b`, "TRAVELREQ:x", "UNKNOWN:@[y]", "EXPRPT:" + strings.Repeat("k", 200),
	} {
		r := newRuns()
		r.id = id
		d := open(t, r)
		response, _ := d.get(t, d.at(id), d.anna)
		require.Equal(t, http.StatusOK, response.StatusCode, id)
		response, _ = d.post(t, id, d.anna, decision("d1", "approve"))
		require.Equal(t, http.StatusOK, response.StatusCode, id)
		for _, asked := range r.ids() {
			require.Equal(t, id, asked)
		}
	}
}

func TestAPathThatCannotBeDecodedIs400(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	conn, err := net.Dial("tcp", d.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET /api/tasks/" + percentID + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + d.anna + "\r\n\r\n"))
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Empty(t, d.runs.ids())
}

func TestAnUnknownNotificationIs404(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	d.runs.idle = true // it needs no worker
	for _, id := range []string{"EXPRPT:other", "EXPRPT:" + strings.Repeat("k", 201), "EXPRPT:", "sweep-1", "OTHER:x",
		"EXPRPT:größe", "EXPRPT:報告", "größe", "EXPRPT:a b", "EXPRPT:a\x00b", "EXPRPT:a\nb", "EXPRPT:a\x7fb", "EXPRPT:a\xffb", "EXPRPT:\u202ea", "EXPRPT:" + strings.Repeat("k", 5000)} {
		response, body := d.get(t, d.at(id), d.anna)
		require.Equal(t, http.StatusNotFound, response.StatusCode, id)
		require.Equal(t, workflows.ErrNoRun.Error(), body["detail"])
		response, _ = d.post(t, id, d.anna, decision("d1", "approve"))
		require.Equal(t, http.StatusNotFound, response.StatusCode, id)
	}
	for _, asked := range d.runs.ids() {
		require.Equal(t, "EXPRPT:other", asked, "other workflows are not asked for")
	}
}

func TestWithoutAnAnswerTheStatusIs503(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(*runs){
		workflows.ErrNoAnswer.Error(): func(r *runs) { r.idle = true },
		"Temporal cannot be reached":  func(r *runs) { r.down = errors.New("dial 10.0.0.1: refused") },
	} {
		r := newRuns()
		change(r)
		d := open(t, r)
		response, body := d.get(t, d.at(percentID), d.anna)
		require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
		require.NotEmpty(t, response.Header.Get("Retry-After"))
		require.Contains(t, body["detail"], says)
		require.NotContains(t, body["detail"], "10.0.0.1")
	}
}

func TestOnlyAnApproverGetsIn(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	for name, header := range map[string][]string{
		"nothing":           nil,
		"an unknown token":  {"Bearer cca_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
		"no token":          {"Bearer "},
		"the token alone":   {d.anna},
		"another scheme":    {"Basic " + d.anna},
		"two tokens":        {"Bearer " + d.anna, "Bearer " + d.bob},
		"a token with more": {"Bearer " + d.anna + "x"},
	} {
		for method, url := range map[string]string{
			http.MethodGet:    d.at(percentID),
			http.MethodPost:   d.at(percentID) + "/decisions",
			http.MethodDelete: d.URL + "/api/nothing/here",
		} {
			r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(decision("d1", "approve")))
			require.NoError(t, err)
			r.Header["Authorization"] = header
			r.Header.Set("Content-Type", "application/json")
			response, body := d.do(t, r, "")
			require.Equal(t, http.StatusUnauthorized, response.StatusCode, name)
			require.Equal(t, `Bearer realm="concur-connector"`, response.Header.Get("WWW-Authenticate"))
			require.Equal(t, approvals.Unidentified, kind(body))
		}
	}
	require.Empty(t, d.runs.ids())
}

func TestWithoutApproversTheEndpointSaysSo(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	approvals.Off().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/tasks/EXPRPT:a", nil))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), "CONCUR_APPROVERS")

	_, err := approvals.New(approvals.Options{})
	require.Error(t, err)
}

func TestOtherMethodsAndPaths(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodPost, "/api/tasks", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodPost, "/api/tasks/EXPRPT:a", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodDelete, "/api/tasks/EXPRPT:a", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodGet, "/api/tasks/EXPRPT:a/decisions", http.StatusMethodNotAllowed, http.MethodPost},
		{http.MethodGet, "/api/tasks/", http.StatusNotFound, ""},
		{http.MethodGet, "/api/tasks/EXPRPT:a/", http.StatusNotFound, ""},
		{http.MethodGet, "/api/tasks//EXPRPT:a", http.StatusNotFound, ""},
		{http.MethodPost, "/api/tasks/EXPRPT:a/decisions/d1", http.StatusNotFound, ""},
		{http.MethodPost, "/api/tasks/x/../EXPRPT:a/decisions", http.StatusNotFound, ""},
		{http.MethodGet, "/api", http.StatusNotFound, ""},
		{http.MethodGet, "/healthz", http.StatusNotFound, ""},
		{http.MethodGet, "/approvals/EXPRPT:a", http.StatusNotFound, ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, d.URL+c.path, nil)
		require.NoError(t, err)
		response, body := d.do(t, r, d.anna)
		require.Equal(t, c.status, response.StatusCode, c)
		require.Equal(t, c.allow, response.Header.Get("Allow"))
		require.NotEmpty(t, body["detail"])
	}
}
