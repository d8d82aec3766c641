package facts_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/facts"
)

// verify is docs/policy/facts.md's, which must hold this very text.
func verify(header http.Header, body []byte, secret string) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return err
	}
	id, stamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return errors.New("the request is too old")
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body) // the body as it came, before it is parsed
	for _, one := range strings.Fields(header.Get("webhook-signature")) {
		given, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(one, "v1,"))
		if err == nil && hmac.Equal(given, mac.Sum(nil)) {
			return nil
		}
	}
	return errors.New("the signature is not ours")
}

func TestTheDocumentedReceiverVerifiesWhatTheClientSends(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("verify_test.go")
	require.NoError(t, err)
	_, function, _ := strings.Cut(string(source), "\nfunc verify(")
	function, _, _ = strings.Cut(function, "\n}\n")
	page, err := os.ReadFile("../docs/policy/facts.md")
	require.NoError(t, err)
	require.Contains(t, string(page), "\nfunc verify("+function+"\n}\n")

	c := newCompany(t, nil)
	_, err = c.client(t, func(o *facts.Options) { o.Secrets = []string{next, secret} }).Ask(t.Context(), c.about(2))
	require.NoError(t, err)
	got := c.requests()[0]
	require.NoError(t, verify(got.header, got.body, secret))
	require.NoError(t, verify(got.header, got.body, next))
	require.ErrorContains(t, verify(got.header, got.body, "whsec_AAAA"), "not ours")
	require.ErrorContains(t, verify(got.header, append(got.body, ' '), secret), "not ours")
	for _, name := range []string{"webhook-id", "webhook-signature"} {
		changed := got.header.Clone()
		changed.Set(name, "x")
		require.ErrorContains(t, verify(changed, got.body, secret), "not ours")
	}
	old := got.header.Clone()
	old.Set("webhook-timestamp", "1614265330")
	require.ErrorContains(t, verify(old, got.body, secret), "too old")
}
