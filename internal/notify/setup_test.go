package notify_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/internal/notify"
)

const secret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU="

var happened = time.Date(2026, 11, 24, 10, 30, 0, 0, time.UTC)

// folder is a folder with a configuration.
type folder struct {
	dir   string
	hosts []string
	roots *x509.CertPool
	log   bytes.Buffer
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	return &folder{dir: t.TempDir(), roots: x509.NewCertPool()}
}

func (f *folder) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(f.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func (f *folder) open(config string, members notify.Directory, change ...func(*notify.Options)) (*notify.Notifier, error) {
	path := filepath.Join(f.dir, "notify.yaml")
	if err := os.WriteFile(path, []byte("apiVersion: concur-connector/v1\n"+config), 0o600); err != nil {
		return nil, err
	}
	o := notify.Options{Path: path, Hosts: f.hosts, RootCAs: f.roots, ApprovalsURL: "https://approvals.example.com/concur",
		Members: members, Timeout: 10 * time.Second, Logger: slog.New(slog.NewTextHandler(&f.log, nil))}
	for _, c := range change {
		c(&o)
	}
	return notify.New(o)
}

func (f *folder) notifier(t *testing.T, config string, members notify.Directory, change ...func(*notify.Options)) *notify.Notifier {
	t.Helper()
	n, err := f.open(config, members, change...)
	require.NoError(t, err)
	t.Cleanup(n.Close)
	return n
}

// groups are people by their groups.
type groups map[string][]notify.Person

func (g groups) Members(group string) []notify.Person { return g[group] }

// receiver is a system that gets webhooks.
type receiver struct {
	*httptest.Server
	answer http.HandlerFunc

	mu     sync.Mutex
	bodies [][]byte
	header []http.Header
}

func newReceiver(t *testing.T, f *folder, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewUnstartedServer(r)
	r.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	r.StartTLS()
	t.Cleanup(r.Close)
	f.hosts = append(f.hosts, r.host())
	f.roots.AddCert(r.Certificate())
	return r
}

func (r *receiver) host() string { return strings.TrimPrefix(r.URL, "https://") }

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.bodies, r.header = append(r.bodies, body), append(r.header, req.Header)
	r.mu.Unlock()
	if r.answer != nil {
		r.answer(w, req)
	}
}

func (r *receiver) last() (http.Header, []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.header[len(r.header)-1], r.bodies[len(r.bodies)-1]
}

// mailServer is an SMTP server.
type mailServer struct {
	address string
	refuse  map[string]*smtp.SMTPError // by recipient
	after   *smtp.SMTPError            // of DATA

	mu    sync.Mutex
	mails []received
	plain bool // a command came before TLS
}

type received struct {
	from, to, user string
	data           string
}

func newMailServer(t *testing.T, f *folder, withTLS bool) *mailServer {
	t.Helper()
	certificate := httptest.NewTLSServer(nil)
	certificate.Close()
	f.roots.AddCert(certificate.Certificate())
	m := &mailServer{refuse: map[string]*smtp.SMTPError{}}
	server := smtp.NewServer(m)
	server.Domain, server.ErrorLog = "mail.test", slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.EnableSMTPUTF8 = true
	if withTLS {
		server.TLSConfig = &tls.Config{Certificates: certificate.TLS.Certificates}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m.address = l.Addr().String()
	f.hosts = append(f.hosts, m.address)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		if err := <-served; !errors.Is(err, smtp.ErrServerClosed) {
			require.NoError(t, err)
		}
	})
	return m
}

func (m *mailServer) got() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.mails...)
}

// NewSession begins a session. The server offers AUTH only over TLS.
func (m *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: m, conn: c}, nil
}

type session struct {
	server *mailServer
	conn   *smtp.Conn
	now    received
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "approvals" || password != "pass word" {
			return smtp.ErrAuthFailed
		}
		s.now.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if _, encrypted := s.conn.TLSConnectionState(); !encrypted {
		s.server.mu.Lock()
		s.server.plain = true
		s.server.mu.Unlock()
	}
	s.now.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if e := s.server.refuse[to]; e != nil {
		return e
	}
	s.now.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.after != nil {
		return s.server.after
	}
	s.now.data = string(data)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, s.now)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// news is a piece of news about a report.
func news() expense.NotifyApproversInput {
	return expense.NotifyApproversInput{
		NotificationID: "EXPRPT:3%Rek29$ws", TaskID: "EXPRPT:3%Rek29$ws/abc/1", News: expense.NewsOpened, At: happened, Groups: []string{"finance"},
		Deadline: time.Date(2026, 12, 2, 14, 0, 0, 0, time.UTC),
		Fields:   []expense.ShownField{{Name: "report.name", Text: "Trip to Rome"}, {Name: "report.purpose", Text: "private matter"}},
	}
}

const link = "https://approvals.example.com/concur/tasks/EXPRPT:3%25Rek29$ws%2Fabc%2F1"

// only returns the only message.
func only(t *testing.T, messages []notify.Message, err error) notify.Message {
	t.Helper()
	require.NoError(t, err)
	require.Len(t, messages, 1)
	return messages[0]
}

// sends sends every message of a piece of news and returns the first error.
func sends(t *testing.T, n *notify.Notifier, in expense.NotifyApproversInput) error {
	t.Helper()
	messages, err := n.Messages(in)
	require.NoError(t, err)
	require.NotEmpty(t, messages)
	for _, m := range messages {
		if err := n.Send(t.Context(), m); err != nil {
			return err
		}
	}
	return nil
}
