package decode

import (
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

// TestATokenAnswerIsRefusedWhenTheConnectorWouldRefuseIt gives each answer to decode
// and to the client. The allow-list is the client's alone.
func TestATokenAnswerIsRefusedWhenTheConnectorWouldRefuseIt(t *testing.T) {
	t.Parallel()
	with := func(field string) string { return `{"access_token":"abc","token_type":"Bearer",` + field + `}` }
	for _, c := range []struct {
		text string
		good bool
	}{
		{with(`"expires_in":"3600"`), true},
		{with(`"expires_in":3600`), true},
		{with(`"expires_in":null`), true},
		{with(`"expires_in":-1`), true},
		{with(`"expires_in":99999999999`), true},
		{with(`"expires_in":""`), true},
		{with(`"expires_in":"soon"`), true},
		{with(`"expires_in":"+3600"`), true},
		{with(`"expires_in":3600.0`), true},
		{with(`"expires_in":{}`), true},
		{with(`"refresh_expires_in":"1798761600"`), true},
		{with(`"refresh_expires_in":1798761600.0`), true},
		{with(`"refresh_expires_in":"never"`), true},
		{with(`"refresh_expires_in":[]`), true},
		{with(`"refresh_token":null`), true},
		{with(`"refresh_token":""`), true},
		{with(`"refresh_token":7`), false},
		{with(`"refresh_token":"a\nb"`), false},
		{with(`"id_token":7`), true},
		{with(`"scope":"EXPRPT  NOTIF"`), true},
		{with(`"scope":["EXPRPT"]`), true},
		{with(`"geolocation":" "`), true},
		{with(`"geolocation":7`), true},
		{with(`"geolocation":"http://us2.api.concursolutions.com"`), false},
		{with(`"geolocation":"HTTPS://US2.api.concursolutions.com:443/oauth2/v0/token"`), true},
		{with(`"geolocation":"https:/us2.api.concursolutions.com"`), false},
		{with(`"geolocation":"https://www.concursolutions.com@us2.api.concursolutions.com"`), false},
		{`{"access_token":"abc"}`, true},
		{`{"access_token":"abc","token_type":"BEARER"}`, true},
		{`{"access_token":"abc","token_type":7}`, false},
		{`{"access_token":"abc","token_type":"mac"}`, false},
		{`{"access_token":"a b","token_type":"Bearer"}`, false},
		{`{"access_token":"","token_type":"Bearer"}`, false},
		{`{"access_token":"abc","error":"invalid_grant"}`, false},
		{"\uFEFF" + `{"access_token":"abc"}`, true},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			p, err := Decode([]byte(c.text))
			require.Equal(t, c.good, err == nil && p.Payload == "token", "decode: %v", err)

			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, c.text)
			}))
			t.Cleanup(server.Close)
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			client, err := concur.New(concur.Options{
				Geolocation: server.URL, ClientID: "a", ClientSecret: "b", RefreshToken: "c",
				TrustedHosts: []string{strings.TrimPrefix(server.URL, "https://")}, RootCAs: roots,
			})
			require.NoError(t, err)
			t.Cleanup(client.Close)
			_, err = client.EnsureToken(t.Context())
			require.Equal(t, c.good, err == nil, "the client: %v", err)
		})
	}
}
