package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPendingList(t *testing.T) {
	t.Parallel()
	type page struct {
		Items []struct {
			ID, ApprovalStatusCode, LastModifiedDate string
		}
		NextPage *string
	}
	t.Run("pages lead through every report that waits, by a URL in clear", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.login()
		want := map[string]bool{}
		for i := range 7 {
			want[w.submit(fmt.Sprint("r", i)).ReportID] = true
		}
		w.control(http.MethodPost, "/reports/r3/approve", "", nil)
		delete(want, w.state("r3").ReportID)
		got := map[string]bool{}
		for path := pendingPath + "?approvalStatusCode=A_EXTV&user=ALL&limit=4"; path != ""; {
			var p page
			require.NoError(t, json.Unmarshal([]byte(w.send(http.MethodGet, path, "").body), &p))
			require.LessOrEqual(t, len(p.Items), 4)
			for _, item := range p.Items {
				require.Equal(t, "A_EXTV", item.ApprovalStatusCode)
				require.Contains(t, item.LastModifiedDate, "T")
				got[item.ID] = true
			}
			path = ""
			if p.NextPage != nil {
				require.True(t, strings.HasPrefix(*p.NextPage, "http://"))
				_, path, _ = strings.Cut(strings.TrimPrefix(*p.NextPage, "http://"), "/")
				path = "/" + path
			}
		}
		require.Equal(t, want, got)
	})
	t.Run("wants everybody, a limit that is allowed, and its own offset", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.login()
		for _, query := range []string{"", "?limit=10", "?user=ALL&limit=0", "?user=ALL&limit=101", "?user=ALL&offset=9"} {
			require.Equal(t, http.StatusBadRequest, w.send(http.MethodGet, pendingPath+query, "").status, query)
		}
		require.Equal(t, http.StatusOK, w.send(http.MethodGet, pendingPath+"?user=all", "").status)
	})
}
