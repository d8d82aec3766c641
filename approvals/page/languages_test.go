package page_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func readMessages(t *testing.T) map[string]map[string]string {
	t.Helper()
	files, err := filepath.Glob("messages/*.json")
	require.NoError(t, err)
	require.Len(t, files, 2)
	all := map[string]map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var texts map[string]string
		require.NoError(t, json.Unmarshal(content, &texts))
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = texts
	}
	return all
}

func TestTheLanguagesHaveTheSameMessages(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile(`\{[a-z]+\}`)
	all := readMessages(t)
	for name, texts := range all {
		for key, text := range all["en"] {
			require.NotEmpty(t, texts[key], "%s has no message %s", name, key)
			expected, found := placeholder.FindAllString(text, -1), placeholder.FindAllString(texts[key], -1)
			slices.Sort(expected)
			slices.Sort(found)
			require.Equal(t, expected, found, "%s in %s", key, name)
		}
		require.Len(t, texts, len(all["en"]), name)
	}
}

func TestTheCodeAndTheTemplatesUseOnlyMessagesThatExist(t *testing.T) {
	t.Parallel()
	texts := readMessages(t)["en"]
	used := regexp.MustCompile(`\.T\(? ?"([a-z.-]+)"`)
	var files []string
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	found := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range used.FindAllStringSubmatch(string(content), -1) {
			if strings.HasSuffix(match[1], ".") {
				continue // the beginning of a key
			}
			require.Contains(t, texts, match[1], file)
			found++
		}
	}
	require.Greater(t, found, 100)
}

func TestEveryOutcomeAndEventHasWords(t *testing.T) {
	t.Parallel()
	texts := readMessages(t)["en"]
	for _, outcome := range []expense.Outcome{
		expense.Approved, expense.ApprovedWithExceptions, expense.SentBack, expense.Withdrawn, expense.Superseded, expense.Gone,
		expense.Unsupported, expense.Cancelled, expense.DryRun, expense.HandedOver, expense.NotOurs,
	} {
		require.Contains(t, texts, "outcome."+string(outcome))
	}
	for _, kind := range []expense.TaskEventKind{
		expense.TaskOpened, expense.TaskReminded, expense.TaskEscalated, expense.TaskOverdue, expense.TaskWithdrawn, expense.TaskSignalLost, expense.TaskCarriedOut,
	} {
		require.Contains(t, texts, "event."+string(kind))
	}
	for _, choice := range []expense.DecisionChoice{
		expense.DecideApprove, expense.DecideSendBack, expense.AddComment, expense.ClaimTask, expense.ReleaseTask, expense.DelegateTask,
	} {
		for _, key := range []string{"event.counted.", "event.refused.", "mine.", "notice.counted."} {
			require.Contains(t, texts, key+string(choice))
		}
	}
}

func TestDatesAndAmountsHaveTheReadersForm(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.add("Big", "Jonas Weber", "12345678901234567890.125", "finance", 1)
	entry(report, "e1", "Odd", "", "-0.5", true)
	report.Shown.Fields = append(report.Shown.Fields, expense.ShownField{Name: "report.claimed", Money: money("7.1", "")},
		expense.ShownField{Name: "report.count", Number: "1234.50"})
	s := serve(t, c)
	for language, says := range map[string][]string{
		"en-GB":        {"12,345,678,901,234,567,890.125", "-EUR 0.50", "26 Nov 2026", "Sat, 28 Nov 2026, 10:30", "Europe/Berlin", "1,234.50", "7.10"},
		"en-US":        {"12,345,678,901,234,567,890.125", "Nov 26, 2026", "Sat, Nov 28, 2026, 10:30 AM", "1,234.50"},
		"de-DE":        {"12.345.678.901.234.567.890,125 EUR", "-0,50 EUR", "26. Nov. 2026", "Sa, 28. Nov. 2026, 10:30 Uhr", "Genehmigen", "1.234,50"},
		"de-CH":        {"12'345'678'901'234'567'890.125", "1'234.50"},
		"fr, ja;q=0.5": {"26 Nov 2026", "Approve"},
		"pl, de;q=0.5": {"Genehmigen"},
		"%%%":          {"Approve"},
	} {
		anna := s.signedIn(t, "cca_anna")
		anna.header.Set("Accept-Language", language)
		_, document := anna.get(pathOf(report))
		for _, one := range says {
			require.Contains(t, strings.ReplaceAll(text(document), "\u00a0", " "), one, language)
		}
	}
}

func TestTheReaderChoosesTheLanguageAndTheBrowserTheTimeZone(t *testing.T) {
	t.Parallel()
	c := newCompany()
	report := c.conference()
	anna := serve(t, c).signedIn(t, "cca_anna")
	anna.header.Set("Accept-Language", "en-US, de-CH;q=0.5")
	_, document := anna.post("/language", url.Values{"language": {"de"}, "back": {pathOf(report)}})
	require.Contains(t, text(document), "Genehmigen")
	require.Contains(t, text(document), "5'318.40", "the region of the browser")
	for zone, says := range map[string]string{
		"America%2FNew_York": "Ihres Browsers, America/New_York", "../../etc/passwd": "Zeitzone Europe/Berlin", "Local": "Zeitzone Europe/Berlin",
	} {
		anna.header.Set("Cookie", "approvals-zone="+zone)
		_, document = anna.get(pathOf(report))
		require.Contains(t, text(document), says)
	}
}
