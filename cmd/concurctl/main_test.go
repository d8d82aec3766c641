package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary behave as concurctl.
const asProgram = "RUN_AS_CONCURCTL"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// settings are variables of the environment.
type settings = map[string]string

// outcome is how the program ended and what it said.
type outcome struct {
	code      int
	out, errs string
}

// play runs concurctl with exactly these settings until it ends.
func play(t *testing.T, env settings, in string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = []string{asProgram + "=1", "TEMPORAL_ADDRESS=127.0.0.1:1"}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "CONCUR_") && !strings.HasPrefix(entry, "TEMPORAL_") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, errs strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &out, &errs
	_ = cmd.Run() // how it ended is read from its state
	require.NoError(t, ctx.Err(), "it did not end: %s", errs.String())
	return outcome{code: cmd.ProcessState.ExitCode(), out: out.String(), errs: errs.String()}
}

// read decodes an answer that is one JSON document.
func read[T any](t *testing.T, o outcome) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(o.out), &value), "%s%s", o.out, o.errs)
	return value
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// withoutPlace cuts off the line that says to which Temporal a command connects.
func withoutPlace(errs string) string {
	if line, rest, found := strings.Cut(errs, "\n"); found && strings.HasPrefix(line, "concurctl: using Temporal at ") {
		return rest
	}
	return errs
}
