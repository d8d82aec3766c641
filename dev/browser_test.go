package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"concur-connector/workflows"
)

// TestTheWebUIShowsARun reads the pages of runs in headless Chromium. It keeps pictures in
// .cache/screenshots.
func TestTheWebUIShowsARun(t *testing.T) {
	t.Parallel()
	path := findBrowser(t)
	suite := theSuite(t)
	browser := startBrowser(t, path)
	pictures := filepath.Join(suite.root, ".cache", "screenshots")
	require.NoError(t, os.MkdirAll(pictures, 0o755))

	story := filepath.Join(t.TempDir(), "looked-at.txtar")
	require.NoError(t, os.WriteFile(story, []byte(`# One run is parked, one waits for a person, one is done.
report odd.yaml conference.yaml lunch.yaml
parked odd Rejected NOSUCH
waiting conference finance
closed lunch approved
look odd parked.png 'Parked' 'exception NOSUCH' 'Invalid Exception Code' 'the signal'
look conference waiting.png 'Waits for a person' 'group finance' 'approve'
look lunch done.png 'Ended: approved' 'Done:'
list operator list.png odd

# One gets a dry run, and one exceeds the send-back limit.
worker stop
worker start CONCUR_WRITES=dry-run CONCUR_SENDBACK_LIMIT=1
report dinner.yaml
closed dinner dry-run
look dinner dry-run.png 'Ended: dry-run' 'exception NORECPT'
worker stop
worker start CONCUR_WRITES=on CONCUR_SENDBACK_LIMIT=1
report party.yaml
closed party sent-back
report feast.yaml
parked feast SendBackLimitReached
look feast limited.png 'Parked' '1 report'
# A hostile text is shown unchanged.
worker stop
worker start CONCUR_RULES=$WORK/hostile.yaml
report hostile-report.yaml
waiting hostile
look hostile hostile.png 'It''s "<b>bold</b>" $a$ and [l](http://x) | --all `+"``"+` tick' 'entry.vendor = <img src=x onerror=alert(1)> $b$ **c**'
look-limit limit.png '1 report' 'refused 1'
invariants

-- hostile.yaml --
apiVersion: concur-connector/v1
rules:
  - name: hostile
    level: entry
    expression: 'entry.vendor == ""'
    message: 'It''s "<b>bold</b>" $a$ and [l](http://x) | --all `+"``"+` tick'
    then: {ask: finance}
-- hostile-report.yaml --
name: hostile
entries: [{type: MEALS, amount: "10.00", receipt: true, vendor: '<img src=x onerror=alert(1)> $b$ **c**'}]
-- odd.yaml --
name: odd
entries: [{type: BADCODE, amount: "10.00", receipt: true}]
-- conference.yaml --
name: conference
entries: [{type: CONFR, amount: "5200.00", receipt: true}]
-- dinner.yaml --
name: dinner
entries: [{type: MEALS, amount: "92.50"}]
-- party.yaml --
name: party
entries: [{type: ALCOH, amount: "12.00", receipt: true}]
-- feast.yaml --
name: feast
entries: [{type: ALCOH, amount: "13.00", receipt: true}]
-- lunch.yaml --
name: lunch
entries: [{type: MEALS, amount: "42.50", receipt: true}]
`), 0o600))
	p := params(context.Background(), suite.setup(), "looked-at", story, nil)
	// look REPORT PICTURE TEXT...
	p.Cmds["look"] = func(ts *testscript.TestScript, _ bool, args []string) {
		s := storyOf(ts)
		run, err := s.describe(s.reports[args[0]])
		ts.Check(err)
		page := suite.temporal.ui + "/namespaces/default/workflows/" + url.PathEscape(s.reports[args[0]]) + "/" + run.runID + "/user-metadata"
		ts.Check(see(browser, page, filepath.Join(pictures, args[1]), args[2:]...))
	}
	// look-limit PICTURE TEXT...
	p.Cmds["look-limit"] = func(ts *testscript.TestScript, _ bool, args []string) {
		s := storyOf(ts)
		id := workflows.SendBackLimitID(s.system.setup.queue)
		run, err := s.describe(id)
		ts.Check(err)
		page := suite.temporal.ui + "/namespaces/default/workflows/" + url.PathEscape(id) + "/" + run.runID + "/user-metadata"
		ts.Check(see(browser, page, filepath.Join(pictures, args[0]), args[1:]...))
	}
	// list WAITING-FOR PICTURE REPORT
	p.Cmds["list"] = func(ts *testscript.TestScript, _ bool, args []string) {
		s := storyOf(ts)
		query := fmt.Sprintf("ConcurWaitingFor='%s' AND TaskQueue='%s'", args[0], s.system.setup.queue)
		page := suite.temporal.ui + "/namespaces/default/workflows?query=" + url.QueryEscape(query)
		ts.Check(see(browser, page, filepath.Join(pictures, args[1]), s.reports[args[2]]))
	}
	testscript.Run(t, p)
}

func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("SKIPPED: no Chromium on this machine; the pages were not looked at (Debian: apt-get install chromium)")
	return ""
}

// startBrowser starts Chromium with one window, which closes when the test ends. chromedp
// refers to the window by the context.
func startBrowser(t *testing.T, path string) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.WindowSize(1400, 1200),
		chromedp.NoSandbox, // root in a container has no sandbox
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-component-update", true),
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(ctx)) // a deadline here would end the browser
	return ctx
}

const (
	// documents are the page and the frames in it. The Web UI prints the details of a run
	// in a frame.
	documents = `[document, ...Array.from(document.querySelectorAll("iframe"), f => f.contentDocument)]`
	// text is everything that a person can read on the page.
	text = documents + `.map(d => d?.body?.innerText ?? "").join("\n")`
)

// see opens a page, waits until all texts are on it, and keeps a picture of the page in any
// case.
func see(browser context.Context, page, picture string, texts ...string) error {
	wanted, err := json.Marshal(texts)
	if err != nil {
		return err
	}
	complete := fmt.Sprintf(`%s.every(d => d?.readyState === "complete") && %s.every(t => %s.includes(t))`, documents, wanted, text)
	// The page requests the details and the list once. Opening it again shows what came too
	// late.
	for range 3 {
		if err = shows(browser, page, complete); err == nil {
			break
		}
	}
	ctx, cancel := context.WithTimeout(browser, 10*time.Second)
	defer cancel()
	if err != nil {
		says, unread := chromedp.Run(ctx, chromedp.Evaluate[string](text))
		err = fmt.Errorf("%s does not say all of %q: %w; it says %q", page, texts, errors.Join(err, unread), says)
	}
	png, unseen := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if unseen != nil {
		return errors.Join(err, fmt.Errorf("no picture of %s: %w", page, unseen))
	}
	return errors.Join(err, os.WriteFile(picture, png, 0o644))
}

// shows opens a page and waits until a JavaScript condition holds.
func shows(browser context.Context, page, condition string) error {
	ctx, cancel := context.WithTimeout(browser, 20*time.Second)
	defer cancel()
	return chromedp.Do(ctx, chromedp.Navigate(page), chromedp.Poll[chromedp.Void](condition,
		chromedp.WithPollingInterval(100*time.Millisecond), chromedp.WithPollingTimeout(10*time.Second)))
}
