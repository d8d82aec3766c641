package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// startProgram runs the program as its main does and returns its ready line.
func startProgram(t *testing.T, stdin io.Reader, args ...string) (ready, <-chan error, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	out, in := io.Pipe()
	ended := make(chan error, 1)
	args = append([]string{"-api", "127.0.0.1:0", "-control", "127.0.0.1:0"}, args...)
	go func() { ended <- run(ctx, args, stdin, in, io.Discard) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	text, isReady := strings.CutPrefix(line, "ready ")
	require.True(t, isReady, line)
	var printed ready
	require.NoError(t, json.Unmarshal([]byte(text), &printed))
	return printed, ended, cancel
}

func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("the ready line names all addresses, and the page is served", func(t *testing.T) {
		t.Parallel()
		printed, ended, stop := startProgram(t, nil, "-seed", "9")
		require.Equal(t, uint64(9), printed.Seed)
		require.FileExists(t, printed.CA)
		response, err := http.Get(printed.Control)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Contains(t, string(body), "Concur simulator")
		stop()
		require.NoError(t, <-ended)
		require.NoFileExists(t, printed.CA)
	})
	t.Run("without a seed the simulator chooses and prints one", func(t *testing.T) {
		t.Parallel()
		printed, _, _ := startProgram(t, nil)
		require.NotZero(t, printed.Seed)
	})
	t.Run("with -exit-with-stdin the simulator ends when standard input ends", func(t *testing.T) {
		t.Parallel()
		stdin, parent := io.Pipe()
		_, ended, _ := startProgram(t, stdin, "-exit-with-stdin")
		parent.Close()
		require.NoError(t, <-ended)
	})
	for name, args := range map[string][]string{
		"a certificate without its key": {"-tls-cert", "cert.pem"},
		"a missing payload directory":   {"-payloads", "testdata/nowhere"},
		"a callout URL without a host":  {"-callout-url", "connector"},
		"a missing CA file":             {"-callout-ca", "testdata/nowhere.pem"},
		"a token life of zero":          {"-token-life", "0s"},
		"an empty secret":               {"-client-secret", ""},
		"an empty request token":        {"-request-token", ""},
		"a company ID that is no UUID":  {"-company-id", "ours"},
		"too many tries":                {"-callout-tries", "11"},
		"a stray argument":              {"please"},
		"an invalid address":            {"-api", "127.0.0.1:99999"},
	} {
		t.Run(name+" is refused at the start", func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			args := append([]string{"-control", "127.0.0.1:0", "-api", "127.0.0.1:0", "-tls-dir", t.TempDir()}, args...)
			require.Error(t, run(t.Context(), args, nil, &out, io.Discard))
			require.Empty(t, out.String())
		})
	}
}
