package factservice_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/dev/factservice"
)

const secret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU="

func openService(t *testing.T) *factservice.Service {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	o := factservice.Options{CertFile: filepath.Join(dir, "cert"), KeyFile: filepath.Join(dir, "key"), Secret: secret}
	require.NoError(t, os.WriteFile(o.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(o.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	c, err := factservice.Open(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// testRequest describes a request, with changes that are made before or after it is signed.
type testRequest struct {
	id, report, body string
	method           string
	at               time.Time
	header           map[string]string
}

func (a testRequest) put(t *testing.T, c *factservice.Service, fact string) (int, string, error) {
	t.Helper()
	if a.id == "" {
		a.id = "fact_1"
	}
	if a.body == "" {
		a.body = fmt.Sprintf(`{"fact":%q,"id":%q,"at":"2026-11-24T10:30:00Z","items":[{"key":"1","values":{"vendor":"Ritz","report":%q}}]}`, fact, a.id, a.report)
	}
	if a.at.IsZero() {
		a.at = time.Now()
	}
	if a.method == "" {
		a.method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(t.Context(), a.method, c.URL+"/facts/"+fact, strings.NewReader(a.body))
	require.NoError(t, err)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	require.NoError(t, err)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", a.id, a.at.Unix(), a.body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("webhook-id", a.id)
	r.Header.Set("webhook-timestamp", fmt.Sprint(a.at.Unix()))
	r.Header.Set("webhook-signature", "v1,AAAA v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for name, value := range a.header {
		r.Header.Set(name, value)
	}
	client := &http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	response, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func TestForbiddenRequestsAreReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request testRequest
		says    string
	}{
		"no signature":       {testRequest{header: map[string]string{"webhook-signature": ""}}, "signature"},
		"another signature":  {testRequest{header: map[string]string{"webhook-signature": "v1,AAAA"}}, "signature"},
		"another version":    {testRequest{header: map[string]string{"webhook-signature": "v1a,AAAA"}}, "signature"},
		"an old timestamp":   {testRequest{at: time.Now().Add(-6 * time.Minute)}, "timestamp"},
		"a future time":      {testRequest{at: time.Now().Add(6 * time.Minute)}, "timestamp"},
		"another time":       {testRequest{header: map[string]string{"webhook-timestamp": fmt.Sprint(time.Now().Unix() - 9)}}, "signature"},
		"another id":         {testRequest{header: map[string]string{"webhook-id": "fact_2"}}, "header"},
		"an empty time":      {testRequest{body: `{"fact":"f","id":"fact_1","at":"","items":[{"key":"1","values":{}}]}`}, "time"},
		"another field":      {testRequest{body: `{"fact":"f","id":"fact_1","at":"2026-11-24T10:30:00Z","items":[{"key":"1","values":{},"name":"Kim"}]}`}, "unknown field"},
		"a duplicate object": {testRequest{body: `{"fact":"f","id":"fact_1","at":"2026-11-24T10:30:00Z","items":[{"key":"1","values":{}},{"key":"1","values":{}}]}`}, "twice"},
		"no objects":         {testRequest{body: `{"fact":"f","id":"fact_1","at":"2026-11-24T10:30:00Z","items":[]}`}, "0 objects"},
		"a credential":       {testRequest{header: map[string]string{"Authorization": "Bearer x"}}, "credential"},
		"another method":     {testRequest{method: http.MethodPut}, "POST"},
		"another media type": {testRequest{header: map[string]string{"Content-Type": "text/plain"}}, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := openService(t)
			status, _, err := c.request.put(t, service, "duplicates")
			require.NoError(t, err)
			require.Equal(t, http.StatusBadRequest, status)
			require.ErrorContains(t, service.Violations(), c.says)
		})
	}
	t.Run("an id of another request", func(t *testing.T) {
		t.Parallel()
		service := openService(t)
		for i, report := range []string{"R1", "R1", "R2"} {
			status, _, err := testRequest{report: report}.put(t, service, "duplicates")
			require.NoError(t, err)
			require.Equal(t, map[bool]int{true: http.StatusOK, false: http.StatusBadRequest}[i < 2], status)
		}
		require.ErrorContains(t, service.Violations(), "another request")
	})
}

func TestTheSameReceiptOnAnotherReportIsADuplicate(t *testing.T) {
	t.Parallel()
	c := openService(t)
	for i, step := range []struct{ report, says string }{
		{"R1", `{"duplicate":false,"reportId":null}`}, {"R1", `{"duplicate":false,"reportId":null}`},
		{"R2", `{"duplicate":true,"reportId":"R1"}`}, {"R1", `{"duplicate":false,"reportId":null}`},
	} {
		status, body, err := testRequest{id: fmt.Sprint("fact_", i), report: step.report}.put(t, c, "duplicates")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.JSONEq(t, `{"items":[{"key":"1","values":`+step.says+`}]}`, body)
	}
	require.NoError(t, c.Violations())
	require.Len(t, c.Requests(), 4)
	require.Equal(t, factservice.Request{Fact: "duplicates", ID: "fact_0", Fields: []string{"report,vendor"}, Items: 1, Status: 200}, c.Requests()[0])
}

func TestEveryModeHasItsEffect(t *testing.T) {
	t.Parallel()
	c := openService(t)
	c.SetReplies(map[string][]factservice.Reply{"open": {{When: map[string]any{"vendor": "Ritz"}, Then: map[string]any{"ok": true}}, {Then: map[string]any{"ok": false}}}})
	for mode, want := range map[string]int{
		factservice.Working: 200, factservice.Broken: 500, factservice.Outage: 503, factservice.Busy: 429, factservice.Redirect: 307, factservice.Forbidden: 403, factservice.WrongSecret: 401, factservice.Malformed: 200, factservice.Page: 403, factservice.Missing: 200, factservice.Twice: 200,
	} {
		require.NoError(t, c.SetMode(mode))
		status, body, err := testRequest{id: "fact_" + mode}.put(t, c, "open")
		require.NoError(t, err, mode)
		require.Equal(t, want, status, mode)
		var answer struct{ Items []any }
		err = json.Unmarshal([]byte(body), &answer)
		require.Equal(t, map[string]int{factservice.Working: 1, factservice.Twice: 2}[mode], len(answer.Items), "%s: %v", mode, err)
	}
	require.NoError(t, c.SetMode(factservice.Unavailable))
	_, _, err := testRequest{}.put(t, c, "open")
	require.Error(t, err)
	require.NoError(t, c.SetMode(factservice.Working))
	status, _, err := testRequest{}.put(t, c, "open")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	status, _, err = testRequest{id: "fact_9"}.put(t, c, "unknown")
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, status)
	require.Error(t, c.SetMode("glad"))
	require.NoError(t, c.Violations())
}
