package ingress_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/ingress"
)

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

// headers are what a request may carry, and whether it is let in.
var headers = map[string]struct {
	values []string
	in     bool
}{
	"the first pair":             {[]string{basic(user + ":" + password)}, true},
	"the second pair":            {[]string{basic(user2 + ":" + password2)}, true},
	"the scheme in small":        {[]string{"b" + basic(user + ":" + password)[1:]}, true},
	"the scheme in capitals":     {[]string{strings.Replace(basic(user+":"+password), "Basic", "BASIC", 1)}, true},
	"nothing":                    {nil, false},
	"an empty header":            {[]string{""}, false},
	"another scheme":             {[]string{"Bearer " + basic(user + ":" + password)[6:]}, false},
	"no base64":                  {[]string{"Basic ***"}, false},
	"no colon":                   {[]string{basic(user + password)}, false},
	"the user in capitals":       {[]string{basic(strings.ToUpper(user) + ":" + password)}, false},
	"the password in capitals":   {[]string{basic(user + ":" + strings.ToUpper(password))}, false},
	"a password cut at a colon":  {[]string{basic(user + ":pass")}, false},
	"a password with more":       {[]string{basic(user + ":" + password + " ")}, false},
	"no password":                {[]string{basic(user + ":")}, false},
	"nobody":                     {[]string{basic(":")}, false},
	"the halves of two pairs":    {[]string{basic(user + ":" + password2)}, false},
	"the halves the other way":   {[]string{basic(user2 + ":" + password)}, false},
	"two headers, the right one": {[]string{basic(user + ":" + password), basic("x:y")}, false},
}

func TestARequestNeedsACredential(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, h := range headers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{ingress.DefaultNotifyPath, ingress.TestConnectionPath, "/", "/nothing"} {
				for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodPut} {
					r := d.request(t, method, path, nil)
					r.Header["Authorization"] = h.values
					response, text := d.do(t, r)
					if h.in {
						require.NotEqual(t, http.StatusUnauthorized, response.StatusCode)
						continue
					}
					require.Equal(t, http.StatusUnauthorized, response.StatusCode)
					require.Equal(t, `Basic realm="concur-connector", charset="UTF-8"`, response.Header.Get("WWW-Authenticate"))
					require.Equal(t, "a user name and a password are needed\n", text)
				}
			}
		})
	}
}

func TestEveryComparisonIsAlwaysMade(t *testing.T) {
	t.Parallel()
	pairs := []ingress.Credential{ingress.NewCredential(user, password), ingress.NewCredential(user2, password2)}
	for name, h := range headers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := 1; n <= len(pairs); n++ {
				r := httptest.NewRequest(http.MethodPost, ingress.DefaultNotifyPath, nil)
				r.Header["Authorization"] = h.values
				count, admitted := ingress.CountComparisons(pairs[:n], r)
				require.Equal(t, 2*n, count, "a user name and a password for each pair")
				if n == len(pairs) {
					require.Equal(t, h.in, admitted)
				}
			}
		})
	}
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, fmt.Errorf("the body was read")
}

func TestABodyWithoutACredentialIsNotRead(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := httptest.NewRequest(http.MethodPost, ingress.DefaultNotifyPath, unread{t})
	w := httptest.NewRecorder()
	d.Config.Handler.ServeHTTP(w, r)
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Empty(t, d.starter.started())
}

func TestACredentialPrintsNothing(t *testing.T) {
	t.Parallel()
	printed := fmt.Sprintf("%v %+v %#v %s", ingress.NewCredential(user, password), ingress.NewCredential(user, password),
		ingress.NewCredential(user, password), ingress.NewCredential(user, password))
	require.NotContains(t, printed, user)
	require.NotContains(t, printed, password)
}
