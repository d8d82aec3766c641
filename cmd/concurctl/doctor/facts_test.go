package doctor

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/config"
)

func TestWhatTheRulesAskTheCompanyForIsLookedAt(t *testing.T) {
	t.Parallel()
	const secret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU="
	a := clitest.NewAuthority(t)
	asked := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.Ordinary(t)}}
	server.StartTLS()
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "https://")
	look := func(change func(*config.Worker), urls ...string) []finding {
		cfg := config.Worker{FactHosts: []string{host, "127.0.0.1:1"}, FactSecret: config.NewSecret(secret), FactCA: a.File}
		if change != nil {
			change(&cfg)
		}
		d := newDoctor()
		d.askable(t.Context(), cfg, urls)
		for _, f := range d.findings {
			require.NotContains(t, f.Says+f.Do, secret)
		}
		return d.findings
	}
	says(t, look(nil, server.URL+"/duplicates", server.URL+"/centres"), factsCheck, passed, host+" may be asked, and speaks TLS")
	require.Len(t, look(nil, server.URL+"/duplicates", server.URL+"/centres"), 1, "each host once")
	require.Zero(t, asked, "nothing is sent")
	require.Empty(t, look(nil))
	says(t, look(nil, "https://erp.example.com/facts"), factsCheck, broken, "the host erp.example.com is not an allowed host")
	says(t, look(nil, "https://127.0.0.1:1/facts"), factsCheck, broken, "no TLS connection to 127.0.0.1:1")
	says(t, look(func(c *config.Worker) { c.FactCA = "" }, server.URL), factsCheck, broken, "no TLS connection to "+host)
	says(t, look(func(c *config.Worker) { c.FactCA = "/nowhere" }, server.URL), factsCheck, broken, "CONCUR_FACT_CA: ")
	says(t, look(func(c *config.Worker) { c.FactSecret = config.NewSecret("") }, server.URL), factsCheck, broken, "no secret")
	says(t, look(func(c *config.Worker) { c.FactSecret = config.NewSecret("whsec_eA==") }, server.URL), factsCheck, broken, "a key of 1 bytes")
	says(t, look(func(c *config.Worker) { c.FactSecret2 = c.FactSecret }, server.URL), factsCheck, warned, "a second secret")
}
