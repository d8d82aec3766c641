package main

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/gorilla/mux"
)

// errNoJunk refuses junk for anything but the failed list.
var errNoJunk = errors.New("junk is for the failed list alone")

// controlCallout sends the report's callout again, changed as the body says, or adds it
// only to the failed list.
func (s *simulator) controlCallout(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.named(r)
	if err != nil {
		return nil, err
	}
	n := s.notificationOf(found)
	if found.payload != nil && found.payload.callout != nil {
		n = found.payload.callout.again()
	}
	original := n.Body
	if err := readControl(r, n); err != nil {
		return nil, err
	}
	switch err := checkJunk(n.Junk); {
	case err != nil:
		return nil, err
	case n.Junk != "" && !n.Failed:
		return nil, errNoJunk
	}
	if n.Body == original && r.ContentLength != 0 {
		n.Body = ""
	}
	if n.V4 {
		n.ObjectURI = s.v4URI(found)
	}
	if n.V4 && n.ObjectURI == "" {
		return nil, fmt.Errorf("report %s: a raw payload has no address in v4", found.name)
	}
	n.report, n.step = found.name, found.step
	if n.Failed {
		return s.fail(n), nil
	}
	s.queueCallout(found, n)
	return n, nil
}

// controlAddPayload makes a report of another folder.
func (s *simulator) controlAddPayload(r *http.Request) (any, error) {
	var body struct {
		Dir string `yaml:"dir"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := filepath.Base(body.Dir)
	if err := s.loadPayload(body.Dir, name); err != nil {
		return nil, fmt.Errorf("payload %s: %w", name, err)
	}
	if found := s.directory.names[name]; found != nil {
		return s.view(found), nil
	}
	return map[string]string{"name": name}, nil
}

func (s *simulator) controlPayloadCallout(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := mux.Vars(r)["name"]
	for _, p := range s.payloads {
		if p.name != name {
			continue
		}
		found := s.directory.names[name]
		if p.callout == nil {
			p.callout = s.notificationOf(found)
		}
		n := p.callout.again()
		s.queueCallout(found, n)
		return n, nil
	}
	return nil, fmt.Errorf("payload %s: %w", name, errNoSuch)
}

func (s *simulator) controlFailed(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*failedItem{}, s.failed.items...), nil
}

// controlFailedFormat sets the format of the failed list, whatever the Accept header says.
func (s *simulator) controlFailedFormat(r *http.Request) (any, error) {
	var body struct {
		Format string `yaml:"format"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	if err := checkFormat(body.Format); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed.format = body.Format
	return map[string]string{"format": body.Format}, nil
}

// readNotification reads a notification that may be about something the simulator does not
// have.
func (s *simulator) readNotification(r *http.Request) (*notification, error) {
	n := &notification{
		EventType: "Report Entered Expense Report Workflow Step - SUBMIT", ObjectType: "EXPRPT",
		EventDateTime: time.Now().UTC().Format(time.DateOnly),
	}
	if err := readControl(r, n); err != nil {
		return nil, err
	}
	if err := checkJunk(n.Junk); err != nil {
		return nil, err
	}
	if n.ObjectURI == "" && n.Junk != "" {
		n.ObjectURI = s.homeBase() + detailsPath + makeKey(s.draw("junk", s.failed.made))
	}
	if n.ObjectURI == "" && n.Body == "" {
		return nil, errors.New("objectUri is missing")
	}
	if path := pathOf(n.ObjectURI); path != "" {
		if found := latestRead(s.directory.paths.find(path)); found != nil {
			n.report, n.step = found.name, found.step
		}
	}
	return n, nil
}

func (s *simulator) controlAddFailed(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.readNotification(r)
	if err != nil {
		return nil, err
	}
	return s.fail(n), nil
}

func (s *simulator) controlCallouts(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := callouts{Paused: s.callouts.Paused, Verified: s.callouts.Verified, Tested: s.callouts.Tested, Queue: append([]*notification{}, s.callouts.Queue...), History: []*sentCallout{}}
	for _, sent := range s.callouts.History {
		one := *sent
		copied.History = append(copied.History, &one)
	}
	return copied, nil
}

func (s *simulator) controlAddCallout(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.readNotification(r)
	if err != nil {
		return nil, err
	}
	if n.Junk != "" {
		return nil, errNoJunk
	}
	s.callouts.Queue = append(s.callouts.Queue, n)
	s.broadcast()
	return n, nil
}

func (s *simulator) controlPause(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callouts.Paused = mux.Vars(r)["switch"] == "pause"
	s.broadcast()
	return map[string]bool{"paused": s.callouts.Paused}, nil
}

// controlCredentials changes the user name and the password, as an administrator does on
// the connector's page. The connector must then be verified again.
func (s *simulator) controlCredentials(r *http.Request) (any, error) {
	var body struct {
		User     string `yaml:"user"`
		Password string `yaml:"password"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	if body.User == "" && body.Password == "" {
		return nil, errors.New("want user, password or both")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	setDefault(&body.User, s.opts.calloutUser)
	setDefault(&body.Password, s.opts.calloutPassword)
	if err := checkCredentials(body.User, body.Password); err != nil {
		return nil, err
	}
	s.opts.calloutUser, s.opts.calloutPassword = body.User, body.Password
	s.callouts.Verified = false
	s.broadcast()
	return map[string]string{"user": body.User}, nil
}

// controlTestConnection tests the connection, as the administrator's button does.
func (s *simulator) controlTestConnection(r *http.Request) (any, error) {
	err := s.testConnection(r.Context())
	if err != nil {
		return map[string]any{"verified": false, "error": err.Error()}, nil
	}
	return map[string]any{"verified": true}, nil
}
