package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// headerChanges returns the fields of the v3 and v4 headers that show a change.
func (w *fixture) headerChanges(r reportView) string {
	w.t.Helper()
	var v3, v4 map[string]any
	w.get(pendingPath+"/"+r.ReportID+"?user=terry.tester@example.com", &v3)
	w.get(long(r), &v4)
	return fmt.Sprint(v3["LastModifiedDate"], v4["reportVersion"])
}

func TestHeadersShowChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		described           string
		byException, byStep bool
	}{
		"a step changes the header, an exception does not":            {"", false, true},
		"with exceptionsChangeHeader an exception changes the header": {"exceptionsChangeHeader: true\n", true, true},
		"with stepsKeepHeader a step does not change the header":      {"stepsKeepHeader: true\n", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			r := w.submit("r", c.described+"steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}, {status: A_APPR}]")
			before := w.headerChanges(r)
			require.Equal(t, http.StatusOK, w.put(r, "", "NODATE").status)
			put := w.headerChanges(r)
			require.Equal(t, c.byException, before != put)
			require.Equal(t, http.StatusNoContent, w.drop(r, "", "NODATE").status)
			gone := w.headerChanges(r)
			require.Equal(t, c.byException, put != gone)
			w.control(http.MethodPost, "/reports/r/next-step", "", nil)
			require.Equal(t, c.byStep, gone != w.headerChanges(r))
		})
	}
}
