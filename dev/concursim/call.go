package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"concur-connector/dev/concursim/journal"
)

// call is one incoming request while it is handled.
type call struct {
	request  *http.Request
	host     string // the host that got it
	path     string
	query    url.Values
	endpoint string
	id       string
	body     []byte
	report   *report
	entry    *journal.Entry
	about    about

	// What faults ask the handlers to do.
	hostileURL  string
	freshStep   bool
	incomplete  []string // the faults that make the answer incomplete
	failItems   bool
	failIndex   int
	failCode    string
	failPartial bool
}

func (c *call) correlation(s *simulator) string {
	return makeUUID(s.draw("correlation", c.entry.N()))
}

// apiAt returns the handler of one of the hosts.
func (s *simulator) apiAt(host string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serveAPI(w, r, host) })
}

// serveAPI records a request, applies faults and breakpoints, and answers.
func (s *simulator) serveAPI(w http.ResponseWriter, r *http.Request, host string) {
	c, ok := s.arriveCall(w, r, host)
	if !ok {
		return
	}
	if s.pauseAt(c.entry.Request(), "before", c) {
		s.finish(w, c, answer{drop: true})
		return
	}
	a, faults := s.answerCall(c)
	if s.pauseAt(c.entry.Request(), "after", c) {
		a.drop = true
	}
	s.finish(w, c, s.transferred(c, a, faults))
}

// arriveCall reads the request and adds it to the journal.
func (s *simulator) arriveCall(w http.ResponseWriter, r *http.Request, host string) (*call, bool) {
	target := targetOf(r)
	if rest, absolute := strings.CutPrefix(target, "https://"); absolute {
		_, rest, _ = strings.Cut(rest, "/")
		target = "/" + rest
	}
	c := &call{request: r, host: host}
	rawQuery := ""
	c.path, rawQuery, _ = strings.Cut(target, "?")
	c.query, _ = url.ParseQuery(rawQuery)
	body, readErr := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	c.body = body

	s.mu.Lock()
	defer s.mu.Unlock()
	s.classify(c)
	method := endpointNamed(c.endpoint).method
	arrived := journal.Request{
		Method: r.Method, Path: s.tokens.redact(target), Endpoint: c.endpoint, Kind: endpointNamed(c.endpoint).kind, Host: host,
		ForeignToken: s.tokens.elsewhere(bearer(r), host),
		TokenInURL:   s.tokens.foundIn(target) || c.query.Has("access_token"),
		Chunked:      len(r.TransferEncoding) > 0,
		BadMethod:    method != "" && r.Method != method,
	}
	if c.report != nil {
		at := c.report.position()
		arrived.Report, arrived.State = c.report.name, &at
	}
	if c.endpoint == actionEndpoint {
		arrived.Step = unescape(c.id)
		if c.report != nil && c.report.step != "" && sameSegment(c.report.step, c.id) {
			arrived.Step = c.report.step
		}
	} else if isAction(c.endpoint) && c.report != nil {
		arrived.Step = c.report.step
	}
	c.entry = s.journal.AddRequest(arrived)
	if c.entry == nil {
		http.Error(w, "the simulator's journal is full", http.StatusInternalServerError)
		return nil, false
	}
	defer s.broadcast()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(readErr, &tooLarge):
		s.settle(c, s.errorAnswer(c, http.StatusRequestEntityTooLarge, "The request is too large.")).write(w, c.correlation(s))
		return nil, false
	case readErr != nil:
		c.entry.AddNote("the body was not received")
		dropConnection(w)
		return nil, false
	}
	return c, true
}

// classify finds the endpoint, the identifier in the path and the report.
func (s *simulator) classify(c *call) {
	c.endpoint = unknownEndpoint
	path := c.path
	lower := strings.ToLower(path)
	id, rest, inReport := "", "", false
	if strings.HasPrefix(path, reportPath) {
		id, rest, inReport = strings.Cut(path[len(reportPath):], "/")
	}
	switch {
	case path == tokenPath:
		c.endpoint = tokenEndpoint
	case path == connectionsPath:
		c.endpoint = connectionsEndpoint
	case s.classifyJSON(c):
	case lower == pendingPath || lower == pendingPath+"/":
		c.endpoint = pendingListEndpoint
	case lower == failedPath || lower == failedPath+"/":
		c.endpoint = failedListEndpoint
	case strings.HasPrefix(lower, failedPath+"/"):
		c.endpoint, c.id = failedDeleteEndpoint, path[len(failedPath)+1:]
		if item := s.failed.find(c.id); item != nil {
			c.report = s.directory.names[item.Report]
		}
	case inReport && strings.EqualFold(rest, "exceptions"):
		c.endpoint, c.id = exceptionsEndpoint, id
		c.report = latestRead(s.directory.rptKeys.find(id))
	case inReport && strings.EqualFold(rest, "workflowaction"):
		c.endpoint, c.id = actionEndpoint, id
		c.report = latestRead(s.directory.steps.find(id))
	default:
		c.report = latestRead(s.directory.paths.find(strings.TrimSuffix(path, "/")))
		if c.report != nil || strings.HasPrefix(path, detailsPath) {
			c.endpoint = detailsEndpoint
			return
		}
		if c.report = latestRead(s.directory.keptPaths.find(path)); c.report != nil {
			c.endpoint, c.id = actionEndpoint, c.report.payload.keptStep
		}
	}
}

// answerCall decides the answer: first the authorization, then the faults, then the
// endpoint. All changes to reports happen here.
func (s *simulator) answerCall(c *call) (answer, takenFaults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if isWrite(c.endpoint) {
		s.noteWrite(c)
	}
	if c.entry.Arrived().Chunked {
		return s.settle(c, s.errorAnswer(c, http.StatusBadRequest, "Chunked transfer encoding is not supported.")), nil
	}
	if c.entry.Arrived().BadMethod {
		a := s.errorAnswer(c, http.StatusMethodNotAllowed, "The method is not allowed here.")
		a.header = map[string]string{"Allow": endpointNamed(c.endpoint).method}
		return s.settle(c, a), nil
	}
	if c.endpoint != tokenEndpoint {
		if refused, ok := s.authorize(c); !ok {
			return s.settle(c, refused), nil
		}
	}
	faults := s.takeFaults(c)
	if delay := faults.delay(); delay > 0 {
		s.mu.Unlock()
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-s.done:
		}
		timer.Stop()
		s.mu.Lock()
	}
	s.movedByFaults(c, faults)
	return s.settle(c, s.applyFaults(c, faults).deprecated(faults.find("deprecated")).garbled(faults)), faults
}

// noteWrite counts a write and records what it asks for, so that the journal shows a
// refused write too.
func (s *simulator) noteWrite(c *call) {
	if c.report != nil {
		c.report.writeRequests++
	}
	switch {
	case c.endpoint == actionEndpoint:
		if action, err := readAction(c.body); err == nil {
			c.entry.SetAction(action.canonical(), action.commentLength())
		}
	case isAction(c.endpoint):
		c.entry.SetAction(c.about.action, utf8.RuneCountInString(longestComment(c.body)))
	}
}

func (s *simulator) handle(c *call) answer {
	if c.report != nil {
		c.entry.SetState(c.report.position())
	}
	how := s.readLate
	switch {
	case isWrite(c.endpoint):
		how = s.writeLate
	case c.endpoint == failedDeleteEndpoint:
		how = s.handleAs
	}
	a := how(c)
	if c.report != nil && a.status == http.StatusOK {
		c.entry.ShowContent(c.report.contentOf(), c.shownContent(s))
	}
	return a
}

// settle records the status of the answer.
func (s *simulator) settle(c *call, a answer) answer {
	if a.drop {
		c.entry.SetStatus(0)
	} else {
		c.entry.SetStatus(a.status)
	}
	s.broadcast()
	return a
}

// finish sends the answer. It records the answer as complete before the first byte is sent,
// so that the client's next request cannot come before the record.
func (s *simulator) finish(w http.ResponseWriter, c *call, a answer) {
	s.mu.Lock()
	if !a.drop && !a.cut {
		c.entry.Complete()
		if c.report != nil && c.entry.IsRead() {
			c.report.reads++
			c.report.lastRead = c.entry.N()
		}
	}
	correlation := c.correlation(s)
	s.broadcast()
	s.mu.Unlock()
	a.write(w, correlation)
}

// handleDetails answers with the full details of the report.
func (s *simulator) handleDetails(c *call) answer {
	r := c.report
	if r == nil || r.deleted {
		return s.errorAnswer(c, http.StatusNotFound, "The report does not exist.")
	}
	shownStep, url := r.step, s.actionURL(r)
	switch {
	case c.hostileURL != "":
		url, shownStep = c.hostileURL, stepIn(c.hostileURL)
	case c.freshStep:
		shownStep = makeKey(s.draw(r.name, "passing step", c.entry.N()))
		s.directory.steps.add(shownStep, r)
		url = s.actionURLOf(s.home, shownStep)
	}
	shown := journal.Position{Status: r.status, Step: shownStep}
	if r.payload != nil && r.payload.doc != nil {
		body, readable := r.payload.render(r, url)
		if readable {
			c.entry.ShowPosition(shown)
		} else {
			c.entry.AddNote("the payload cannot be read and is served as it is")
		}
		return answer{status: http.StatusOK, contentType: xmlType, body: body}
	}
	c.entry.ShowPosition(shown)
	return answer{status: http.StatusOK, contentType: xmlType, body: s.renderReport(c, r, url)}
}

// stepIn returns the identifier of the step in a workflow action URL.
func stepIn(url string) string {
	_, rest, found := strings.Cut(url, reportPath)
	if !found {
		return url
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// trapAt returns the handler for plain HTTP. Concur serves nothing there, and a client must
// not send anything there.
func (s *simulator) trapAt(host string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serveTrap(w, r, host) })
}

func (s *simulator) serveTrap(w http.ResponseWriter, r *http.Request, host string) {
	body, _ := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	s.mu.Lock()
	e := s.journal.AddRequest(journal.Request{
		Method: r.Method, Path: s.tokens.redact(r.RequestURI), Endpoint: trapEndpoint, Kind: journal.PlainHTTP, Host: host,
		TokenInClear: r.Header.Get("Authorization") != "" || s.tokens.foundIn(string(body)),
		TokenInURL:   s.tokens.foundIn(r.RequestURI) || r.URL.Query().Has("access_token"),
	})
	if e != nil {
		e.SetStatus(http.StatusForbidden)
		e.Complete()
		s.broadcast()
	}
	s.mu.Unlock()
	http.Error(w, "HTTPS is required.", http.StatusForbidden)
}
