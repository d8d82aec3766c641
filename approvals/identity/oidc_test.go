package identity_test

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
	"concur-connector/approvals/identity"
	"concur-connector/expense"
)

// built says that a test has built the provider.
var built atomic.Bool

func TestAPersonSignsInAtTheProvider(t *testing.T) {
	t.Parallel()
	s := startProvider(t, "127.0.0.1:0")
	for _, client := range []string{"web", "full"} { // claims from the user information, and in the ID token
		o := open(t, s.options(t, client))
		anna, err := login(t, o, "anna")
		require.NoError(t, err)
		require.Equal(t, expense.Actor{Name: "Anna", IdentifiedBy: expense.ByOIDC, Logins: []string{"ANNA@example.com", "anna@example.com"}, Groups: []string{"controllers"}}, anna.Actor)
		require.WithinDuration(t, time.Now(), anna.Expires, soon)

		bob, err := login(t, o, "bob")
		require.NoError(t, err, "by the subject")
		require.Equal(t, "Bob", bob.Actor.Name)
		require.Equal(t, []string{"bob@example.com", "other@example.com"}, bob.Actor.Logins)

		kim, err := login(t, o, "kim")
		require.NoError(t, err, "by a group")
		require.Equal(t, expense.Actor{Name: "kim@example.com", IdentifiedBy: expense.ByOIDC, Logins: []string{"Kim@example.com"}, Groups: []string{"finance"}}, kim.Actor)

		_, err = login(t, o, "lee")
		require.ErrorIs(t, err, identity.ErrNotApprover)
		_, err = login(t, o, "eve")
		require.ErrorIs(t, err, identity.ErrNotApprover, "an address that nobody has verified is nobody's")
	}
}

func TestWithoutAGroupClaimOnlyPeopleOfTheFileAreApprovers(t *testing.T) {
	t.Parallel()
	s := startProvider(t, "127.0.0.1:0")
	options := s.options(t, "full")
	options.GroupClaim = ""
	o := open(t, options)
	anna, err := login(t, o, "anna")
	require.NoError(t, err)
	require.Empty(t, anna.Actor.Groups)
	_, err = login(t, o, "kim")
	require.ErrorIs(t, err, identity.ErrNotApprover)
}

func TestTheDeploymentChoosesTheClaimOfTheLogin(t *testing.T) {
	t.Parallel()
	s := startProvider(t, "127.0.0.1:0")
	options := s.options(t, "full")
	options.LoginClaim = "preferred_username"
	options.People = people(t, "approvers: [{name: Evelyn, logins: [EVE]}]")
	eve, err := login(t, open(t, options), "eve")
	require.NoError(t, err)
	require.Equal(t, "Evelyn", eve.Actor.Name)
}

func TestALoginBelongsToTheBrowserThatBeganIt(t *testing.T) {
	t.Parallel()
	s := startProvider(t, "127.0.0.1:0")
	var log bytes.Buffer
	options := s.options(t, "web")
	options.Logger = slog.New(slog.NewTextHandler(&log, nil))
	o := open(t, options)
	begin := func() (identity.Attempt, url.Values) {
		address, attempt, err := o.Begin(redirect)
		require.NoError(t, err)
		at, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, "S256", at.Query().Get("code_challenge_method"))
		require.Equal(t, attempt.Nonce, at.Query().Get("nonce"))
		return attempt, signIn(t, address, "anna")
	}
	for name, c := range map[string]struct {
		change func(*identity.Attempt, url.Values)
		says   string
	}{
		"another state":          {func(_ *identity.Attempt, v url.Values) { v.Set("state", "x") }, "has not begun this login"},
		"no state":               {func(_ *identity.Attempt, v url.Values) { v.Del("state") }, "has not begun this login"},
		"no attempt":             {func(a *identity.Attempt, v url.Values) { *a = identity.Attempt{}; v.Del("state") }, "has not begun this login"},
		"another verifier":       {func(a *identity.Attempt, _ url.Values) { a.Verifier = strings.Repeat("x", 43) }, "refused the code"},
		"another nonce":          {func(a *identity.Attempt, _ url.Values) { a.Nonce = "x" }, "another login"},
		"another address":        {func(a *identity.Attempt, _ url.Values) { a.Redirect = "http://127.0.0.1:2/x" }, "refused the code"},
		"another code":           {func(_ *identity.Attempt, v url.Values) { v.Set("code", "x") }, "refused the code"},
		"no code":                {func(_ *identity.Attempt, v url.Values) { v.Del("code") }, "no code"},
		"another issuer":         {func(_ *identity.Attempt, v url.Values) { v.Set("iss", "https://evil.example") }, "another OpenID provider"},
		"a refusal":              {func(_ *identity.Attempt, v url.Values) { v.Set("error", "access_denied") }, "refused the login: access_denied"},
		"a refusal with a trick": {func(_ *identity.Attempt, v url.Values) { v.Set("error", "<script>") }, "refused the login: an unknown error"},
	} {
		attempt, callback := begin()
		callback = maps.Clone(callback)
		c.change(&attempt, callback)
		_, err := o.Finish(t.Context(), attempt, callback)
		require.ErrorIs(t, err, identity.ErrInvalid, name)
		require.ErrorContains(t, err, c.says, name)
	}
	attempt, callback := begin()
	_, err := o.Finish(t.Context(), attempt, callback)
	require.NoError(t, err)
	_, err = o.Finish(t.Context(), attempt, callback)
	require.ErrorContains(t, err, "refused the code", "a code is good once")
	for _, secret := range []string{attempt.Verifier, callback.Get("code"), "anna@example.com"} {
		require.NotContains(t, log.String(), secret)
	}
}

func TestAJWTOfTheProviderIdentifiesItsPerson(t *testing.T) {
	t.Parallel()
	s := startProvider(t, "127.0.0.1:0")
	o := open(t, s.options(t, "full"))
	idToken, accessToken := s.tokens(t, "full", "anna")
	anna, err := o.Identify(request(t, "Authorization", "Bearer "+idToken))
	require.NoError(t, err)
	require.Equal(t, "Anna", anna.Name)
	require.Equal(t, []string{"controllers"}, anna.Groups)

	_, err = o.Identify(request(t, "Authorization", "Bearer "+accessToken))
	require.ErrorIs(t, err, identity.ErrNotApprover, "an access token has no address, and this subject is not in the file")
	_, bobs := s.tokens(t, "full", "bob")
	bob, err := o.Identify(request(t, "Authorization", "Bearer "+bobs))
	require.NoError(t, err, "by the subject")
	require.Equal(t, "Bob", bob.Name)

	other, _ := s.tokens(t, "web", "anna")
	parts := strings.Split(idToken, ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	for name, token := range map[string]string{
		"for another audience":       other,
		"with other claims":          parts[0] + "." + encode(strings.Replace(string(payload), "sub-anna", "sub-bob", 1)) + "." + parts[2],
		"without a signature":        encode(`{"alg":"none","typ":"JWT"}`) + "." + parts[1] + ".",
		"signed with a shared key":   encode(`{"alg":"HS256","typ":"JWT"}`) + "." + parts[1] + "." + parts[2],
		"of a broken signature":      parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"of nonsense":                "a.b.c",
		"of nothing":                 "..",
		"that is endless":            idToken + strings.Repeat("A", 20_000),
		"with an issuer of its own":  parts[0] + "." + encode(strings.Replace(string(payload), s.issuer, "https://evil.example", 1)) + "." + parts[2],
		"with an unknown key's name": encode(`{"alg":"RS256","kid":"other"}`) + "." + parts[1] + "." + parts[2],
	} {
		_, err := o.Identify(request(t, "Authorization", "Bearer "+token))
		require.ErrorIs(t, err, identity.ErrInvalid, name)
		require.NotContains(t, err.Error(), "anna", name)
	}
	_, err = o.Identify(request(t, "Authorization", "Bearer opaque"))
	require.ErrorIs(t, err, identity.ErrNone)
}

func TestKeysAreReadAgainWhenTheProviderChangesThem(t *testing.T) {
	t.Parallel()
	s := startProvider(t, "127.0.0.1:0")
	o := open(t, s.options(t, "full"))
	before, _ := s.tokens(t, "full", "anna")
	_, err := o.Identify(request(t, "Authorization", "Bearer "+before))
	require.NoError(t, err)
	s.stop()
	_, err = o.Identify(request(t, "Authorization", "Bearer "+before))
	require.NoError(t, err, "the keys are kept while the provider is away")

	s = startProvider(t, s.host()) // with another key
	after, _ := s.tokens(t, "full", "anna")
	_, err = o.Identify(request(t, "Authorization", "Bearer "+after))
	require.NoError(t, err)
	_, err = o.Identify(request(t, "Authorization", "Bearer "+before))
	require.ErrorIs(t, err, identity.ErrInvalid, "the old key is gone")
	s.stop()
	_, err = o.Identify(request(t, "Authorization", "Bearer "+before))
	require.ErrorIs(t, err, identity.ErrUnavailable, "an unknown key cannot be looked for")
}

func TestAProviderThatIsAwayLocksNobodyElseOut(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "a page with secrets", http.StatusServiceUnavailable)
	}))
	t.Cleanup(away.Close)
	token, digest := approvers.NewToken()
	var log bytes.Buffer
	file := people(t, "approvers: [{name: Anna, tokens: [{sha256: "+digest.String()+"}]}]")
	o, err := identity.NewOIDC(identity.OIDCOptions{Issuer: away.URL, ClientID: "x", People: file, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err, "the program starts")
	all := identity.All{identity.Tokens{People: file}, o}
	for range 3 {
		_, err = all.Identify(request(t, "Authorization", "Bearer a.b.c"))
		require.ErrorIs(t, err, identity.ErrUnavailable)
		_, _, err = o.Begin(redirect)
		require.ErrorIs(t, err, identity.ErrUnavailable)
	}
	require.EqualValues(t, 1, asked.Load(), "it is not asked again for a while")
	anna, err := all.Identify(request(t, "Authorization", "Bearer "+token))
	require.NoError(t, err)
	require.Equal(t, "Anna", anna.Name)
	o.SetPause(0)
	_, _, err = o.Begin(redirect)
	require.ErrorIs(t, err, identity.ErrUnavailable)
	require.EqualValues(t, 2, asked.Load())
	require.Contains(t, log.String(), "cannot be used yet")
	require.NotContains(t, log.String(), "secrets")
}

func TestAProviderIsUsedOnceItAnswers(t *testing.T) {
	t.Parallel()
	s := startProvider(t, "127.0.0.1:0")
	idToken, _ := s.tokens(t, "full", "anna")
	s.stop()
	o := open(t, s.options(t, "full"))
	o.SetPause(0)
	_, err := o.Identify(request(t, "Authorization", "Bearer "+idToken))
	require.ErrorIs(t, err, identity.ErrUnavailable)
	s = startProvider(t, s.host())
	idToken, _ = s.tokens(t, "full", "anna")
	_, err = o.Identify(request(t, "Authorization", "Bearer "+idToken))
	require.NoError(t, err)
}

func TestAnOIDCThatLacksAnOptionIsRefused(t *testing.T) {
	t.Parallel()
	_, err := identity.NewOIDC(identity.OIDCOptions{Issuer: "https://x"})
	require.ErrorContains(t, err, "required")
}
