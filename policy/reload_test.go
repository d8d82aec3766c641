package policy_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
)

// notes collects what is logged.
type notes struct {
	mu sync.Mutex
	bytes.Buffer
}

func (n *notes) Write(line []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.Buffer.Write(line)
}

func (n *notes) times(words string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(n.String(), words)
}

// limited are rules of which each limit makes another file.
func limited(limit string) string {
	return "apiVersion: concur-connector/v1\nrules:\n  - name: large\n    level: report\n    expression: report.total <= money(\"" +
		limit + "\", report.currency)\n    message: Too large.\n    then: {sendBack: true}\n"
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func watch(t *testing.T, path string, check func(*policy.Policy) error) (*policy.Reloader, *notes) {
	t.Helper()
	said := &notes{}
	w, err := policy.NewReloader(policy.ReloadOptions{Path: path, Check: check, Logger: slog.New(slog.NewTextHandler(said, nil))})
	require.NoError(t, err)
	return w, said
}

func TestAReloaderTakesValidRules(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limited("100.00"))
	w, said := watch(t, path, nil)
	first := w.Current()

	w.ReloadIfChanged()
	require.Same(t, first, w.Current(), "the file is as it was")

	write(t, path, limited("200.00"))
	w.ReloadIfChanged()
	second := w.Current()
	require.NotEqual(t, first.Hash(), second.Hash())
	require.Equal(t, 1, said.times("the rules have changed"))
	require.Equal(t, 1, said.times("before="+first.Hash()), "both hashes are said")

	moment := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(path, moment, moment))
	w.ReloadIfChanged()
	require.Same(t, second, w.Current(), "another time of the same content is no change")
}

func TestAReloaderKeepsItsRulesWhenTheFileIsInvalid(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limited("100.00"))
	w, said := watch(t, path, nil)
	first := w.Current()

	write(t, path, strings.Replace(limited("200.00"), "report.total", "report.totall", 1))
	for range 3 {
		w.ReloadIfChanged()
	}
	require.Same(t, first, w.Current())
	require.Equal(t, 1, said.times("cannot be used"), "said once")
	require.Equal(t, 1, said.times("undefined field 'totall'"), "and why")

	whole := limited("300.00")
	write(t, path, whole[:len(whole)/2]) // half written
	w.ReloadIfChanged()
	require.Same(t, first, w.Current())
	require.Equal(t, 2, said.times("cannot be used"), "another content is said again")

	require.NoError(t, os.Remove(path))
	w.ReloadIfChanged()
	require.Same(t, first, w.Current(), "a file that is gone takes no rules away")
	require.Equal(t, 3, said.times("cannot be used"))

	write(t, path, whole)
	w.ReloadIfChanged()
	require.NotEqual(t, first.Hash(), w.Current().Hash())

	write(t, path, limited("100.00"))
	w.ReloadIfChanged()
	require.Equal(t, first.Hash(), w.Current().Hash(), "and back")
}

func TestAReloaderRefusesAPipe(t *testing.T) {
	t.Parallel()
	const listed = "apiVersion: concur-connector/v1\nlists: {cc: {file: cc.csv}}\nrules: []\n"
	dir := t.TempDir()
	rules, list := filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "cc.csv")
	write(t, rules, listed)
	write(t, list, "code\nA\n")
	w, said := watch(t, rules, nil)
	for n, path := range []string{rules, list} {
		require.NoError(t, os.Remove(path))
		require.NoError(t, exec.Command("mkfifo", path).Run())
		for range 2 {
			w.ReloadIfChanged()
		}
		require.Equal(t, n+1, said.times("it is not a file"))
		require.NoError(t, os.Remove(path))
		write(t, path, listed)
	}
	require.NoError(t, os.Remove(rules))
	require.NoError(t, os.Mkdir(rules, 0o700))
	w.ReloadIfChanged()
	require.Equal(t, 3, said.times("it is not a file"), "nor for a folder")
	_, err := policy.NewReloader(policy.ReloadOptions{Path: rules})
	require.ErrorContains(t, err, "it is not a file")
}

func TestAReloaderChecksWhetherRulesAreAccepted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limited("100.00"))
	mended := false
	first := ""
	w, said := watch(t, path, func(p *policy.Policy) error {
		if first != "" && p.Hash() != first && !mended {
			return errors.New("this host is not allowed")
		}
		return nil
	})
	first = w.Current().Hash()
	write(t, path, limited("200.00"))
	w.ReloadIfChanged()
	w.ReloadIfChanged()
	require.Equal(t, first, w.Current().Hash())
	require.Equal(t, 1, said.times("this host is not allowed"))
	mended = true // what it says may change though no file does
	w.ReloadIfChanged()
	require.NotEqual(t, first, w.Current().Hash())

	_, err := policy.NewReloader(policy.ReloadOptions{Path: path, Check: func(*policy.Policy) error { return errors.New("never") }})
	require.EqualError(t, err, "never", "nor does it begin with them")
}

func TestAReloaderFollowsTheLinkOfAMountedFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, limit := range map[string]string{"..one": "100.00", "..two": "200.00"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		write(t, filepath.Join(dir, name, "rules.yaml"), limited(limit))
	}
	require.NoError(t, os.Symlink("..one", filepath.Join(dir, "..data")))
	path := filepath.Join(dir, "rules.yaml")
	require.NoError(t, os.Symlink(filepath.Join("..data", "rules.yaml"), path))
	w, _ := watch(t, path, nil)
	first := w.Current().Hash()

	require.NoError(t, os.Symlink("..two", filepath.Join(dir, "..tmp")))
	require.NoError(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
	w.ReloadIfChanged()
	require.NotEqual(t, first, w.Current().Hash())
}

func TestAReloaderRunsUntilItIsCancelled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limited("100.00"))
	w, _ := watch(t, path, nil)
	first := w.Current().Hash()
	w.Run(t.Context(), 0) // never: it returns at once

	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx, 5*time.Millisecond)
	}()
	write(t, path, limited("200.00"))
	require.Eventually(t, func() bool { return w.Current().Hash() != first }, 10*time.Second, 5*time.Millisecond)
	stop()
	<-done
}

func TestAPolicyIsASourceOfItself(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("rules.yaml", []byte(limited("1.00")))
	require.NoError(t, err)
	require.Same(t, p, p.Current())
}

func TestAReloaderNoticesAChangedList(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, list := filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "centres.csv")
	rules := "apiVersion: concur-connector/v1\nlists:\n  centres: {file: centres.csv}\nrules:\n  - name: centre\n    level: report\n" +
		"    expression: report.purpose in lists.centres\n    message: Another centre.\n    then: {sendBack: true}\n"
	write(t, list, "code,owner\nC1,Kim\n")
	write(t, path, rules)
	w, said := watch(t, path, nil)
	first := w.Current()
	w.ReloadIfChanged()
	w.ReloadIfChanged()
	require.Same(t, first, w.Current())

	write(t, list, "code,owner\nC1,Kim\nC2,Lee\n")
	w.ReloadIfChanged()
	second := w.Current()
	require.NotEqual(t, first.Hash(), second.Hash())

	write(t, list, "code,owner\nC1\n")
	w.ReloadIfChanged()
	require.Same(t, second, w.Current())
	require.Equal(t, 1, said.times("cannot be used"))
	require.NoError(t, os.Remove(list))
	w.ReloadIfChanged()
	require.Same(t, second, w.Current(), "a list that is gone takes no rules away")
	write(t, list, "code,owner\nC3,Max\n")
	w.ReloadIfChanged()
	require.NotEqual(t, second.Hash(), w.Current().Hash())

	other := filepath.Join(dir, "others.csv")
	write(t, other, "code\nC4\n")
	write(t, path, strings.Replace(rules, "centres.csv", "others.csv", 1))
	w.ReloadIfChanged()
	third := w.Current().Hash()
	w.ReloadIfChanged()
	write(t, other, "code\nC5\n")
	w.ReloadIfChanged()
	require.NotEqual(t, third, w.Current().Hash(), "a list that is new is watched, too")
}

func TestAReloaderLogsWarnings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limited("100.00"))
	w, said := watch(t, path, nil)
	require.Zero(t, said.times("probably"))
	write(t, path, strings.Replace(limited("100.00"), "rules:", "variables:\n  - {name: unused, level: report, expression: '1 + 1'}\nrules:", 1))
	w.ReloadIfChanged()
	require.Equal(t, 1, said.times("unused"), "%s", said.String())
}
