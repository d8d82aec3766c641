package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestErrorNamesTheHostOfAnUntrustedAddress(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"https://evil.example" + reportAPI + "k":          "evil.example",
		"https://EVIL.example:443" + reportAPI + "k":      "evil.example",
		"http://evil.example:8080" + reportAPI + "k":      "evil.example:8080",
		"https://user:secret@evil.example" + reportAPI:    "?",
		"https://evil example" + reportAPI + "k":          "?",
		"https://" + "*[](x)`$.example" + reportAPI + "k": "?",
		"nonsense": "?",
		host + "/api/expense/expensereport/v1.1/../elsewhere": "www.concursolutions.com",
	} {
		for name, is := range map[string]bool{"report": true, "request": false} {
			h := newFakeConcur(t)
			acts := h.activities(t)
			read := acts.FetchReport
			if !is {
				read = acts.FetchRequest
			}
			_, err := run[expense.FetchedReport](t, attempt{}, read, expense.FetchReportInput{ObjectURI: uri})
			e := failed(t, err, expense.Untrusted)
			require.True(t, e.NonRetryable())
			require.NotContains(t, e.Message(), "secret")
			var refused expense.RefusedHost
			require.NoError(t, e.Details(&refused), "%s %s", name, uri)
			require.Equal(t, want, refused.Host, uri)
			require.Len(t, refused.AllowList, 12)
			require.Empty(t, h.requestNames(), "nothing was sent")
		}
	}
}

func TestFetchReportNamesUntrustedNotificationURIs(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t)
	in := readInput()
	foreign := "https://evil.example" + entriesAPI + "/n1"
	in.UncheckedURIs = []string{entryURI, foreign, entryURI + "/../x"}
	got, err := run[expense.FetchedReport](t, attempt{}, h.activities(t).FetchReport, in)
	require.NoError(t, err)
	require.Len(t, got.UntrustedURIs, 2)
	require.Equal(t, foreign, got.UntrustedURIs[0].URI)
	require.Equal(t, `NotificationURI names the host "evil.example", which is not on the allow-list`, got.UntrustedURIs[0].Why)
}
