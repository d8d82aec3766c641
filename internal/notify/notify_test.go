package notify_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/internal/notify"
)

// mailed is the configuration of one mail channel with a digest.
func mailed(t *testing.T, f *folder, more string) string {
	t.Helper()
	f.hosts = append(f.hosts, "mail.example.com:587")
	return "channels:\n  mail: {type: smtp, host: mail.example.com, from: approvals@example.com}\ndefault: mail\n" + more
}

func TestTheOwnerOfAReportIsNotTold(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	people := groups{"finance": {{Name: "Anna", Logins: []string{"anna.login", "anna@example.com"}}, {Name: "Bob", Logins: []string{"bob@example.com"}}}}
	n := f.notifier(t, mailed(t, f, "digest: '08:00'\n"), people)
	in := news()
	in.Owner.Login = "ANNA.login"
	messages, err := n.Messages(in)
	require.NoError(t, err)
	require.Len(t, messages, 1)
	digests, err := n.Digests(happened, []expense.TaskSummary{{TaskID: "EXPRPT:x/1", Groups: []string{"finance"}, Owner: in.Owner}})
	require.NoError(t, err)
	require.Len(t, digests, 1)
}

func TestADigestReplacesRemindersAndTellsEachPersonOnce(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	server := newMailServer(t, f, true)
	f.write(t, "password", "pass word")
	r := newReceiver(t, f, nil)
	f.write(t, "secret", secret)
	config := mails(server, "  erp: {type: webhook, url: '"+r.URL+"', secretFile: secret}\n  audit: {type: webhook, url: '"+r.URL+"/audit', secretFile: secret, reminders: each}\n") +
		"digest: '08:00'\nfields: [report.name]\ngroups: {finance: [mail, erp], controllers: [mail, audit]}\n"
	people := groups{
		"finance":     {{Name: "Anna", Logins: []string{"anna@example.com"}}},
		"controllers": {{Name: "Anna", Logins: []string{"Anna@example.com"}}, {Name: "Bob", Logins: []string{"bob@example.com"}}},
	}
	n := f.notifier(t, config, people)

	reminder := news()
	reminder.News, reminder.Groups = expense.NewsReminder, []string{"finance", "controllers"}
	messages, err := n.Messages(reminder)
	require.Equal(t, "audit", only(t, messages, err).Channel, "the other channels have a digest")

	tasks := []expense.TaskSummary{
		{NotificationID: "EXPRPT:a", TaskID: "EXPRPT:a/1", Groups: []string{"finance"}, OpenedAt: happened, Fields: []expense.ShownField{{Name: "report.name", Text: "Third"}}},
		{NotificationID: "TRAVELREQ:b", TaskID: "TRAVELREQ:b/1", Groups: []string{"finance", "controllers"}, Deadline: happened.Add(48 * time.Hour)},
		{NotificationID: "EXPRPT:c", TaskID: "EXPRPT:c/1", Groups: []string{"controllers"}, Deadline: happened, Overdue: true, Fields: []expense.ShownField{{Name: "report.name", Text: "First"}}},
	}
	digests, err := n.Digests(happened, tasks)
	require.NoError(t, err)
	require.Len(t, digests, 3, "Anna, Bob and the webhook")
	for _, m := range digests {
		require.NoError(t, n.Send(t.Context(), m))
	}
	got := server.got()
	require.Len(t, got, 2)
	bySender := map[string]string{}
	for _, one := range got {
		h, parts := parse(t, one.data)
		bySender[one.to] = parts["text/plain"]
		require.Contains(t, header(t, h, "Subject"), "wait for your decision")
		require.Contains(t, parts["text/html"], "/tasks/EXPRPT:c%2F1")
	}
	anna := bySender["Anna@example.com"]
	require.Regexp(t, `(?s)3 tasks wait.*Expense report, overdue, Name: First.*Travel request, decide by 26 Nov 2026.*Name: Third`, anna)
	require.Contains(t, bySender["bob@example.com"], "2 tasks wait")
	require.NotContains(t, bySender["bob@example.com"], "Third")

	_, body := r.last()
	var sent struct {
		Type string
		Data struct{ Tasks []struct{ TaskID string } }
	}
	require.NoError(t, json.Unmarshal(body, &sent))
	require.Equal(t, "task.digest", sent.Type)
	require.Len(t, sent.Data.Tasks, 2)

	again, err := n.Digests(happened, tasks[1:])
	require.NoError(t, err)
	require.Equal(t, digests[0].ID, again[0].ID, "the digest of one time is told once")
	tomorrow, err := n.Digests(happened.Add(24*time.Hour), tasks)
	require.NoError(t, err)
	require.NotEqual(t, digests[0].ID, tomorrow[0].ID)
}

func TestWithoutADigestEveryReminderIsAMessageAndThereAreNoDigests(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	n := f.notifier(t, mailed(t, f, ""), groups{"finance": {{Name: "Anna", Logins: []string{"anna@example.com"}}}})
	reminder := news()
	reminder.News = expense.NewsReminder
	messages, err := n.Messages(reminder)
	only(t, messages, err)
	digests, err := n.Digests(happened, []expense.TaskSummary{{TaskID: "EXPRPT:x/1", Groups: []string{"finance"}}})
	require.NoError(t, err)
	require.Empty(t, digests)
	_, _, _, ok := n.Schedule()
	require.False(t, ok)
}

func TestTheScheduleOfTheDigestIsThatOfTheFile(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	n := f.notifier(t, mailed(t, f, "digest: '07:45'\ntimezone: Europe/Berlin\n"), groups{})
	hour, minute, zone, ok := n.Schedule()
	require.True(t, ok)
	require.Equal(t, []any{7, 45, "Europe/Berlin"}, []any{hour, minute, zone})
}

func TestAGroupWithoutAChannelIsLoggedAndTellsNobody(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.hosts = []string{"mail.example.com:587"}
	n := f.notifier(t, "channels:\n  mail: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com}\ngroups: {finance: mail, quiet: []}\n", nil)
	in := news()
	in.Groups = []string{"others", "quiet"}
	messages, err := n.Messages(in)
	require.NoError(t, err)
	require.Empty(t, messages)
	require.Contains(t, f.log.String(), "group=others")
}

func TestAChangedFileWorksAtOnce(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, nil)
	f.write(t, "url", r.URL+"/old")
	n := f.notifier(t, "channels:\n  chat: {type: slack, urlFile: url}\ndefault: chat\n", nil)
	f.write(t, "url", "https://elsewhere.example.com/")
	_, err := n.Messages(news())
	require.ErrorContains(t, err, "elsewhere.example.com is not an allowed host (CONCUR_MESSAGE_HOSTS)")
	f.write(t, "url", r.URL+"/new")
	require.NoError(t, sends(t, n, news()))
}

func TestATestMessageGoesByTheChannelThatIsNamed(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, nil)
	f.write(t, "url", r.URL)
	f.hosts = append(f.hosts, "mail.example.com:587")
	n := f.notifier(t, "channels:\n  chat: {type: slack, urlFile: url}\n  mail: {type: smtp, host: mail.example.com, from: a@example.com}\ngroups: {finance: [mail, chat]}\n",
		groups{"finance": {{Name: "Anna", Logins: []string{"anna@example.com"}}}})
	names, err := n.Channels()
	require.NoError(t, err)
	require.Equal(t, []string{"chat", "mail"}, names)
	messages, err := n.Test("chat", happened)
	require.NoError(t, n.Send(t.Context(), only(t, messages, err)))
	_, body := r.last()
	require.Contains(t, string(body), "Test message")
	messages, err = n.Test("mail", happened)
	require.Equal(t, "mail", only(t, messages, err).Channel)
	_, err = n.Test("pigeon", happened)
	require.ErrorContains(t, err, `no channel "pigeon"`)
}

func TestValuesAreInTheReadersFormat(t *testing.T) {
	t.Parallel()
	yes := true
	fields := []expense.ShownField{
		{Name: "report.total", Money: &expense.Money{Amount: decimal.RequireFromString("1234.5"), Currency: "EUR"}},
		{Name: "report.fee", Money: &expense.Money{Amount: decimal.RequireFromString("1.5"), Currency: "Taler"}},
		{Name: "report.submitted", Date: "2026-05-01T14:15:36"}, {Name: "report.share", Number: "0.25"}, {Name: "report.everSentBack", Yes: &yes},
	}
	for language, want := range map[string][]string{
		"en": {"Total: EUR\u00a01,234.50", "report.fee: 1.5 Taler", "Submitted: 1 May 2026", "report.share: 0.25", "report.everSentBack: yes"},
		"de": {"Summe: 1.234,50\u00a0EUR", "report.fee: 1,5 Taler", "Eingereicht: 01.05.2026", "report.share: 0,25", "report.everSentBack: ja"},
	} {
		f := newFolder(t)
		server := newMailServer(t, f, true)
		f.write(t, "password", "pass word")
		n := f.notifier(t, mails(server, "    to: a@example.com\n")+"language: "+language+
			"\nfields: [report.total, report.fee, report.submitted, report.share, report.everSentBack]\n", nil)
		in := news()
		in.Fields = fields
		require.NoError(t, sends(t, n, in))
		_, parts := parse(t, server.got()[0].data)
		for _, text := range want {
			require.Contains(t, parts["text/plain"], clean(text))
		}
	}
}

// clean is what a message makes of a no-break space.
func clean(text string) string {
	out := []rune{}
	for _, r := range text {
		if r == '\u00a0' {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out)
}

func TestEveryPieceOfNewsHasATextInBothLanguages(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, nil)
	f.write(t, "url", r.URL)
	seen := map[string]bool{}
	for _, language := range []string{"en", "de"} {
		n := f.notifier(t, "channels:\n  chat: {type: slack, language: "+language+", urlFile: url}\ndefault: chat\n", nil)
		for _, id := range []string{"EXPRPT:x", "TRAVELREQ:x"} {
			for _, what := range []expense.TaskNews{expense.NewsOpened, expense.NewsReminder, expense.NewsEscalated, expense.NewsOverdue, expense.NewsWithdrawn} {
				in := news()
				in.News, in.NotificationID = what, id
				require.NoError(t, sends(t, n, in))
				_, body := r.last()
				var got struct{ Text string }
				require.NoError(t, json.Unmarshal(body, &got))
				seen[got.Text] = true
			}
		}
	}
	require.Len(t, seen, 20)
}

func TestTheAddressOfThePageIsRequired(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "approvals.example.com", "ftp://x", "https://", "https://user@x", "https://x?y", "https://x#y"} {
		f := newFolder(t)
		_, err := f.open(mailed(t, f, ""), groups{}, func(o *notify.Options) { o.ApprovalsURL = address })
		require.ErrorContains(t, err, "CONCUR_APPROVALS_URL must be", address)
	}
}
