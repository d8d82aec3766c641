package record_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/internal/record"
)

const secret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU="

// archive is a receiver of the record.
func archive(t *testing.T, answers http.HandlerFunc) *record.Webhook {
	t.Helper()
	server := httptest.NewServer(answers)
	t.Cleanup(server.Close)
	w, err := record.NewWebhook(record.WebhookOptions{URL: server.URL + "/path-that-is-secret", Secrets: []string{secret}})
	require.NoError(t, err)
	return w
}

func TestTheWebhookSendsASignedEntryUnderTheSameID(t *testing.T) {
	t.Parallel()
	var ids []string
	var got struct {
		Type      string
		Timestamp time.Time
		Data      record.Entry
	}
	w := archive(t, func(_ http.ResponseWriter, r *http.Request) {
		ids = append(ids, r.Header.Get("webhook-id"))
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("webhook-signature") == "" || r.Header.Get("webhook-timestamp") == "" {
			t.Error("the request is not signed")
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
	})
	first := entry("0", 0)
	require.NoError(t, w.Send(t.Context(), first))
	require.Equal(t, record.EntryType, got.Type)
	require.Equal(t, first, got.Data)
	require.True(t, first.Event.At.Equal(got.Timestamp))

	ended := first
	ended.Outcome = expense.Approved // is known only later
	require.NoError(t, w.Send(t.Context(), ended))
	require.NoError(t, w.Send(t.Context(), entry("0", 1)))
	require.Equal(t, ids[0], ids[1])
	require.NotEqual(t, ids[0], ids[2])
}

func TestTheWebhookSaysWhyAnEntryWasNotTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		kind   expense.Kind
	}{
		"the secret is wrong":  {401, "", expense.Forbidden},
		"no such address":      {404, "", expense.NotFound},
		"too many requests":    {429, "", expense.RateLimited},
		"the receiver is busy": {503, "", expense.Unavailable},
		"a redirect":           {302, "", expense.Rejected},
		"a refusal":            {422, "", expense.Rejected},
		"a login page":         {200, "<html>", expense.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := archive(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			err := w.Send(t.Context(), entry("0", 0))
			require.ErrorIs(t, err, c.kind)
			var failed *record.WebhookError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, 7*time.Second, failed.RetryAfter)
			require.NotContains(t, err.Error(), "path-that-is-secret")
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		w, err := record.NewWebhook(record.WebhookOptions{URL: server.URL + "/path-that-is-secret", Secrets: []string{secret}})
		require.NoError(t, err)
		err = w.Send(t.Context(), entry("0", 0))
		require.ErrorIs(t, err, expense.Unavailable)
		require.NotContains(t, err.Error(), "path-that-is-secret")
	})
}

func TestAWebhookNeedsASafeAddressAndASecret(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "http://archive.example.com/x", "https://user:pass@archive.example.com", "archive.example.com", "https://a b/"} {
		_, err := record.NewWebhook(record.WebhookOptions{URL: address, Secrets: []string{secret}})
		require.ErrorContains(t, err, "CONCUR_RECORD_URL", address)
	}
	_, err := record.NewWebhook(record.WebhookOptions{URL: "https://archive.example.com"})
	require.ErrorContains(t, err, "CONCUR_RECORD_SECRET")
}
