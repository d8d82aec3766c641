package main

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fault is something that goes wrong on purpose: Times times (forever when
// negative) at one endpoint, after Skip requests, for one report when named.
type fault struct {
	ID       int        `json:"id" yaml:"-"`
	Endpoint string     `json:"endpoint" yaml:"endpoint"`
	Kind     string     `json:"kind" yaml:"kind"`
	Times    *int       `json:"times" yaml:"times"`
	Report   string     `json:"report,omitempty" yaml:"report"`
	Skip     int        `json:"skip,omitempty" yaml:"skip"`
	Param    faultParam `json:"param" yaml:"param"`
	Applied  int        `json:"applied" yaml:"-"`

	left int
}

// faultParam holds the parameters of all kinds; faultKinds says which belong
// to which.
type faultParam struct {
	MS         int    `json:"ms,omitempty" yaml:"ms"`
	MB         int    `json:"mb,omitempty" yaml:"mb"`
	RetryAfter *int   `json:"retryAfter,omitempty" yaml:"retryAfter"`
	Effect     bool   `json:"effect,omitempty" yaml:"effect"`
	Status     int    `json:"status,omitempty" yaml:"status"`
	Text       string `json:"text,omitempty" yaml:"text"`
	Index      int    `json:"index,omitempty" yaml:"index"`
	Code       string `json:"code,omitempty" yaml:"code"`
	Location   string `json:"location,omitempty" yaml:"location"`
	URL        string `json:"url,omitempty" yaml:"url"`
	To         string `json:"to,omitempty" yaml:"to"`
}

// faultKind says where a kind may be asked for, its parameters (a star marks
// one that is required), and what it does.
type faultKind struct {
	name, endpoints, params, does string
}

// maxDelay is how long a request may be held: as long as Concur itself may take.
const maxDelay = 60 * time.Second

// maxBomb bounds a gzip-bomb, in megabytes.
const maxBomb = 4096

const (
	everyEndpoint  = "any"
	apiCalls       = "calls"
	reportCalls    = "report calls"
	writeEndpoints = "exceptions, action"
	entryLists     = "details, entries-v3, expenses-v4, request-expenses"
)

var faultKinds = []faultKind{
	{"lost-answer", everyEndpoint, "", "takes effect, then the connection is closed without an answer"},
	{"cut-body", everyEndpoint, "", "takes effect, then the answer is cut in the middle under its full Content-Length; one without a body is not sent"},
	{"refused-connection", everyEndpoint, "", "the connection is closed without effect and without an answer"},
	{"late-effect", apiCalls, "ms*", "the connection is closed at once without an answer, and the request takes effect that many milliseconds later"},
	{"down", "all", "", "connections are accepted and closed before a request is read, kept ones at their next request"},
	{"server-error", everyEndpoint, "effect", "500 with an error body"},
	{"unavailable", everyEndpoint, "effect, retryAfter", "503 with an HTML page"},
	{"too-many-requests", everyEndpoint, "retryAfter", "429, with Retry-After in seconds when given"},
	{"rate-400", everyEndpoint, "", "400 whose message says that the request limit is exceeded"},
	{"deadlock-400", everyEndpoint, "", "400 whose message says that a database deadlock occurred"},
	{"slow", everyEndpoint, "ms*", "waits that many milliseconds, at most 60000, then takes effect and answers as usual, also when the client has given up"},
	{"html", everyEndpoint, "effect", "200 with the HTML page of a gateway"},
	{"gateway", everyEndpoint, "effect, status, text", "something else answers in Concur's place, without its correlation ID: with that status, 403 unless told, and a page, page-as-xml, page-as-json, fragment, plain, json, xml, or as the seed chooses; nothing has no body"},
	{"empty-body", everyEndpoint, "effect", "200 with no body"},
	{"compressed", everyEndpoint, "", "the usual answer is compressed with gzip, if that is accepted"},
	{"chunked", everyEndpoint, "", "the usual answer comes in chunks"},
	{"gzip-bomb", everyEndpoint, "mb*, effect", "200 whose few bytes of gzip become that many megabytes, at most 4096"},
	{"malformed", everyEndpoint, "effect", "200 of the right type that cannot be read"},
	{"wrong-root", everyEndpoint, "effect", "200, readable, with another root element"},
	{"failure-in-200", writeEndpoints, "text", "200 that says FAILURE, or that every exception failed; no effect"},
	{"partial-exceptions", "exceptions", "index, code", "the exceptions with that index or code fail, the others succeed"},
	{"expired-token", everyEndpoint, "status", "the token ends: 401 or 403 as told, else as the service alternates, and it is good for nothing from then on"},
	{"forbidden", everyEndpoint, "", "403 with an error body"},
	{"user-token", "company", "", "401 that says that the token is not that of a company"},
	{"not-found", "report calls, failed-delete, user, list-item", "", "404 with an error body"},
	{"redirect", everyEndpoint, "location*", "302 to that location"},
	{"moved", reportCalls, "to*", "somebody else moves the report right before the request is handled: approve, send-back, recall, next-stop, edit, cancel or delete"},
	{"hostile-url", "details", "url*", "the answer prints that WorkflowActionURL"},
	{"new-stop-each-read", "details", "", "every answer prints another WorkflowActionURL"},
	{"no-entries", entryLists, "", "the answer has no entry, and claims what it always claims: counts, totals, links"},
	{"fewer-entries", entryLists, "", "the same with one entry left out, which one by the seed"},
	{"no-itemizations", "details, itemizations-v3, itemizations-v4", "", "itemized entries come without their itemizations, and say that they are itemized where they do"},
	{"wrong-count", "details", "", "EntryCount and Count say one more than there are"},
	{"other-total", "details, report-v3, report-v4", "", "the total of the report is 10.00 more than its entries sum to"},
	{"cut-next-page", "entries-v3, itemizations-v3, allocations-v3", "", "a page of at most 2 rows whose NextPage ends in the middle of its path"},
	{"page-again", "entries-v3, itemizations-v3, allocations-v3", "", "a page of at most 2 rows whose NextPage leads to the first page"},
	{"deprecated", apiCalls, "text", "the usual answer has the headers x-api-warn, with that text, and sunset"},
	{"unclean-text", "any, callout", "text", "each ␋ in what is sent becomes what XML and JSON forbid: a reference or an escape, or as told a character, or a byte that is no UTF-8"},
	{"other-encoding", "any, callout", "text*", "what is sent declares that encoding, and is in it: utf-16, iso-8859-1 or windows-1252; UTF8 and utf-16-in-name are declared alone"},
	{"duplicate-callout", "callout", "", "the callout is sent twice"},
	{"lost-callout", "callout", "", "the callout is not sent and goes straight to the failed list"},
}

func kindNamed(name string) (faultKind, bool) {
	i := slices.IndexFunc(faultKinds, func(k faultKind) bool { return k.name == name })
	if i < 0 {
		return faultKind{}, false
	}
	return faultKinds[i], true
}

func (k faultKind) allowed() []string {
	var names []string
	for _, one := range strings.Split(k.endpoints, ", ") {
		if group, is := groups[one]; is {
			names = append(names, group...)
		} else {
			names = append(names, one)
		}
	}
	return names
}

// check refuses what the kind cannot do.
func (f *fault) check() error {
	kind, ok := kindNamed(f.Kind)
	if !ok {
		return fmt.Errorf("unknown fault kind %q", f.Kind)
	}
	if !slices.Contains(kind.allowed(), f.Endpoint) {
		return fmt.Errorf("fault %s: endpoint %q is not one of %s", f.Kind, f.Endpoint, strings.Join(kind.allowed(), ", "))
	}
	if f.Times == nil {
		one := 1
		f.Times = &one
	}
	if *f.Times == 0 {
		return fmt.Errorf("fault %s: times is 0", f.Kind)
	}
	if f.Skip < 0 {
		return fmt.Errorf("fault %s: skip is negative", f.Kind)
	}
	f.left = *f.Times
	if err := f.Param.check(kind); err != nil {
		return fmt.Errorf("fault %s: %w", f.Kind, err)
	}
	return nil
}

func (p faultParam) check(kind faultKind) error {
	given := map[string]bool{
		"ms": p.MS != 0, "mb": p.MB != 0, "retryAfter": p.RetryAfter != nil, "effect": p.Effect, "status": p.Status != 0,
		"text": p.Text != "", "index": p.Index != 0, "code": p.Code != "", "location": p.Location != "",
		"url": p.URL != "", "to": p.To != "",
	}
	for _, name := range strings.Split(kind.params, ", ") {
		bare := strings.TrimSuffix(name, "*")
		if bare != name && !given[bare] {
			return fmt.Errorf("param %s is missing", bare)
		}
		delete(given, bare)
	}
	for name, is := range given {
		if is {
			return fmt.Errorf("param %s does not belong to it", name)
		}
	}
	switch {
	case p.MS < 0 || p.MS > int(maxDelay.Milliseconds()):
		return fmt.Errorf("ms %d is not between 0 and %d", p.MS, maxDelay.Milliseconds())
	case p.MB < 0 || p.MB > maxBomb:
		return fmt.Errorf("mb %d is not between 0 and %d", p.MB, maxBomb)
	case p.RetryAfter != nil && *p.RetryAfter < 0:
		return errors.New("retryAfter is negative")
	case kind.name == "gateway" && p.Status != 0 && (p.Status < 200 || p.Status > 599):
		return fmt.Errorf("status %d is none", p.Status)
	case kind.name == "gateway" && p.Text != "" && !slices.Contains(gatewayForms(), p.Text):
		return fmt.Errorf("text %q is not one of %s", p.Text, strings.Join(gatewayForms(), ", "))
	case kind.name != "gateway" && p.Status != 0 && p.Status != http.StatusUnauthorized && p.Status != http.StatusForbidden:
		return fmt.Errorf("status %d is neither 401 nor 403", p.Status)
	case p.To != "" && !slices.Contains([]string{"approve", "send-back", "recall", "next-stop", "edit", "cancel", "delete"}, p.To):
		return fmt.Errorf("to %q is not approve, send-back, recall, next-stop, edit, cancel or delete", p.To)
	case kind.name == "unclean-text" && !slices.Contains([]string{"", "reference", "character", "byte"}, p.Text):
		return fmt.Errorf("text %q is not reference, character or byte", p.Text)
	case kind.name == "other-encoding" && encodings[p.Text] == nil:
		return fmt.Errorf("text %q is not utf-16, iso-8859-1, windows-1252, UTF8 or utf-16-in-name", p.Text)
	case kind.name == "partial-exceptions" && p.Index == 0 && p.Code == "":
		return errors.New("want param index or code")
	}
	return nil
}

// takenFaults are the faults that one request or callout met.
type takenFaults []*fault

func (t takenFaults) find(kind string) *fault {
	for _, f := range t {
		if f.Kind == kind {
			return f
		}
	}
	return nil
}

func (t takenFaults) names() string {
	names := make([]string, 0, len(t))
	for _, f := range t {
		names = append(names, f.Kind)
	}
	return strings.Join(names, "+")
}

func (t takenFaults) delay() time.Duration {
	if f := t.find("slow"); f != nil {
		return time.Duration(f.Param.MS) * time.Millisecond
	}
	return 0
}

// modifiers do not decide the answer, so they go together with one that does.
var modifiers = []string{"slow", "moved", "hostile-url", "new-stop-each-read", "partial-exceptions", "deprecated", "compressed", "chunked", "duplicate-callout", "unclean-text", "other-encoding",
	"no-entries", "fewer-entries", "no-itemizations", "wrong-count", "other-total", "cut-next-page", "page-again"}

// take picks the faults for an endpoint and report and uses up one time of
// each: every modifier, and the first of the others.
func (s *simulator) take(endpoint, report string, wanted func(*fault) bool) takenFaults {
	var taken takenFaults
	decided := false
	for _, f := range s.faults {
		if f.left == 0 || !wanted(f) || f.Endpoint != endpoint && (f.Endpoint != allEndpoints || endpoint == calloutEndpoint) {
			continue
		}
		if f.Report != "" && f.Report != report {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		modifies := slices.Contains(modifiers, f.Kind)
		if !modifies && decided {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		f.Applied++
		decided = decided || !modifies
		taken = append(taken, f)
	}
	return taken
}

func (s *simulator) takeFaults(c *call) takenFaults {
	name := ""
	if c.report != nil {
		name = c.report.name
	}
	taken := s.take(c.endpoint, name, func(f *fault) bool { return f.Kind != "down" })
	c.entry.Fault = taken.names()
	return taken
}

func (s *simulator) takeCalloutFaults(n *notification) takenFaults {
	return s.take(calloutEndpoint, n.report, func(f *fault) bool { return !n.copied || f.Kind != "duplicate-callout" })
}

// acceptsConnection is false while the fault "down" lasts.
func (s *simulator) acceptsConnection() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	down := s.take(allEndpoints, "", func(f *fault) bool { return f.Kind == "down" })
	if len(down) > 0 {
		s.broadcast()
	}
	return len(down) == 0
}

// movedByFaults lets somebody else act before the request is handled.
func (s *simulator) movedByFaults(c *call, faults takenFaults) {
	f := faults.find("moved")
	if f == nil {
		return
	}
	if c.report == nil {
		c.entry.Note = joinNotes(c.entry.Note, "nothing to move")
		return
	}
	if err := s.move(c.report, f.Param.To, moveOptions{}); err != nil {
		c.entry.Note = joinNotes(c.entry.Note, err.Error())
		return
	}
	c.entry.Note = joinNotes(c.entry.Note, "somebody else: "+f.Param.To)
}

// applyFaults handles the request, or not, as the faults want it.
func (s *simulator) applyFaults(c *call, faults takenFaults) answer {
	for _, f := range faults {
		switch f.Kind {
		case "hostile-url":
			c.hostileURL = f.Param.URL
		case "new-stop-each-read":
			c.freshStep = true
		case "no-entries", "fewer-entries", "no-itemizations", "wrong-count", "other-total", "cut-next-page", "page-again":
			c.lacks = append(c.lacks, f.Kind)
		case "partial-exceptions":
			c.failPartial, c.failIndex, c.failCode = true, f.Param.Index, f.Param.Code
		}
	}
	for _, f := range faults {
		if slices.Contains(modifiers, f.Kind) {
			continue
		}
		return s.faultAnswer(c, f)
	}
	return s.handle(c)
}

// deprecated adds to whatever is answered that the endpoint will be gone.
func (a answer) deprecated(f *fault) answer {
	if f == nil {
		return a
	}
	text := f.Param.Text
	setDefault(&text, "This API is deprecated and will be decommissioned.")
	header := map[string]string{"x-api-warn": text, "sunset": "Sat, 31 Jul 2027 23:59:59 GMT"}
	maps.Copy(header, a.header)
	a.header = header
	return a
}

const gatewayPage = "<html><head><title>Gateway</title></head><body><h1>The service cannot be reached</h1><p>Please try again later.</p></body></html>"

func (s *simulator) faultAnswer(c *call, f *fault) answer {
	switch f.Kind {
	case "lost-answer":
		a := s.handle(c)
		a.drop = true
		return a
	case "cut-body":
		a := s.handle(c)
		a.cut, a.drop = true, len(a.body) == 0 // there is nothing to cut
		return a
	case "refused-connection":
		return answer{drop: true}
	case "late-effect":
		return s.lateEffect(c, f)
	case "failure-in-200":
		return s.failureIn200(c, f)
	case "user-token":
		return s.errorAnswer(c, http.StatusUnauthorized, notCompany)
	case "expired-token":
		s.tokens.revoke(bearer(c.request))
		if f.Param.Status != 0 {
			return s.errorAnswer(c, f.Param.Status, "The token has expired.")
		}
		return s.expiredAnswer(c, f.Applied)
	}
	if f.Param.Effect {
		s.handle(c)
		c.entry.Shown, c.entry.showed = nil, nil
	}
	switch f.Kind {
	case "server-error":
		return s.errorAnswer(c, http.StatusInternalServerError, "An unexpected error occurred.")
	case "unavailable":
		a := answer{status: http.StatusServiceUnavailable, contentType: "text/html", body: []byte(gatewayPage)}
		return a.retryAfter(f)
	case "too-many-requests":
		return s.errorAnswer(c, http.StatusTooManyRequests, "Too many requests.").retryAfter(f)
	case "rate-400":
		return s.errorAnswer(c, http.StatusBadRequest, "The request limit is exceeded.")
	case "deadlock-400":
		return s.errorAnswer(c, http.StatusBadRequest, "A database deadlock occurred. Please send the request again.")
	case "forbidden":
		return s.errorAnswer(c, http.StatusForbidden, "You are not allowed to do this.")
	case "not-found":
		return s.errorAnswer(c, http.StatusNotFound, "The requested resource does not exist.")
	case "redirect":
		return answer{status: http.StatusFound, contentType: "text/html", header: map[string]string{"Location": f.Param.Location}}
	case "gateway":
		return s.gatewayAnswer(f)
	case "html":
		return answer{status: http.StatusOK, contentType: "text/html", body: []byte(gatewayPage)}
	case "gzip-bomb":
		return answer{status: http.StatusOK, contentType: s.unreadable(c, "empty-body").contentType, body: []byte(" ")}
	}
	return s.unreadable(c, f.Kind)
}

// lateEffect lets the request take effect when nobody waits for its answer any more.
func (s *simulator) lateEffect(c *call, f *fault) answer {
	s.running.Go(func() {
		timer := time.NewTimer(time.Duration(f.Param.MS) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.done:
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.handle(c)
		c.entry.Shown = nil
		s.broadcast()
	})
	return answer{drop: true}
}

// unreadable is a 200 of the endpoint's own type with nothing useful in it.
func (s *simulator) unreadable(c *call, kind string) answer {
	a := answer{status: http.StatusOK, contentType: xmlType}
	inJSON := c.errorForm() != xmlErrors || c.endpoint == tokenEndpoint || c.endpoint == pendingListEndpoint || c.endpoint == failedListEndpoint && s.failedJSONAsked(c)
	if inJSON {
		a.contentType = "application/json"
	}
	switch {
	case kind == "empty-body":
	case kind == "malformed" && inJSON:
		a.body = []byte(`{"access_token": "`)
	case kind == "malformed":
		a.body = []byte(`<ReportDetails><ReportId>1</ReportName><Entries`)
	case inJSON:
		a.body = []byte(`{"Something": {"Else": true}}`)
	default:
		a.body = []byte(`<Something xmlns="http://www.concursolutions.com/api/other"><Else>1</Else></Something>`)
	}
	return a
}

func (s *simulator) failureIn200(c *call, f *fault) answer {
	if c.endpoint == exceptionsEndpoint {
		c.failItems = true
		return s.handle(c)
	}
	text := f.Param.Text
	setDefault(&text, recentlyChanged)
	return actionStatus(text, "FAILURE")
}

func (a answer) retryAfter(f *fault) answer {
	if f.Param.RetryAfter != nil {
		a.header = map[string]string{"Retry-After": strconv.Itoa(*f.Param.RetryAfter)}
	}
	return a
}
