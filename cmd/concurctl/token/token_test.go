package token

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/require"
)

const (
	tokenCompany = "0b7c3a52-9d1e-4f6a-8b2c-5e4d3c2b1a09"
	tokenRequest = "request-token-of-today"
)

// issuer is a Concur that issues tokens, each refresh token good once.
type issuer struct {
	*httptest.Server
	refresh string
	issued  int
	ends    time.Time
	revoked bool
	path    string // of the token store
}

// newIssuer starts a Concur and sets the environment of concurctl for it. The
// environment is the process's, so these tests are not parallel.
func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{refresh: "first-refresh", ends: time.Now().AddDate(0, 5, 0)}
	i.Server = httptest.NewTLSServer(i)
	t.Cleanup(i.Close)
	folder := t.TempDir()
	i.path = filepath.Join(folder, "token.json")
	ca := filepath.Join(folder, "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Certificate().Raw}), 0o600))
	for name, value := range map[string]string{
		"CONCUR_GEOLOCATION": i.URL, "CONCUR_TRUSTED_HOSTS": i.Listener.Addr().String(), "CONCUR_CA": ca,
		"CONCUR_CLIENT_ID": "client", "CONCUR_CLIENT_SECRET": "hush-client-secret", "CONCUR_TOKEN_FILE": i.path,
		"CONCUR_REFRESH_TOKEN": "", "CONCUR_REQUEST_TOKEN": "", "CONCUR_REQUEST_TOKEN_FILE": "", "CONCUR_TOKEN_WARNING": "",
	} {
		t.Setenv(name, value)
	}
	return i
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	form := r.PostForm
	switch {
	case r.Method == http.MethodDelete && r.URL.Path == "/app-mgmt/v0/connections":
		i.revoked = true
	case form.Get("grant_type") == "password" && form.Get("username") == tokenCompany && form.Get("password") == tokenRequest,
		form.Get("grant_type") == "refresh_token" && form.Get("refresh_token") == i.refresh:
		i.issued++
		i.refresh = fmt.Sprintf("hush-refresh-%d", i.issued)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"access_token": fmt.Sprintf("hush-access-%d", i.issued), "refresh_token": i.refresh, "expires_in": "3600",
			"token_type": "Bearer", "scope": "EXPRPT NOTIF", "geolocation": i.URL, "refresh_expires_in": i.ends.Unix(),
		})
	default:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"code":108,"error":"invalid_grant"}`)
	}
}

// tell calls a token command.
func tell(t *testing.T, in string, args ...string) clitest.Outcome {
	t.Helper()
	o := concurctl.Run(t, in, append([]string{"token"}, args...)...)
	require.NotContains(t, o.Out+o.Errs, "hush", "a token or secret is never printed")
	require.NotContains(t, o.Out+o.Errs, tokenRequest)
	return o
}

func TestTokenFromItsBeginningToItsEnd(t *testing.T) {
	i := newIssuer(t)
	began := tell(t, tokenRequest+"\n", "init", "--company", tokenCompany)
	require.Zero(t, began.Code, began.Errs)
	require.Contains(t, began.Out, i.URL)
	require.Contains(t, began.Out, "EXPRPT NOTIF")
	info, err := os.Stat(i.path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	view := clitest.Read[map[string]any](t, tell(t, "", "status", "-o", "json"))
	require.Equal(t, []any{"EXPRPT", "NOTIF"}, view["scopes"])
	require.Equal(t, i.URL, view["geolocation"])
	require.Equal(t, false, view["renewalDue"])
	require.InDelta(t, 151, view["daysLeft"], 3)
	require.Equal(t, 1, i.issued, "the status asks nobody")

	require.Zero(t, tell(t, "", "refresh").Code)
	require.InDelta(t, 2, clitest.Read[map[string]any](t, tell(t, "", "status", "-o", "json"))["generation"], 0)

	refused := tell(t, "", "revoke")
	require.Equal(t, 1, refused.Code)
	require.Contains(t, refused.Errs, "say --yes")
	require.False(t, i.revoked)
	require.Zero(t, tell(t, "", "revoke", "--yes").Code)
	require.True(t, i.revoked)
	require.NoFileExists(t, i.path)

	gone := tell(t, "", "status")
	require.Equal(t, 1, gone.Code)
	require.Contains(t, gone.Errs, "run concurctl token init")
}

func TestTokenStatusHasExitStatusOneWhenItIsTimeToRenew(t *testing.T) {
	i := newIssuer(t)
	i.ends = time.Now().Add(20*24*time.Hour + time.Hour)
	require.Zero(t, tell(t, tokenRequest, "init", "--company", tokenCompany).Code)
	due := tell(t, "", "status", "-o", "json")
	require.Equal(t, 1, due.Code)
	require.Contains(t, due.Errs, "renew it with concurctl token init")
	view := clitest.Read[map[string]any](t, due)
	require.Equal(t, true, view["renewalDue"])
	require.InDelta(t, 20, view["daysLeft"], 0)

	t.Setenv("CONCUR_TOKEN_WARNING", "240h")
	require.Zero(t, tell(t, "", "status").Code)
}

func TestTheRequestTokenMayBeInAFile(t *testing.T) {
	newIssuer(t)
	t.Setenv("CONCUR_REQUEST_TOKEN_FILE", clitest.File(t, "request", tokenRequest+"\n"))
	require.Zero(t, tell(t, "", "init", "--company", tokenCompany).Code)
}

func TestTheFirstRequestMayGoToAnotherHostOfConcur(t *testing.T) {
	i := newIssuer(t)
	t.Setenv("CONCUR_GEOLOCATION", "https://us2.api.concursolutions.com")
	o := tell(t, tokenRequest, "init", "--company", tokenCompany, "--at", i.URL)
	require.Zero(t, o.Code, o.Errs)
	require.Contains(t, o.Out, i.URL)
	o = tell(t, tokenRequest, "init", "--company", tokenCompany, "--at", "https://evilconcursolutions.com")
	require.Equal(t, 1, o.Code)
	require.Contains(t, o.Errs, "which is not on the allow-list")
}

func TestTokenCommandsSayWhatIsMissing(t *testing.T) {
	i := newIssuer(t)
	for line, says := range map[string]string{
		"init":                           "give the company's UUID as --company",
		"init --company acme":            "the company is not a UUID",
		"init --company " + tokenCompany: "the request token is missing",
		"init " + tokenRequest[:4]:       `unknown command "requ" for "concurctl token init"`,
		"status":                         "there is no " + i.path + " yet",
		"refresh":                        "run concurctl token init",
		"revoke --yes":                   "run concurctl token init",
	} {
		in := ""
		if strings.HasSuffix(line, "acme") {
			in = "x"
		}
		o := tell(t, in, strings.Fields(line)...)
		require.Equal(t, 1, o.Code, line)
		require.Contains(t, o.Errs, says, line)
		require.Empty(t, o.Out, line)
	}
	o := tell(t, "yesterdays-request-token", "init", "--company", tokenCompany)
	require.Equal(t, 1, o.Code)
	require.Contains(t, o.Errs, "a person must renew it")
	require.NotContains(t, o.Errs, "yesterdays")
	require.Contains(t, tell(t, strings.Repeat("x", 5000), "init", "--company", tokenCompany).Errs, "too long for a request token")

	require.NoError(t, os.WriteFile(i.path, []byte("{}"), 0o600))
	require.NoError(t, os.Chmod(i.path, 0o644))
	require.Contains(t, tell(t, "", "status").Errs, "chmod 600 "+i.path)

	t.Setenv("CONCUR_TOKEN_FILE", "")
	require.Contains(t, tell(t, "", "status").Errs, "CONCUR_TOKEN_FILE is required")
	t.Setenv("CONCUR_CLIENT_ID", "")
	require.Contains(t, tell(t, "", "status").Errs, "the configuration cannot be used: CONCUR_CLIENT_ID is required")
}
