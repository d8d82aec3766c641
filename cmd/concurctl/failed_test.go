package main

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	entryURI  = "https://www.concursolutions.com/api/platform/notifications/v1.0/notification/"
	listPath  = "/api/platform/notifications/v1.0/notification"
	emptyList = `<NotificationList xmlns="http://www.concursolutions.com/api/notification/2012/06"/>`

	clientSecret = "client-secret-of-the-test"
	refreshToken = "refresh-token-of-the-test"
	accessToken  = "access-token-of-the-test"
)

// fakeConcur issues tokens, answers the failed list with text, and takes deletes.
type fakeConcur struct {
	*httptest.Server
	env settings // that reaches it

	mu      sync.Mutex
	list    string
	status  int    // of the list
	sunset  string // that it announces
	pending int    // status of the list of reports; 0: 200
	token   string
	deleted []string
	more    func(w http.ResponseWriter, r *http.Request) bool // answers what else is asked, or does not
}

func newFakeConcur(t *testing.T) *fakeConcur {
	t.Helper()
	a := newAuthority(t)
	c := &fakeConcur{list: emptyList, status: http.StatusOK}
	c.Server = listenTLS(t, c, &tls.Config{Certificates: []tls.Certificate{a.ordinary(t)}})
	c.env = settings{
		"CONCUR_GEOLOCATION": c.URL, "CONCUR_TRUSTED_HOSTS": strings.TrimPrefix(c.URL, "https://"), "CONCUR_CA": a.file,
		"CONCUR_CLIENT_ID": "client", "CONCUR_CLIENT_SECRET": clientSecret, "CONCUR_REFRESH_TOKEN": refreshToken,
	}
	answer := map[string]any{
		"access_token": accessToken, "token_type": "Bearer", "expires_in": "3600", "scope": "EXPRPT NOTIF", "refresh_token": refreshToken, "geolocation": c.URL,
	}
	text, err := json.Marshal(answer)
	require.NoError(t, err)
	c.change(func() { c.token = string(text) })
	return c
}

// change sees or changes what it answers.
func (c *fakeConcur) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// gone lists what was deleted.
func (c *fakeConcur) gone() (paths []string) {
	c.change(func() { paths = slices.Clone(c.deleted) })
	return paths
}

func (c *fakeConcur) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Concur-Correlationid", "of-concur")
	switch {
	case r.URL.Path == "/oauth2/v0/token":
		if strings.Contains(c.token, `"error"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write([]byte(c.token))
	case !strings.HasSuffix(r.Header.Get("Authorization"), " "+accessToken):
		w.WriteHeader(http.StatusUnauthorized)
	case c.more != nil && c.more(w, r):
	case r.URL.Path == "/api/v3.0/expense/reports":
		if c.pending >= http.StatusBadRequest {
			w.WriteHeader(c.pending)
			_, _ = w.Write([]byte(`{"Message": "refused"}`))
			return
		}
		_, _ = w.Write([]byte(`{"Items": [], "NextPage": null}`))
	case r.Method == http.MethodGet && r.URL.Path == listPath:
		if c.sunset != "" {
			w.Header().Set("Sunset", c.sunset)
		}
		w.WriteHeader(c.status)
		_, _ = w.Write([]byte(c.list))
	case r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/stuck"):
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/gone"):
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		c.deleted = append(c.deleted, r.URL.Path)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func TestTheFailedListIsPrinted(t *testing.T) {
	t.Parallel()
	c := newFakeConcur(t)
	ended := play(t, c.env, "", "failed", "list", "--use-refresh-token")
	require.Zero(t, ended.code, ended.errs)
	require.Equal(t, "the failed list is empty\n", ended.out)

	c.change(func() { c.list = listXML })
	ended = play(t, c.env, "", "failed", "list", "--use-refresh-token")
	require.Zero(t, ended.code, ended.errs)
	require.Equal(t, `NOTIFICATION                          EVENT                ENTRY
EXPRPT:nK$p1                          2026-03-01T08:00:00  `+entryURI+`nA$p1
(cannot be understood: no ObjectURI)                       `+entryURI+`nB$p1
`, ended.out)

	list := read[listView](t, play(t, c.env, "", "failed", "list", "--use-refresh-token", "-o", "json"))
	require.Equal(t, "EXPRPT:nK$p1", list.Notifications[0].ID)
	require.Equal(t, "no ObjectURI", list.Strange[0].Reason)
}

func TestNothingIsDeletedWhereNothingIsWritten(t *testing.T) {
	t.Parallel()
	c := newFakeConcur(t)
	c.env["CONCUR_WRITES"] = "dry-run"
	ended := play(t, c.env, "", "failed", "delete", "--use-refresh-token", "--yes", entryURI+"nA$p1")
	require.Equal(t, 1, ended.code)
	require.Contains(t, ended.errs, "nothing was deleted: CONCUR_WRITES is dry-run here")
	require.Empty(t, c.gone())
}

func TestAFailedListThatCannotBeHadSaysWhy(t *testing.T) {
	t.Parallel()
	c := newFakeConcur(t)
	c.change(func() { c.status, c.list = http.StatusForbidden, "" })
	ended := play(t, c.env, "", "failed", "list", "--use-refresh-token")
	require.Equal(t, 1, ended.code)
	require.Contains(t, ended.errs, "concurctl: list failed notifications: Forbidden (HTTP 403")
	require.Contains(t, ended.errs, "the scope NOTIF")
	for _, secret := range []string{clientSecret, refreshToken, accessToken} {
		require.NotContains(t, ended.errs, secret)
	}
	c.env["CONCUR_CLIENT_SECRET"] = ""
	ended = play(t, c.env, "", "failed", "list", "--use-refresh-token")
	require.Equal(t, 1, ended.code)
	require.Contains(t, ended.errs, "the configuration cannot be used: CONCUR_CLIENT_SECRET is required")
	require.NotContains(t, ended.errs, "CONCUR_RULES", "the rules are not needed for this")
}

func TestEntriesAreDeletedOnlyWhenThatIsMeant(t *testing.T) {
	t.Parallel()
	c := newFakeConcur(t)
	ended := play(t, c.env, "", "failed", "delete", "--use-refresh-token", entryURI+"one", entryURI+"two")
	require.Equal(t, 1, ended.code)
	require.Contains(t, ended.errs, "2 entries would be deleted, and Concur cannot bring any back: say --yes")
	require.Empty(t, c.gone())

	ended = play(t, c.env, "", "failed", "delete", "--use-refresh-token", "--yes", entryURI+"one", "https://evil.example"+listPath+"/two")
	require.Equal(t, 1, ended.code)
	require.Contains(t, ended.errs, "nothing was deleted: ")
	require.Contains(t, ended.errs, `names the host "evil.example"`)
	require.Empty(t, c.gone())

	c.change(func() { c.list = strings.ReplaceAll(listXML, "nA$p1", "stuck") })
	ended = play(t, c.env, "", "failed", "delete", "--use-refresh-token", "--yes", entryURI+"stuck", entryURI+"gone", entryURI+"one", "-o", "json")
	require.Equal(t, 1, ended.code)
	require.Contains(t, ended.errs, "1 entry could not be deleted: delete notification: Forbidden")
	result := read[deleted](t, ended)
	require.Equal(t, []string{entryURI + "gone", entryURI + "one"}, result.Deleted)
	require.Equal(t, entryURI+"stuck", result.Failed[0].ID)
	require.Equal(t, []string{listPath + "/one"}, c.gone())

	c.change(func() { c.list = emptyList }) // it is refused because it is gone
	ended = play(t, c.env, "", "failed", "delete", "--use-refresh-token", "--yes", entryURI+"stuck")
	require.Zero(t, ended.code, ended.errs)

	ended = play(t, c.env, "", "failed", "delete", "--use-refresh-token", "--yes", entryURI+"two")
	require.Zero(t, ended.code, ended.errs)
	require.Equal(t, "1 deleted, 0 failed\n", ended.out)
}
