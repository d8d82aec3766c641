package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// fault makes requests to an endpoint fail on purpose, Times times (forever if negative).
// It lets Skip requests pass first, and may apply to one report only.
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

// faultParam holds the parameters of all kinds of faults; faultKinds says which belong to
// which kind.
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

// faultKind describes a kind of fault: its endpoints, its parameters (a star marks a
// required one) and its effect.
type faultKind struct {
	name, endpoints, params, does string
}

// maxDelay is the longest delay of a request. Concur itself may take that long.
const maxDelay = 60 * time.Second

// maxBomb limits a gzip-bomb, in megabytes.
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
	{"cut-body", everyEndpoint, "", "takes effect, then the answer is cut in the middle, under its full Content-Length; an answer without a body is not sent"},
	{"refused-connection", everyEndpoint, "", "the connection is closed without an effect and without an answer"},
	{"late-effect", apiCalls, "ms*", "the connection is closed at once without an answer; the request takes effect that many milliseconds later"},
	{"down", "all", "", "connections are accepted and closed before a request is read; a kept connection is closed at its next request"},
	{"server-error", everyEndpoint, "effect", "500 with an error body"},
	{"unavailable", everyEndpoint, "effect, retryAfter", "503 with an HTML page"},
	{"too-many-requests", everyEndpoint, "retryAfter", "429, with Retry-After in seconds if given"},
	{"rate-400", everyEndpoint, "", "400 with a message that the request limit is exceeded"},
	{"deadlock-400", everyEndpoint, "", "400 with a message that a database deadlock occurred"},
	{"slow", everyEndpoint, "ms*", "waits that many milliseconds (at most 60000), then takes effect and answers as usual, even if the client has given up"},
	{"html", everyEndpoint, "effect", "200 with the HTML page of a gateway"},
	{"gateway", everyEndpoint, "effect, status, text", "another system answers instead of Concur, without Concur's correlation ID, with that status (default 403); text is page, page-as-xml, page-as-json, fragment, plain, json, xml or nothing (no body); by default the seed chooses"},
	{"empty-body", everyEndpoint, "effect", "200 with no body"},
	{"compressed", everyEndpoint, "", "the usual answer, compressed with gzip if the client accepts that"},
	{"chunked", everyEndpoint, "", "the usual answer, in chunks"},
	{"gzip-bomb", everyEndpoint, "mb*, effect", "200 with a small gzip body that expands to that many megabytes (at most 4096)"},
	{"malformed", everyEndpoint, "effect", "200 with the right content type and an unreadable body"},
	{"wrong-root", everyEndpoint, "effect", "200, readable, with a wrong root element"},
	{"failure-in-200", writeEndpoints, "text", "200 that says FAILURE, or that every exception failed; no effect"},
	{"partial-exceptions", "exceptions", "index, code", "the exceptions with that index or code fail, the others succeed"},
	{"expired-token", everyEndpoint, "status", "the access token ends: 401 or 403 as given, by default alternating; the token stays invalid"},
	{"forbidden", everyEndpoint, "", "403 with an error body"},
	{"user-token", "company", "", "401 that says that the token is not a company's token"},
	{"not-found", "report calls, failed-delete, user, list-item", "", "404 with an error body"},
	{"redirect", everyEndpoint, "location*", "302 to that location"},
	{"moved", reportCalls, "to*", "somebody else moves the report just before the request is handled: approve, send-back, recall, next-step, edit, cancel or delete"},
	{"hostile-url", "details", "url*", "the answer shows that WorkflowActionURL"},
	{"new-step-each-read", "details", "", "every answer shows another WorkflowActionURL"},
	{"no-entries", entryLists, "", "the answer has no entries, but still claims them in its counts, totals and links"},
	{"fewer-entries", entryLists, "", "the same, with one entry missing, chosen by the seed"},
	{"no-itemizations", "details, itemizations-v3, itemizations-v4", "", "itemized entries come without their itemizations, but still say that they are itemized"},
	{"wrong-count", "details", "", "EntryCount and Count are one too high"},
	{"other-total", "details, report-v3, report-v4", "", "the total of the report is 10.00 more than the sum of its entries"},
	{"cut-next-page", "entries-v3, itemizations-v3, allocations-v3", "", "a page of at most 2 rows with a NextPage that ends in the middle of its path"},
	{"page-again", "entries-v3, itemizations-v3, allocations-v3", "", "a page of at most 2 rows with a NextPage that leads to the first page"},
	{"deprecated", apiCalls, "text", "the usual answer, with the headers x-api-warn (with that text) and sunset"},
	{"unclean-text", "any, callout", "text", "each ␋ in the text becomes something that XML and JSON forbid: by default a reference or an escape; with text a character, or a byte that is not UTF-8"},
	{"other-encoding", "any, callout", "text*", "the text declares that encoding and uses it: utf-16, iso-8859-1 or windows-1252; UTF8 and utf-16-in-name are only declared"},
	{"duplicate-callout", "callout", "", "the callout is sent twice"},
	{"lost-callout", "callout", "", "the callout is not sent; its notification goes to the failed list"},
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

// check refuses a fault that its kind does not allow.
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
			return fmt.Errorf("param %s is required", bare)
		}
		delete(given, bare)
	}
	for name, is := range given {
		if is {
			return fmt.Errorf("param %s is not a parameter of this kind", name)
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
		return fmt.Errorf("status %d: want 200 to 599", p.Status)
	case kind.name == "gateway" && p.Text != "" && !slices.Contains(gatewayForms(), p.Text):
		return fmt.Errorf("text %q: want one of %s", p.Text, strings.Join(gatewayForms(), ", "))
	case kind.name != "gateway" && p.Status != 0 && p.Status != http.StatusUnauthorized && p.Status != http.StatusForbidden:
		return fmt.Errorf("status %d: want 401 or 403", p.Status)
	case p.To != "" && !slices.Contains([]string{"approve", "send-back", "recall", "next-step", "edit", "cancel", "delete"}, p.To):
		return fmt.Errorf("to %q: want approve, send-back, recall, next-step, edit, cancel or delete", p.To)
	case kind.name == "unclean-text" && !slices.Contains([]string{"", "reference", "character", "byte"}, p.Text):
		return fmt.Errorf("text %q: want reference, character or byte", p.Text)
	case kind.name == "other-encoding" && encodings[p.Text] == nil:
		return fmt.Errorf("text %q: want utf-16, iso-8859-1, windows-1252, UTF8 or utf-16-in-name", p.Text)
	case kind.name == "partial-exceptions" && p.Index == 0 && p.Code == "":
		return errors.New("param index or code is required")
	}
	return nil
}

// takenFaults are the faults that apply to one request or callout.
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

// modifiers do not decide the answer, so they combine with a fault that does.
var modifiers = slices.Concat(omissions, pageFaults, []string{
	"slow", "moved", "hostile-url", "new-step-each-read", "partial-exceptions", "deprecated", "compressed", "chunked",
	"duplicate-callout", "unclean-text", "other-encoding",
})

// take picks the faults for an endpoint and a report, and uses each of them once: every
// modifier, and the first of the other faults.
func (s *simulator) take(endpoint, report string, wanted func(*fault) bool) takenFaults {
	var taken takenFaults
	decided := false
	for _, f := range s.faults {
		if f.left == 0 || !wanted(f) || f.Endpoint != endpoint && (f.Endpoint != allEndpoints || endpoint == publicEndpoint) {
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
	s.broadcast()
	return taken
}

func (s *simulator) takeCalloutFaults(n *notification) takenFaults {
	return s.take(publicEndpoint, n.report, func(f *fault) bool { return !n.copied || f.Kind != "duplicate-callout" })
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
