package identity_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/identity"
)

const (
	redirect = "http://127.0.0.1:1/callback" // nothing listens there
	password = "correct-horse"
)

// users are those of the provider, by ID.
const users = `{
	"sub-anna": {"ID": "sub-anna", "Username": "anna", "Password": "correct-horse", "Email": "anna@example.com", "EmailVerified": true, "Groups": ["staff", "controllers"]},
	"sub-bob": {"ID": "sub-bob", "Username": "bob", "Password": "correct-horse", "Email": "other@example.com", "EmailVerified": true},
	"sub-kim": {"ID": "sub-kim", "Username": "kim", "Password": "correct-horse", "Email": "Kim@example.com", "EmailVerified": true, "Groups": ["finance"]},
	"sub-lee": {"ID": "sub-lee", "Username": "lee", "Password": "correct-horse", "Email": "lee@example.com", "EmailVerified": true, "Groups": ["staff"]},
	"sub-eve": {"ID": "sub-eve", "Username": "eve", "Password": "correct-horse", "Email": "anna@example.com", "EmailVerified": false, "Groups": ["finance"]}
}`

// build builds the provider once for all tests.
var build = sync.OnceValues(func() (string, error) {
	fmt.Println("building the OpenID provider of tools/openid …")
	dir, err := os.MkdirTemp("", "openid")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-C", "../../tools/openid", "-o", filepath.Join(dir, "openid"), ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the OpenID provider: %w\n%s", err, out)
	}
	return filepath.Join(dir, "openid"), nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built.Load() {
		if path, err := build(); err == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
	}
	os.Exit(code)
}

// server is a running provider.
type server struct {
	issuer string
	cmd    *exec.Cmd
}

// startProvider starts a provider at an address, or at any port of the loopback interface.
func startProvider(t *testing.T, listen string) *server {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the tests with a real OpenID provider are SKIPPED; run them without -short")
	}
	built.Store(true)
	path, err := build()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "users.json")
	require.NoError(t, os.WriteFile(file, []byte(users), 0o600))
	s := &server{cmd: exec.CommandContext(t.Context(), path, "-listen", listen, "-users", file, "-redirect", redirect)}
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	t.Cleanup(s.stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	s.issuer = strings.TrimSpace(line)
	return s
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *server) host() string { return strings.TrimPrefix(s.issuer, "http://") }

const known = `
approvers:
  - {name: Anna, logins: [ANNA@example.com], groups: [finance]}
  - {name: Bob, logins: [bob@example.com], oidc: sub-bob}
`

func (s *server) options(t *testing.T, client string) identity.OIDCOptions {
	t.Helper()
	return identity.OIDCOptions{
		Issuer: s.issuer, ClientID: client, ClientSecret: "secret", Scopes: []string{"email", "profile"}, GroupClaim: "groups",
		Groups: []string{"finance", "controllers"}, People: people(t, known), Logger: slog.New(slog.DiscardHandler),
	}
}

func open(t *testing.T, o identity.OIDCOptions) *identity.OIDC {
	t.Helper()
	found, err := identity.NewOIDC(o)
	require.NoError(t, err)
	return found
}

// signIn signs a user in at the provider's login page, as a browser would, and returns the
// parameters with which the provider sends the browser back.
func signIn(t *testing.T, address, user string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, err := browser.Get(address)
	require.NoError(t, err)
	text, err := io.ReadAll(page.Body)
	require.NoError(t, err)
	_ = page.Body.Close()
	require.Equal(t, http.StatusOK, page.StatusCode, "%s", text)
	form := url.Values{"username": {user}, "password": {password}, "id": {page.Request.URL.Query().Get("authRequestID")}}
	back, err := browser.PostForm(page.Request.URL.Scheme+"://"+page.Request.URL.Host+page.Request.URL.Path, form)
	require.NoError(t, err)
	_ = back.Body.Close()
	at, err := back.Location()
	require.NoError(t, err, back.Status)
	return at.Query()
}

// login signs a user in through an OIDC.
func login(t *testing.T, o *identity.OIDC, user string) (identity.Login, error) {
	t.Helper()
	address, attempt, err := o.Begin(redirect)
	require.NoError(t, err)
	return o.Finish(t.Context(), attempt, signIn(t, address, user))
}

// tokens redeems a code by hand and returns the tokens of a user, as an API client would have them.
func (s *server) tokens(t *testing.T, client, user string) (idToken, accessToken string) {
	t.Helper()
	o := open(t, s.options(t, client))
	address, attempt, err := o.Begin(redirect)
	require.NoError(t, err)
	code := signIn(t, address, user).Get("code")
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {attempt.Verifier}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.issuer+"/oauth/token", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.SetBasicAuth(client, "secret")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	var answer struct {
		ID     string `json:"id_token"`
		Access string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	require.NotEmpty(t, answer.ID)
	return answer.ID, answer.Access
}

// soon is more than enough for a token that was just issued.
const soon = 2 * time.Hour
