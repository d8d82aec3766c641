package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/internal/notify"
)

func webhooks(f *folder, t *testing.T, r *receiver, more string) string {
	t.Helper()
	f.write(t, "secret", secret+"\n")
	return "channels:\n  erp: {type: webhook, url: '" + r.URL + "/hook', secretFile: secret}\ndefault: [erp]\n" + more
}

func total() []expense.ShownField {
	return []expense.ShownField{{Name: "report.total", Money: &expense.Money{Amount: decimal.RequireFromString("12.5"), Currency: "EUR"}}}
}

func TestAWebhookIsSignedAndTellsOnlyWhatIsConfigured(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, nil)
	n := f.notifier(t, webhooks(f, t, r, "fields: [report.total, report.absent]\n"), nil)
	in := news()
	in.Fields = append(in.Fields, total()...)
	require.NoError(t, sends(t, n, in))
	h, body := r.last()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	require.NoError(t, err)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", h.Get("webhook-id"), h.Get("webhook-timestamp"), body)
	require.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), h.Get("webhook-signature"))
	require.Regexp(t, "^ntf_[0-9a-f]{32}$", h.Get("webhook-id"))
	require.Equal(t, "application/json", h.Get("Content-Type"))
	require.JSONEq(t, `{"type":"task.opened","timestamp":"2026-11-24T10:30:00Z","data":{"notificationId":"EXPRPT:3%Rek29$ws",
		"taskId":"EXPRPT:3%Rek29$ws/abc/1","groups":["finance"],"deadline":"2026-12-02T14:00:00Z","url":"`+link+`",
		"fields":[{"name":"report.total","money":{"amount":"12.5","currency":"EUR"}}]}}`, string(body))

	require.NoError(t, sends(t, n, in))
	again, _ := r.last()
	require.Equal(t, h.Get("webhook-id"), again.Get("webhook-id"))
}

func TestEachPieceOfNewsHasItsOwnID(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, nil)
	n := f.notifier(t, webhooks(f, t, r, ""), nil)
	first, reminder, later, other := news(), news(), news(), news()
	reminder.News, later.News, later.At, other.TaskID = expense.NewsReminder, expense.NewsReminder, happened.Add(24*time.Hour), "EXPRPT:x/1/2"
	ids := map[string]bool{}
	for _, in := range []expense.NotifyApproversInput{first, reminder, later, other, first} {
		messages, err := n.Messages(in)
		ids[only(t, messages, err).ID] = true
	}
	require.Len(t, ids, 4)
}

func TestAnAnswerDecidesWhetherAMessageIsSentAgain(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]expense.Kind{
		200: "", 202: "", 204: "", 301: expense.Rejected, 400: expense.Rejected, 401: expense.Forbidden, 403: expense.Forbidden, 404: expense.NotFound,
		408: expense.Unavailable, 410: expense.NotFound, 413: expense.Rejected, 429: expense.RateLimited, 500: expense.Unavailable, 503: expense.Unavailable,
	} {
		f := newFolder(t)
		r := newReceiver(t, f, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Location", "https://evil.example.com/")
			w.WriteHeader(status)
			if status != 204 {
				_, _ = io.WriteString(w, "about Anna")
			}
		})
		f.write(t, "url", r.URL+"/services/s3cret\n")
		for _, kindOfChannel := range []string{"slack", "teams"} {
			n := f.notifier(t, "channels:\n  chat: {type: "+kindOfChannel+", urlFile: url}\ndefault: chat\n", nil)
			err := sends(t, n, news())
			if kind == "" {
				require.NoError(t, err, status)
				continue
			}
			var failure *notify.Error
			require.ErrorAs(t, err, &failure)
			require.ErrorIs(t, err, kind, status)
			require.Equal(t, status, failure.Status)
			require.Equal(t, 7*time.Second, failure.RetryAfter)
			require.ErrorContains(t, err, r.host())
			for _, text := range []string{err.Error(), f.log.String()} {
				require.NotContains(t, text, "s3cret")
				require.NotContains(t, text, "Anna")
			}
		}
	}
}

func TestAWebPageIsNoSuccess(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "\n<html>Please sign in</html>")
	})
	n := f.notifier(t, webhooks(f, t, r, ""), nil)
	err := sends(t, n, news())
	require.ErrorIs(t, err, expense.Unavailable)
	require.ErrorContains(t, err, "a gateway")
}

func TestAReceiverThatIsNotThereOrNotTrustedIsAskedLater(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, nil)
	config := webhooks(f, t, r, "")
	untrusted := f.notifier(t, config, nil, func(o *notify.Options) { o.RootCAs = newFolder(t).roots })
	err := sends(t, untrusted, news())
	require.ErrorIs(t, err, expense.Unavailable)
	require.ErrorContains(t, err, "not trusted (CONCUR_MESSAGE_CA)")
	r.Close()
	err = sends(t, f.notifier(t, config, nil), news())
	require.ErrorIs(t, err, expense.Unavailable)
	require.ErrorContains(t, err, "cannot connect")
}

func TestAReceiverThatHangsEndsInTime(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	release := make(chan struct{})
	r := newReceiver(t, f, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	n := f.notifier(t, webhooks(f, t, r, ""), nil, func(o *notify.Options) { o.Timeout = 50 * time.Millisecond })
	err := sends(t, n, news())
	require.ErrorIs(t, err, expense.Unavailable)
	require.ErrorContains(t, err, "in time")
}

// hostile is what an employee might call a report.
const hostile = "<!channel> <https://evil.example|click> & *bold* [here](https://evil.example) \u202egnp"

func TestNoValueFormatsOrLinksAnythingInSlack(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, nil)
	f.write(t, "url", r.URL)
	n := f.notifier(t, "language: de\nfields: report.name\nchannels:\n  chat: {type: slack, urlFile: url}\ndefault: chat\n", nil)
	in := news()
	in.Fields[0].Text = hostile
	require.NoError(t, sends(t, n, in))
	h, body := r.last()
	require.Empty(t, h.Get("webhook-signature"))
	var got struct {
		Text   string
		Blocks []struct {
			Type string
			Text struct {
				Type, Text string
				Verbatim   bool
			}
		}
	}
	require.NoError(t, json.Unmarshal(body, &got))
	require.Equal(t, "Zur Entscheidung: eine Spesenabrechnung wartet auf Sie", got.Text)
	all := ""
	for _, b := range got.Blocks {
		require.Contains(t, []string{"header", "section"}, b.Type)
		require.Equal(t, b.Type == "section", b.Text.Verbatim)
		all += b.Text.Text + "\n"
	}
	require.Contains(t, all, "*Name:* &lt;!channel&gt; &lt;https://evil.example|click&gt; &amp; *\u200bbold*\u200b")
	require.NotContains(t, all, "\u202e")
	require.Contains(t, all, "<"+link+"|Aufgabe öffnen>")
	require.Equal(t, 1, strings.Count(all, "<"), "the link to the page is the only one")
}

func TestNoValueFormatsOrLinksAnythingInTeams(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	f.write(t, "url", r.URL+"/workflows/1?sig=s3cret")
	n := f.notifier(t, "fields: report.name\nchannels:\n  chat: {type: teams, urlFile: url}\ndefault: chat\n", nil)
	in := news()
	in.Fields[0].Text = hostile
	require.NoError(t, sends(t, n, in))
	_, body := r.last()
	var got struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type, Version string
				Body          []struct {
					Type    string
					Inlines []struct{ Type, Text string }
				}
				Actions []struct{ Type, Title, URL string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(body, &got))
	require.Equal(t, "message", got.Type)
	require.Len(t, got.Attachments, 1)
	require.Equal(t, "application/vnd.microsoft.card.adaptive", got.Attachments[0].ContentType)
	card := got.Attachments[0].Content
	require.Equal(t, "AdaptiveCard", card.Type)
	require.Len(t, card.Actions, 1)
	require.Equal(t, link, card.Actions[0].URL)
	text := ""
	for _, b := range card.Body {
		require.Equal(t, "RichTextBlock", b.Type, "Teams would read Markdown in a TextBlock")
		for _, run := range b.Inlines {
			require.Equal(t, "TextRun", run.Type)
			text += run.Text
		}
	}
	require.Contains(t, text, "[here](https://evil.example)")
	require.NotContains(t, text, "\u202e")
}

func TestAVeryLongMessageStaysWithinTheLimitsOfTheReceivers(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, nil)
	f.write(t, "url", r.URL)
	n := f.notifier(t, "digest: '08:00'\nfields: [report.name]\nchannels:\n  chat: {type: slack, urlFile: url}\n  team: {type: teams, urlFile: url}\ndefault: [chat, team]\n", nil)
	var tasks []expense.TaskSummary
	for i := range 500 {
		tasks = append(tasks, expense.TaskSummary{NotificationID: "EXPRPT:x", TaskID: fmt.Sprintf("EXPRPT:x/%d", i), Groups: []string{"finance"}, OpenedAt: happened,
			Fields: []expense.ShownField{{Name: "report.name", Text: strings.Repeat("<", 5000)}}})
	}
	messages, err := n.Digests(happened, tasks)
	require.NoError(t, err)
	require.Len(t, messages, 2)
	for i, most := range []int{150_000, 28_000} {
		require.NoError(t, n.Send(t.Context(), messages[i]))
		_, body := r.last()
		require.Less(t, len(body), most)
		if i == 0 {
			var got struct {
				Blocks []struct{ Text struct{ Text string } }
			}
			require.NoError(t, json.Unmarshal(body, &got))
			require.LessOrEqual(t, len(got.Blocks), 50)
			for _, b := range got.Blocks {
				require.LessOrEqual(t, len([]rune(b.Text.Text)), 3000)
			}
		}
		require.Contains(t, string(body), "https://approvals.example.com/concur", "the link to the list is always there")
	}
}
