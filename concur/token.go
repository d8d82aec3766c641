package concur

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"concur-connector/concur/wire"
)

const tokenOp = "refresh access token"

// tokenLife is what an access token is taken to live when Concur does not say.
const tokenLife = time.Hour

// access is an access token and the only host that it is for.
type access struct {
	bearer string
	base   string // https://host
	until  time.Time
}

// tokens keeps the current access token and what is needed to get the next one:
// Concur may replace the refresh token and the geolocation at every refresh.
//
// Source: https://developer.concur.com/api-reference/authentication/apidoc.html
type tokens struct {
	http         *http.Client
	hosts        hosts
	limit        time.Duration
	log          *slog.Logger
	clientID     string
	clientSecret string

	flights singleflight.Group

	mu           sync.Mutex // held during a refresh
	current      access
	refreshToken string
	base         string
}

// get returns an access token that has not expired and is not the refused one. A
// refresh is shared by all who wait for it, and outlives them: its answer may hold
// the only refresh token that is still accepted.
func (t *tokens) get(ctx context.Context, refused string) (access, error) {
	if err := ctx.Err(); err != nil {
		return access{}, &Error{Op: tokenOp, Kind: Unavailable, Message: describe(err), cause: ended(err)}
	}
	flight := t.flights.DoChan(refused, func() (any, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.current.bearer != "" && t.current.bearer != refused && time.Now().Before(t.current.until) {
			return t.current, nil
		}
		return t.refresh()
	})
	select {
	case result := <-flight:
		if result.Err != nil {
			return access{}, result.Err
		}
		return result.Val.(access), nil
	case <-ctx.Done():
		err := ctx.Err()
		return access{}, &Error{Op: tokenOp, Kind: Unavailable, Message: describe(err), cause: ended(err)}
	}
}

// refresh asks for an access token and keeps all that comes with it. An access
// token for a host that is not allowed is not used.
func (t *tokens) refresh() (access, error) {
	asked := time.Now()
	token, err := t.retrieve()
	if moved := t.elsewhere(err); moved != "" {
		t.base = moved
		token, err = t.retrieve()
	}
	if err != nil {
		failure := t.failure(err)
		t.log.Debug("concur request", "op", tokenOp, "status", failure.Status, "kind", failure.Kind, "correlation", failure.CorrelationID)
		return access{}, failure
	}
	t.log.Debug("concur request", "op", tokenOp, "status", http.StatusOK, "kind", "", "correlation", "")

	t.refreshToken = token.RefreshToken
	if !strings.EqualFold(token.Type(), "bearer") || !printable(token.AccessToken) {
		return access{}, &Error{Op: tokenOp, Kind: Malformed, Status: http.StatusOK, Message: "the access token is not a bearer token"}
	}
	if geolocation, _ := token.Extra("geolocation").(string); strings.TrimSpace(geolocation) != "" {
		base, err := t.hosts.base("the geolocation of the token", strings.TrimSpace(geolocation))
		if err != nil {
			return access{}, &Error{Op: tokenOp, Kind: Untrusted, Status: http.StatusOK, Message: err.Error()}
		}
		t.base = base
	}
	life := time.Duration(token.ExpiresIn) * time.Second
	if life <= 0 {
		life = tokenLife
	}
	t.current = access{bearer: token.AccessToken, base: t.base, until: asked.Add(life - min(time.Minute, life/10))}
	return t.current, nil
}

func (t *tokens) retrieve() (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(context.Background(), t.limit)
	defer cancel()
	config := oauth2.Config{
		ClientID:     t.clientID,
		ClientSecret: t.clientSecret,
		Endpoint:     oauth2.Endpoint{TokenURL: t.base + "/oauth2/v0/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, t.http)
	return config.TokenSource(ctx, &oauth2.Token{RefreshToken: t.refreshToken}).Token()
}

// elsewhere returns the base that a refusal names because the user lives in
// another data centre (code 16), or nothing.
func (t *tokens) elsewhere(err error) string {
	var refusal *oauth2.RetrieveError
	if !errors.As(err, &refusal) {
		return ""
	}
	if code, _ := wire.DecodeError(refusal.Body); code != "16" {
		return ""
	}
	var body struct {
		Geolocation string `json:"geolocation"`
	}
	_ = json.Unmarshal(refusal.Body, &body) // without a geolocation the refusal stands
	base, err := t.hosts.base("", body.Geolocation)
	if err != nil || base == t.base {
		return ""
	}
	return base
}

// failure classifies what the token endpoint answered, or that it did not.
func (t *tokens) failure(err error) *Error {
	e := &Error{Op: tokenOp, Kind: Unavailable, Message: describe(err), cause: ended(err)}
	var refusal *oauth2.RetrieveError
	if !errors.As(err, &refusal) {
		if strings.HasPrefix(err.Error(), "oauth2: cannot parse") || strings.HasPrefix(err.Error(), "oauth2: server response missing") {
			e.Status, e.Message = http.StatusOK, "the answer of the token endpoint cannot be read"
		}
		return e
	}
	e.Status = refusal.Response.StatusCode
	e.Code, e.Message = wire.DecodeError(refusal.Body)
	e.Message = redact(e.Message, t.clientSecret, t.refreshToken, t.current.bearer)
	e.CorrelationID = correlationOf(refusal.Response)
	switch kind := kindOf(e.Status, refusal.Body, false); {
	case kind == RateLimited, kind == Deadlock:
		e.Kind, e.RetryAfter = kind, retryAfter(refusal.Response.Header)
	case e.Status >= 500:
		e.RetryAfter = retryAfter(refusal.Response.Header)
	case e.Status >= 300 && e.Status < 400:
		e.Kind, e.Message = Rejected, notFollowed
	case wire.IsHTML(refusal.Body):
		e.Message = "a web page was answered in place of a token"
	default:
		e.Kind = Unauthorized
		e.Message = strings.TrimSuffix(renewal(refusal.ErrorCode, e.Code)+": "+e.Message, ": ")
	}
	return e
}

// renewal says what a person must do about a refusal of the token endpoint.
func renewal(word, code string) string {
	switch n, _ := strconv.Atoi(code); {
	case n >= 59 && n <= 64, word == "invalid_client":
		return "the client ID and secret must be checked by a person"
	case n >= 106 && n <= 108, word == "invalid_grant":
		return "the refresh token is no longer accepted and a person must renew it"
	}
	return "access is refused and a person must renew it"
}

// jsonAnswers has every answer of the token endpoint read as the JSON that it is
// documented to be, whatever content type it was given on its way.
type jsonAnswers struct{ way http.RoundTripper }

// RoundTrip sends one request.
func (j jsonAnswers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := j.way.RoundTrip(req)
	if err == nil {
		resp.Header.Set("Content-Type", "application/json")
	}
	return resp, err
}
