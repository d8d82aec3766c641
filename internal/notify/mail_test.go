package notify_test

import (
	"context"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/internal/notify"
)

func mails(m *mailServer, more string) string {
	return "channels:\n  mail:\n    type: smtp\n    host: " + m.address + "\n    from: Approvals <approvals@example.com>\n" +
		"    username: approvals\n    passwordFile: password\n" + more + "default: mail\n"
}

// parse returns the header of a mail and its parts by their types.
func parse(t *testing.T, data string) (mail.Header, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(data))
	require.NoError(t, err)
	kind, values, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	parts, all := multipart.NewReader(m.Body, values["boundary"]), map[string]string{}
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return m.Header, all
		}
		require.NoError(t, err)
		require.Equal(t, "quoted-printable", p.Header.Get("Content-Transfer-Encoding"))
		text, err := io.ReadAll(quotedprintable.NewReader(p))
		require.NoError(t, err)
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		all[kind] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
}

func header(t *testing.T, h mail.Header, name string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(h.Get(name))
	require.NoError(t, err)
	return text
}

func TestEachMemberGetsOneMailInTheirLanguage(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	server := newMailServer(t, f, true)
	f.write(t, "password", "pass word\n")
	people := groups{
		"finance":     {{Name: "Anna Müller", Logins: []string{"anna@example.com", "a.mueller@example.com"}}, {Name: "Bob", Logins: []string{"bob@example.com"}}},
		"controllers": {{Name: "Anna Müller", Logins: []string{"anna@example.com"}}, {Name: "Nobody"}},
	}
	n := f.notifier(t, mails(server, "")+"people:\n  Anna Müller: {language: de}\ntimezone: Europe/Berlin\nfields: [report.name, report.total]\n", people)
	in := news()
	in.Groups = []string{"finance", "controllers"}
	require.NoError(t, sends(t, n, in))

	got := server.got()
	require.Len(t, got, 2)
	require.Equal(t, []string{"anna@example.com", "bob@example.com"}, []string{got[0].to, got[1].to})
	require.Equal(t, "approvals", got[0].user)
	require.Equal(t, "approvals@example.com", got[0].from)
	require.False(t, server.plain)

	h, parts := parse(t, got[0].data)
	require.Equal(t, "Zur Entscheidung: eine Spesenabrechnung wartet auf Sie", header(t, h, "Subject"))
	require.Equal(t, "auto-generated", h.Get("Auto-Submitted"))
	require.Regexp(t, `^<ntf_[0-9a-f]{32}@example\.com>$`, h.Get("Message-ID"))
	to, err := mail.ParseAddress(h.Get("To"))
	require.NoError(t, err)
	require.Equal(t, "Anna Müller", to.Name)
	require.Contains(t, parts["text/plain"], "Guten Tag Anna Müller,")
	require.Contains(t, parts["text/plain"], "bis 02.12.2026, 15:00 Uhr (CET)")
	require.Contains(t, parts["text/plain"], link)
	require.Contains(t, parts["text/html"], `href="`+link+`"`)

	_, parts = parse(t, got[1].data)
	require.Contains(t, parts["text/plain"], "Hello Bob,")
	require.Contains(t, parts["text/plain"], "by 2 Dec 2026, 15:00 CET")
	for _, part := range parts {
		require.Contains(t, part, "Trip to Rome")
		require.NotContains(t, part, "private matter", "only the configured fields are told")
	}
	for _, never := range []string{"Anna", "example.com", "Rome", "pass word"} {
		require.NotContains(t, f.log.String(), never)
	}
	require.Contains(t, f.log.String(), "withoutAddress=1")
}

func TestAMailThatIsSentAgainHasItsMessageID(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	server := newMailServer(t, f, true)
	f.write(t, "password", "pass word")
	n := f.notifier(t, mails(server, "    to: [Finance <finance@example.com>]\n"), nil)
	require.NoError(t, sends(t, n, news()))
	require.NoError(t, sends(t, n, news()))
	got := server.got()
	first, _ := parse(t, got[0].data)
	second, _ := parse(t, got[1].data)
	require.Equal(t, first.Get("Message-ID"), second.Get("Message-ID"))
}

func TestNoValueAddsAHeaderOrMarkupToAMail(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	server := newMailServer(t, f, true)
	f.write(t, "password", "pass word")
	f.write(t, "templates/message.en.txt", `{{define "subject"}}{{range .Fields}}{{.Value}}{{end}} {{.Why}} {{.News}}{{end}}`)
	people := groups{"finance": {{Name: "Eve\r\nBcc: victim@example.com", Logins: []string{"eve@example.com"}}}}
	n := f.notifier(t, mails(server, "")+"fields: report.name\ntemplates: templates\n", people)
	in := news()
	in.News, in.Why = expense.NewsWithdrawn, "recalled\nX-Evil: 1"
	in.Fields[0].Text = "Trip\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>\u202e" + strings.Repeat("x", 5000)
	require.NoError(t, sends(t, n, in))
	got := server.got()
	require.Len(t, got, 1)
	h, parts := parse(t, got[0].data)
	require.Empty(t, h.Get("Bcc"))
	require.Empty(t, h.Get("X-Evil"))
	subject := header(t, h, "Subject")
	require.Contains(t, subject, "Trip Bcc: victim@example.com <script>alert(1)</script>")
	require.LessOrEqual(t, len([]rune(subject)), 201)
	require.Contains(t, parts["text/html"], "&lt;script&gt;alert(1)&lt;/script&gt;")
	require.NotContains(t, parts["text/html"], "<script>")
	require.NotContains(t, parts["text/plain"], "\u202e")
	require.NotContains(t, parts["text/plain"], strings.Repeat("x", 300))
	require.Contains(t, parts["text/plain"], "…")
}

func TestAFailedMailIsClassifiedAndQuotesNobody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(t *testing.T, f *folder, m *mailServer)
		noTLS  bool
		kind   expense.Kind
		status int
		says   string
		down   bool
	}{
		"a recipient who does not exist": {change: func(_ *testing.T, _ *folder, m *mailServer) {
			m.refuse["anna@example.com"] = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<anna@example.com> unknown"}
		}, kind: expense.Rejected, status: 550, says: "rejects the recipient"},
		"a recipient for whom it is too early": {change: func(_ *testing.T, _ *folder, m *mailServer) {
			m.refuse["anna@example.com"] = &smtp.SMTPError{Code: 450, Message: "anna@example.com is greylisted"}
		}, kind: expense.Unavailable, status: 450, says: "cannot take the recipient now"},
		"a message that is refused": {change: func(_ *testing.T, _ *folder, m *mailServer) {
			m.after = &smtp.SMTPError{Code: 554, Message: "spam by anna@example.com"}
		}, kind: expense.Rejected, status: 554, says: "rejects the message"},
		"a wrong password": {change: func(t *testing.T, f *folder, _ *mailServer) {
			f.write(t, "password", "wrong")
		}, kind: expense.Forbidden, status: 535, says: "username and passwordFile", down: true},
		"no STARTTLS": {noTLS: true, kind: expense.Unavailable, says: "does not offer STARTTLS", down: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			server := newMailServer(t, f, !c.noTLS)
			f.write(t, "password", "pass word")
			if c.change != nil {
				c.change(t, f, server)
			}
			n := f.notifier(t, mails(server, ""), groups{"finance": {{Name: "Anna", Logins: []string{"anna@example.com"}}}})
			err := sends(t, n, news())
			var failure *notify.Error
			require.ErrorAs(t, err, &failure)
			require.ErrorIs(t, err, c.kind)
			require.Equal(t, c.status, failure.Status)
			require.Equal(t, c.down, failure.ChannelDown)
			require.ErrorContains(t, err, c.says)
			require.Empty(t, server.got())
			for _, text := range []string{err.Error(), f.log.String()} {
				require.NotContains(t, strings.ToLower(text), "anna")
				require.NotContains(t, text, "pass word")
			}
		})
	}
}

func TestACertificateThatIsNotTrustedGetsNothing(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	server := newMailServer(t, f, true)
	f.write(t, "password", "pass word")
	n := f.notifier(t, mails(server, "    to: finance@example.com\n"), nil, func(o *notify.Options) { o.RootCAs = newFolder(t).roots })
	err := sends(t, n, news())
	require.ErrorIs(t, err, expense.Unavailable)
	require.ErrorContains(t, err, "not trusted (CONCUR_MESSAGE_CA)")
	require.Empty(t, server.got())
}

// silent accepts connections and says nothing.
func silent(t *testing.T, f *folder) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	f.hosts = append(f.hosts, l.Addr().String())
	f.write(t, "password", "pass word")
	return &mailServer{address: l.Addr().String()}
}

func TestAMailServerThatHangsEndsInTime(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	n := f.notifier(t, mails(silent(t, f), "    to: finance@example.com\n"), nil, func(o *notify.Options) { o.Timeout = 50 * time.Millisecond })
	err := sends(t, n, news())
	require.ErrorIs(t, err, expense.Unavailable)
	require.ErrorContains(t, err, "did not answer in time")
}

func TestAMailEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	n := f.notifier(t, mails(silent(t, f), "    to: finance@example.com\n"), nil, func(o *notify.Options) { o.Timeout = time.Hour })
	messages, err := n.Messages(news())
	m := only(t, messages, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, n.Send(ctx, m), expense.Unavailable)
}

func TestAMailServerThatIsNotThereIsAskedLater(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &mailServer{address: l.Addr().String()}
	require.NoError(t, l.Close())
	f.hosts = []string{server.address}
	f.write(t, "password", "pass word")
	n := f.notifier(t, mails(server, "    to: finance@example.com\n"), nil)
	err = sends(t, n, news())
	require.ErrorIs(t, err, expense.Unavailable)
	require.ErrorContains(t, err, "cannot connect")
}
