package page_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"concur-connector/approvals/page"
	"concur-connector/expense"
)

func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("SKIPPED: no Chromium on this machine; the approvers' page was not looked at (Debian: apt-get install chromium)")
	return ""
}

// startBrowser starts Chromium, which ends with the test.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(findBrowser(t)), chromedp.WindowSize(1280, 900),
		chromedp.NoSandbox, // root in a container has no sandbox
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-GB"),
		chromedp.Env("TZ=Europe/Berlin", "LANGUAGE=en_GB"),
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(ctx))
	return ctx
}

// window is a browser window of one person.
type window struct {
	t    *testing.T
	ctx  context.Context
	site site
}

// open opens a window with cookies of its own.
func (s site) open(t *testing.T, browser context.Context) window {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(ctx)) // a deadline here would close the window
	w := window{t, ctx, s}
	w.do(call(emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Europe/Berlin"}),
		call(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: "Chromium", AcceptLanguage: "en-GB"}))
	return w
}

// call makes an action from a command of the browser.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

func (w window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
		defer cancel()
		says, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
		require.NoError(w.t, err, "the page says: %s", says)
	}
}

func (w window) visit(path string) { w.t.Helper(); w.do(chromedp.Navigate(w.site.URL + path)) }

// says waits until the page contains a text.
func (w window) says(texts ...string) {
	w.t.Helper()
	wanted, err := json.Marshal(texts)
	require.NoError(w.t, err)
	w.until(fmt.Sprintf(`document.readyState === "complete" && %s.every(t => document.body.innerText.replaceAll("\u00a0", " ").includes(t))`, wanted))
}

// until waits for a condition, also while the window goes from one page to another.
func (w window) until(condition string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	for {
		err := chromedp.Do(ctx, chromedp.Poll[chromedp.Void](condition, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(20*time.Second)))
		if err == nil {
			return
		}
		if ctx.Err() != nil || !strings.Contains(err.Error(), "navigated") && !strings.Contains(err.Error(), "context") {
			says, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string]("document.body.innerText"))
			require.NoError(w.t, err, "waits for %s; the page says: %s", condition, says)
		}
	}
}

func (w window) press(button string) {
	w.t.Helper()
	w.do(chromedp.Click(button))
}

func (w window) write(field, text string) {
	w.t.Helper()
	w.do(chromedp.SendKeys(field, text))
}

func (w window) signIn(token string) {
	w.t.Helper()
	w.visit("/sign-in")
	w.write("#token", token)
	w.press(".sign-in button")
	w.says("Waiting for your decision")
}

const (
	approveButton  = `form.decision button[value="approve"]`
	sendBackButton = `form.decision button[value="send-back"]`
	undoButton     = `.undo button:first-child`
	sendNowButton  = `.undo button:last-child`
)

// unhurried lets a slow machine press a button before the time to undo is over.
func unhurried(o *page.Options) { o.Undo = time.Minute }

func TestInABrowserAnApproverSignsInFindsReadsAndDecides(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	c := newCompany()
	report := c.conference()
	anna := serve(t, c, func(o *page.Options) { o.Undo = 5 * time.Second }).open(t, browser)
	anna.signIn("cca_anna")
	anna.says("1 report waits for you.", "Conference in Lisbon", "EUR 5,318.40")
	anna.press(".queue h2 a")
	anna.says("There is no receipt for 280.00 EUR.", "your browser’s time zone, Europe/Berlin")

	anna.press(sendBackButton)
	anna.says("Write what the employee should change")
	anna.write("#comment", "Please add the receipt.")
	anna.press(sendBackButton)
	anna.says("The report is sent back in 5 seconds.")
	anna.press(undoButton)
	anna.says("Nothing was sent.")
	require.Empty(t, c.decided())

	anna.press(sendBackButton)
	anna.says("You have sent the report back.", "Being carried out in Concur")
	require.Len(t, c.decided(), 1)
	require.Equal(t, "Please add the receipt.", c.decided()[0].Comment)
	c.finish(report, expense.SentBack)
	anna.says("The employee has the report again.")
}

func TestInABrowserTheKeyboardIsEnough(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	c := newCompany()
	report := c.conference()
	anna := serve(t, c, unhurried).open(t, browser)
	anna.visit(pathOf(report))
	anna.says("Access token")
	anna.do(chromedp.KeyEvent("cca_anna"), chromedp.KeyEvent("\r"))
	anna.says("There is no receipt for 280.00 EUR.")
	tab := func(until string) {
		for range 60 {
			anna.do(chromedp.KeyEvent("\t"))
			found, err := chromedp.Run(anna.ctx, chromedp.Evaluate[bool](fmt.Sprintf("document.activeElement.matches(%q)", until)))
			require.NoError(t, err)
			if found {
				return
			}
		}
		require.Fail(t, "the key Tab does not reach "+until)
	}
	tab("#comment")
	anna.do(chromedp.KeyEvent("Fine."))
	tab(approveButton)
	anna.do(chromedp.KeyEvent("\r"))
	anna.says("Your approval is sent in 60 seconds.")
	anna.do(chromedp.KeyEvent("\u001b"))
	anna.says("Nothing was sent.")
	anna.do(chromedp.KeyEvent("\r"))
	anna.says("Your approval is sent in 60 seconds.")
	anna.do(chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	anna.says("Your approval counts.")
	require.Equal(t, "Fine.", c.decided()[0].Comment)
}

func TestInABrowserOneOfTwoWinsAndBothAreToldTheTruth(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	c := newCompany()
	report := c.conference()
	s := serve(t, c, unhurried)
	anna, bob := s.open(t, browser), s.open(t, browser)
	for who, token := range map[window]string{anna: "cca_anna", bob: "cca_bob"} {
		who.signIn(token)
		who.visit(pathOf(report))
		who.press(approveButton)
		who.says("Your approval is sent")
	}
	anna.press(sendNowButton)
	anna.says("Your approval counts.")
	bob.says("Anna Müller approved")
	for _, d := range c.decided() {
		require.NotEqual(t, "Bob", d.By)
	}
	bob.says("This page is out of date", "Nothing that you have typed was sent.")

	second := c.conference()
	anna.visit(pathOf(second))
	bob.visit(pathOf(second))
	bob.do(chromedp.Evaluate[chromedp.Void]("htmx.remove(document.getElementById('progress'))")) // the network is slow
	anna.press(approveButton)
	anna.press(sendNowButton)
	anna.says("Your approval counts.")
	bob.press(approveButton)
	bob.press(sendNowButton)
	bob.says("You were too late, and your decision does not count", "Anna Müller approved")
}

func (c *company) decided() []expense.Decision {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]expense.Decision{}, c.sent...)
}

// states are the states of the page that people look at. Each one opens a page that shows it.
var states = []struct {
	name string
	dark bool
	wide int64
	high int64
	show func(window, *company, *page.Report)
}{
	{name: "sign-in", show: func(w window, _ *company, _ *page.Report) { w.visit("/sign-in?next=/mine"); w.says("Access token") }},
	{name: "empty", show: func(w window, c *company, _ *page.Report) {
		clear(c.reports)
		w.signIn("cca_anna")
		w.says("All done")
	}},
	{name: "queue", show: func(w window, c *company, _ *page.Report) { w.signIn("cca_anna"); w.says("Conference in Lisbon") }},
	{name: "report", high: 1700, show: func(w window, _ *company, r *page.Report) { w.signIn("cca_anna"); w.visit(pathOf(r)); w.says("Lines") }},
	{name: "comment-missing", show: func(w window, _ *company, r *page.Report) {
		w.signIn("cca_anna")
		w.visit(pathOf(r))
		w.press(sendBackButton)
		w.says("Write what the employee")
	}},
	{name: "undo", show: func(w window, _ *company, r *page.Report) {
		w.signIn("cca_anna")
		w.visit(pathOf(r))
		w.press(approveButton)
		w.says("Your approval is sent")
	}},
	{name: "decided", show: func(w window, c *company, r *page.Report) {
		w.signIn("cca_anna")
		w.visit(pathOf(r))
		w.write("#comment", "Agreed with the sales team.")
		w.press(approveButton)
		w.press(sendNowButton)
		w.says("Your approval counts.")
		c.finish(r, expense.Approved)
		w.says("moved the report to its next step.")
	}},
	{name: "late", show: func(w window, c *company, r *page.Report) {
		w.signIn("cca_anna")
		w.visit(pathOf(r))
		_, _ = c.Decide(w.ctx, expense.Actor{Name: "Bob"}, r.NotificationID, expense.Decision{TaskID: r.Task.ID, ID: "b", Decision: expense.DecideApprove})
		w.press(approveButton)
		w.press(sendNowButton)
		w.says("You were too late")
	}},
	{name: "stale", show: func(w window, c *company, r *page.Report) {
		w.signIn("cca_anna")
		w.visit(pathOf(r))
		c.reopen(r)
		w.says("This page is out of date")
	}},
	{name: "withdrawn", show: func(w window, c *company, r *page.Report) {
		w.signIn("cca_anna")
		w.visit(pathOf(r))
		c.withdraw(r)
		w.says("This page is out of date", "recalled")
	}},
	{name: "own-report", show: func(w window, c *company, r *page.Report) {
		r.Owner.Name = "Anna Müller"
		w.signIn("cca_anna")
		w.visit(pathOf(r))
		w.says("your own report")
	}},
	{name: "mine", show: func(w window, c *company, r *page.Report) {
		_, _ = c.Decide(w.ctx, expense.Actor{Name: "Anna Müller"}, r.NotificationID, expense.Decision{TaskID: r.Task.ID, ID: "b", Decision: expense.DecideSendBack, Comment: "Please add the receipt of the dinner."})
		c.finish(r, expense.SentBack)
		w.signIn("cca_anna")
		w.visit("/mine")
		w.says("You sent it back")
	}},
	{name: "phone", wide: 390, high: 1600, show: func(w window, _ *company, r *page.Report) { w.signIn("cca_anna"); w.visit(pathOf(r)); w.says("Lines") }},
	{name: "phone-queue", wide: 390, show: func(w window, _ *company, _ *page.Report) { w.signIn("cca_anna") }},
	{name: "dark", dark: true, show: func(w window, _ *company, r *page.Report) { w.signIn("cca_anna"); w.visit(pathOf(r)); w.says("Lines") }},
	{name: "dark-queue", dark: true, show: func(w window, _ *company, _ *page.Report) { w.signIn("cca_anna") }},
}

// axeFile is where .ci/run installs axe-core.
const axeFile = "../../.cache/npm/node_modules/axe-core/axe.min.js"

// TestEachStateIsAccessible lets axe-core look at each state of the page, and compares the width of
// the page with that of the window. With PICTURES it keeps a picture of each state in docs/img.
func TestEachStateIsAccessible(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short; nobody has checked whether the page is accessible")
	}
	browser := startBrowser(t)
	axe, err := os.ReadFile(axeFile)
	if err != nil && os.Getenv("PICTURES") == "" {
		t.Skip("SKIPPED: axe-core is not installed, and nobody has checked whether the page is accessible (npm install --prefix .cache/npm axe-core@4.14.1)")
	}
	for _, one := range states {
		t.Run(one.name, func(t *testing.T) {
			c := newCompany()
			report := c.conference()
			c.add("Client visit in Graz", "Leyla Özdemir", "1240.00", "finance", 7)
			c.add("Trade fair stand", "Piotr Nowak", "12480.00", "controllers", 3)
			c.add("Onboarding week", "Sarah Klein", "386.15", "finance", 0)
			if len(c.reports) == 4 {
				c.reports["EXPRPT:R3$%x"].Task.ClaimedBy = "Bob"
			}
			w := serve(t, c).open(t, browser)
			scheme := "light"
			if one.dark {
				scheme = "dark"
			}
			w.do(call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}}),
				chromedp.EmulateViewport(cmp.Or(one.wide, 1280), cmp.Or(one.high, 860)))
			one.show(w, c, report)
			fits, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool]("document.documentElement.scrollWidth <= innerWidth"))
			require.NoError(t, err)
			require.True(t, fits, "the page is wider than the window")
			if os.Getenv("PICTURES") != "" {
				png, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join("..", "..", "docs", "img", "approvals-"+one.name+".png"), png, 0o644))
			}
			if len(axe) > 0 {
				require.Empty(t, serious(t, w, string(axe)))
			}
		})
	}
}

// serious returns what axe-core finds on a page and calls serious or critical.
func serious(t *testing.T, w window, axe string) string {
	t.Helper()
	w.do(chromedp.Evaluate[chromedp.Void](axe + "\n;0"))
	w.do(chromedp.Evaluate[chromedp.Void](`window.found = null; axe.run().then(r => { window.found = r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.help + "\n" + v.nodes.map(n => n.html + "\n  " + n.failureSummary).join("\n")).join("\n\n"); });0`))
	w.until("window.found !== null")
	found, err := chromedp.Run(w.ctx, chromedp.Evaluate[string]("window.found"))
	require.NoError(t, err)
	return strings.TrimSpace(found)
}
