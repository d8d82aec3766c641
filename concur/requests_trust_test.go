package concur_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

func TestHostileURLsOfTravelRequests(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newTrap(t)
	next := ""
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		page, _ := json.Marshal(map[string]any{"data": []any{}, "operations": []any{map[string]any{"rel": "next", "href": next}}})
		answering(200, "application/json", string(page))(w, nil)
	})
	client := s.client(t)
	for name, raw := range hostileURLs(s, p, "/travelrequest/v4/requests/"+requestID) {
		t.Run("an object: "+name, func(t *testing.T) {
			_, err := client.ReadRequest(ctx, raw, concur.ReadOptions{})
			require.ErrorIs(t, err, concur.Untrusted)
			require.NotContains(t, err.Error(), "hush")
		})
	}
	require.Empty(t, s.requests)
	for name, raw := range hostileURLs(s, p, "/travelrequest/v4/requests") {
		if raw != strings.TrimSpace(raw) { // a space around it is none of the URL's
			continue
		}
		t.Run("a next page: "+name, func(t *testing.T) {
			next = raw
			page, err := client.PendingRequests(ctx, "", func(expense.TravelRequest, error) error { return nil })
			require.Empty(t, page)
			require.ErrorIs(t, err, concur.Untrusted)
			require.NotContains(t, err.Error(), "hush")
		})
	}
	for _, r := range s.requests {
		require.Equal(t, "/travelrequest/v4/requests?view=SUBMITTED&start=0&limit=100", r.RequestURI)
	}
	p.sawNothing(t)
}

// Nobody asks for what the links of a travel request name.
func TestLinksOfATravelRequestAreNotCalled(t *testing.T) {
	t.Parallel()
	p := newTrap(t)
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		body := `[{"id": "E1", "href": "` + p.tls.URL + `", "comments": {"template": "` + p.clear.URL + `"}}]`
		if !strings.HasSuffix(r.URL.Path, "/expenses") {
			body = strings.Replace(submitted(), `"id": "`+requestID, `"href": "`+p.tls.URL+`", "expenses": [{"href": "`+p.clear.URL+`"}], "id": "`+requestID, 1)
		}
		if strings.HasSuffix(r.URL.Path, "/exceptions") {
			body = `[{"code": "A", "source": {"href": "` + p.tls.URL + `"}}]`
		}
		answering(200, "application/json", body)(w, r)
	})
	read, err := s.client(t).ReadRequest(context.Background(), requestURI, concur.ReadOptions{})
	require.NoError(t, err)
	require.Len(t, s.requests, 3)
	stored, err := json.Marshal(read.Request)
	require.NoError(t, err)
	require.NotContains(t, string(stored), "http")
	require.NotContains(t, string(stored), userID)
	p.sawNothing(t)
}
