package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// label writes an interface so that it can be part of a name.
func label(via string) string { return strings.ReplaceAll(via, "+", "-") }

// TestStoriesByV3AndV4 plays the stories through the other interfaces too. By
// default it plays the main stories; with STORIES=all, as in bash .ci/run, it plays all
// stories.
func TestStoriesByV3AndV4(t *testing.T) {
	t.Parallel()
	suite := theSuite(t)
	for _, via := range interfaces[1:] {
		t.Run(via, func(t *testing.T) {
			t.Parallel()
			for _, name := range suite.stories() {
				script, err := os.ReadFile(storyFile(name))
				require.NoError(t, err)
				main := slices.Contains(onceStories, name) || os.Getenv("STORIES") == "all"
				if !main || !playable(string(script), via) {
					continue
				}
				setup := suite.setup()
				setup.via = via
				testscript.Run(t, params(context.Background(), setup, name+"."+label(via), storyFile(name), nil))
			}
		})
	}
}
