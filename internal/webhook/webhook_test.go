package webhook_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/webhook"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestTheSignatureIsThatOfTheSpecificationsExample(t *testing.T) {
	t.Parallel()
	signer, err := webhook.NewSigner([]string{secret})
	require.NoError(t, err)
	h := http.Header{}
	signer.Sign(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	require.Equal(t, "msg_p5jXN8AQM9LWM0D4loKWxJek", h.Get("webhook-id"))
	require.Equal(t, "1614265330", h.Get("webhook-timestamp"))
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", h.Get("webhook-signature"))
}

func TestTwoSecretsSignTwice(t *testing.T) {
	t.Parallel()
	signer, err := webhook.NewSigner([]string{"whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU=", secret})
	require.NoError(t, err)
	h := http.Header{}
	signer.Sign(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	both := strings.Fields(h.Get("webhook-signature"))
	require.Len(t, both, 2)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", both[1])
}

func TestOnlyAllowedHostsAreCalled(t *testing.T) {
	t.Parallel()
	hosts, err := webhook.NewHosts("CONCUR_X_HOSTS", []string{"erp.example.com", "127.0.0.1:8080", "localhost"})
	require.NoError(t, err)
	for address, refused := range map[string]string{
		"https://erp.example.com/hook?token=s3cret":     "",
		"https://ERP.example.com:443/":                  "",
		"http://erp.example.com/s3cret":                 "https://",
		"http://127.0.0.1:8080/s3cret":                  "https://",
		"https://other.example.com/s3cret":              "other.example.com is not an allowed host (CONCUR_X_HOSTS)",
		"https://erp.example.com:444/s3cret":            "erp.example.com:444 is not an allowed host",
		"https://erp.example.com.evil.example/s3cret":   "not an allowed host",
		"https://user:s3cret@erp.example.com/":          "a user name",
		"https://erp.example.com/#s3cret":               "a fragment",
		"https://erp.example.com:s3cret/":               "cannot be read",
		"ftp://erp.example.com/s3cret":                  "https://",
		"":                                              "https://",
		"https://evil.example\\@erp.example.com/s3cret": "cannot be read",
	} {
		u, err := hosts.Parse(address)
		if refused == "" {
			require.NoError(t, err, address)
			require.Equal(t, address, u.String())
			continue
		}
		require.ErrorContains(t, err, refused, address)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func TestPlainHTTPIsForLoopbackOnly(t *testing.T) {
	t.Parallel()
	hosts, err := webhook.NewHosts("CONCUR_X_HOSTS", []string{"erp.example.com", "erp.example.com:8080", "127.0.0.1:8080", "localhost"})
	require.NoError(t, err)
	hosts = hosts.WithPlainLoopback()
	_, err = hosts.Parse("http://127.0.0.1:8080/hook")
	require.NoError(t, err)
	_, err = hosts.Parse("http://erp.example.com:8080/hook")
	require.ErrorContains(t, err, "https://")
	_, err = hosts.Parse("http://localhost/hook")
	require.ErrorContains(t, err, "no port")
	_, err = hosts.Parse("http://127.0.0.1:8081/hook")
	require.ErrorContains(t, err, "not an allowed host")
}

func TestTheClientFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var reached bool
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(target.Close)
	server := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	client := webhook.NewClient(nil)
	t.Cleanup(client.CloseIdleConnections)
	answer, err := client.Post(server.URL, "text/plain", strings.NewReader("hello"))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusTemporaryRedirect, answer.StatusCode)
	require.False(t, reached)
}

func TestRetryAfterIsAtMostAnHour(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "-1": 0, "soon": 0, "999999": time.Hour,
		"Tue, 24 Nov 2026 10:01:00 GMT": time.Minute, "Tue, 24 Nov 2026 09:00:00 GMT": 0,
	} {
		require.Equal(t, want, webhook.RetryAfter(header, now), header)
	}
}

func TestAConnectionErrorQuotesNoAddress(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		&tls.CertificateVerificationError{Err: fmt.Errorf("s3cret")}, &net.DNSError{Name: "s3cret"}, fmt.Errorf("post https://x/s3cret"),
	} {
		text := webhook.ConnectionError("erp.example.com", "CONCUR_X_CA", err)
		require.Contains(t, text, "erp.example.com")
		require.NotContains(t, text, "s3cret")
	}
}
