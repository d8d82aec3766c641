package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"concur-connector/dev/concursim/journal"
)

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
	status, err := s.knock(ctx, http.MethodGet, testPath, nil)
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
