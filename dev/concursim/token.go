package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tokens are the tokens that the OAuth endpoint has issued.
type tokens struct {
	life        time.Duration
	strict      bool  // a refresh token is valid once
	showsExpiry *bool // whether answers have refresh_expires_in; nil: by the seed
	keeps       *bool // whether a refresh keeps the refresh token; nil: by the seed
	scopes      []string
	access      map[string]*accessToken
	order       []string
	refresh     map[string]*refreshToken
	current     string // the newest refresh token of the connection
	requests    map[string]*requestToken
	secrets     []string
	refusals    int
}

type accessToken struct {
	expires time.Time
	revoked bool
	host    string // its geolocation, the only host that accepts it
	app     bool   // of the application itself, without a company
	scopes  []string
}

// refreshToken ends six months after it was issued.
type refreshToken struct {
	issued time.Time
	scopes []string
}

func (t *refreshToken) ends() time.Time { return t.issued.AddDate(0, 6, 0) }

// maxTokens limits the remembered tokens; the oldest are forgotten first.
const maxTokens = 10_000

// firstTokenAge is the age of the -refresh-token at the start.
const firstTokenAge = 40 * 24 * time.Hour

func newTokens(opts options) tokens {
	return tokens{
		life:    opts.tokenLife,
		strict:  opts.strictRotation,
		scopes:  strings.Fields(opts.scopes),
		access:  map[string]*accessToken{},
		current: opts.refreshToken,
		refresh: map[string]*refreshToken{
			opts.refreshToken: {issued: time.Now().Add(-firstTokenAge), scopes: strings.Fields(opts.scopes)},
		},
		requests: map[string]*requestToken{
			opts.requestToken: {ends: time.Now().Add(requestTokenLife)},
		},
		secrets: []string{opts.clientSecret, opts.refreshToken, opts.requestToken},
	}
}

// foundIn reports whether the text contains a token or a secret, plain or percent-encoded.
func (t *tokens) foundIn(text string) bool { return t.redact(text) != text }

// redact removes every token and secret from the text.
func (t *tokens) redact(text string) string {
	cut := func(secret string) {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			text = strings.ReplaceAll(text, form, "[secret]")
		}
	}
	if len(text) < 8 {
		return text
	}
	for _, secret := range t.secrets {
		cut(secret)
	}
	for token := range t.access {
		if len(token) <= len(text) {
			cut(token)
		}
	}
	return text
}

// expireAll revokes every access token that was issued so far.
func (t *tokens) expireAll() int {
	count := 0
	for _, token := range t.access {
		if !token.revoked {
			count++
		}
		token.revoked = true
	}
	return count
}

// revoke ends an access token, if it exists.
func (t *tokens) revoke(presented string) {
	if token := t.access[presented]; token != nil {
		token.revoked = true
	}
}

// issueToken answers with new tokens of the company. A refresh mostly keeps the refresh
// token; sometimes, by the seed, it issues another one. With strict rotation it always
// does, and the old one becomes invalid. Otherwise the old one stays valid; the
// documentation does not say.
func (s *simulator) issueToken(c *call, held string, scopes []string) answer {
	t := &s.tokens
	random := s.draw("token", len(t.order))
	refresh, replaces := held, random.IntN(8) == 0
	if t.keeps != nil {
		replaces = !*t.keeps
	}
	if another := letters(random, keyLetters, 30); held == "" || t.strict || replaces {
		if len(t.refresh) < maxTokens {
			refresh = another
			t.refresh[refresh] = &refreshToken{issued: time.Now(), scopes: scopes}
			if before := t.refresh[held]; before != nil {
				t.refresh[refresh].scopes = before.scopes // the grant keeps its scopes when the application's scopes change
			}
			t.secrets = append(t.secrets, refresh)
			t.current = refresh
		}
	}
	granted := fields{
		"expires_in":    s.expiresIn(random),
		"scope":         strings.Join(scopes, " "),
		"token_type":    "Bearer",
		"access_token":  s.newAccess(random, c.host, &accessToken{scopes: scopes}),
		"refresh_token": refresh,
		"geolocation":   geolocation(random, s.base(c.host)),
	}
	tells := s.draw("refresh_expires_in").IntN(2) == 0
	if t.showsExpiry != nil {
		tells = *t.showsExpiry
	}
	if tells && t.refresh[refresh] != nil {
		granted["refresh_expires_in"] = t.refresh[refresh].ends().Unix()
	}
	if random.IntN(2) == 0 {
		granted["id_token"] = "eyJhbGciOiJSUzI1NiJ9." + letters(random, keyLetters, 400) + "." + letters(random, keyLetters, 342)
	}
	return tokenAnswer(granted)
}

// expiresIn is the life of an access token in seconds: a text as documented, or a number as
// in real answers.
func (s *simulator) expiresIn(random *rand.Rand) any {
	life := int(s.tokens.life.Seconds())
	if random.IntN(2) == 0 {
		return life
	}
	return fmt.Sprint(life)
}

// issueAppToken answers with an access token of the application itself, which no company
// accepts.
func (s *simulator) issueAppToken(c *call, scopes []string) answer {
	random := s.draw("token", len(s.tokens.order))
	return tokenAnswer(fields{
		"expires_in":   s.expiresIn(random),
		"scope":        strings.Join(scopes, " "),
		"token_type":   "Bearer",
		"access_token": s.newAccess(random, c.host, &accessToken{app: true, scopes: scopes}),
		"geolocation":  geolocation(random, s.base(c.host)),
	})
}

// newAccess makes and remembers an access token of that host. With half of the seeds it has
// more than 3,000 characters.
func (s *simulator) newAccess(random *rand.Rand, host string, token *accessToken) string {
	t := &s.tokens
	claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"n":%d,"x":%q}`, s.base(host), makeUUID(random), len(t.order)+1,
		letters(random, keyLetters, 2200*s.draw("token length").IntN(2)))
	access := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(claims)) + "." + letters(random, keyLetters, 342)
	token.host, token.expires = host, time.Now().Add(t.life)
	t.access[access] = token
	t.order = append(t.order, access)
	if len(t.order) > maxTokens {
		delete(t.access, t.order[len(t.order)-maxTokens-1])
	}
	return access
}

// geolocation returns a base URL in one of the documented forms: bare, with a slash, or
// with the path of the token endpoint.
func geolocation(random *rand.Rand, base string) string {
	return base + []string{"/", tokenPath, "", ""}[random.IntN(4)]
}

func tokenAnswer(token fields) answer {
	a := jsonAnswer(token)
	a.header = map[string]string{"Connection": "close"}
	return a
}

// elsewhere reports whether an access token belongs to a company and to another host.
func (t *tokens) elsewhere(presented, host string) bool {
	token := t.access[presented]
	return token != nil && !token.app && token.host != host
}

// bearer returns the access token of a request.
func bearer(r *http.Request) string {
	scheme, presented, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return presented
}

// authorize checks the access token. No token is 401; an unknown token or a missing scope
// is 403. An expired token, or one at the wrong host, is 403 and 401 in turn; the seed
// chooses the first.
func (s *simulator) authorize(c *call) (answer, bool) {
	presented := bearer(c.request)
	if presented == "" {
		return s.errorAnswer(c, http.StatusUnauthorized, "Authorization is required."), false
	}
	token := s.tokens.access[presented]
	if token == nil {
		return s.errorAnswer(c, http.StatusForbidden, "The token is not valid."), false
	}
	overdue := time.Since(token.expires)
	switch {
	case overdue > 0 || token.revoked || !token.app && (token.host != c.host || c.host != s.home):
	case token.app:
		return s.errorAnswer(c, http.StatusForbidden, "The token is not that of a company."), false
	case !allowedAt(c.endpoint, s.tokens.ofApplication(token.scopes)):
		c.entry.AddNote("a scope is missing")
		return s.errorAnswer(c, http.StatusForbidden, "The application has no access to this service."), false
	default:
		return answer{}, true
	}
	c.entry.SetOverdue(max(overdue, 0))
	c.entry.AddNote("the token is no longer valid")
	s.tokens.refusals++
	return s.expiredAnswer(c, s.tokens.refusals), false
}

// handleRevoke ends all refresh tokens of the connection. Whether the access tokens end too
// is not documented, so the seed decides. Different pages show the answer "deleted" and no
// body; the seed decides that too.
func (s *simulator) handleRevoke(c *call) answer {
	t := &s.tokens
	clear(t.refresh)
	t.current = ""
	if s.draw("revoked access").IntN(2) == 0 {
		t.expireAll()
	}
	c.entry.SetEffect()
	if s.draw("revocation").IntN(2) == 0 {
		return answer{status: http.StatusOK, contentType: "application/json", body: []byte(`"deleted"`)}
	}
	return answer{status: http.StatusOK}
}

func (s *simulator) expiredAnswer(c *call, turn int) answer {
	status := http.StatusForbidden
	if (uint64(turn)+s.opts.seed)%2 == 0 {
		status = http.StatusUnauthorized
	}
	return s.errorAnswer(c, status, "The token has expired.")
}
