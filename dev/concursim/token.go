package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tokens is what the OAuth endpoint has issued.
type tokens struct {
	life     time.Duration
	strict   bool  // a refresh token is good once
	tellsEnd *bool // whether refresh_expires_in is answered; nil: by the seed
	keeps    *bool // whether a refresh answers with the same refresh token; nil: by the seed
	scopes   []string
	access   map[string]*accessToken
	order    []string
	refresh  map[string]*refreshToken
	current  string // the refresh token of the connection that was issued last
	requests map[string]*requestToken
	secrets  []string
	refusals int
}

type accessToken struct {
	expires time.Time
	revoked bool
	host    string // its geolocation, the only host that knows it
	app     bool   // of the application alone, for no company
	scopes  []string
}

// refreshToken ends six months after it was issued.
type refreshToken struct {
	issued time.Time
	scopes []string
}

func (t *refreshToken) ends() time.Time { return t.issued.AddDate(0, 6, 0) }

// maxTokens bounds the tokens that are remembered; the oldest go first.
const maxTokens = 10_000

// firstTokenAge is how old the refresh token of the flag is at the start.
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

// foundIn says whether a token or secret stands in the text, as it is or
// percent-encoded.
func (t *tokens) foundIn(text string) bool { return t.redact(text) != text }

// redact takes every token and secret out of the text.
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

// revoke ends an access token, if there is one.
func (t *tokens) revoke(presented string) {
	if token := t.access[presented]; token != nil {
		token.revoked = true
	}
}

// issueToken answers with a company's new tokens. The refresh token is most often the one
// that the connection has; a refresh now and then gives another, by the seed, and always when
// the rotation is strict. An earlier one stays good unless it is: whether it does is not
// documented.
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
				t.refresh[refresh].scopes = before.scopes // what the grant was, whatever the application has today
			}
			t.secrets = append(t.secrets, refresh)
			t.current = refresh
		}
	}
	fields := map[string]any{
		"expires_in":    s.expiresIn(random),
		"scope":         strings.Join(scopes, " "),
		"token_type":    "Bearer",
		"access_token":  s.newAccess(random, c.host, &accessToken{scopes: scopes}),
		"refresh_token": refresh,
		"geolocation":   geolocation(random, s.base(c.host)),
	}
	tells := s.draw("refresh_expires_in").IntN(2) == 0
	if t.tellsEnd != nil {
		tells = *t.tellsEnd
	}
	if tells && t.refresh[refresh] != nil {
		fields["refresh_expires_in"] = t.refresh[refresh].ends().Unix()
	}
	if random.IntN(2) == 0 {
		fields["id_token"] = "eyJhbGciOiJSUzI1NiJ9." + letters(random, keyLetters, 400) + "." + letters(random, keyLetters, 342)
	}
	return tokenAnswer(fields)
}

// expiresIn is the life of an access token in seconds: a text, as it is documented, or a
// number, as it is answered in practice.
func (s *simulator) expiresIn(random *rand.Rand) any {
	life := int(s.tokens.life.Seconds())
	if random.IntN(2) == 0 {
		return life
	}
	return fmt.Sprint(life)
}

// issueAppToken answers with an access token of the application alone. No company
// lets it in.
func (s *simulator) issueAppToken(c *call, scopes []string) answer {
	random := s.draw("token", len(s.tokens.order))
	return tokenAnswer(map[string]any{
		"expires_in":   s.expiresIn(random),
		"scope":        strings.Join(scopes, " "),
		"token_type":   "Bearer",
		"access_token": s.newAccess(random, c.host, &accessToken{app: true, scopes: scopes}),
		"geolocation":  geolocation(random, s.base(c.host)),
	})
}

// newAccess makes the text of an access token of that host and remembers it. With half of
// the seeds it has more than 3,000 characters.
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

// geolocation is a base as the documentation writes it: bare, with a slash, or with
// the path of the token endpoint.
func geolocation(random *rand.Rand, base string) string {
	return base + []string{"/", tokenPath, "", ""}[random.IntN(4)]
}

func tokenAnswer(fields map[string]any) answer {
	body, err := json.Marshal(fields)
	if err != nil {
		return answer{status: http.StatusInternalServerError, contentType: "application/json"}
	}
	return answer{status: http.StatusOK, contentType: "application/json", body: body, header: map[string]string{"Connection": "close"}}
}

// elsewhere says whether an access token is a company's and not meant for that host.
func (t *tokens) elsewhere(presented, host string) bool {
	token := t.access[presented]
	return token != nil && !token.app && token.host != host
}

// bearer is the access token that a request presents.
func bearer(r *http.Request) string {
	scheme, presented, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return presented
}

// authorize checks the bearer token: 401 when there is none, 403 for one that never
// was or that lacks a scope, and for one that is no longer good, or not known where the request came, 403
// and 401 in turn, the first chosen by the seed.
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

// handleRevoke ends the connection: every refresh token of it. Whether the access tokens
// end with them is not documented: by the seed. The pages of different years show the answer
// "deleted" and none: by the seed, too.
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
