package clitest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// Program is a command line under test: concurctl with these commands.
type Program func() []*cobra.Command

// asConcurctl is the first argument of a test binary that behaves as concurctl.
const asConcurctl = "concurctl"

// Main is the TestMain of a package that calls start.
func (p Program) Main(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asConcurctl {
		os.Exit(cli.Run(context.Background(), p(), os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// Settings are variables of the environment.
type Settings = map[string]string

// Outcome is how the program ended and what it printed.
type Outcome struct {
	Code      int
	Out, Errs string
}

// call runs one command line in this process.
func (p Program) Run(t *testing.T, in string, args ...string) Outcome {
	t.Helper()
	var out, errs strings.Builder
	code := cli.Run(t.Context(), p(), args, strings.NewReader(in), &out, &errs)
	return Outcome{code, out.String(), errs.String()}
}

// Start runs one command line in a process whose environment is exactly these settings.
// Temporal is at an address where nothing listens, unless the settings name another.
func (p Program) Start(t *testing.T, env Settings, in string, args ...string) Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{asConcurctl}, args...)...)
	cmd.Env = []string{"TEMPORAL_ADDRESS=127.0.0.1:1", "HOME=" + t.TempDir()}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, errs strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &out, &errs
	_ = cmd.Run() // how it ended is read from its state
	require.NoError(t, ctx.Err(), "it did not end: %s", errs.String())
	return Outcome{Code: cmd.ProcessState.ExitCode(), Out: out.String(), Errs: errs.String()}
}

// Read decodes an answer that is one JSON document.
func Read[T any](t *testing.T, o Outcome) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(o.Out), &value), "%s%s", o.Out, o.Errs)
	return value
}

// File writes a file for one test and returns its path.
func File(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
