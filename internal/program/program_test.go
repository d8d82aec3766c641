package program_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/config"
	"concur-connector/internal/program"
)

func TestTheCommandLineDecidesWhetherTheProgramRuns(t *testing.T) {
	t.Parallel()
	errRan := errors.New("the program ran")
	for name, c := range map[string]struct {
		args      []string
		err       string // part of the error; empty: none
		out, errs string // parts of the output
	}{
		"without arguments it runs":       {nil, errRan.Error(), "", ""},
		"it prints its version and ends":  {[]string{"-version"}, "", "worker ", ""},
		"it prints its flags and ends":    {[]string{"-h"}, flag.ErrHelp.Error(), "", "CONCUR_*"},
		"it refuses an unknown flag":      {[]string{"-brave"}, "-brave", "", "usage: worker"},
		"it refuses any other argument":   {[]string{"serve"}, `"serve"`, "", ""},
		"it refuses a setting as a value": {[]string{"-version", "CONCUR_WRITES=on"}, "environment", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs strings.Builder
			err := program.Command(program.Program{
				Name: "worker",
				Run:  func(context.Context, io.Writer, io.Writer) error { return errRan },
			}, t.Context(), c.args, &out, &errs)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.err)
			}
			require.Contains(t, out.String(), c.out)
			require.Contains(t, errs.String(), c.errs)
		})
	}
}

func TestTheLogWarnsOfEachIgnoredVariable(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	_, err := program.NewLogger(&log, "warn", "json", []config.Ignored{{Name: "CONCUR_ONE", Why: "is unknown"}, {Name: "CONCUR_TWO", Why: "is unknown"}})
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(log.String(), `"level":"WARN"`))
	require.Contains(t, log.String(), `"name":"CONCUR_ONE"`)
	require.Contains(t, log.String(), `"name":"CONCUR_TWO"`)
}

// A server starts before Temporal does, so it must not wait for Temporal here.
func TestTheTemporalClientDoesNotConnectAtOnce(t *testing.T) {
	unused, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, unused.Close())
	t.Setenv("TEMPORAL_ADDRESS", unused.Addr().String())
	t.Setenv("TEMPORAL_NAMESPACE", "expenses")
	temporal, namespace, err := program.Temporal("queue", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer temporal.Close()
	require.Equal(t, "expenses", namespace)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = temporal.CheckHealth(ctx, nil)
	require.Error(t, err, "it connects when it is first used")
}
