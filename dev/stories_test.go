package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// seed makes the simulator's values; a failed test prints the seed to repeat.
var seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the simulator")

func TestMain(m *testing.M) {
	if code, yes := asKeeper(os.Args); yes {
		os.Exit(code)
	}
	if os.Getenv(roleVariable) != "" {
		actAsRole()
	}
	flag.Parse()
	// Stories mostly wait, so more of them run at a time than there are processors.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	code := m.Run()
	if code != 0 {
		fmt.Fprintf(os.Stderr, "to repeat: go test ./dev -seed %d\n", *seed)
	}
	if sharedSuite.suite != nil {
		sharedSuite.suite.close()
	}
	os.Exit(code)
}

var sharedSuite struct {
	sync.Once
	suite *suite
	err   error
}

// theSuite returns what all tests of this package share: the built programs and a running
// Temporal dev server.
func theSuite(t *testing.T) *suite {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED with -short: the stories need Temporal's dev server and the built programs")
	}
	sharedSuite.Do(func() {
		sharedSuite.suite, sharedSuite.err = newSuite(context.Background(), options{seed: *seed}, true)
	})
	require.NoError(t, sharedSuite.err)
	return sharedSuite.suite
}

func storyFile(name string) string { return filepath.Join("testdata", name+".txtar") }

// TestStories plays every story in testdata with the real programs.
func TestStories(t *testing.T) {
	t.Parallel()
	suite := theSuite(t)
	names := suite.stories()
	require.NotEmpty(t, names)
	for _, name := range names {
		testscript.Run(t, params(context.Background(), suite.setup(), name, storyFile(name), nil))
	}
}

func TestMainStoriesExist(t *testing.T) {
	t.Parallel()
	for _, name := range onceStories {
		require.FileExists(t, storyFile(name))
	}
}

func TestREADMEListsTheSampleReports(t *testing.T) {
	t.Parallel()
	files, err := samples.ReadDir("samples")
	require.NoError(t, err)
	reports, requests := 0, 0
	for _, file := range files {
		text, err := samples.ReadFile("samples/" + file.Name())
		require.NoError(t, err)
		var sample struct{ Request bool }
		require.NoError(t, yaml.Unmarshal(text, &sample))
		if sample.Request {
			requests++
		} else {
			reports++
		}
	}
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	require.Contains(t, strings.Join(strings.Fields(string(readme)), " "), fmt.Sprintf("submits %d reports and %d travel request, shows", reports, requests))
}

func TestEveryStoryEndsWithInvariants(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		script, _, _ := strings.Cut(string(data), "\n-- ")
		lines := strings.Split(strings.TrimSpace(script), "\n")
		require.Equal(t, "invariants", lines[len(lines)-1], file)
		require.True(t, strings.HasPrefix(lines[0], "# "), "%s must begin with a comment", file)
	}
}

func TestAWrongStoryFails(t *testing.T) {
	t.Parallel()
	suite := theSuite(t)
	file := filepath.Join(t.TempDir(), "wrong.txtar")
	require.NoError(t, os.WriteFile(file, []byte(`# The report is approved, so this story must fail.
report lunch.yaml
closed lunch approved
decisions lunch send-back
invariants

-- lunch.yaml --
name: lunch
entries: [{type: MEALS, amount: "1.00", receipt: true}]
`), 0o600))
	r := &storyRun{name: "wrong"}
	r.play(context.Background(), suite, "wrong", file)
	require.True(t, r.failed)
	require.Contains(t, r.log.String(), "[approve]")
}
