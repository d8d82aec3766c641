package concur_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// trap listens in clear and with a certificate that our client trusts, is on no
// allow-list, and notes whatever reaches it.
type trap struct {
	clear, tls *httptest.Server

	mu                  sync.Mutex
	connections, probes int
	caught              []string
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	p := &trap{}
	p.clear, p.tls = httptest.NewUnstartedServer(p), httptest.NewUnstartedServer(p)
	p.clear.Config.ConnState, p.tls.Config.ConnState = p.connected, p.connected
	p.clear.Start()
	p.tls.StartTLS()
	t.Cleanup(p.clear.Close)
	t.Cleanup(p.tls.Close)
	return p
}

func (p *trap) connected(_ net.Conn, state http.ConnState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if state == http.StateNew {
		p.connections++
	}
}

func (p *trap) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.URL.Path != "/probe" {
		p.caught = append(p.caught, fmt.Sprint(r.Method, " ", r.URL, " ", r.Header))
	}
}

// sawNothing knocks at both listeners itself: whoever had come before would have been
// noted before.
func (p *trap) sawNothing(t *testing.T) {
	t.Helper()
	for _, server := range []*httptest.Server{p.clear, p.tls} {
		probe, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/probe", nil)
		require.NoError(t, err)
		probe.Close = true
		response, err := server.Client().Do(probe)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probes += 2
	require.Empty(t, p.caught)
	require.Equal(t, p.probes, p.connections, "somebody else connected")
}

func (p *trap) host() string { return strings.TrimPrefix(p.tls.URL, "https://") }

// hostileBases are beginnings of URLs, up to the path, that lead nowhere on the
// allow-list.
func hostileBases(s *server, p *trap) map[string]string {
	_, port, _ := net.SplitHostPort(p.host())
	_, good, _ := net.SplitHostPort(s.host())
	return map[string]string{
		"another host":                     p.tls.URL,
		"another host in clear":            p.clear.URL,
		"another host in capitals":         "HTTPS://LOCALHOST:" + port,
		"another port":                     "https://www.concursolutions.com:8443",
		"clear text on its own port":       "http://www.concursolutions.com:80",
		"a port of zero":                   "https://www.concursolutions.com:0",
		"a port that is written otherwise": "https://www.concursolutions.com:0443",
		"an empty port":                    "https://www.concursolutions.com:",
		"two ports":                        "https://www.concursolutions.com:443:" + port,
		"the host as a user":               "https://www.concursolutions.com@" + p.host(),
		"the host as user and password":    "https://www.concursolutions.com:443@" + p.host(),
		"two at signs":                     "https://a@www.concursolutions.com@" + p.host(),
		"a user on a good host":            "https://user:hush@" + s.host(),
		"an empty user on a good host":     "https://@" + s.host(),
		"a look-alike host":                "https://evilconcursolutions.com",
		"a look-alike in capitals":         "HTTPS://EVILCONCURSOLUTIONS.COM",
		"a name without its dot":           "https://wwwconcursolutions.com",
		"a typing error":                   "https://www.us2.apiconcursolutions.com",
		"the bare domain":                  "https://concursolutions.com",
		"a longer host":                    "https://www.concursolutions.com.evil.example",
		"a longer top-level domain":        "https://www.concursolutions.community",
		"a subdomain":                      "https://x.www.concursolutions.com",
		"a trailing dot":                   "https://www.concursolutions.com.",
		"a trailing dot before the port":   "https://www.concursolutions.com.:443",
		"a leading dot":                    "https://.www.concursolutions.com",
		"an unknown Concur host":           "https://imagingupload.concursolutions.com",
		"an internal address":              "http://169.254.169.254",
		"the loopback by its name":         "https://localhost:" + port,
		"the loopback of IPv6":             "https://[::1]:" + port,
		"IPv4 inside IPv6":                 "https://[::ffff:127.0.0.1]:" + port,
		"IPv6 with a zone":                 "https://[::1%25lo]:" + port,
		"a short IPv4 address":             "https://127.1:" + port,
		"an octal IPv4 address":            "https://0177.0.0.1:" + port,
		"a hexadecimal IPv4 address":       "https://0x7f.0.0.1:" + port,
		"an IPv4 address as one number":    "https://2130706433:" + port,
		"a good address in another form":   "https://127.1:" + good,
		"a host in brackets":               "https://[www.concursolutions.com]",
		"an escaped host":                  "https://www%2Econcursolutions.com",
		"a host escaped in full":           "https://%31%32%37%2e%30%2e%30%2e%31:" + port,
		"an escaped slash in the host":     "https://" + p.host() + "%2f.www.concursolutions.com",
		"a Unicode host":                   "https://www.concursolutıons.com",
		"a full-width dot":                 "https://www.concursolutions。com",
		"a soft hyphen":                    "https://www.concur\u00adsolutions.com",
		"a tab in the host":                "https://www.concur\tsolutions.com",
		"a line break in the host":         "https://www.concursolutions.com\r\n." + p.host(),
		"a NUL in the host":                "https://" + p.host() + "\x00.www.concursolutions.com",
		"a backslash for the host":         "https://" + p.host() + `\@www.concursolutions.com`,
		"a backslash for a slash":          `https:\\www.concursolutions.com`,
		"another scheme":                   "file://www.concursolutions.com",
		"a scheme that only begins alike":  "httpsx://www.concursolutions.com",
		"a letter too many":                "hhttps://www.concursolutions.com",
		"no scheme":                        "//www.concursolutions.com",
		"no slash":                         "https:www.concursolutions.com",
		"one slash":                        "https:/www.concursolutions.com",
		"three slashes":                    "https:///www.concursolutions.com",
		"two schemes":                      "https://https://www.concursolutions.com",
		"no host":                          "https://",
	}
}

// hostileURLs are URLs that must not be followed, made from a path that is good.
func hostileURLs(s *server, p *trap, path string) map[string]string {
	good := s.URL + path
	urls := map[string]string{
		"a space":                        "https://www.concursolutions.com" + path + " HTTP/1.1",
		"a space before it":              " " + good,
		"a line break":                   good + "\r\nX: y",
		"a single line feed":             good + "\nx",
		"a fragment":                     good + "#x",
		"an empty fragment":              good + "#",
		"a fragment for the path":        s.URL + "#" + path,
		"a host in the fragment":         s.URL + "#@" + p.host() + path,
		"a good host in the fragment":    p.tls.URL + "#.www.concursolutions.com" + path,
		"a good host in the query":       p.tls.URL + "?.www.concursolutions.com" + path,
		"a backslash":                    "https://www.concursolutions.com" + path + `\x`,
		"a backslash before the path":    s.URL + `\` + path,
		"an escaped backslash":           good + "%5C..",
		"a dot segment":                  s.URL + "/api/expense/expensereport/../../../oauth2/v0/token",
		"a dot segment in it":            good + "/../x",
		"a dot segment at its end":       good + "/..",
		"a single dot":                   good + "/./x",
		"an escaped dot segment":         good + "/%2e%2E/x",
		"a half escaped dot segment":     good + "/.%2e/x",
		"an escaped slash and dots":      good + "/..%2Fx",
		"a dot segment with a parameter": good + "/..;a=b/x",
		"an at sign":                     good + "@x",
		"not ASCII":                      good + "é",
		"a NUL":                          good + "\x00",
		"another path":                   s.URL + "/oauth2/v0/token",
		"another path after two slashes": s.URL + "/" + path,
		"a path that only begins alike":  s.URL + "/api/expense/expensereports/x",
		"the prefix alone":               s.URL + "/api/expense/expensereport/",
		"no path":                        s.URL,
		"too long":                       good + strings.Repeat("x", 3000),
	}
	for name, base := range hostileBases(s, p) {
		urls[name] = base + path
	}
	return urls
}
