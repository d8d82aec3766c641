package concur

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
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
	// refreshMonths is how many months a refresh token lives from its issue, as documented.
	refreshMonths = 6
	// maxSeen bounds how many refresh tokens are remembered by the time they were first seen.
	maxSeen = 16
)

// state is everything that keeps the access alive, in the form of the token store.
// Concur may replace each of its texts at every refresh.
type state struct {
	RefreshToken     string    `json:"refreshToken"`
	RefreshExpiresAt time.Time `json:"refreshExpiresAt,omitzero"` // as Concur has said; zero: unknown
	Geolocation      string    `json:"geolocation"`               // https://host
	AccessToken      string    `json:"accessToken,omitempty"`
	AccessExpiresAt  time.Time `json:"accessExpiresAt,omitzero"`
	Scope            string    `json:"scope,omitempty"` // separated by spaces
	ObtainedAt       time.Time `json:"obtainedAt,omitzero"`
	Generation       int       `json:"generation"` // counts the answers of Concur

	// FirstSeen says when this refresh token and those before it were first seen, by the
	// mark of each. A token that a person has put into the file is not in it.
	FirstSeen map[string]time.Time `json:"refreshFirstSeen,omitempty"`
	// ExpiresMark is the mark of the refresh token that RefreshExpiresAt is about; empty: the present one.
	ExpiresMark string `json:"refreshExpiresMark,omitempty"`
}

// tokenHash identifies a refresh token without revealing it.
func tokenHash(refreshToken string) string {
	sum := sha256.Sum256([]byte(refreshToken))
	return hex.EncodeToString(sum[:8])
}

// seenAt returns when the present refresh token was first seen, or the zero time.
func (s state) seenAt() time.Time { return s.FirstSeen[tokenHash(s.RefreshToken)] }

// access is an access token and the only host that may receive it.
type access struct {
	bearer     string
	base       string // https://host
	generation int
	scopes     string // as Concur has granted them; empty: it has not said
}

func (s state) access() access {
	return access{bearer: s.AccessToken, base: s.Geolocation, generation: s.Generation, scopes: s.Scope}
}

// fresh reports whether there is an access token that does not expire soon.
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
	if s.ExpiresMark != "" && s.ExpiresMark != tokenHash(s.RefreshToken) {
		s.RefreshExpiresAt = time.Time{} // it is the end of another token, which a person has replaced in the file
	}
	return nil
}

// next returns the state after an answer of the token endpoint at base. If the access token
// must not be used, it returns an error, too, and a state that keeps the refresh token.
func (s state) next(token *oauth2.Token, base string, asked time.Time, hosts hosts) (state, *Error) {
	asked = asked.UTC()
	next := state{
		RefreshToken: token.RefreshToken,
		Geolocation:  base,
		ObtainedAt:   asked,
		Generation:   s.Generation + 1,
	}
	if !printable(token.RefreshToken) {
		next.RefreshToken = s.RefreshToken
	}
	next.setRefreshExpiry(s, token.Extra("refresh_expires_in"), asked)
	switch {
	case !strings.EqualFold(token.Type(), "bearer") || !printable(token.AccessToken):
		return next, &Error{Kind: Malformed, Status: http.StatusOK, Message: "the access token is not a bearer token"}
	case !printable(token.RefreshToken):
		return next, &Error{Kind: Malformed, Status: http.StatusOK, Message: "the refresh token has a character that is not printable"}
	}
	if geolocation, _ := token.Extra("geolocation").(string); strings.TrimSpace(geolocation) != "" {
		home, err := hosts.base("the geolocation of the token", strings.TrimSpace(geolocation))
		if err != nil {
			return next, &Error{Kind: Untrusted, Status: http.StatusOK, Message: err.Error()}
		}
		next.Geolocation = home
	}
	next.AccessToken, next.AccessExpiresAt = token.AccessToken, asked.Add(accessLifetime(token))
	scope, _ := token.Extra("scope").(string)
	next.Scope = strings.Join(strings.Fields(scope), " ")
	return next, nil
}

// accessLifetime reads expires_in, which Concur prints as a text or as a number of seconds.
func accessLifetime(token *oauth2.Token) time.Duration {
	if n := seconds(token.Extra("expires_in")); n > 0 {
		return time.Duration(min(n, int64(longestRefreshLife/time.Second))) * time.Second
	}
	return accessLife
}

// setRefreshExpiry sets when the refresh token was first seen, and when it ends if Concur has said so.
// Without Concur's word the end is unknown, for a token that was not seen before, too: a grant may
// answer with the refresh token that the connection has had for months.
//
// Source: https://developer.concur.com/api-reference/authentication/apidoc.html#refresh_token
func (s *state) setRefreshExpiry(before state, said any, asked time.Time) {
	mark := tokenHash(s.RefreshToken)
	s.FirstSeen = map[string]time.Time{}
	maps.Copy(s.FirstSeen, before.FirstSeen)
	for _, token := range []string{s.RefreshToken, before.RefreshToken} {
		// A clock that ran ahead has written a time that is still to come.
		if at := s.FirstSeen[tokenHash(token)]; token != "" && (at.IsZero() || at.After(asked)) {
			s.FirstSeen[tokenHash(token)] = asked
		}
	}
	for len(s.FirstSeen) > maxSeen {
		oldest := mark
		for one, at := range s.FirstSeen {
			if one != mark && (oldest == mark || at.Before(s.FirstSeen[oldest])) {
				oldest = one
			}
		}
		delete(s.FirstSeen, oldest)
	}
	end := time.Unix(seconds(said), 0).UTC()
	switch {
	case end.After(asked) && end.Before(asked.Add(longestRefreshLife)):
		s.RefreshExpiresAt, s.ExpiresMark = end, mark
	case s.RefreshToken == before.RefreshToken && before.RefreshExpiresAt.After(asked):
		// An end that has passed is dropped: Concur has just accepted the token.
		s.RefreshExpiresAt, s.ExpiresMark = before.RefreshExpiresAt, mark
	}
}

// seconds reads a whole number that is a number or a text. It returns 0 if there is none.
func seconds(value any) int64 {
	n, err := strconv.ParseFloat(strings.TrimSpace(fmt.Sprint(value)), 64)
	if err != nil || !(n > 0 && n < 1e15) {
		return 0
	}
	return int64(n)
}

// TokenStatus is the status of the tokens without any token. Times are in UTC; the zero time
// is unknown.
type TokenStatus struct {
	Geolocation      string    `json:"geolocation"` // https://host
	Scopes           []string  `json:"scopes"`      // as Concur granted them; they are case-sensitive
	ObtainedAt       time.Time `json:"obtainedAt,omitzero"`
	AccessExpiresAt  time.Time `json:"accessExpiresAt,omitzero"`
	RefreshSeenAt    time.Time `json:"refreshSeenAt,omitzero"`    // when this refresh token was first seen; it may be older
	RefreshExpiresAt time.Time `json:"refreshExpiresAt,omitzero"` // as Concur has said
	Generation       int       `json:"generation"`                // how often Concur has answered with tokens
}

func (s state) status() TokenStatus {
	return TokenStatus{
		Geolocation: s.Geolocation, Scopes: strings.Fields(s.Scope), ObtainedAt: s.ObtainedAt,
		AccessExpiresAt: s.AccessExpiresAt, RefreshSeenAt: s.seenAt(), RefreshExpiresAt: s.RefreshExpiresAt, Generation: s.Generation,
	}
}

// RefreshEndsBy returns the latest time at which the refresh token ends: the end that Concur
// has said, else six months after the token was first seen. It returns the zero time if
// neither is known, or if Concur has accepted the token after that time.
func (s TokenStatus) RefreshEndsBy() time.Time {
	if !s.RefreshExpiresAt.IsZero() || s.RefreshSeenAt.IsZero() {
		return s.RefreshExpiresAt
	}
	latest := s.RefreshSeenAt.AddDate(0, refreshMonths, 0)
	if s.ObtainedAt.After(latest) {
		return time.Time{}
	}
	return latest
}

// RenewalDue reports whether the refresh token ends within the warning time, so that a person
// must renew it now.
func (s TokenStatus) RenewalDue(now time.Time, warning time.Duration) bool {
	latest := s.RefreshEndsBy()
	return !latest.IsZero() && latest.Sub(now) <= warning
}
