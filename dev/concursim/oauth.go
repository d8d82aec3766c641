package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
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
	secrets  []string
	refusals int
}

type accessToken struct {
	expires time.Time
	revoked bool
}

// maxTokens bounds the tokens that are remembered; the oldest go first.
const maxTokens = 10_000

func newTokens(opts options) tokens {
	return tokens{
		life:    opts.tokenLife,
		strict:  opts.strictRotation,
		access:  map[string]*accessToken{},
		refresh: map[string]bool{opts.refreshToken: true},
		secrets: []string{opts.clientSecret, opts.refreshToken},
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

// handleToken plays POST /oauth2/v0/token for the refresh_token grant:
// https://developer.concur.com/api-reference/authentication/apidoc.html.
func (s *simulator) handleToken(c *call) answer {
	form, err := url.ParseQuery(string(c.body))
	mediaType, _, _ := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return tokenError(http.StatusBadRequest, 65, "invalid_request", "grant_type is required")
	}
	switch {
	case form.Get("grant_type") == "":
		return tokenError(http.StatusBadRequest, 65, "invalid_request", "grant_type is required")
	case form.Get("grant_type") != "refresh_token":
		return tokenError(http.StatusBadRequest, 60, "unauthorized_client", "the client is not allowed this grant")
	case form.Get("client_id") == "":
		return tokenError(http.StatusBadRequest, 62, "invalid_request", "client_id is required")
	case form.Get("client_secret") == "":
		return tokenError(http.StatusBadRequest, 63, "invalid_request", "client_secret is required")
	case form.Get("client_id") != s.opts.clientID || form.Get("client_secret") != s.opts.clientSecret:
		return tokenError(http.StatusUnauthorized, 64, "invalid_client", "the client credentials are wrong")
	case form.Get("refresh_token") == "":
		return tokenError(http.StatusBadRequest, 106, "invalid_request", "refresh_token is required")
	case !s.tokens.refresh[form.Get("refresh_token")]:
		return tokenError(http.StatusBadRequest, 108, "invalid_grant", "the refresh token is wrong or expired")
	}
	if s.tokens.strict {
		delete(s.tokens.refresh, form.Get("refresh_token"))
	}
	return s.issueToken()
}

// issueToken answers with new tokens. Earlier refresh tokens stay good unless the
// rotation is strict: it is documented, and its effect on the old token is not.
func (s *simulator) issueToken() answer {
	t := &s.tokens
	random := s.draw("token", len(t.order))
	refresh := letters(random, keyLetters, 30)
	claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"n":%d}`, s.ready.API, makeUUID(random), len(t.order)+1)
	access := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(claims)) + "." + letters(random, keyLetters, 342)
	t.access[access] = &accessToken{expires: time.Now().Add(t.life)}
	t.order = append(t.order, access)
	if len(t.order) > maxTokens {
		delete(t.access, t.order[len(t.order)-maxTokens-1])
	}
	if len(t.refresh) < maxTokens {
		t.refresh[refresh] = true
		t.secrets = append(t.secrets, refresh)
	}

	geolocation := s.ready.API
	switch random.IntN(4) {
	case 0:
		geolocation += "/"
	case 1:
		geolocation += tokenPath
	}
	body, err := json.Marshal(map[string]any{
		"expires_in":         fmt.Sprint(int(t.life.Seconds())),
		"scope":              "EXPRPT NOTIF",
		"token_type":         "Bearer",
		"access_token":       access,
		"refresh_token":      refresh,
		"refresh_expires_in": time.Now().AddDate(0, 6, 0).Unix(),
		"geolocation":        geolocation,
	})
	if err != nil {
		return tokenError(http.StatusInternalServerError, 0, "server_error", err.Error())
	}
	return answer{status: http.StatusOK, contentType: "application/json", body: body}
}

func tokenError(status, code int, kind, description string) answer {
	body := fmt.Sprintf(`{"error":%q,"error_description":%q,"code":%d}`, kind, description, code)
	return answer{status: status, contentType: "application/json", body: []byte(body)}
}

// authorize checks the bearer token: 401 when there is none, and for one that
// is wrong or no longer good 403 and 401 in turn, the first chosen by the seed.
func (s *simulator) authorize(c *call) (answer, bool) {
	scheme, presented, _ := strings.Cut(c.request.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || presented == "" {
		return s.errorAnswer(c, http.StatusUnauthorized, "Authorization is required."), false
	}
	token := s.tokens.access[presented]
	if token == nil {
		return s.errorAnswer(c, http.StatusForbidden, "The token is not valid."), false
	}
	overdue := time.Since(token.expires)
	if overdue <= 0 && !token.revoked {
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
