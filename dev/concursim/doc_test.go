package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/dev/concursim/journal"
)

// tableUnder reads the rows of the first table after a heading.
func tableUnder(t *testing.T, heading string) [][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/simulator.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## "+heading+"\n")
	require.True(t, found, heading)
	section, _, _ = strings.Cut(section, "\n## ")
	var rows [][]string
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		rows = append(rows, cells)
	}
	return rows
}

func TestSimulatorPageMatchesTheCode(t *testing.T) {
	t.Parallel()
	t.Run("simulator.md lists the endpoints", func(t *testing.T) {
		t.Parallel()
		var want [][]string
		for _, one := range endpoints {
			want = append(want, []string{one.name, one.method, one.path})
		}
		require.Equal(t, want, tableUnder(t, "Endpoints"))
	})
	t.Run("simulator.md lists the faults", func(t *testing.T) {
		t.Parallel()
		var want [][]string
		for _, kind := range faultKinds {
			want = append(want, []string{kind.name, kind.endpoints, kind.params, kind.does})
		}
		require.Equal(t, want, tableUnder(t, "Faults"))
	})
	t.Run("simulator.md lists the invariants", func(t *testing.T) {
		t.Parallel()
		var want [][]string
		for _, one := range journal.Invariants() {
			want = append(want, []string{one.Name, one.Forbids})
		}
		require.Equal(t, want, tableUnder(t, "Invariants"))
	})
	t.Run("simulator.md lists the junk", func(t *testing.T) {
		t.Parallel()
		var want [][]string
		for _, kind := range junkKinds {
			want = append(want, []string{kind.name, kind.does})
		}
		require.Equal(t, want, tableUnder(t, "Junk in the failed list"))
	})
	t.Run("every tested fault, invariant and junk exists", func(t *testing.T) {
		t.Parallel()
		require.Len(t, faultTests, len(faultKinds))
		require.Len(t, breaches, len(journal.Invariants()))
		require.Len(t, breachesV4, len(journal.Invariants()))
		require.Len(t, junkLooks, len(junkKinds))
	})
}
