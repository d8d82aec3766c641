package concur_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

func TestDeprecations(t *testing.T) {
	t.Parallel()
	var sunset atomic.Value
	sunset.Store("Sat, 31 Jul 2027 23:59:59 GMT")
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, reportPath) {
			w.Header().Set("X-Api-Warn", "deprecated;\r\n use v4 \xff"+strings.Repeat(".", 500))
			w.Header().Set("Sunset", sunset.Load().(string))
		}
		answering(200, "application/xml", reportXML)(w, r)
	})
	var log lines
	client := s.client(t, logging(&log))
	require.Empty(t, client.Deprecations())
	for range 3 {
		require.NoError(t, read(client))
	}
	_ = client.TakeActionV1(context.Background(), actionURL, expense.Approve, "") // announces nothing

	seen := client.Deprecations()
	require.Len(t, seen, 1)
	require.Equal(t, concur.Deprecation{Op: "read report", Warning: seen[0].Warning, Sunset: "Sat, 31 Jul 2027 23:59:59 GMT", Requests: 3}, seen[0])
	require.True(t, strings.HasPrefix(seen[0].Warning, "deprecated; use v4 ."), seen[0].Warning)
	require.LessOrEqual(t, len(seen[0].Warning), 200)
	const said = "concur announces the end of an interface"
	require.Equal(t, 1, strings.Count(log.String(), said), "it is said once")

	sunset.Store("Sun, 1 Nov 2026 00:00:00 GMT")
	require.NoError(t, read(client))
	require.Equal(t, 2, strings.Count(log.String(), said), "and again when it says something else")
	require.Equal(t, 4, client.Deprecations()[0].Requests)
}
