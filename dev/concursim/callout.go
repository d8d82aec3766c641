package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"concur-connector/dev/concursim/journal"
)

const maxQueue = 25_000

// callouts holds the queue of callouts, first in first out, and the callouts that were
// sent.
type callouts struct {
	Paused   bool            `json:"paused"`
	Verified bool            `json:"verified"` // the last test of the connection was answered with 200
	Tested   time.Time       `json:"tested,omitzero"`
	Queue    []*notification `json:"queue"`
	History  []*sentCallout  `json:"history"`
}

// notification is the content of a callout. A raw body is sent byte for byte.
type notification struct {
	EventType       string `json:"eventType" yaml:"eventType"`
	ObjectType      string `json:"objectType" yaml:"objectType"`
	ObjectURI       string `json:"objectUri" yaml:"objectUri"`
	EventDateTime   string `json:"eventDateTime" yaml:"eventDateTime"`
	Context         string `json:"context,omitempty" yaml:"context"`
	NotificationURI string `json:"notificationUri,omitempty" yaml:"notificationUri"`
	Body            string `json:"-" yaml:"body"`
	Failed          bool   `json:"-" yaml:"failed"`
	V4              bool   `json:"-" yaml:"v4"`   // it names the address in v4
	Junk            string `json:"-" yaml:"junk"` // how the entry of the failed list is malformed

	report, step string
	copied       bool
}

type sentCallout struct {
	N         int       `json:"n"`
	At        time.Time `json:"at"`
	Report    string    `json:"report,omitempty"`
	EventType string    `json:"eventType"`
	ObjectURI string    `json:"objectUri"`
	Status    int       `json:"status"`
	Error     string    `json:"error,omitempty"`
	Fault     string    `json:"fault,omitempty"`
	Done      bool      `json:"done"`
}

// notificationOf announces that the report has entered its present step.
func (s *simulator) notificationOf(r *report) *notification {
	name := r.stepName
	if name == "" && len(r.steps) > 0 {
		name = r.steps[0].Extv
	}
	if name == "" {
		name = "SUBMIT"
	}
	return &notification{
		EventType:     r.eventOf(name),
		ObjectType:    r.objectType(),
		ObjectURI:     s.objectURI(r),
		EventDateTime: time.Now().UTC().Format(time.DateOnly),
	}
}

// body is the callout in the documented form. Like the documentation's sample, it has a
// no-break space in its XML declaration:
// https://developer.concur.com/api-reference/callouts/post-event-notification.html.
func (n *notification) body() []byte {
	if n.Body != "" {
		return []byte(n.Body)
	}
	contextElement := "<Context/>"
	if n.Context != "" {
		contextElement = "<Context>" + escapeText(n.Context) + "</Context>"
	}
	return []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"\u00a0?>\n<Notification>\n" +
		"    <EventType>" + escapeText(n.EventType) + "</EventType>\n" +
		"    <ObjectType>" + escapeText(n.ObjectType) + "</ObjectType>\n" +
		"    <ObjectURI>" + escapeText(n.ObjectURI) + "</ObjectURI>\n" +
		"    <EventDateTime>" + escapeText(n.EventDateTime) + "</EventDateTime>\n" +
		"    " + contextElement + "\n</Notification>\n")
}

// queueCallout adds a callout to the queue. r is nil for a notification about something
// that the simulator does not have.
func (s *simulator) queueCallout(r *report, n *notification) {
	if r != nil {
		n.report, n.step = r.name, r.step
		if r.failing {
			r.failing, n.Junk = false, r.desc.Junk
			s.fail(n)
			return
		}
	}
	if len(s.callouts.Queue) >= maxQueue {
		s.log.Warn("callout queue is full", "report", n.report)
		s.fail(n)
		return
	}
	s.callouts.Queue = append(s.callouts.Queue, n)
	s.broadcast()
}

func newPoster(opts options) (*http.Client, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if opts.calloutCA != "" {
		pool, err := certPool(opts.calloutCA)
		if err != nil {
			return nil, fmt.Errorf("-callout-ca: %w", err)
		}
		config.RootCAs = pool
	}
	return &http.Client{
		Timeout:       opts.calloutTimeout,
		Transport:     &http.Transport{TLSClientConfig: config, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// sendCallouts sends the queued callouts, one at a time, until the simulator ends.
func (s *simulator) sendCallouts() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-s.done
		cancel()
	}()
	for ctx.Err() == nil {
		var next *notification
		s.wait(ctx, maxWait, func() bool {
			if s.callouts.Paused || len(s.callouts.Queue) == 0 {
				return false
			}
			next = s.callouts.Queue[0]
			s.callouts.Queue = s.callouts.Queue[1:]
			return true
		})
		if next != nil {
			s.sendCallout(ctx, next)
		}
	}
}

// sendCallout tries as often as configured. If the connector does not accept the callout,
// its notification goes to the failed list.
func (s *simulator) sendCallout(ctx context.Context, n *notification) {
	s.mu.Lock()
	faults := s.takeCalloutFaults(n)
	lost := faults.find("lost-callout") != nil
	s.mu.Unlock()
	var unverified error
	if !lost {
		unverified = s.verify(ctx)
	}
	accepted := false
	for try := 0; try < s.opts.calloutTries && !accepted && !lost && unverified == nil && ctx.Err() == nil; try++ {
		accepted = s.attemptCallout(ctx, n, faults)
	}
	switch {
	case lost:
		s.recordLost(n, faults.names(), "lost on the way")
	case unverified != nil:
		s.recordLost(n, faults.names(), "the connector is not verified: "+unverified.Error())
	}
	if ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if faults.find("duplicate-callout") != nil {
		again := *n
		again.copied = true
		s.callouts.Queue = append([]*notification{&again}, s.callouts.Queue...)
	}
	if !accepted {
		s.fail(n)
	}
	s.broadcast()
}

func (s *simulator) attemptCallout(ctx context.Context, n *notification, faults takenFaults) bool {
	s.mu.Lock()
	sent, e := s.recordCallout(n, faults.names())
	s.mu.Unlock()

	status, err := s.sendToConnector(ctx, http.MethodPost, s.opts.calloutPath, garble(n.body(), faults))

	s.mu.Lock()
	defer s.mu.Unlock()
	sent.Status, sent.Done = status, true
	if err != nil {
		sent.Error = err.Error()
	}
	if e != nil {
		e.SetStatus(status)
		e.AddNote(sent.Error)
		e.Complete()
	}
	s.log.Info("callout", "report", n.report, "status", status, "error", sent.Error)
	s.broadcast()
	return status == http.StatusOK
}

func (s *simulator) recordCallout(n *notification, fault string) (*sentCallout, *journal.Entry) {
	e := s.journal.AddOutgoing(journal.Outgoing{
		Method: http.MethodPost, Path: s.opts.calloutPath, Endpoint: publicEndpoint, Report: n.report, Fault: fault,
	})
	sent := &sentCallout{At: time.Now().UTC(), Report: n.report, EventType: n.EventType, ObjectURI: n.ObjectURI, Fault: fault}
	if e != nil {
		sent.N = e.N()
	}
	s.callouts.History = append(s.callouts.History, sent)
	if len(s.callouts.History) > maxQueue {
		s.callouts.History = s.callouts.History[1:]
	}
	s.broadcast()
	return sent, e
}

func (s *simulator) recordLost(n *notification, fault, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent, e := s.recordCallout(n, fault)
	sent.Done, sent.Error = true, why
	if e != nil {
		e.AddNote(sent.Error)
	}
}

// sendToConnector sends one request to the connector and returns the status of the answer; 0 if there
// is no answer.
func (s *simulator) sendToConnector(ctx context.Context, method, path string, body []byte) (int, error) {
	s.mu.Lock()
	user, password := s.opts.calloutUser, s.opts.calloutPassword
	s.mu.Unlock()
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(s.opts.calloutURL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("callout address cannot be used")
	}
	request.SetBasicAuth(user, password)
	if body != nil {
		request.Header.Set("Content-Type", "application/xml")
	}
	response, err := s.poster.Do(request)
	if err != nil {
		return 0, fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, maxBody))
	return response.StatusCode, nil
}
