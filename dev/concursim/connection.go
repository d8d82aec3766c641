package main

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// errCredentials is a change of nothing.
var errCredentials = errors.New("want user, password or both")

// controlCredentials is what an administrator does on the page of the connector: it changes
// the user name and the password. The connector has to be verified anew.
func (s *simulator) controlCredentials(r *http.Request) (any, error) {
	var body struct {
		User     string `yaml:"user"`
		Password string `yaml:"password"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	if body.User == "" && body.Password == "" {
		return nil, errCredentials
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	setDefault(&body.User, s.opts.calloutUser)
	setDefault(&body.Password, s.opts.calloutPassword)
	s.opts.calloutUser, s.opts.calloutPassword = body.User, body.Password
	s.callouts.Verified = false
	s.broadcast()
	return map[string]string{"user": body.User}, nil
}

// controlTestConnection presses the button of that name.
func (s *simulator) controlTestConnection(r *http.Request) (any, error) {
	err := s.testConnection(r.Context())
	if err != nil {
		return map[string]any{"verified": false, "error": err.Error()}, nil
	}
	return map[string]any{"verified": true}, nil
}

// verify tests the connection unless the connector is verified already. Nothing is delivered
// to one that is not.
func (s *simulator) verify(ctx context.Context) error {
	s.mu.Lock()
	verified := s.callouts.Verified
	s.mu.Unlock()
	if verified {
		return nil
	}
	return s.testConnection(ctx)
}

// testConnection asks the connector's host as the guide describes: a GET with the
// credentials. An answer of 200 makes the connector verified:
// https://developer.concur.com/api-reference/callouts/callouts-application-connectors.html.
func (s *simulator) testConnection(ctx context.Context) error {
	s.mu.Lock()
	e := s.journal.begin("out", http.MethodGet, testPath, testEndpoint)
	s.mu.Unlock()
	status, err := s.knock(ctx, http.MethodGet, testPath, nil)
	if err == nil && status != http.StatusOK {
		err = errors.New("test connection was answered with " + http.StatusText(status))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callouts.Verified, s.callouts.Tested = err == nil, time.Now().UTC()
	if e != nil {
		e.Status = status
		if err != nil {
			e.Note = err.Error()
		}
		s.journal.complete(e)
	}
	s.broadcast()
	return err
}
