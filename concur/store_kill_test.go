package concur_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

// asReader makes the test binary a process that reads one report: SERVER|CA|STORE|STEP.
// It kills itself at the step: "before write", "after rename".
const asReader = "RUN_AS_READER"

func TestMain(m *testing.M) {
	if job := os.Getenv(asReader); job != "" {
		if err := readAs(strings.Split(job, "|")); err != nil {
			_, _ = os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func readAs(job []string) error {
	ca, err := os.ReadFile(job[1])
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client, err := concur.New(concur.Options{
		Geolocation: job[0], ClientID: "client", ClientSecret: clientSecret, RefreshToken: firstRefresh,
		TrustedHosts: []string{strings.TrimPrefix(job[0], "https://")}, RootCAs: roots, TokenFile: job[2],
	})
	if err != nil {
		return err
	}
	client.OnStoreStep(func(step string, do func() error) error {
		die := func(when string) {
			if job[3] == when+" "+step {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
		die("before")
		err := do()
		die("after")
		return err
	})
	return read(client)
}

// reader is a process of its own that reads one report.
func (s *server) reader(t *testing.T, path, step string) *exec.Cmd {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asReader+"="+strings.Join([]string{s.URL, ca, path, step}, "|"))
	return cmd
}

func requireKilled(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "it ended: %s", cmd.ProcessState)
}

// TestAProcessDiesAtEveryStepOfARotation kills a real process. Concur accepts only
// the newest refresh token, so that one that is lost is seen.
func TestAProcessDiesAtEveryStepOfARotation(t *testing.T) {
	t.Parallel()
	ok := answering(200, "application/xml", reportXML)
	for _, step := range []string{
		"before lock", "after lock", "before reserve", "after reserve",
		"after write", "before sync", "after sync", "before rename", "after rename",
		"before sync the folder", "after sync the folder",
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			for _, rotation := range []string{"the first", "a later"} {
				s, path := newServer(t, ok), storePath(t)
				if rotation != "the first" {
					require.NoError(t, read(s.client(t, in(path))))
					s.expire()
					writeStale(t, path)
				}
				cmd := s.reader(t, path, step)
				require.Error(t, cmd.Run())
				requireKilled(t, cmd)
				_, given := s.count()

				client := s.client(t, in(path))
				require.NoError(t, read(client), "%s rotation", rotation)
				require.NoFileExists(t, path+".new")
				_, tokens := s.count()
				if strings.HasSuffix(step, "lock") || strings.HasSuffix(step, "reserve") {
					require.Equal(t, given+1, tokens, "the process that died had not asked")
				} else {
					require.Equal(t, given, tokens, "what it was given is used")
				}
				s.expire()
				require.NoError(t, read(client), "and the refresh token that is kept is the newest")
			}
		})
	}
	t.Run("while Concur is asked", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		asked := make(chan struct{})
		s.token = func(_ http.ResponseWriter, r *http.Request) {
			close(asked)
			<-r.Context().Done()
		}
		cmd := s.reader(t, path, "never")
		require.NoError(t, cmd.Start())
		<-asked
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		s.mu.Lock()
		s.token = nil
		s.mu.Unlock()
		require.NoError(t, read(s.client(t, in(path))))
	})
	t.Run("between Concur's answer and the write, which only a Concur that still accepts the old token forgives", func(t *testing.T) {
		t.Parallel()
		for _, forgiving := range []bool{true, false} {
			s, path := newServer(t, ok), storePath(t)
			writeStore(t, path, stored{RefreshToken: firstRefresh, Geolocation: s.URL})
			cmd := s.reader(t, path, "before write")
			require.Error(t, cmd.Run())
			requireKilled(t, cmd)
			_, given := s.count()
			require.Equal(t, 1, given)
			require.Equal(t, firstRefresh, readStore(t, path).RefreshToken, "the store is whole")
			if forgiving {
				s.refresh = firstRefresh
				require.NoError(t, read(s.client(t, in(path))))
			} else {
				err := read(s.client(t, in(path)))
				require.ErrorIs(t, err, concur.Unauthorized)
				require.ErrorContains(t, err, "a person must renew it")
			}
		}
	})
}

// writeStale ends the life of the access token in a store.
func writeStale(t *testing.T, path string) {
	t.Helper()
	held := readStore(t, path)
	held.AccessExpiresAt = held.ObtainedAt
	writeStore(t, path, held)
}

func TestOfManyProcessesOneRenews(t *testing.T) {
	t.Parallel()
	s, path := newServer(t, answering(200, "application/xml", reportXML)), storePath(t)
	for generation := 1; generation <= 2; generation++ {
		var wg sync.WaitGroup
		ends := make(chan string, 6)
		for range cap(ends) {
			cmd := s.reader(t, path, "never")
			wg.Go(func() {
				said, err := cmd.CombinedOutput()
				if err != nil {
					ends <- err.Error() + ": " + string(said)
				}
			})
		}
		wg.Wait()
		close(ends)
		for end := range ends {
			require.Fail(t, end)
		}
		_, tokens := s.count()
		require.Equal(t, generation, tokens)
		s.expire()
		writeStale(t, path)
	}
}
