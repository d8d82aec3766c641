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
	strict   bool // a refresh token is good once
	access   map[string]*accessToken
	order    []string
	refresh  map[string]bool
	requests map[string]*requestToken
	secrets  []string
	refusals int
}

type accessToken struct {
	expires time.Time
	revoked bool
	host    string // its geolocation, the only host that knows it
	app     bool   // of the application alone, for no company
}

// maxTokens bounds the tokens that are remembered; the oldest go first.
const maxTokens = 10_000

func newTokens(opts options) tokens {
	return tokens{
		life:    opts.tokenLife,
		strict:  opts.strictRotation,
		access:  map[string]*accessToken{},
		refresh: map[string]bool{opts.refreshToken: true},
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

// companyScopes are all that the connector may need of a company's token. The simulator
// says that they are granted; what an endpoint wants is not looked at.
const companyScopes = "EXPRPT NOTIF expense.report.read expense.report.readwrite expense.report.workflowstatus.write" +
	" identity.user.ids.read identity.user.core.read spend.listitem.read travelrequest.write travelrequest.externalsystemworkflow.write"

// issueToken answers with a company's new tokens. Earlier refresh tokens stay good
// unless the rotation is strict: it is documented, and its effect on the old token is not.
func (s *simulator) issueToken(c *call) answer {
	t := &s.tokens
	random := s.draw("token", len(t.order))
	refresh := letters(random, keyLetters, 30)
	access := s.newAccess(random, c.host, &accessToken{})
	if len(t.refresh) < maxTokens {
		t.refresh[refresh] = true
		t.secrets = append(t.secrets, refresh)
	}
	return tokenAnswer(map[string]any{
		"expires_in":         fmt.Sprint(int(t.life.Seconds())),
		"scope":              companyScopes,
		"token_type":         "Bearer",
		"access_token":       access,
		"refresh_token":      refresh,
		"refresh_expires_in": time.Now().AddDate(0, 6, 0).Unix(),
		"geolocation":        geolocation(random, s.base(c.host)),
	})
}

// issueAppToken answers with an access token of the application alone. No company
// lets it in.
func (s *simulator) issueAppToken(c *call) answer {
	random := s.draw("token", len(s.tokens.order))
	return tokenAnswer(map[string]any{
		"expires_in":   fmt.Sprint(int(s.tokens.life.Seconds())),
		"scope":        "events.topic.read",
		"token_type":   "Bearer",
		"access_token": s.newAccess(random, c.host, &accessToken{app: true}),
		"geolocation":  geolocation(random, s.base(c.host)),
	})
}

// newAccess makes the text of an access token of that host and remembers it.
func (s *simulator) newAccess(random *rand.Rand, host string, token *accessToken) string {
	t := &s.tokens
	claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"n":%d}`, s.base(host), makeUUID(random), len(t.order)+1)
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
	return answer{status: http.StatusOK, contentType: "application/json", body: body}
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
// was, and for one that is no longer good, or not known where the request came, 403
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
	default:
		return answer{}, true
	}
	c.entry.overdue = max(overdue, 0)
	c.entry.Note = "token no longer good"
	s.tokens.refusals++
	return s.expiredAnswer(c, s.tokens.refusals), false
}

func (s *simulator) expiredAnswer(c *call, turn int) answer {
	status := http.StatusForbidden
	if (uint64(turn)+s.opts.seed)%2 == 0 {
		status = http.StatusUnauthorized
	}
	return s.errorAnswer(c, status, "The token has expired.")
}
