package policy

import (
	"cmp"
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

// Current returns the policy itself, for callers that expect a [Reloader].
func (p *Policy) Current() *Policy { return p }

// Reloader holds the rules of a file. When the file or a list beside it changes, it replaces all
// rules at once. A file that cannot be used changes nothing.
type Reloader struct {
	options ReloadOptions
	current atomic.Pointer[Policy]

	mu     sync.Mutex
	loaded string // hash of the files when they were last read; empty: read them again
	reason string // why the files that were last read are not used
}

// ReloadOptions say which file is reloaded.
type ReloadOptions struct {
	Path string
	// Check refuses rules that are valid but must not be used here; nil accepts all.
	Check  func(*Policy) error
	Logger *slog.Logger // nil disables logging
}

// NewReloader loads the rules. Its errors are those of [Load] and of Check.
func NewReloader(o ReloadOptions) (*Reloader, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Check == nil {
		o.Check = func(*Policy) error { return nil }
	}
	w := &Reloader{options: o}
	first, err := w.load()
	if err != nil {
		return nil, err
	}
	w.current.Store(first)
	o.Logger.Info("rules loaded", described(first)...)
	w.warn(first)
	return w, nil
}

// Current returns the rules in use. Call it once for an operation of several steps.
func (w *Reloader) Current() *Policy { return w.current.Load() }

// Run reloads the files at an interval until ctx ends; never when the interval is 0.
func (w *Reloader) Run(ctx context.Context, every time.Duration) {
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
			w.ReloadIfChanged()
		}
	}
}

// ReloadIfChanged reloads the rules if the content of a file has changed. It logs once why a file
// cannot be used, and tries again at the next call.
func (w *Reloader) ReloadIfChanged() {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.current.Load()
	now, err := w.print(before)
	if err == nil && now == w.loaded {
		return
	}
	w.loaded = ""
	next, err := w.load()
	if err != nil {
		w.refuse(before, err)
		return
	}
	if after, err := w.print(before); err != nil || after != now {
		return // a file is just being written: the next call reads it whole
	}
	if w.reason != "" && next.Hash() == before.Hash() {
		w.options.Logger.Info("the rules file is again what the rules in use were read from", described(before)...)
	}
	w.reason = ""
	if slices.Equal(w.files(next), w.files(before)) {
		w.loaded = now
	}
	if next.Hash() == before.Hash() {
		return
	}
	w.current.Store(next)
	w.options.Logger.Info("the rules have changed", append(described(next), "before", before.Hash())...)
	w.warn(next)
}

// warn logs the warnings about the rules in use.
func (w *Reloader) warn(p *Policy) {
	for _, one := range p.Warnings() {
		w.options.Logger.Warn("the rules can be used, and probably do not say what is meant", "rules", p.Hash(), "warning", one.Error())
	}
}

func (w *Reloader) load() (*Policy, error) {
	if info, err := os.Stat(w.options.Path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read rules: %s: %w", w.options.Path, errNoFile)
	}
	next, err := Load(w.options.Path)
	if err == nil {
		err = w.options.Check(next)
	}
	return next, err
}

// refuse logs why the previous rules stay in use, once for each reason.
func (w *Reloader) refuse(kept *Policy, err error) {
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

// print is a hash of the content of the rules file and of its lists. Links are followed.
func (w *Reloader) print(p *Policy) (string, error) {
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
func (w *Reloader) files(p *Policy) []string {
	all := []string{w.options.Path}
	for _, list := range p.lists {
		all = append(all, filepath.Join(filepath.Dir(w.options.Path), filepath.FromSlash(list.File)))
	}
	return all
}

// maxFileSize is more than any rules file or list may have.
const maxFileSize = 64 << 20

func fingerprint(path string) (string, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return "", cmp.Or(err, errNoFile)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(f, maxFileSize+1))
	if err == nil && n > maxFileSize {
		err = errors.New("the file is too large to be watched")
	}
	return hex.EncodeToString(sum.Sum(nil)), err
}
