package policy_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
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

func watch(t *testing.T, path string, check func(*policy.Policy) error) (*policy.Watcher, *notes) {
	t.Helper()
	said := &notes{}
	w, err := policy.NewWatcher(policy.WatchOptions{Path: path, Check: check, Logger: slog.New(slog.NewTextHandler(said, nil))})
	require.NoError(t, err)
	return w, said
}

func TestAWatcherTakesTheRulesThatCanBeUsed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limited("100.00"))
	w, said := watch(t, path, nil)
	first := w.Current()

	w.Look()
	require.Same(t, first, w.Current(), "the file is as it was")

	write(t, path, limited("200.00"))
	w.Look()
	second := w.Current()
	require.NotEqual(t, first.Hash(), second.Hash())
	require.Equal(t, 1, said.times("the rules have changed"))
	require.Equal(t, 1, said.times("before="+first.Hash()), "both hashes are said")

	moment := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(path, moment, moment))
	w.Look()
	require.Same(t, second, w.Current(), "another time of the same content is no change")
}

func TestAWatcherKeepsTheRulesBeforeWhatCannotBeUsed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limited("100.00"))
	w, said := watch(t, path, nil)
	first := w.Current()

	write(t, path, strings.Replace(limited("200.00"), "report.total", "report.totall", 1))
	for range 3 {
		w.Look()
	}
	require.Same(t, first, w.Current())
	require.Equal(t, 1, said.times("cannot be used"), "said once")
	require.Equal(t, 1, said.times("undefined field 'totall'"), "and why")

	whole := limited("300.00")
	write(t, path, whole[:len(whole)/2]) // half written
	w.Look()
	require.Same(t, first, w.Current())
	require.Equal(t, 2, said.times("cannot be used"), "another content is said again")

	require.NoError(t, os.Remove(path))
	w.Look()
	require.Same(t, first, w.Current(), "a file that is gone takes no rules away")
	require.Equal(t, 3, said.times("cannot be used"))

	write(t, path, whole)
	w.Look()
	require.NotEqual(t, first.Hash(), w.Current().Hash())

	write(t, path, limited("100.00"))
	w.Look()
	require.Equal(t, first.Hash(), w.Current().Hash(), "and back")
}

func TestAWatcherAsksWhetherRulesMayBeUsedHere(t *testing.T) {
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
	w.Look()
	w.Look()
	require.Equal(t, first, w.Current().Hash())
	require.Equal(t, 1, said.times("this host is not allowed"))
	mended = true // what it says may change though no file does
	w.Look()
	require.NotEqual(t, first, w.Current().Hash())

	_, err := policy.NewWatcher(policy.WatchOptions{Path: path, Check: func(*policy.Policy) error { return errors.New("never") }})
	require.EqualError(t, err, "never", "nor does it begin with them")
}

func TestAWatcherFollowsTheLinkOfAMountedFolder(t *testing.T) {
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
	w.Look()
	require.NotEqual(t, first, w.Current().Hash())
}

func TestAWatcherLooksUntilItIsTold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limited("100.00"))
	w, _ := watch(t, path, nil)
	first := w.Current().Hash()
	w.Watch(t.Context(), 0) // never: it returns at once

	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Watch(ctx, 5*time.Millisecond)
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

func TestAWatcherSeesAListThatHasChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, list := filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "centres.csv")
	rules := "apiVersion: concur-connector/v1\nlists:\n  centres: {file: centres.csv}\nrules:\n  - name: centre\n    level: report\n" +
		"    expression: report.purpose in lists.centres\n    message: Another centre.\n    then: {sendBack: true}\n"
	write(t, list, "code,owner\nC1,Kim\n")
	write(t, path, rules)
	w, said := watch(t, path, nil)
	first := w.Current()
	w.Look()
	w.Look()
	require.Same(t, first, w.Current())

	write(t, list, "code,owner\nC1,Kim\nC2,Lee\n")
	w.Look()
	second := w.Current()
	require.NotEqual(t, first.Hash(), second.Hash())

	write(t, list, "code,owner\nC1\n")
	w.Look()
	require.Same(t, second, w.Current())
	require.Equal(t, 1, said.times("cannot be used"))
	require.NoError(t, os.Remove(list))
	w.Look()
	require.Same(t, second, w.Current(), "a list that is gone takes no rules away")
	write(t, list, "code,owner\nC3,Max\n")
	w.Look()
	require.NotEqual(t, second.Hash(), w.Current().Hash())

	other := filepath.Join(dir, "others.csv")
	write(t, other, "code\nC4\n")
	write(t, path, strings.Replace(rules, "centres.csv", "others.csv", 1))
	w.Look()
	third := w.Current().Hash()
	w.Look()
	write(t, other, "code\nC5\n")
	w.Look()
	require.NotEqual(t, third, w.Current().Hash(), "a list that is new is watched, too")
}

func TestAWatcherSaysWhatIsProbablyNotMeant(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write(t, path, limited("100.00"))
	w, said := watch(t, path, nil)
	require.Zero(t, said.times("probably"))
	write(t, path, strings.Replace(limited("100.00"), "rules:", "variables:\n  - {name: unused, level: report, expression: '1 + 1'}\nrules:", 1))
	w.Look()
	require.Equal(t, 1, said.times("unused"), "%s", said.String())
}
