package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var (
	workflowPage = regexp.MustCompile(`(http://\S+)/namespaces/default/workflows/(EXPRPT:\S+)`)
	approver     = regexp.MustCompile(`cca_[\w-]+`)
)

// TestPictures draws the pictures of the README from one session of "go run ./dev": what
// the command prints, and the page of its parked run in Temporal's Web UI.
func TestPictures(t *testing.T) {
	if os.Getenv("PICTURES") == "" {
		t.Skip("SKIPPED: make pictures draws the pictures of the README")
	}
	browser := startBrowser(t, findBrowser(t))
	pictures := filepath.Join("..", "docs", "img")
	require.NoError(t, os.MkdirAll(pictures, 0o755))

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	program := filepath.Join(t.TempDir(), "dev")
	built, err := exec.CommandContext(ctx, "go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", built)
	session := exec.CommandContext(ctx, program, "-seed", "1")
	session.Cancel = func() error { return session.Process.Signal(syscall.SIGINT) }
	output, err := session.StdoutPipe()
	require.NoError(t, err)
	session.Stderr = session.Stdout
	require.NoError(t, session.Start())
	defer func() {
		cancel()
		_ = session.Wait()
	}()

	printed, link := readUntilParked(output)
	require.NotNil(t, link, "no run was parked:\n%s", printed)
	page := fmt.Sprintf("%s/namespaces/default/workflows/%s/%s/user-metadata", link[1], url.PathEscape(link[2]), runID(t, link[1], link[2]))
	require.NoError(t, chromedp.Do(browser, chromedp.EmulateViewport(1200, 1000)))
	require.NoError(t, see(browser, page, filepath.Join(pictures, "run.png"), "Parked", "NOSUCH"))

	terminal := filepath.Join(t.TempDir(), "terminal.html")
	require.NoError(t, os.WriteFile(terminal, []byte(terminalPage(printed)), 0o600))
	require.NoError(t, chromedp.Do(browser, chromedp.EmulateViewport(1000, int64(20*(strings.Count(printed, "\n")+3)))))
	require.NoError(t, see(browser, "file://"+terminal, filepath.Join(pictures, "dev.png"), "The connector runs"))
}

// readUntilParked reads what the session prints until it has linked to its parked run.
func readUntilParked(output interface{ Read([]byte) (int, error) }) (printed string, link []string) {
	lines := bufio.NewScanner(output)
	for link == nil && lines.Scan() {
		printed += lines.Text() + "\n"
		link = workflowPage.FindStringSubmatch(lines.Text())
	}
	return printed, link
}

// runID asks the Web UI for the latest run of a workflow.
func runID(t *testing.T, ui, workflowID string) string {
	t.Helper()
	response, err := http.Get(ui + "/api/v1/namespaces/default/workflows/" + url.PathEscape(workflowID))
	require.NoError(t, err)
	defer response.Body.Close()
	var described struct {
		WorkflowExecutionInfo struct{ Execution struct{ RunID string } }
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&described))
	require.NotEmpty(t, described.WorkflowExecutionInfo.Execution.RunID)
	return described.WorkflowExecutionInfo.Execution.RunID
}

// terminalPage shows printed text as a terminal of 110 columns does, without the
// approver's token.
func terminalPage(printed string) string {
	text := "$ go run ./dev\n"
	for line := range strings.Lines(approver.ReplaceAllString(printed, "cca_…")) {
		if runes := []rune(strings.TrimSuffix(line, "\n")); len(runes) > 110 {
			line = string(runes[:109]) + "…\n"
		}
		text += line
	}
	return `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #0d1117; color: #e6edf3 }
pre { margin: 20px; font: 14px/20px monospace }
</style><pre>` + html.EscapeString(text) + `</pre>`
}
