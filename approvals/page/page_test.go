package page_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"concur-connector/approvals/page"
	"concur-connector/expense"
)

func TestAnApproverSignsInFindsReadsAndDecidesWithoutJavaScript(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.conference()
	anna := serve(t, c).signedIn(t, "")

	status, page := anna.get(pathOf(report))
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text(page), "Access token")
	status, page = anna.post("/sign-in", url.Values{"token": {"cca_wrong"}, "next": {pathOf(report)}})
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, text(page), "belongs to no approver")
	status, page = anna.post("/sign-in", url.Values{"token": {"cca_anna"}, "next": {pathOf(report)}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text(page), "Jonas Weber", "the page that was asked for")

	_, page = anna.get("/")
	link := find(page, func(n *html.Node) bool { return n.Data == "a" && text(n) == "Conference in Lisbon" })
	require.NotNil(t, link)
	_, page = anna.get(attribute(link, "href"))
	for _, says := range []string{
		"EUR 5,318.40", "There is no receipt for 280.00 EUR.", "Wine", "Custom field 2", "4711 Sales", "Finance review",
		"moves the report from “Finance review” to its next step in Concur", "Asked finance", "Minibar", "Receipt in Concur",
	} {
		require.Contains(t, strings.ReplaceAll(text(page), "\u00a0", " "), says)
	}
	require.NotContains(t, text(page), "never seen", "findings of shadow rules")

	status, page = anna.submit(page, "send-back", url.Values{"comment": {"  \u200b "}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, text(page), "Write what the employee should change")
	status, page = anna.submit(page, "send-back", url.Values{"comment": {"Please add the receipt."}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text(page), "Nothing has been sent yet.")
	require.Empty(t, c.sent)
	_, page = anna.submit(page, "send-back", nil)
	require.Contains(t, text(page), "You have sent the report back.")
	require.Len(t, c.sent, 1)
	require.Equal(t, "Please add the receipt.", c.sent[0].Comment)

	c.finish(report, expense.SentBack)
	_, page = anna.get(pathOf(report))
	require.Contains(t, text(page), "The employee has the report again.")
	_, page = anna.get("/mine")
	require.Contains(t, text(page), "You sent it back")
	require.Contains(t, text(page), "Please add the receipt.")
	_, page = anna.get("/")
	require.Contains(t, text(page), "All done")
}

func TestOfTwoWhoDecideAtOnceOneWinsAndBothAreToldTheTruth(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.conference()
	s := serve(t, c)
	says, statuses := make([]string, 2), make([]int, 2)
	people, confirms := make([]*person, 2), make([]*html.Node, 2)
	for i, token := range []string{"cca_anna", "cca_bob"} {
		people[i] = s.signedIn(t, token)
		_, opened := people[i].get(pathOf(report))
		_, confirms[i] = people[i].submit(opened, "approve", nil)
	}
	var group sync.WaitGroup
	for i := range people {
		group.Go(func() {
			var document *html.Node
			statuses[i], document = people[i].submit(confirms[i], "approve", nil)
			says[i] = text(document)
		})
	}
	group.Wait()
	require.ElementsMatch(t, []int{http.StatusOK, http.StatusConflict}, statuses)
	winner, loser := 0, 1
	if statuses[1] == http.StatusOK {
		winner, loser = 1, 0
	}
	require.Contains(t, says[winner], "Your approval counts.")
	require.Contains(t, says[loser], "You were too late")
	require.Contains(t, says[loser], []string{"Anna Müller", "Bob"}[winner]+" approved on Sun, 29 Nov 2026, 11:20.")
}

func TestAGetDecidesNothing(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.conference()
	anna := serve(t, c).signedIn(t, "cca_anna")
	for _, path := range []string{"/review", "/decide"} {
		status, document := anna.get(pathOf(report) + path + "?decision=approve&id=d1&task=" + url.QueryEscape(report.Task.ID))
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, text(document), "Waiting for a decision")
	}
	require.Empty(t, c.sent)
}

func TestWhatDecidesNothing(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.conference()
	anna := serve(t, c).signedIn(t, "cca_anna")
	for _, one := range []struct{ choice, comment, to, says string }{
		{"comment", "I ask the hotel.", "", "Your comment is in the record."},
		{"claim", "", "", "The others see that you work on it."},
		{"release", "", "", "Nobody works on it now."},
		{"delegate", "", "Cleo", "The task is delegated."},
	} {
		_, document := anna.get(pathOf(report))
		status, document := anna.submit(document, one.choice, url.Values{"comment": {one.comment}, "to": {one.to}})
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, text(document), one.says)
	}
	_, document := anna.get(pathOf(report))
	status, document := anna.submit(document, "delegate", nil)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, text(document), "Choose to whom you delegate.")
}

func TestADecisionThatIsNotCountedIsExplained(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		happens func(*company, *page.Report)
		status  int
		says    string
	}{
		"the task was withdrawn":      {(*company).withdraw, http.StatusConflict, "The task was withdrawn"},
		"the report has changed":      {(*company).reopen, http.StatusConflict, "has changed since you opened it"},
		"Temporal cannot be reached":  {func(c *company, _ *page.Report) { c.down = page.ErrUnavailable }, http.StatusServiceUnavailable, "It counts only once"},
		"nobody knows if it is there": {func(c *company, _ *page.Report) { c.lost = true }, http.StatusServiceUnavailable, "It counts only once"},
		"no worker answers":           {func(c *company, _ *page.Report) { c.idle = true }, http.StatusOK, "Your decision is stored."},
		"the session has ended":       {func(c *company, _ *page.Report) { delete(c.tokens, "cca_anna") }, http.StatusUnauthorized, "nothing was sent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCompany()
			report := c.conference()
			anna := serve(t, c).signedIn(t, "cca_anna")
			_, document := anna.get(pathOf(report))
			_, document = anna.submit(document, "approve", url.Values{"comment": {"My words"}})
			one.happens(c, report)
			status, document := anna.submit(document, "approve", nil)
			require.Equal(t, one.status, status)
			require.Contains(t, text(document), one.says)
		})
	}
}

func TestADecisionIsSentAgainWithTheSameID(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.conference()
	c.lost = true
	anna := serve(t, c).signedIn(t, "cca_anna")
	_, document := anna.get(pathOf(report))
	_, document = anna.submit(document, "approve", url.Values{"comment": {"seen"}})
	id := attribute(find(document, func(n *html.Node) bool { return attribute(n, "name") == "id" }), "value")
	_, document = anna.submit(document, "approve", nil)
	c.lost = false
	_, document = anna.submit(document, "approve", nil)
	require.Contains(t, text(document), "Your approval counts.")
	require.Len(t, c.sent, 1)
	require.Equal(t, id, c.sent[0].ID)
	require.Equal(t, "seen", c.sent[0].Comment)
}

func TestPagesThatCannotBeShownSayWhy(t *testing.T) {
	t.Parallel()
	c := newCompany()
	own := c.add("Team dinner", "Anna Müller", "80", "finance", 1)
	others := c.add("Travel", "Jonas Weber", "80", "controllers", 1)
	s := serve(t, c)
	anna, bob := s.signedIn(t, "cca_anna"), s.signedIn(t, "cca_bob")
	for _, one := range []struct {
		who    *person
		path   string
		status int
		says   string
	}{
		{anna, pathOf(own), http.StatusForbidden, "This is your own report"},
		{bob, pathOf(others), http.StatusForbidden, "Another group decides this"},
		{anna, "/tasks/EXPRPT:nothing", http.StatusNotFound, "There is no such task"},
		{anna, "/nothing", http.StatusNotFound, "There is no such page"},
		{s.signedIn(t, ""), "/nothing", http.StatusNotFound, "There is no such page"},
	} {
		status, document := one.who.get(one.path)
		require.Equal(t, one.status, status, one.path)
		require.Contains(t, text(document), one.says)
		require.NotContains(t, text(document), "Team dinner")
	}
	c.down = page.ErrUnavailable
	for _, path := range []string{"/", "/mine", pathOf(others)} {
		status, document := anna.get(path)
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, text(document), "Nothing is lost")
	}
}

func TestAnIncompleteFormSendsNothing(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.conference()
	anna := serve(t, c).signedIn(t, "cca_anna")
	for _, form := range []url.Values{
		{}, {"decision": {"approve"}}, {"decision": {"delete"}, "task": {report.Task.ID}, "id": {"d"}},
		{"decision": {"approve"}, "id": {"d"}, "comment": {strings.Repeat("x", 100_000)}, "task": {report.Task.ID}},
	} {
		status, _ := anna.post(pathOf(report)+"/decide", form)
		require.Equal(t, http.StatusBadRequest, status)
	}
	require.Empty(t, c.sent)
}

func TestAnotherSiteCannotSendAForm(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.conference()
	anna := serve(t, c).signedIn(t, "cca_anna")
	anna.header.Set("Sec-Fetch-Site", "cross-site")
	status, _ := anna.post(pathOf(report)+"/decide", url.Values{"decision": {"approve"}, "task": {report.Task.ID}, "id": {"d1"}})
	require.Equal(t, http.StatusForbidden, status)
	require.Empty(t, c.sent)
}

func TestHostileTextsAreShownAndDoNothing(t *testing.T) {
	t.Parallel()
	c := newCompany()
	const hostile = `<script>alert(1)</script>"><img src=x onerror=alert(2)>{{.}}` + "\u202egnp"
	report := c.add(hostile, hostile, "10", hostile, 1)
	entry(report, `e"><script>`, hostile, strings.Repeat("w", 5000), "10", true)
	report.Shown.URL = "javascript:alert(3)"
	report.Findings = []expense.Finding{{Rule: hostile, Object: `e"><script>`, Message: hostile}}
	report.Record = append(report.Record, expense.TaskEvent{At: sunday, Kind: expense.TaskCounted, Decision: expense.AddComment, By: hostile, Comment: hostile})
	report.StepName, report.People = hostile, []string{hostile}
	anna := serve(t, c).signedIn(t, "cca_anna")
	for _, path := range []string{"/", pathOf(report), pathOf(report) + "?decision=" + url.QueryEscape(hostile), "/?employee=" + url.QueryEscape(hostile)} {
		status, document := anna.get(path)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, text(document), "<script>alert(1)</script>")
		for n := range document.Descendants() {
			require.False(t, n.Data == "img" || n.Data == "script" && attribute(n, "src") == "" || n.Data == "style", n.Data)
			require.NotContains(t, attribute(n, "href"), "javascript")
			for _, a := range n.Attr {
				require.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style", a.Key)
			}
		}
	}
}

func TestALongReportIsShownInPages(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.add("Everything", "Jonas Weber", "10", "finance", 1)
	for i := range 10_000 {
		entry(report, fmt.Sprint("e", i), fmt.Sprint("Line ", i), "", "1", false)
	}
	report.Findings = []expense.Finding{{Rule: "r", Object: "e9999", Message: "the last one"}}
	anna := serve(t, c).signedIn(t, "cca_anna")
	for path, says := range map[string]string{
		"":                  "1 to 100 of 10,000 lines",
		"?page=2":           "101 to 200 of 10,000 lines",
		"?page=100":         "the last one",
		"?page=7000":        "9,901 to 10,000 of 10,000 lines",
		"?lines=findings":   "the last one",
		"?page=-1&lines=no": "only the one with findings",
	} {
		status, document := anna.get(pathOf(report) + path)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, text(document), says, path)
	}
}

func TestTheQueueIsFiltered(t *testing.T) {
	t.Parallel()
	c := newCompany()
	c.conference()
	c.more = "next-cursor"
	anna := serve(t, c).signedIn(t, "cca_anna")
	anna.header.Set("Accept-Language", "de-DE")
	_, document := anna.get("/?group=finance&employee=Web&age=3&least=1.234,50&most=&currency=eur&mine=1")
	require.Equal(t, "finance", c.filter.Group)
	require.Equal(t, "Web", c.filter.Employee)
	require.Equal(t, "1234.5", c.filter.Least.String())
	require.Nil(t, c.filter.Most)
	require.Equal(t, "EUR", c.filter.Currency)
	require.True(t, c.filter.Mine)
	require.WithinDuration(t, time.Now().AddDate(0, 0, -3), c.filter.OpenedBefore, time.Hour)
	next := find(document, func(n *html.Node) bool { return n.Data == "a" && text(n) == "Weiter" })
	require.Contains(t, attribute(next, "href"), "cursor=next-cursor")
	require.Contains(t, attribute(next, "href"), "group=finance")

	_, document = anna.get("/?least=much&most=12")
	require.Contains(t, text(document), "Die kleinste Summe ist kein Betrag.")
	require.Contains(t, text(document), "Nennen Sie die Währung")
}

func TestAnOpenPageIsToldWhatHasChanged(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.conference()
	anna := serve(t, c).signedIn(t, "cca_anna")
	_, document := anna.get(pathOf(report))
	live := attribute(find(document, func(n *html.Node) bool { return attribute(n, "id") == "progress" }), "hx-get")
	status, _ := anna.get(live)
	require.Equal(t, http.StatusNoContent, status)

	bob := anna.site.signedIn(t, "cca_bob")
	_, other := bob.get(pathOf(report))
	bob.submit(other, "claim", nil)
	status, document = anna.get(live)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text(document), "Works on it Bob")
	require.Nil(t, find(document, func(n *html.Node) bool { return attribute(n, "id") == "decide" }), "the form that is being filled in stays")

	c.withdraw(report)
	_, document = anna.get(live)
	require.Contains(t, text(document), "This page is out of date")
	require.Contains(t, text(document), "the employee has recalled the report in Concur")

	delete(c.tokens, "cca_anna")
	anna.header.Set("HX-Request", "true")
	status, _ = anna.get(live)
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestHeadersForbidInlineCodeFramesAndCaches(t *testing.T) {
	t.Parallel()
	s := serve(t, newCompany())
	response, err := http.Get(s.URL + "/sign-in")
	require.NoError(t, err)
	defer response.Body.Close()
	policy := response.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.Contains(t, policy, "frame-ancestors 'none'")
	require.NotContains(t, policy, "unsafe")
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	document, err := html.Parse(response.Body)
	require.NoError(t, err)
	for n := range document.Descendants() {
		address := attribute(n, "src")
		if n.Data == "link" {
			address = attribute(n, "href")
		}
		if address == "" {
			continue
		}
		file, err := http.Get(s.URL + address)
		require.NoError(t, err)
		file.Body.Close()
		require.Equal(t, http.StatusOK, file.StatusCode, address)
		require.Contains(t, file.Header.Get("Cache-Control"), "immutable")
	}
}

func TestNobodyIsSentToAnotherSite(t *testing.T) {
	t.Parallel()
	anna := serve(t, newCompany()).signedIn(t, "cca_anna")
	anna.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)", ""} {
		for _, path := range []string{"/sign-in", "/language"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, anna.site.URL+path, strings.NewReader(url.Values{
				"token": {"cca_anna"}, "next": {next}, "back": {next}, "language": {"de"},
			}.Encode()))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response, err := anna.client.Do(r)
			require.NoError(t, err)
			response.Body.Close()
			require.Equal(t, "/", response.Header.Get("Location"), next)
		}
	}
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	c := newCompany()
	s := serve(t, c, func(o *page.Options) { o.OpenIDLogin = "/login" })
	somebody := s.signedIn(t, "")
	_, document := somebody.get("/sign-in?next=/mine")
	link := find(document, func(n *html.Node) bool { return n.Data == "a" && strings.Contains(text(n), "company account") })
	require.Equal(t, "/login?next=%2Fmine", attribute(link, "href"))
	c.throttle = true
	status, document := somebody.post("/sign-in", url.Values{"token": {"cca_anna"}})
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Contains(t, text(document), "too many attempts")

	anna := s.signedIn(t, "")
	c.throttle = false
	anna.post("/sign-in", url.Values{"token": {"cca_anna"}})
	_, document = anna.post("/sign-out", url.Values{})
	require.Contains(t, text(document), "Access token")
	_, document = anna.get("/")
	require.Contains(t, text(document), "Access token")
}

func TestOptionsAreRequired(t *testing.T) {
	t.Parallel()
	_, err := page.New(page.Options{})
	require.ErrorContains(t, err, "UseCases")
}
