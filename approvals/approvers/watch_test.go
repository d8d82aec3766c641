package approvers_test

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
)

// withToken is a file of one approver with one token.
func withToken(name string, d approvers.Digest) string {
	return "approvers: [{name: " + name + ", tokens: [{sha256: " + d.String() + "}]}]\n"
}

func TestARevocationWorksAtOnce(t *testing.T) {
	t.Parallel()
	token, d := approvers.NewToken()
	_, other := approvers.NewToken()
	path := write(t, withToken("Anna", d))
	var log bytes.Buffer
	file, err := approvers.Watch(path, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	require.NotNil(t, file.Current().WithToken(token))

	// The size and the time stay as they are, as when one token replaces another within a tick.
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(withToken("Anna", other)), 0o600))
	require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	require.Nil(t, file.Current().WithToken(token))
	require.Contains(t, log.String(), "has changed and is in force")

	require.NoError(t, os.WriteFile(path, []byte("approvers: []\n"), 0o600))
	require.Empty(t, file.Current().People, "the last approver, too")
}

func TestAFileThatDoesNotChangeIsNotReadAgain(t *testing.T) {
	t.Parallel()
	token, d := approvers.NewToken()
	path := write(t, withToken("Anna", d))
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, old, old))
	file, err := approvers.Watch(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	first := file.Current()
	require.Same(t, first, file.Current())

	replacement := filepath.Join(filepath.Dir(path), "new")
	require.NoError(t, os.WriteFile(replacement, []byte("approvers: []\n"), 0o600))
	require.NoError(t, os.Chtimes(replacement, old, old))
	require.NoError(t, os.Rename(replacement, path))
	require.Nil(t, file.Current().WithToken(token), "another file under the same name is read")
}

func TestABrokenFileKeepsTheOneBeforeAndIsReported(t *testing.T) {
	t.Parallel()
	token, d := approvers.NewToken()
	path := write(t, withToken("Anna", d))
	var log bytes.Buffer
	file, err := approvers.Watch(path, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	require.Empty(t, file.Problem())

	for _, c := range []struct {
		name  string
		spoil func() error
		says  string
	}{
		{"no YAML", func() error { return os.WriteFile(path, []byte("approvers: ["), 0o600) }, "not YAML"},
		{"empty", func() error { return os.WriteFile(path, nil, 0o600) }, "the file is empty"},
		{"gone", func() error { return os.Remove(path) }, "no such file"},
	} {
		require.NoError(t, c.spoil())
		for range 3 {
			require.NotNil(t, file.Current().WithToken(token), c.name)
			require.Contains(t, file.Problem(), c.says)
		}
	}
	require.Equal(t, 3, strings.Count(log.String(), "level=ERROR"), "each reason is logged once: %s", log.String())

	require.NoError(t, os.WriteFile(path, []byte("approvers: []\n"), 0o600))
	require.Nil(t, file.Current().WithToken(token))
	require.Empty(t, file.Problem())

	_, err = approvers.Watch(filepath.Join(t.TempDir(), "missing"), slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestManyMayAskAtOnce(t *testing.T) {
	t.Parallel()
	_, d := approvers.NewToken()
	path := write(t, withToken("Anna", d))
	file, err := approvers.Watch(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				_ = file.Current().Named("Anna")
			}
		})
	}
	for range 20 {
		require.NoError(t, os.WriteFile(path, []byte(withToken("Anna", d)), 0o600))
	}
	wg.Wait()
}

func TestSealKeysAreReadAgain(t *testing.T) {
	t.Parallel()
	path := write(t, approvers.NewSealKey()+"\n")
	file, err := approvers.WatchSealKeys(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	d := decision("Anna")
	require.NoError(t, file.Current().Seal(&d))
	require.True(t, check(t, d, file.Current()).Accepted)
	require.NoError(t, os.WriteFile(path, []byte(approvers.NewSealKey()+"\n"), 0o600))
	require.False(t, check(t, d, file.Current()).Accepted)
}
