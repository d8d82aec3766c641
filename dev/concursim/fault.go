package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
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
	c.entry.SetFaults(taken.names())
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
