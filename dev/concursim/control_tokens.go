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

// controlTokenLife sets the life of the tokens issued from now on.
func (s *simulator) controlTokenLife(r *http.Request) (any, error) {
	var body struct {
		Life string `yaml:"life"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	life, err := time.ParseDuration(body.Life)
	if err != nil || life < time.Second {
		return nil, fmt.Errorf("life %q: want a duration of a second or more", body.Life)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.life = life
	return map[string]string{"life": life.String()}, nil
}

// controlStrictRotation makes a refresh token good once, or for ever, from now on.
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

// controlRefreshTokens makes every refresh token so much older, or says whether their end is
// told, and whether a refresh keeps them.
func (s *simulator) controlRefreshTokens(r *http.Request) (any, error) {
	var body struct {
		Older    string `yaml:"older"`
		TellsEnd *bool  `yaml:"tellsEnd"`
		Keeps    *bool  `yaml:"keeps"`
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
	if older == 0 && body.TellsEnd == nil && body.Keeps == nil {
		return nil, errors.New("want older, tellsEnd or keeps")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range s.tokens.refresh {
		token.issued = token.issued.Add(-older)
	}
	if body.TellsEnd != nil {
		s.tokens.tellsEnd = body.TellsEnd
	}
	if body.Keeps != nil {
		s.tokens.keeps = body.Keeps
	}
	return map[string]int{"refreshTokens": len(s.tokens.refresh)}, nil
}

// controlRequestToken issues a request token of the company, as its administrator gets
// one in Concur.
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
		return nil, fmt.Errorf("%d request tokens are enough", maxTokens)
	}
	token := makeUUID(s.draw("request token", len(t.requests)))
	t.requests[token] = &requestToken{ends: time.Now().Add(life), otherApp: body.OtherApp}
	t.secrets = append(t.secrets, token)
	return map[string]string{"requestToken": token}, nil
}

// controlScopes changes which scopes the application has. What is taken away is missing in
// every token from then on; what is added comes with the next grant of a request token.
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

// controlMoveCompany moves the company to the other data centre. Its tokens are known
// in the old one alone, and the old one knows the company no more.
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
