package approvals_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals"
	"concur-connector/approvals/approvers"
	"concur-connector/approvals/identity"
	"concur-connector/expense"
)

func TestAMailScannerDecidesNothing(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		for _, path := range []string{"", "/decisions", "/decisions?taskId=" + url.QueryEscape(task) + "&decision=approve&decisionId=d1"} {
			r, err := http.NewRequestWithContext(t.Context(), method, d.at(percentID)+path, strings.NewReader(decision("d1", "approve")))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-HTTP-Method-Override", http.MethodPost)
			response, _ := d.do(t, r, d.anna)
			require.Less(t, response.StatusCode, http.StatusInternalServerError)
		}
	}
	require.Empty(t, d.runs.decisions())
}

func TestAnotherSiteCannotDecide(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	for name, headers := range map[string]map[string]string{
		"a modern browser":  {"Sec-Fetch-Site": "cross-site"},
		"a sister site":     {"Sec-Fetch-Site": "same-site"},
		"an older browser":  {"Origin": "https://evil.example.com"},
		"a sandboxed frame": {"Origin": "null"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.at(percentID)+"/decisions", strings.NewReader(decision("d1", "approve")))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		for header, value := range headers {
			r.Header.Set(header, value)
		}
		response, body := d.do(t, r, d.anna)
		require.Equal(t, http.StatusForbidden, response.StatusCode, name)
		require.Equal(t, approvals.CrossSite, kind(body))
	}
	require.Empty(t, d.runs.decisions())
}

func TestOnlyTheHostOfTheURLIsServed(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns(), func(o *approvals.Options) {
		o.URL = &url.URL{Scheme: "https", Host: "approvals.example.com"}
	})
	response, body := d.get(t, d.URL+"/api/tasks", d.anna)
	require.Equal(t, http.StatusMisdirectedRequest, response.StatusCode)
	require.Equal(t, approvals.WrongHost, kind(body))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL+"/api/tasks", nil)
	require.NoError(t, err)
	r.Host = "approvals.example.com"
	response, _ = d.do(t, r, d.anna)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.NotEmpty(t, response.Header.Get("Strict-Transport-Security"))
}

func TestWrongCredentialsAreSlowedDownAndNobodyElse(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	get := func(address, token string) int {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/tasks", nil)
		r.RemoteAddr = address
		r.Header.Set("Authorization", "Bearer "+token)
		d.Handler(nil).ServeHTTP(w, r)
		return w.Code
	}
	require.Equal(t, http.StatusOK, get("[2001:db8::1]:1", d.anna))
	var last int
	var wrong []string
	for i := range 60 {
		token, _ := approvers.NewToken()
		wrong = append(wrong, token)
		last = get("[2001:db8::"+strconv.Itoa(i)+"]:1", token)
	}
	require.Equal(t, http.StatusTooManyRequests, last, "the addresses of one network count together")
	require.Equal(t, http.StatusOK, get("[2001:db8::1]:2", d.anna), "whoever was right before")
	require.Equal(t, http.StatusOK, get("[2001:db8:0:1::1]:1", d.bob), "every other address")
	require.Equal(t, http.StatusOK, get("192.0.2.7:1", d.bob))
	for _, token := range wrong {
		require.NotContains(t, d.log.String(), token)
		require.NotContains(t, d.log.String(), token[4:12])
	}
	require.Contains(t, d.log.String(), `"slowedDown":true`)

	for i := range 60 {
		last = get("198.51.100."+strconv.Itoa(i)+":1", wrong[0])
	}
	require.Equal(t, http.StatusTooManyRequests, last, "one token from many addresses")
	require.NoError(t, approvers.Revoke(d.file, "anna"))
	require.NotEqual(t, http.StatusOK, get("[2001:db8::1]:2", d.anna), "a revoked token is out at once")
}

// somePage is a page that says who has signed in.
type somePage struct {
	t        *testing.T
	sessions *approvals.Sessions
}

func (p *somePage) SignInFailed(w http.ResponseWriter, _ *http.Request, err error) {
	problem, ok := errors.AsType[*approvals.Problem](err)
	require.True(p.t, ok)
	http.Error(w, err.Error(), problem.Status())
}

func (p *somePage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/sign-in":
		if err := p.sessions.SignIn(w, r, r.FormValue("token")); err != nil {
			p.SignInFailed(w, r, err)
		}
	case "/sign-out":
		p.sessions.SignOut(w, r)
	default:
		actor, err := p.sessions.Actor(r)
		if err != nil {
			p.SignInFailed(w, r, err)
			return
		}
		_, _ = w.Write([]byte(actor.Name))
	}
}

// browser sends requests to the page of an endpoint with the cookies that it has.
type browser struct {
	t       *testing.T
	handler http.Handler
	host    string
	cookies map[string]*http.Cookie
}

func browse(t *testing.T, d *endpoint, host string) *browser {
	return &browser{t: t, handler: d.Handler(&somePage{t, d.Sessions}), host: host, cookies: map[string]*http.Cookie{}}
}

func (b *browser) send(method, target string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(form.Encode()))
	r.Host = b.host
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, cookie := range b.cookies {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	for _, cookie := range w.Result().Cookies() {
		if cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		} else {
			b.cookies[cookie.Name] = cookie
		}
	}
	return w
}

func (b *browser) signIn(token string) int {
	return b.send(http.MethodPost, "/sign-in", url.Values{"token": {token}}).Code
}

func TestASessionBeginsAndEnds(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	b := browse(t, d, "approvals.example.com")
	require.Equal(t, http.StatusUnauthorized, b.send(http.MethodGet, "/", nil).Code)
	require.Equal(t, http.StatusUnauthorized, b.signIn("cca_wrong"))
	require.Equal(t, http.StatusUnauthorized, b.signIn(""))
	require.Equal(t, http.StatusOK, b.signIn(" "+d.anna+"\n"))
	require.Len(t, b.cookies, 1)
	cookie := b.cookies["__Host-approvals-session"]
	require.NotNil(t, cookie)
	require.True(t, cookie.Secure && cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Equal(t, "/", cookie.Path)
	require.Empty(t, cookie.Domain)
	require.NotContains(t, cookie.Value, "anna")
	require.Equal(t, "anna", b.send(http.MethodGet, "/", nil).Body.String())

	require.Equal(t, http.StatusOK, b.signIn(d.bob))
	require.NotEqual(t, cookie.Value, b.cookies[cookie.Name].Value, "each sign-in begins a new session")
	require.Equal(t, "bob", b.send(http.MethodGet, "/", nil).Body.String())
	stolen := browse(t, d, b.host)
	stolen.cookies[cookie.Name] = cookie
	require.Equal(t, http.StatusUnauthorized, stolen.send(http.MethodGet, "/", nil).Code, "the session before has ended")

	stolen.cookies[cookie.Name] = b.cookies[cookie.Name]
	require.Equal(t, http.StatusOK, b.send(http.MethodPost, "/sign-out", url.Values{}).Code)
	require.Empty(t, b.cookies)
	require.Equal(t, http.StatusUnauthorized, stolen.send(http.MethodGet, "/", nil).Code, "also for whoever has copied the cookie")

	local := browse(t, d, "127.0.0.1:8083")
	require.Equal(t, http.StatusOK, local.signIn(d.anna))
	require.False(t, local.cookies["approvals-session"].Secure, "browsers would drop it without TLS")
}

func TestAStolenSessionEndsWithTheToken(t *testing.T) {
	t.Parallel()
	for name, revoke := range map[string]func(*endpoint) error{
		"the person is removed": func(d *endpoint) error { return approvers.Revoke(d.file, "anna") },
		"another token replaces it": func(d *endpoint) error {
			content, err := os.ReadFile(d.file)
			if err != nil {
				return err
			}
			_, other := approvers.NewToken()
			return os.WriteFile(d.file, []byte(strings.ReplaceAll(string(content), approvers.DigestOf(d.anna).String(), other.String())), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, newRuns())
			b := browse(t, d, "approvals.example.com")
			require.Equal(t, http.StatusOK, b.signIn(d.anna))
			require.Equal(t, http.StatusOK, b.send(http.MethodGet, "/", nil).Code)
			require.NoError(t, revoke(d))
			require.Equal(t, http.StatusUnauthorized, b.send(http.MethodGet, "/", nil).Code)
		})
	}
}

func TestAForgedCookieSignsNobodyIn(t *testing.T) {
	t.Parallel()
	d, other := open(t, newRuns()), open(t, newRuns())
	b := browse(t, d, "approvals.example.com")
	foreign := browse(t, other, "approvals.example.com")
	require.Equal(t, http.StatusOK, b.signIn(d.anna))
	require.Equal(t, http.StatusOK, foreign.signIn(other.anna))
	const name = "__Host-approvals-session"
	right := b.cookies[name].Value
	changed := []byte(right)
	changed[len(changed)/2] ^= 1
	for what, value := range map[string]string{
		"empty": "", "no base64": "%%%", "short": "AAAA", "changed": string(changed), "cut": right[:len(right)-4], "made with another key": foreign.cookies[name].Value,
		"plain": "eyJhY3RvciI6eyJuYW1lIjoiYW5uYSJ9fQ",
	} {
		b.cookies[name] = &http.Cookie{Name: name, Value: value}
		require.Equal(t, http.StatusUnauthorized, b.send(http.MethodGet, "/", nil).Code, what)
	}
	b.cookies[name] = &http.Cookie{Name: name, Value: right}
	require.Equal(t, "anna", b.send(http.MethodGet, "/", nil).Body.String())
	b.cookies["approvals-session"] = &http.Cookie{Name: "approvals-session", Value: right}
	delete(b.cookies, name)
	require.Equal(t, http.StatusUnauthorized, b.send(http.MethodGet, "/", nil).Code, "a sister site can set a cookie without the prefix")
}

func TestACookieDoesNotOpenTheInterfaceForPrograms(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	b := browse(t, d, "approvals.example.com")
	require.Equal(t, http.StatusOK, b.signIn(d.anna))
	require.Equal(t, http.StatusUnauthorized, b.send(http.MethodGet, "/api/tasks", nil).Code)
}

// provider is an OpenID provider that knows one person.
type provider struct{ actor expense.Actor }

func (p provider) Begin(redirect string) (string, identity.Attempt, error) {
	return "https://login.example.com/authorize?redirect_uri=" + url.QueryEscape(redirect), identity.Attempt{State: "s", Redirect: redirect}, nil
}

func (p provider) Finish(_ context.Context, a identity.Attempt, callback url.Values) (identity.Login, error) {
	if callback.Get("state") != a.State {
		return identity.Login{}, identity.ErrInvalid
	}
	if p.actor.Name == "" {
		return identity.Login{}, identity.ErrNotApprover
	}
	return identity.Login{Actor: p.actor, Expires: time.Now().Add(time.Minute)}, nil
}

func TestAPersonSignsInAtTheProvider(t *testing.T) {
	t.Parallel()
	lena := expense.Actor{Name: "lena@example.com", IdentifiedBy: expense.ByOIDC, Logins: []string{"lena@example.com"}, Groups: []string{"finance"}}
	d := open(t, newRuns(), func(o *approvals.Options) { o.OpenID = provider{lena} })
	b := browse(t, d, "approvals.example.com")
	require.Equal(t, http.StatusUnauthorized, b.send(http.MethodGet, "/login/callback?state=s&code=c", nil).Code, "it has not begun a login")
	for next, want := range map[string]string{
		"/tasks/EXPRPT:a": "/tasks/EXPRPT:a", "": "/", "https://evil.example.com": "/", "//evil.example.com": "/", `/\evil.example.com`: "/", "javascript:alert(1)": "/",
	} {
		w := b.send(http.MethodGet, "/login?next="+url.QueryEscape(next), nil)
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, "https://login.example.com/authorize?redirect_uri=http%3A%2F%2Fapprovals.example.com%2Flogin%2Fcallback", w.Header().Get("Location"))
		w = b.send(http.MethodGet, "/login/callback?state=s&code=c", nil)
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, want, w.Header().Get("Location"), next)
	}
	require.Equal(t, "lena@example.com", b.send(http.MethodGet, "/", nil).Body.String())
	require.Equal(t, http.StatusUnauthorized, b.send(http.MethodGet, "/login/callback?state=s&code=c", nil).Code, "an answer works once")
	b.send(http.MethodGet, "/login", nil)
	require.Equal(t, http.StatusUnauthorized, b.send(http.MethodGet, "/login/callback?state=other&code=c", nil).Code)

	stranger := browse(t, open(t, newRuns(), func(o *approvals.Options) { o.OpenID = provider{} }), "approvals.example.com")
	stranger.send(http.MethodGet, "/login", nil)
	require.Equal(t, http.StatusForbidden, stranger.send(http.MethodGet, "/login/callback?state=s", nil).Code)
}
