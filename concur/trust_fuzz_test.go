package concur_test

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

// However a URL is written, when it is accepted net/url and path.Clean agree that
// it names one of Concur's hosts and stays under the documented path.
func FuzzCheckURL(f *testing.F) {
	f.Add(objectURI)
	f.Add(actionURL + "?a=b")
	f.Add("https://www.concursolutions.com/api/expense/expensereport/%2e%2E/..;/x")
	f.Add(`https://www.concursolutions.com\@evil.example/api/expense/expensereport/x`)
	f.Add("https://www.concursolutions.com:443@evil.example/api/expense/expensereport/x")
	client, err := concur.New(concur.Options{
		Geolocation: "https://us2.api.concursolutions.com", ClientID: "a", ClientSecret: "b", RefreshToken: "c",
	})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, raw string) {
		if err := client.CheckURL(concur.ObjectURI, raw); err != nil {
			require.ErrorIs(t, err, concur.Untrusted)
			return
		}
		u, err := url.Parse(raw)
		if err != nil {
			return // a stray percent sign
		}
		require.Regexp(t, `^([a-z0-9-]+\.)+(concursolutions\.com|concurcdc\.cn)$`, strings.ToLower(u.Hostname()))
		require.Contains(t, []string{"", "443"}, u.Port())
		require.Nil(t, u.User)
		require.Empty(t, u.Fragment)
		clean := strings.ToLower(path.Clean(u.Path)) + "/"
		require.True(t, slices.ContainsFunc([]string{"/api/expense/expensereport/", "/travelrequest/v4/requests/", "/expensereports/v4/users/"},
			func(prefix string) bool { return strings.HasPrefix(clean, prefix) }), u.Path)
	})
}
