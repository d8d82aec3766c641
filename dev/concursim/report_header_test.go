package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// signs are what the headers of v3 and v4 show of a change.
func (w *fixture) signs(r reportView) string {
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
			before := w.signs(r)
			require.Equal(t, http.StatusOK, w.put(r, "", "NODATE").status)
			put := w.signs(r)
			require.Equal(t, c.byException, before != put)
			require.Equal(t, http.StatusNoContent, w.drop(r, "", "NODATE").status)
			gone := w.signs(r)
			require.Equal(t, c.byException, put != gone)
			w.control(http.MethodPost, "/reports/r/next-step", "", nil)
			require.Equal(t, c.byStep, gone != w.signs(r))
		})
	}
}
