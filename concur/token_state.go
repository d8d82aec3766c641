package concur

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

const (
	// accessLife is what an access token is taken to live when Concur does not say.
	accessLife = time.Hour
	// longestRefreshLife bounds what is believed of the end of a refresh token.
	longestRefreshLife = 10 * 365 * 24 * time.Hour
)

// state is everything that keeps the access alive, in the form of the token store.
// Concur may replace each of its texts at every refresh.
type state struct {
	RefreshToken     string    `json:"refreshToken"`
	RefreshExpiresAt time.Time `json:"refreshExpiresAt,omitzero"` // unknown for one that nothing came with
	Geolocation      string    `json:"geolocation"`               // https://host
	AccessToken      string    `json:"accessToken,omitempty"`
	AccessExpiresAt  time.Time `json:"accessExpiresAt,omitzero"`
	Scope            string    `json:"scope,omitempty"` // separated by spaces
	ObtainedAt       time.Time `json:"obtainedAt,omitzero"`
	Generation       int       `json:"generation"` // counts the answers of Concur
}

// access is an access token and the only host that it is for.
type access struct {
	bearer     string
	base       string // https://host
	generation int
}

func (s state) access() access {
	return access{bearer: s.AccessToken, base: s.Geolocation, generation: s.Generation}
}

// fresh reports whether there is an access token that is not near its end.
func (s state) fresh() bool {
	life := s.AccessExpiresAt.Sub(s.ObtainedAt)
	return s.AccessToken != "" && time.Now().Before(s.AccessExpiresAt.Add(-min(time.Minute, life/10)))
}

// check refuses what the store cannot have been given by this client, and reduces
// the geolocation.
func (s *state) check(hosts hosts) error {
	switch {
	case s.RefreshToken == "":
		return errors.New("it holds no refresh token")
	case !printable(s.RefreshToken), !printable(s.AccessToken):
		return errors.New("a token in it has a space or a character that is not printable ASCII")
	}
	base, err := hosts.base("its geolocation", s.Geolocation)
	if err != nil {
		return err
	}
	s.Geolocation = base
	return nil
}

// after returns the state that follows an answer of the token endpoint at base. With
// an access token that must not be used it returns the error as well, and a state
// that still keeps the refresh token.
func (s state) after(token *oauth2.Token, base string, asked time.Time, hosts hosts) (state, *Error) {
	asked = asked.UTC()
	next := state{
		RefreshToken: token.RefreshToken,
		Geolocation:  base,
		ObtainedAt:   asked,
		Generation:   s.Generation + 1,
	}
	next.RefreshExpiresAt = refreshEnd(token.Extra("refresh_expires_in"), asked)
	if token.Extra("refresh_expires_in") == nil && token.RefreshToken == s.RefreshToken && !s.RefreshExpiresAt.IsZero() {
		next.RefreshExpiresAt = s.RefreshExpiresAt // the same token does not begin anew
	}
	switch {
	case !strings.EqualFold(token.Type(), "bearer") || !printable(token.AccessToken):
		return next, &Error{Kind: Malformed, Status: http.StatusOK, Message: "the access token is not a bearer token"}
	case !printable(token.RefreshToken):
		next.RefreshToken = s.RefreshToken
		return next, &Error{Kind: Malformed, Status: http.StatusOK, Message: "the refresh token has a character that is not printable"}
	}
	if geolocation, _ := token.Extra("geolocation").(string); strings.TrimSpace(geolocation) != "" {
		home, err := hosts.base("the geolocation of the token", strings.TrimSpace(geolocation))
		if err != nil {
			return next, &Error{Kind: Untrusted, Status: http.StatusOK, Message: err.Error()}
		}
		next.Geolocation = home
	}
	next.AccessToken, next.AccessExpiresAt = token.AccessToken, asked.Add(lifeOf(token))
	scope, _ := token.Extra("scope").(string)
	next.Scope = strings.Join(strings.Fields(scope), " ")
	return next, nil
}

// lifeOf reads expires_in, which Concur gives as a text or as a number of seconds.
func lifeOf(token *oauth2.Token) time.Duration {
	if n := seconds(token.Extra("expires_in")); n > 0 {
		return time.Duration(min(n, int64(longestRefreshLife/time.Second))) * time.Second
	}
	return accessLife
}

// refreshEnd reads refresh_expires_in, which Concur gives in seconds since 1970. An
// end that is missing or cannot be is six months away, as documented.
func refreshEnd(value any, obtained time.Time) time.Time {
	end := time.Unix(seconds(value), 0).UTC()
	if end.After(obtained) && end.Before(obtained.Add(longestRefreshLife)) {
		return end
	}
	return obtained.AddDate(0, 6, 0)
}

// seconds reads a whole number that is given as a number or a text; 0 is none.
func seconds(value any) int64 {
	n, err := strconv.ParseFloat(strings.TrimSpace(fmt.Sprint(value)), 64)
	if err != nil || !(n > 0 && n < 1e15) {
		return 0
	}
	return int64(n)
}

// TokenStatus says how the access stands, without any token. Times are in UTC, the
// zero time is one that is not known.
type TokenStatus struct {
	Geolocation      string    `json:"geolocation"` // https://host
	Scopes           []string  `json:"scopes"`      // as Concur granted them; they are case-sensitive
	ObtainedAt       time.Time `json:"obtainedAt,omitzero"`
	AccessExpiresAt  time.Time `json:"accessExpiresAt,omitzero"`
	RefreshExpiresAt time.Time `json:"refreshExpiresAt,omitzero"`
	Generation       int       `json:"generation"` // how often Concur has answered with tokens
}

func (s state) status() TokenStatus {
	return TokenStatus{
		Geolocation: s.Geolocation, Scopes: strings.Fields(s.Scope), ObtainedAt: s.ObtainedAt,
		AccessExpiresAt: s.AccessExpiresAt, RefreshExpiresAt: s.RefreshExpiresAt, Generation: s.Generation,
	}
}

// RenewalDue reports whether the refresh token ends within the warning time, so that
// a person must renew it now.
func (s TokenStatus) RenewalDue(now time.Time, warning time.Duration) bool {
	return !s.RefreshExpiresAt.IsZero() && s.RefreshExpiresAt.Sub(now) <= warning
}
