package concur_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

// pages answers the list of reports, one page for each offset; the next page's URL is
// given.
func pages(t *testing.T, next map[string]string) *server {
	t.Helper()
	return newServer(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		offset := query.Get("offset")
		if offset == "" && query.Get("isTestUser") == "true" {
			answering(200, "application/json", `{"Items": [], "NextPage": null}`)(w, r)
			return
		}
		if offset == "" && (r.URL.Path != "/api/v3.0/expense/reports" || query.Get("approvalStatusCode") != "A_EXTV" || query.Get("user") != "ALL") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if r.Header.Get("Accept") != "application/json" {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"Items": [{"ID": "R%s", "ApprovalStatusCode": "A_EXTV"}], "NextPage": %q}`, offset, next[offset])
	})
}

func listed(s *server, t *testing.T) ([]string, error) {
	t.Helper()
	var ids []string
	client, page := s.client(t), ""
	for {
		next, err := client.PendingReports(context.Background(), page, func(r concur.PendingReport, _ error) error {
			ids = append(ids, r.ID)
			return nil
		})
		if next == "" || err != nil {
			return ids, err
		}
		page = next
	}
}

func TestPendingReports(t *testing.T) {
	t.Parallel()
	const list = "http://www.concursolutions.com/api/v3.0/expense/reports"
	t.Run("every page is read, at the geolocation, whatever host it names", func(t *testing.T) {
		t.Parallel()
		ids, err := listed(pages(t, map[string]string{"": list + "?offset=a", "a": list + "/?offset=b", "b": ""}), t)
		require.NoError(t, err)
		require.Equal(t, []string{"R", "Ra", "Rb"}, ids)
	})
	t.Run("the list of the test users follows, page by page", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			name, next := query.Get("isTestUser")+query.Get("offset"), ""
			if query.Get("offset") == "" {
				next = list + "?offset=" + name + "2"
			}
			answering(200, "application/json", fmt.Sprintf(`{"Items": [{"ID": "R%s", "ApprovalStatusCode": "A_EXTV"}], "NextPage": %q}`, name, next))(w, r)
		})
		ids, err := listed(s, t)
		require.NoError(t, err)
		require.Equal(t, []string{"Rfalse", "Rfalse2", "Rtrue", "Rtrue2"}, ids, "though the next page does not repeat which list it is of")
	})
	t.Run("where that is refused, it is said, and the other list counts", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("isTestUser") == "true" {
				answering(400, "application/json", `{"Message": "no"}`)(w, r)
				return
			}
			answering(200, "application/json", `{"Items": [{"ID": "R1", "ApprovalStatusCode": "A_EXTV"}], "NextPage": null}`)(w, r)
		})
		var ids []string
		var unread error
		read := func(row concur.PendingReport, err error) error {
			if unread = err; err == nil {
				ids = append(ids, row.ID)
			}
			return nil
		}
		client := s.client(t)
		next, err := client.PendingReports(context.Background(), "", read)
		require.NoError(t, err)
		next, err = client.PendingReports(context.Background(), next, read)
		require.NoError(t, err)
		require.Empty(t, next)
		require.Equal(t, []string{"R1"}, ids)
		require.ErrorIs(t, unread, concur.Rejected)
	})
	t.Run("a next page elsewhere is not followed", func(t *testing.T) {
		t.Parallel()
		for _, next := range []string{
			"https://evil.example/api/v3.0/expense/reports?offset=a",
			"https://www.concursolutions.com/api/v3.0/expense/reports/../../../x?offset=a",
			"https://www.concursolutions.com/api/v3.0/expense/entries?offset=a",
			"https://www.concursolutions.com@evil.example/api/v3.0/expense/reports?offset=a",
			"/api/v3.0/expense/reports?offset=a",
			"nothing of the kind",
		} {
			s := pages(t, map[string]string{"": next})
			_, err := listed(s, t)
			require.ErrorIs(t, err, concur.Untrusted, next)
			require.NotContains(t, err.Error(), "offset", "nothing but field and host is said")
		}
	})
	t.Run("a page that leads back to itself, or nowhere, ends the list", func(t *testing.T) {
		t.Parallel()
		for _, next := range []string{list + "?offset=a", list} {
			ids, err := listed(pages(t, map[string]string{"": list + "?offset=a", "a": next}), t)
			require.ErrorIs(t, err, concur.Malformed)
			require.Equal(t, []string{"R", "Ra"}, ids)
		}
	})
	t.Run("a page that no list can have named is not asked for", func(t *testing.T) {
		t.Parallel()
		s := pages(t, nil)
		for _, page := range []string{"a b", "a#b", "a\\b", "a\nb"} {
			_, err := s.client(t).PendingReports(context.Background(), page, nil)
			require.ErrorIs(t, err, concur.InvalidArgument, page)
		}
		requests, _ := s.count()
		require.Zero(t, requests)
	})
	t.Run("an answer that is none of the list cannot be read", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/json", `{"Message": "hello"}`))
		_, err := listed(s, t)
		require.ErrorIs(t, err, concur.Malformed)
	})
	t.Run("who lacks the role is told which", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(403, "application/json", `{}`))
		_, err := listed(s, t)
		require.ErrorIs(t, err, concur.Forbidden)
		require.True(t, strings.Contains(err.Error(), "Web Services Administrator"), err.Error())
	})
	t.Run("an error of the reader ends it and is returned as it is", func(t *testing.T) {
		t.Parallel()
		mine := errors.New("enough")
		_, err := pages(t, map[string]string{"": list + "?offset=a"}).client(t).PendingReports(context.Background(), "",
			func(concur.PendingReport, error) error { return mine })
		require.Same(t, mine, err)
	})
}

func TestAnyReportWillDoToTryAnInterfaceOn(t *testing.T) {
	t.Parallel()
	const row = `{"ID": "R1", "ApprovalStatusCode": "A_APPR", "OwnerLoginID": "kim@example.com"}`
	for name, w := range map[string]struct {
		status int
		body   string
		found  string
		kind   error
	}{
		"one that is long done": {200, `{"Items": [` + row + `], "NextPage": null}`, "R1", nil},
		"none":                  {200, `{"Items": [], "NextPage": null}`, "", nil},
		"no list":               {200, `{}`, "", concur.Malformed},
		"no role":               {403, `{}`, "", concur.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/api/v3.0/expense/reports" || !strings.HasPrefix(r.URL.RawQuery, "user=ALL&limit=1&isTestUser=") {
					http.NotFound(rw, r)
					return
				}
				answering(w.status, "application/json", w.body)(rw, r)
			})
			report, found, err := s.client(t).AnyReport(context.Background())
			require.ErrorIs(t, err, w.kind)
			require.Equal(t, w.found, report.ID)
			require.Equal(t, w.found != "", found)
		})
	}
}
