package identity_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
	"concur-connector/approvals/identity"
	"concur-connector/expense"
)

// people writes an approvers' file and watches it.
func people(t *testing.T, text string) *approvers.Watched[approvers.Approvers] {
	t.Helper()
	path := filepath.Join(t.TempDir(), "approvers.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	file, err := approvers.Watch(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return file
}

// request returns a request with headers, each given as a name and a value.
func request(t *testing.T, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/approvals/x", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestATokenIdentifiesItsPerson(t *testing.T) {
	t.Parallel()
	token, digest := approvers.NewToken()
	tokens := identity.Tokens{People: people(t, "approvers: [{name: Anna, logins: [anna@x], groups: [finance], tokens: [{sha256: "+digest.String()+"}]}]")}
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER  "} {
		actor, err := tokens.Identify(request(t, "Authorization", scheme+token))
		require.NoError(t, err)
		require.Equal(t, expense.Actor{Name: "Anna", IdentifiedBy: expense.ByToken, Logins: []string{"anna@x"}}, actor,
			"the worker reads the groups of the file itself")
	}
	for name, c := range map[string]struct {
		headers []string
		want    error
	}{
		"nothing":          {nil, identity.ErrNone},
		"another token":    {[]string{"Authorization", "Bearer cca_other"}, identity.ErrInvalid},
		"the digest":       {[]string{"Authorization", "Bearer " + digest.String()}, identity.ErrNone},
		"another scheme":   {[]string{"Authorization", "Basic " + token}, identity.ErrInvalid},
		"no token":         {[]string{"Authorization", "Bearer "}, identity.ErrInvalid},
		"no scheme":        {[]string{"Authorization", token}, identity.ErrInvalid},
		"two headers":      {[]string{"Authorization", "Bearer " + token, "Authorization", "Bearer " + token}, identity.ErrInvalid},
		"a token and more": {[]string{"Authorization", "Bearer " + token + " x"}, identity.ErrInvalid},
	} {
		_, err := tokens.Identify(request(t, c.headers...))
		require.ErrorIs(t, err, c.want, name)
		require.NotContains(t, err.Error(), token, name)
	}
}

const proxied = `
approvers:
  - {name: Anna, logins: [anna@example.com, AM1], groups: [finance]}
  - {name: kim@example.com}
`

func newProxy(t *testing.T, change func(*identity.ProxyOptions)) *identity.Proxy {
	t.Helper()
	o := identity.ProxyOptions{
		People: people(t, proxied), UserHeader: "X-Forwarded-Email", GroupHeader: "X-Forwarded-Groups", Groups: []string{"finance", "controllers"},
		SecretHeader: "X-Proxy-Secret", Secrets: []string{"old", "new", ""}, Names: []string{"proxy.example.com", "spiffe://example.com/proxy"},
	}
	if change != nil {
		change(&o)
	}
	p, err := identity.NewProxy(o)
	require.NoError(t, err)
	return p
}

func TestAProxyThatProvesItselfNamesThePerson(t *testing.T) {
	t.Parallel()
	p := newProxy(t, nil)
	for _, secret := range []string{"old", "new"} {
		actor, err := p.Identify(request(t, "X-Proxy-Secret", secret, "X-Forwarded-Email", "Anna@Example.com", "X-Forwarded-Groups", "staff, controllers"))
		require.NoError(t, err)
		require.Equal(t, expense.Actor{Name: "Anna", IdentifiedBy: expense.ByProxy, Logins: []string{"anna@example.com", "AM1", "Anna@Example.com"}, Groups: []string{"controllers"}}, actor)
	}
	actor, err := p.Identify(request(t, "X-Proxy-Secret", "new", "X-Forwarded-Email", "Lee@Example.com", "X-Forwarded-Groups", "finance,finance"))
	require.NoError(t, err)
	require.Equal(t, expense.Actor{Name: "lee@example.com", IdentifiedBy: expense.ByProxy, Logins: []string{"Lee@Example.com"}, Groups: []string{"finance"}}, actor)

	for name, c := range map[string]struct {
		headers []string
		want    error
	}{
		"nobody":                      {[]string{"X-Proxy-Secret", "new"}, identity.ErrNone},
		"no proof":                    {[]string{"X-Forwarded-Email", "anna@example.com"}, identity.ErrNone},
		"another secret":              {[]string{"X-Forwarded-Email", "anna@example.com", "X-Proxy-Secret", "newer"}, identity.ErrNone},
		"an empty secret":             {[]string{"X-Forwarded-Email", "anna@example.com", "X-Proxy-Secret", ""}, identity.ErrNone},
		"two secrets":                 {[]string{"X-Forwarded-Email", "anna@example.com", "X-Proxy-Secret", "x", "X-Proxy-Secret", "new"}, identity.ErrNone},
		"two people":                  {[]string{"X-Forwarded-Email", "anna@example.com", "X-Forwarded-Email", "bob@example.com", "X-Proxy-Secret", "new"}, identity.ErrInvalid},
		"two people in one":           {[]string{"X-Forwarded-Email", "anna@example.com, bob@example.com", "X-Proxy-Secret", "new"}, identity.ErrInvalid},
		"an empty name":               {[]string{"X-Forwarded-Email", " ", "X-Proxy-Secret", "new"}, identity.ErrInvalid},
		"a stranger":                  {[]string{"X-Forwarded-Email", "lee@example.com", "X-Forwarded-Groups", "staff", "X-Proxy-Secret", "new"}, identity.ErrNotApprover},
		"a login that is also a name": {[]string{"X-Forwarded-Email", "KIM@example.com", "X-Forwarded-Groups", "finance", "X-Proxy-Secret", "new"}, identity.ErrInvalid},
		"an endless login":            {[]string{"X-Forwarded-Email", strings.Repeat("x", 300), "X-Forwarded-Groups", "finance", "X-Proxy-Secret", "new"}, identity.ErrInvalid},
	} {
		_, err := p.Identify(request(t, c.headers...))
		require.ErrorIs(t, err, c.want, name)
	}
}

func TestAProxyProvesItselfByItsCertificate(t *testing.T) {
	t.Parallel()
	p := newProxy(t, nil)
	spiffe, err := url.Parse("spiffe://example.com/proxy")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		state *tls.ConnectionState
		want  bool
	}{
		"plain HTTP":     {nil, false},
		"no certificate": {&tls.ConnectionState{}, false},
		"not verified":   {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{{DNSNames: []string{"proxy.example.com"}}}}, false},
		"its DNS name":   {verified(&x509.Certificate{DNSNames: []string{"a", "proxy.example.com"}}), true},
		"its URI":        {verified(&x509.Certificate{URIs: []*url.URL{spiffe}}), true},
		"its name":       {verified(&x509.Certificate{Subject: pkix.Name{CommonName: "proxy.example.com"}}), true},
		"another name":   {verified(&x509.Certificate{DNSNames: []string{"evil.proxy.example.com"}}), false},
		"no name":        {verified(&x509.Certificate{}), false},
	} {
		r := request(t, "X-Forwarded-Email", "anna@example.com")
		r.TLS = c.state
		actor, err := p.Identify(r)
		if c.want {
			require.NoError(t, err, name)
			require.Equal(t, "Anna", actor.Name, name)
		} else {
			require.ErrorIs(t, err, identity.ErrNone, name)
		}
	}
}

func verified(leaf *x509.Certificate) *tls.ConnectionState {
	return &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{leaf}}}
}

func TestTheHeadersOfAProxyAreRemovedFromEveryoneElse(t *testing.T) {
	t.Parallel()
	p := newProxy(t, nil)
	var seen http.Header
	handler := p.Strip(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Clone() }))
	handler.ServeHTTP(httptest.NewRecorder(), request(t, "x-forwarded-email", "anna@example.com", "X-Forwarded-Groups", "finance", "X-Proxy-Secret", "guess", "X-Other", "kept"))
	require.Equal(t, http.Header{"X-Other": {"kept"}}, seen)
	handler.ServeHTTP(httptest.NewRecorder(), request(t, "X-Forwarded-Email", "anna@example.com", "X-Proxy-Secret", "new"))
	require.Equal(t, "anna@example.com", seen.Get("X-Forwarded-Email"))
}

func TestAProxyThatCouldNotProveItselfIsRefused(t *testing.T) {
	t.Parallel()
	file := people(t, proxied)
	for _, o := range []identity.ProxyOptions{
		{},
		{UserHeader: "X-User", Secrets: []string{"x"}, SecretHeader: "X-S"},
		{People: file, Secrets: []string{"x"}, SecretHeader: "X-S"},
		{People: file, UserHeader: "X-User"},
		{People: file, UserHeader: "X-User", Secrets: []string{""}, SecretHeader: "X-S"},
		{People: file, UserHeader: "X-User", Secrets: []string{"x"}},
	} {
		_, err := identity.NewProxy(o)
		require.Error(t, err)
	}
}

// fixed identifies everybody as one person, or nobody.
type fixed struct {
	name string
	err  error
}

func (f fixed) Identify(*http.Request) (expense.Actor, error) {
	return expense.Actor{Name: f.name}, f.err
}

func TestARequestHasOneIdentity(t *testing.T) {
	t.Parallel()
	none, invalid, down := fixed{err: identity.ErrNone}, fixed{err: identity.ErrInvalid}, fixed{err: identity.ErrUnavailable}
	anna, bob := fixed{name: "Anna"}, fixed{name: "Bob"}
	for name, c := range map[string]struct {
		all  identity.All
		want string
		err  error
	}{
		"nobody":                     {identity.All{}, "", identity.ErrNone},
		"nothing said":               {identity.All{none, none}, "", identity.ErrNone},
		"one":                        {identity.All{none, anna, none}, "Anna", nil},
		"the same person twice":      {identity.All{anna, none, anna}, "Anna", nil},
		"two people":                 {identity.All{anna, bob}, "", identity.ErrInvalid},
		"one, and one that is false": {identity.All{anna, invalid}, "", identity.ErrInvalid},
		"one that cannot be checked": {identity.All{none, down}, "", identity.ErrUnavailable},
	} {
		actor, err := c.all.Identify(nil)
		require.Equal(t, c.want, actor.Name, name)
		require.True(t, errors.Is(err, c.err), name)
	}
}

func TestASessionEndsWithItsApprover(t *testing.T) {
	t.Parallel()
	file := people(t, "approvers: [{name: Anna, logins: [anna@x, new@x], groups: [finance]}]")
	anna, err := identity.Refresh(file, expense.Actor{Name: "Anna", IdentifiedBy: expense.ByToken, Logins: []string{"anna@x"}})
	require.NoError(t, err)
	require.Equal(t, []string{"anna@x", "new@x"}, anna.Logins)
	for name, c := range map[string]struct {
		actor expense.Actor
		stays bool
	}{
		"a token's":              {expense.Actor{Name: "Bob", IdentifiedBy: expense.ByToken, Groups: []string{"finance"}}, false},
		"the provider's":         {expense.Actor{Name: "bob@x", IdentifiedBy: expense.ByOIDC}, false},
		"the provider's, groups": {expense.Actor{Name: "bob@x", IdentifiedBy: expense.ByOIDC, Groups: []string{"finance"}}, true},
	} {
		_, err := identity.Refresh(file, c.actor)
		if c.stays {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, identity.ErrNotApprover, name)
		}
	}
}
