package page_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"concur-connector/approvals/page"
	"concur-connector/expense"
)

// company is a fake of the use cases and sessions: some approvers, and reports that wait for them.
type company struct {
	mu       sync.Mutex
	reports  map[string]*page.Report
	down     error             // of every use case
	lost     bool              // whether a decision is stored is unknown
	idle     bool              // no worker answers
	throttle bool              // nobody may try to sign in
	tokens   map[string]string // names by token
	filter   page.Filter       // the last one
	sent     []expense.Decision
	now      func() time.Time
	more     string // cursor of the next page of the queue
}

var sunday = time.Date(2026, 11, 29, 9, 30, 0, 0, time.UTC)

func newCompany() *company {
	return &company{
		reports: map[string]*page.Report{}, tokens: map[string]string{"cca_anna": "Anna Müller", "cca_bob": "Bob"},
		now: func() time.Time { return sunday.Add(50 * time.Minute) },
	}
}

func money(amount, currency string) *expense.Money {
	return &expense.Money{Amount: decimal.RequireFromString(amount), Currency: currency}
}

// add adds a report that waits for a group.
func (c *company) add(name, employee, total, group string, days int) *page.Report {
	id := fmt.Sprintf("EXPRPT:R%d$%%x", len(c.reports)+1)
	opened := sunday.AddDate(0, 0, -days)
	r := &page.Report{
		NotificationID: id, ReportID: fmt.Sprintf("R%04d", len(c.reports)+1), Kind: expense.ReportObject,
		Owner: expense.Owner{Name: employee, Login: strings.ToLower(strings.ReplaceAll(employee, " ", ".")) + "@example.com"},
		Shown: &expense.ShownReport{URL: "https://www.concursolutions.com/report/1", Fields: []expense.ShownField{
			{Name: "report.name", Text: name}, {Name: "report.purpose", Text: "Meet customers"}, {Name: "report.total", Money: money(total, "EUR")},
			{Name: "report.submitted", Date: "2026-11-26"}, {Name: "report.everSentBack", Yes: new(false)}, {Name: `report.custom["2"].value`, Text: "4711 Sales"},
		}},
		Task: &expense.Task{
			ID: id + "/1", OpenedAt: opened, Groups: []expense.TaskGroup{{RequiredApproval: expense.RequiredApproval{Group: group, Count: 1, Rules: []string{"above-5000"}}}},
			Plan: []expense.TaskStep{{At: opened.AddDate(0, 0, 5), Kind: expense.Deadline, Group: group, Then: "send-back"}},
		},
		Groups: []string{group}, People: []string{"Bob", "Cleo"}, StepName: "Finance review", State: "waiting",
		Record: []expense.TaskEvent{{At: opened, Kind: expense.TaskOpened, Groups: []string{group}}},
	}
	r.Missing = []expense.RequiredApproval{{Group: group, Count: 1}}
	r.Overdue = days > 5
	c.reports[id] = r
	return r
}

// entry adds a line to a report.
func entry(r *page.Report, id, what, vendor, amount string, receipt bool) {
	r.Shown.Objects = append(r.Shown.Objects, expense.ShownObject{ID: id, Level: "entry", Fields: []expense.ShownField{
		{Name: "entry.typeName", Text: what}, {Name: "entry.date", Date: "2026-11-18"}, {Name: "entry.posted", Money: money(amount, "EUR")},
		{Name: "entry.vendor", Text: vendor}, {Name: "entry.location", Text: "Lisbon"}, {Name: "entry.hasReceipt", Yes: &receipt},
	}})
}

// conference adds the report that the pictures show.
func (c *company) conference() *page.Report {
	r := c.add("Conference in Lisbon", "Jonas Weber", "5318.40", "finance", 2)
	entry(r, "e1", "Conference fee", "Web Summit", "3890.00", true)
	entry(r, "e2", "Hotel", "Hotel Avenida", "1148.40", true)
	entry(r, "e3", "Dinner with customers", "Taberna da Rua", "280.00", false)
	r.Shown.Objects = append(r.Shown.Objects, expense.ShownObject{ID: "i1", Parent: "e3", Level: "itemization", Fields: []expense.ShownField{
		{Name: "itemization.typeName", Text: "Meal"}, {Name: "itemization.posted", Money: money("212.00", "EUR")},
	}}, expense.ShownObject{ID: "i2", Parent: "e3", Level: "itemization", Fields: []expense.ShownField{
		{Name: "itemization.typeName", Text: "Wine"}, {Name: "itemization.posted", Money: money("68.00", "EUR")},
	}})
	r.Findings = []expense.Finding{
		{Rule: "above-5000", Message: "The total is above 5,000.00 EUR. Finance decides."},
		{Rule: "receipt-above-75", Object: "e3", Message: "There is no receipt for 280.00 EUR."},
		{Rule: "hidden", Object: "e2", Message: "never seen", Shadow: true},
	}
	r.Changes = []page.Change{
		{Level: "entry", Object: "e2", Label: "Hotel", Name: "entry.posted", Before: &expense.ShownField{Name: "entry.posted", Money: money("1312.80", "EUR")}, After: &expense.ShownField{Name: "entry.posted", Money: money("1148.40", "EUR")}},
		{Level: "entry", Object: "e9", Label: "Minibar", Removed: true},
	}
	return r
}

func (c *company) List(_ context.Context, actor expense.Actor, f page.Filter) (page.Queue, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.filter = f
	queue := page.Queue{Groups: []string{"controllers", "finance"}, Next: c.more}
	if c.down != nil {
		return queue, c.down
	}
	for _, r := range c.reports {
		if r.Task == nil || r.Owner.Name == actor.Name || f.Group != "" && r.Groups[0] != f.Group {
			continue
		}
		one := page.QueuedTask{TaskSummary: expense.TaskSummary{
			NotificationID: r.NotificationID, ReportID: r.ReportID, Kind: r.Kind, TaskID: r.Task.ID, OpenedAt: r.Task.OpenedAt,
			Overdue: r.Overdue, Groups: r.Groups, ClaimedBy: r.Task.ClaimedBy, Fields: r.Shown.Fields, Findings: min(2, len(r.Findings)), Owner: r.Owner,
		}}
		if step := r.Deadline(); step != nil {
			one.Deadline = step.At
		}
		for _, f := range r.Shown.Fields {
			if f.Name == "report.total" {
				one.Total = f.Money
			}
		}
		queue.Tasks = append(queue.Tasks, one)
	}
	slices.SortFunc(queue.Tasks, func(a, b page.QueuedTask) int { return a.OpenedAt.Compare(b.OpenedAt) })
	queue.Total = len(queue.Tasks)
	return queue, nil
}

func (c *company) Show(_ context.Context, actor expense.Actor, id string) (page.Report, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.reports[id]
	switch {
	case c.down != nil:
		return page.Report{}, c.down
	case !ok:
		return page.Report{}, page.ErrNotFound
	case r.Owner.Name == actor.Name:
		return page.Report{}, page.ErrOwnReport
	case r.Groups[0] == "controllers" && actor.Name == "Bob":
		return page.Report{}, page.ErrNotEntitled
	}
	found := *r
	found.Record = slices.Clone(r.Record)
	if r.Task != nil {
		task := *r.Task
		found.Task = &task
	}
	return found, nil
}

func (c *company) Decide(_ context.Context, actor expense.Actor, id string, d expense.Decision) (page.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.reports[id]
	switch {
	case c.down != nil:
		return page.Answer{}, c.down
	case !ok:
		return page.Answer{}, page.ErrNotFound
	case c.lost:
		return page.Answer{Result: page.Unknown}, nil
	}
	c.sent = append(c.sent, d)
	if c.idle {
		return page.Answer{Result: page.Stored}, nil
	}
	event := expense.TaskEvent{
		At: c.now(), TaskID: d.TaskID, DecisionID: d.ID, Decision: d.Decision, By: actor.Name, IdentifiedBy: expense.ByToken, Comment: d.Comment, To: d.To,
	}
	if r.Task == nil || r.Task.ID != d.TaskID {
		event.Kind, event.Why = expense.TaskRefused, "already decided"
		r.Record = append(r.Record, event)
		return page.Answer{Result: page.Late, Why: "already decided", Winner: r.Winner()}, nil
	}
	event.Kind = expense.TaskCounted
	r.Record = append(r.Record, event)
	switch d.Decision {
	case expense.DecideApprove, expense.DecideSendBack:
		r.Task, r.State, r.Missing = nil, "acting", nil
	case expense.ClaimTask:
		r.Task.ClaimedBy = actor.Name
	case expense.ReleaseTask:
		r.Task.ClaimedBy = ""
	}
	return page.Answer{Result: page.Counted}, nil
}

func (c *company) Mine(_ context.Context, actor expense.Actor) (page.Decided, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var decided page.Decided
	for _, r := range c.reports {
		for _, e := range r.Record {
			if e.By == actor.Name && e.Kind == expense.TaskCounted {
				decided.Items = append(decided.Items, page.DecidedItem{
					NotificationID: r.NotificationID, ReportID: r.ReportID, Kind: r.Kind, Fields: r.Shown.Fields, Owner: r.Owner, Event: e, Open: r.Outcome == "", Outcome: r.Outcome,
				})
			}
		}
	}
	return decided, c.down
}

// withdraw ends the task of a report, as when the employee recalls it.
func (c *company) withdraw(r *page.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Task, r.Missing, r.Outcome = nil, nil, expense.Withdrawn
	r.Record = append(r.Record, expense.TaskEvent{At: c.now(), Kind: expense.TaskWithdrawn, Why: "the employee has recalled the report in Concur"})
}

// reopen gives a report another task, as when the employee has changed it.
func (c *company) reopen(r *page.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	task := *r.Task
	task.ID += "0"
	r.Task = &task
	r.Record = append(r.Record, expense.TaskEvent{At: c.now(), Kind: expense.TaskWithdrawn, Why: "the report has changed in Concur"},
		expense.TaskEvent{At: c.now(), Kind: expense.TaskOpened, Groups: r.Groups})
}

// finish says that Concur shows what was decided.
func (c *company) finish(r *page.Report, outcome expense.Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Outcome, r.Done, r.State = outcome, []string{"approved the report"}, "closed"
	r.Record = append(r.Record, expense.TaskEvent{At: c.now().Add(2 * time.Second), Kind: expense.TaskCarriedOut})
}

const sessionCookie = "session"

func (c *company) Actor(r *http.Request) (expense.Actor, error) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return expense.Actor{}, page.ErrSignedOut
	}
	name, ok := c.tokens[cookie.Value]
	if !ok {
		return expense.Actor{}, page.ErrSignedOut
	}
	return expense.Actor{Name: name, IdentifiedBy: expense.ByToken}, nil
}

func (c *company) SignIn(w http.ResponseWriter, _ *http.Request, token string) error {
	if c.throttle {
		return page.ErrThrottled
	}
	if _, ok := c.tokens[token]; !ok {
		return page.ErrToken
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return nil
}

func (c *company) SignOut(w http.ResponseWriter, _ *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1})
}

// site is the page on a real server.
type site struct {
	*httptest.Server
	company *company
}

func serve(t *testing.T, c *company, change ...func(*page.Options)) site {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	options := page.Options{UseCases: c, Sessions: c, Logger: slog.New(slog.DiscardHandler), TimeZone: berlin}
	for _, one := range change {
		one(&options)
	}
	handler, err := page.New(options)
	require.NoError(t, err)
	server := httptest.NewServer(http.NewCrossOriginProtection().Handler(handler))
	t.Cleanup(server.Close)
	return site{server, c}
}

// person is a browser without JavaScript.
type person struct {
	t      *testing.T
	site   site
	client *http.Client
	header http.Header
}

// signedIn returns a person who has signed in with a token, or somebody who has not if it is empty.
func (s site) signedIn(t *testing.T, token string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	p := &person{t: t, site: s, client: &http.Client{Jar: jar}, header: http.Header{}}
	if token != "" {
		status, _ := p.post("/sign-in", url.Values{"token": {token}, "next": {"/"}})
		require.Equal(t, http.StatusOK, status)
	}
	return p
}

func (p *person) get(path string) (int, *html.Node) {
	p.t.Helper()
	return p.do(http.MethodGet, path, nil)
}

func (p *person) post(path string, form url.Values) (int, *html.Node) {
	p.t.Helper()
	return p.do(http.MethodPost, path, form)
}

func (p *person) do(method, path string, form url.Values) (int, *html.Node) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.site.URL+path, strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	r.Header = p.header.Clone()
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := p.client.Do(r)
	require.NoError(p.t, err)
	defer response.Body.Close()
	document, err := html.Parse(response.Body)
	require.NoError(p.t, err)
	return response.StatusCode, document
}

// submit sends a form of a page with the button of that value, as a browser without JavaScript does.
func (p *person) submit(document *html.Node, button string, fill url.Values) (int, *html.Node) {
	p.t.Helper()
	b := find(document, func(n *html.Node) bool { return n.Data == "button" && attribute(n, "value") == button })
	require.NotNil(p.t, b, "no button %q in %s", button, text(document))
	form := b
	for form != nil && form.Data != "form" {
		form = form.Parent
	}
	require.NotNil(p.t, form)
	values := url.Values{attribute(b, "name"): {button}}
	for n := range form.Descendants() {
		if name := attribute(n, "name"); name != "" && (n.Data == "input" || n.Data == "textarea") {
			values.Set(name, attribute(n, "value"))
			if n.Data == "textarea" {
				values.Set(name, text(n))
			}
		}
	}
	for name, value := range fill {
		values[name] = value
	}
	path := attribute(form, "action")
	if own := attribute(b, "formaction"); own != "" {
		path = own
	}
	return p.post(path, values)
}

func find(document *html.Node, is func(*html.Node) bool) *html.Node {
	for n := range document.Descendants() {
		if n.Type == html.ElementNode && is(n) {
			return n
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text returns what a person reads, with single spaces.
func text(document *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style" || n.Data == "noscript") {
			return
		}
		for child := range n.ChildNodes() {
			walk(child)
		}
	}
	walk(document)
	return strings.Join(strings.Fields(b.String()), " ")
}

func pathOf(r *page.Report) string { return "/tasks/" + url.PathEscape(r.NotificationID) }
