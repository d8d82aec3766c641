package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

func (s *simulator) controlExpireTokens(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]int{"expired": s.tokens.expireAll()}, nil
}

// controlTokenLife sets the life of access tokens that are issued from now on.
func (s *simulator) controlTokenLife(r *http.Request) (any, error) {
	var body struct {
		Life string `yaml:"life"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	life, err := time.ParseDuration(body.Life)
	if err != nil || life < time.Second {
		return nil, fmt.Errorf("life %q: want a duration of at least one second", body.Life)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.life = life
	return map[string]string{"life": life.String()}, nil
}

// controlStrictRotation sets whether a refresh token is valid only once.
func (s *simulator) controlStrictRotation(r *http.Request) (any, error) {
	var body struct {
		Strict *bool `yaml:"strict"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	if body.Strict == nil {
		return nil, errors.New("strict: want true or false")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.strict = *body.Strict
	return map[string]bool{"strict": s.tokens.strict}, nil
}

// controlRefreshTokens makes every refresh token older. It also sets whether answers show
// when a refresh token ends, and whether a refresh keeps the refresh token.
func (s *simulator) controlRefreshTokens(r *http.Request) (any, error) {
	var body struct {
		Older       string `yaml:"older"`
		ShowsExpiry *bool  `yaml:"showsExpiry"`
		Keeps       *bool  `yaml:"keepsToken"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	older := time.Duration(0)
	if body.Older != "" {
		var err error
		if older, err = time.ParseDuration(body.Older); err != nil || older <= 0 {
			return nil, fmt.Errorf("older %q: want a duration", body.Older)
		}
	}
	if older == 0 && body.ShowsExpiry == nil && body.Keeps == nil {
		return nil, errors.New("want older, showsExpiry or keepsToken")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range s.tokens.refresh {
		token.issued = token.issued.Add(-older)
	}
	if body.ShowsExpiry != nil {
		s.tokens.showsExpiry = body.ShowsExpiry
	}
	if body.Keeps != nil {
		s.tokens.keeps = body.Keeps
	}
	return map[string]int{"refreshTokens": len(s.tokens.refresh)}, nil
}

// controlRequestToken issues a request token of the company, as the company's administrator
// does in Concur.
func (s *simulator) controlRequestToken(r *http.Request) (any, error) {
	var body struct {
		Life     string `yaml:"life"`
		OtherApp bool   `yaml:"otherApp"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	life := requestTokenLife
	if body.Life != "" {
		var err error
		if life, err = time.ParseDuration(body.Life); err != nil || life <= 0 {
			return nil, fmt.Errorf("life %q: want a duration", body.Life)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.tokens
	if len(t.requests) >= maxTokens {
		return nil, fmt.Errorf("there are %d request tokens already, which is the limit", maxTokens)
	}
	token := makeUUID(s.draw("request token", len(t.requests)))
	t.requests[token] = &requestToken{ends: time.Now().Add(life), otherApp: body.OtherApp}
	t.secrets = append(t.secrets, token)
	return map[string]string{"requestToken": token}, nil
}

// controlScopes changes the scopes of the application. A removed scope is missing from
// every token at once. An added scope comes with the next grant of a request token.
func (s *simulator) controlScopes(r *http.Request) (any, error) {
	var body struct {
		Scopes []string `yaml:"scopes"`
		Add    []string `yaml:"add"`
		Remove []string `yaml:"remove"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	if body.Scopes == nil && body.Add == nil && body.Remove == nil {
		return nil, errors.New("want scopes, add or remove")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.tokens
	if body.Scopes != nil {
		t.scopes = body.Scopes
	}
	t.scopes = slices.DeleteFunc(slices.Concat(t.scopes, body.Add), func(scope string) bool { return slices.Contains(body.Remove, scope) })
	return map[string][]string{"scopes": t.scopes}, nil
}

// controlMoveCompany moves the company to the other data centre. The old data centre keeps
// its tokens, but no longer serves the company.
func (s *simulator) controlMoveCompany(r *http.Request) (any, error) {
	var body struct {
		To string `yaml:"to"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	if body.To != firstHost && body.To != secondHost {
		return nil, fmt.Errorf("to %q: want %s or %s", body.To, firstHost, secondHost)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if body.To == s.home {
		return nil, fmt.Errorf("the company lives in %s already: %w", s.home, errCannotMove)
	}
	s.home = body.To
	s.broadcast()
	return map[string]string{"home": s.home, "geolocation": s.homeBase()}, nil
}
