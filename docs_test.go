package concurconnector_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/workflows"
)

// tableUnder returns the rows of the first table after a heading, or after the
// beginning of the file when the heading is empty. Code marks are cut off.
func tableUnder(t *testing.T, file, heading string) [][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), heading)
	require.True(t, found, "%s has no heading %q", file, heading)
	var rows [][]string
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if len(rows) > 0 {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i, cell := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(cell), "`", "")
		}
		rows = append(rows, cells)
	}
	require.Greater(t, len(rows), 2, "%s has a table after %q", file, heading)
	return rows[2:] // without the head and its line
}

func column(rows [][]string, n int) []string {
	cells := make([]string, len(rows))
	for i, row := range rows {
		cells[i] = row[n]
	}
	return cells
}

func TestTheTablesOfTheDocumentsAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	t.Run("errors.md lists the kinds of the contract", func(t *testing.T) {
		t.Parallel()
		want := []string{}
		for _, kind := range workflows.Kinds() {
			want = append(want, string(kind))
		}
		require.ElementsMatch(t, want, column(tableUnder(t, "docs/errors.md", "# Errors"), 0))
	})
	t.Run("architecture.md lists the outcomes of the contract", func(t *testing.T) {
		t.Parallel()
		want := []string{}
		for _, outcome := range workflows.Outcomes() {
			want = append(want, string(outcome))
		}
		require.Equal(t, want, column(tableUnder(t, "docs/architecture.md", "## The life of a notification"), 0))
	})
	t.Run("architecture.md shows the rooms and arrows of the map", func(t *testing.T) {
		t.Parallel()
		shown := map[string][]string{}
		for _, row := range tableUnder(t, "docs/architecture.md", "## The rooms") {
			shown[row[0]] = []string{}
			if row[2] != "–" {
				shown[row[0]] = strings.Split(row[2], ", ")
			}
		}
		require.Equal(t, slices.Sorted(maps.Keys(rooms)), slices.Sorted(maps.Keys(shown)))
		for room, arrows := range rooms {
			require.ElementsMatch(t, arrows, shown[room], "the row of %s", room)
		}
	})
	t.Run("the README's map names every room", func(t *testing.T) {
		t.Parallel()
		want := slices.Sorted(maps.Keys(rooms))
		require.Equal(t, want, slices.Sorted(slices.Values(column(tableUnder(t, "README.md", "## The rooms"), 0))))
	})
}

var (
	link = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	goal = regexp.MustCompile(`(?m)^([a-z-]+):.*##`)
	made = regexp.MustCompile("`make ([a-z-]+)")
)

// documents lists the Markdown files of the project.
func documents(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && file != "." && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if filepath.Ext(file) == ".md" {
			files = append(files, file)
		}
		return err
	})
	require.NoError(t, err)
	require.Contains(t, files, "README.md")
	return files
}

func TestWhatTheDocumentsPointAtIsThere(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("Makefile")
	require.NoError(t, err)
	targets := []string{}
	for _, match := range goal.FindAllStringSubmatch(string(makefile), -1) {
		targets = append(targets, match[1])
	}
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(match[1], "://") {
				_, err := os.Stat(filepath.Join(filepath.Dir(file), match[1]))
				require.NoError(t, err, "%s links to %s", file, match[1])
			}
		}
		for _, match := range made.FindAllStringSubmatch(string(text), -1) {
			require.Contains(t, targets, match[1], "%s speaks of make %s", file, match[1])
		}
	}
}
