package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"concur-connector/dev/concursim/journal"
)

// checkCredentials checks the lengths that Concur allows. One page allows 50 characters for a
// password, another fewer than 50:
// https://developer.concur.com/api-reference/callouts/callouts-application-connectors.html.
func checkCredentials(user, password string) error {
	if n := utf8.RuneCountInString(user); n < 10 || n > 50 {
		return fmt.Errorf("the user name has %d characters: Concur allows 10 to 50", n)
	}
	if n := utf8.RuneCountInString(password); n < 10 || n > 49 {
		return fmt.Errorf("the password has %d characters: Concur allows 10 to 49", n)
	}
	return nil
}

// verify tests the connection unless the connector is already verified. Callouts go only to
// a verified connector.
func (s *simulator) verify(ctx context.Context) error {
	s.mu.Lock()
	verified := s.callouts.Verified
	s.mu.Unlock()
	if verified {
		return nil
	}
	return s.testConnection(ctx)
}

// testConnection tests the connection as the guide describes: a GET to the connector's
// host, with the credentials. An answer of 200 makes the connector verified:
// https://developer.concur.com/api-reference/callouts/callouts-application-connectors.html.
func (s *simulator) testConnection(ctx context.Context) error {
	s.mu.Lock()
	e := s.journal.AddOutgoing(journal.Outgoing{Method: http.MethodGet, Path: testPath, Endpoint: testEndpoint})
	s.mu.Unlock()
	status, err := s.sendToConnector(ctx, http.MethodGet, testPath, nil)
	if err == nil && status != http.StatusOK {
		err = errors.New("test connection was answered with " + http.StatusText(status))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callouts.Verified, s.callouts.Tested = err == nil, time.Now().UTC()
	if e != nil {
		e.SetStatus(status)
		if err != nil {
			e.AddNote(err.Error())
		}
		e.Complete()
	}
	s.broadcast()
	return err
}
