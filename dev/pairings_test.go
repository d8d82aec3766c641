package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

// label is an interface as it can stand in a name.
func label(via string) string { return strings.ReplaceAll(via, "+", "-") }

// TestStoriesByTheNewerInterfaces plays the stories that can be told by every interface
// by the others, too: by v3+v4 all of them and by v4 the main ones, or by both all of
// them with STORIES=all.
func TestStoriesByTheNewerInterfaces(t *testing.T) {
	t.Parallel()
	world := aWorld(t)
	for _, via := range pairings[1:] {
		t.Run(via, func(t *testing.T) {
			t.Parallel()
			for _, name := range world.stories() {
				script, err := os.ReadFile(storyFile(name))
				require.NoError(t, err)
				main := slices.Contains(onceStories, name) || via == string(expense.V3) || os.Getenv("STORIES") == "all"
				if !main || !playable(string(script), via) {
					continue
				}
				setup := world.setup()
				setup.via = via
				testscript.Run(t, params(context.Background(), setup, name+"."+label(via), storyFile(name), nil))
			}
		})
	}
}
