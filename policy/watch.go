package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Current returns the policy itself: a source of rules that never change.
func (p *Policy) Current() *Policy { return p }

// Watcher holds the rules of a file and, when that or a list beside it has changed, takes
// the new ones in their place, all at once. A file that cannot be used changes nothing.
type Watcher struct {
	options WatchOptions
	current atomic.Pointer[Policy]

	mu     sync.Mutex
	seen   string // of the files when they were read last; empty: they are to be read again
	reason string // why what was read last is not used
}

// WatchOptions say what is watched.
type WatchOptions struct {
	Path string
	// Check says what is wrong with rules that are right by themselves, and must not be used
	// here; nil: nothing.
	Check  func(*Policy) error
	Logger *slog.Logger // nil: nothing is said
}

// NewWatcher loads the rules. The error says what is wrong with them, as [Load] does.
func NewWatcher(o WatchOptions) (*Watcher, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Check == nil {
		o.Check = func(*Policy) error { return nil }
	}
	w := &Watcher{options: o}
	first, err := Load(o.Path)
	if err == nil {
		err = o.Check(first)
	}
	if err != nil {
		return nil, err
	}
	w.current.Store(first)
	o.Logger.Info("rules loaded", described(first)...)
	w.warn(first)
	return w, nil
}

// Current returns the rules that hold now. Who takes several steps by them asks once.
func (w *Watcher) Current() *Policy { return w.current.Load() }

// Watch looks again and again until ctx ends; never, when every is 0.
func (w *Watcher) Watch(ctx context.Context, every time.Duration) {
	if every <= 0 {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.Look()
		}
	}
}

// Look looks once whether the files have changed, by what is in them, and takes what can
// be used. What cannot is said once, and looked at again at the next look. Nothing is
// loaded while the files are what they were.
func (w *Watcher) Look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.current.Load()
	now, err := w.print(before)
	if err == nil && now == w.seen {
		return
	}
	w.seen = ""
	next, err := w.load()
	if err != nil {
		w.refuse(before, err)
		return
	}
	if after, err := w.print(before); err != nil || after != now {
		return // it is being written: the next look reads it whole
	}
	if w.reason != "" && next.Hash() == before.Hash() {
		w.options.Logger.Info("the rules file is again what the rules in use were read from", described(before)...)
	}
	w.reason = ""
	if slices.Equal(w.files(next), w.files(before)) {
		w.seen = now
	}
	if next.Hash() == before.Hash() {
		return
	}
	w.current.Store(next)
	w.options.Logger.Info("the rules have changed", append(described(next), "before", before.Hash())...)
	w.warn(next)
}

// warn says what is probably not meant in rules that are used.
func (w *Watcher) warn(p *Policy) {
	for _, one := range p.Warnings() {
		w.options.Logger.Warn("the rules can be used, and probably do not say what is meant", "rules", p.Hash(), "warning", one.Error())
	}
}

func (w *Watcher) load() (*Policy, error) {
	next, err := Load(w.options.Path)
	if err == nil {
		err = w.options.Check(next)
	}
	return next, err
}

// refuse says why the rules before are kept, once for each reason.
func (w *Watcher) refuse(kept *Policy, err error) {
	if reason := err.Error(); reason != w.reason {
		w.reason = reason
		w.options.Logger.Error("the rules file has changed and cannot be used; the rules before are kept", append(described(kept), "error", reason)...)
	}
}

func described(p *Policy) []any {
	said := []any{"rules", p.Hash(), "count", len(p.Rules())}
	if p.Version() != "" {
		said = append(said, "version", p.Version())
	}
	return said
}

// print is a hash of the rules file and of the lists beside it. A link is followed: what a
// name leads to is what counts.
func (w *Watcher) print(p *Policy) (string, error) {
	sum := sha256.New()
	for _, path := range w.files(p) {
		content, err := fingerprint(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %s\n", path, content)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// files are the rules file and its lists.
func (w *Watcher) files(p *Policy) []string {
	all := []string{w.options.Path}
	for _, list := range p.lists {
		all = append(all, filepath.Join(filepath.Dir(w.options.Path), filepath.FromSlash(list.File)))
	}
	return all
}

// maxWatched is more than any file of rules or list may have.
const maxWatched = 64 << 20

func fingerprint(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(f, maxWatched+1))
	if err == nil && n > maxWatched {
		err = errors.New("the file is too large to be watched")
	}
	return hex.EncodeToString(sum.Sum(nil)), err
}
