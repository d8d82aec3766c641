package approvers

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Watched is what a file says. It reads the file again whenever somebody asks and the file has
// changed, so that a change works at once. If the new file cannot be used, the old one stays in
// force. Watched is safe for concurrent use.
type Watched[T any] struct {
	path, what string
	parse      func(name string, content []byte) (*T, error)
	logger     *slog.Logger

	mu      sync.Mutex
	current *T
	content []byte      // of the file when it was last read
	info    os.FileInfo // of the file when it was last read; nil: read it again
	readAt  time.Time
	problem string // why the file is not used
}

// Watch loads the approvers' file and watches it. The errors are those of [Load].
func Watch(path string, logger *slog.Logger) (*Watched[Approvers], error) {
	return watch(path, "approvers' file", Parse, logger)
}

func watch[T any](path, what string, parse func(string, []byte) (*T, error), logger *slog.Logger) (*Watched[T], error) {
	w := &Watched[T]{path: path, what: what, parse: parse, logger: logger}
	w.readAt = time.Now()
	info, _ := os.Stat(path) // a missing file has no info, and cannot be read
	content, err := readFile(path, what)
	if err != nil {
		return nil, err
	}
	w.info, w.content = info, content
	if w.current, err = parse(path, content); err != nil {
		return nil, err
	}
	return w, nil
}

// Current returns what the file says now or, if it cannot be used, what it said before. Call it
// once for an operation of several steps.
func (w *Watched[T]) Current() *T {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readAgain()
	return w.current
}

// Problem says why the file as it is now is not used. It is empty if the file is used.
func (w *Watched[T]) Problem() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readAgain()
	return w.problem
}

// settled is how old a change must be before a later one is certain to show in the file's time.
const settled = 2 * time.Second

func (w *Watched[T]) readAgain() {
	info, err := os.Stat(w.path)
	if err == nil && w.info != nil && os.SameFile(info, w.info) && info.Size() == w.info.Size() &&
		info.ModTime().Equal(w.info.ModTime()) && w.readAt.Sub(info.ModTime()) > settled {
		return
	}
	now := time.Now()
	content, err := readFile(w.path, w.what)
	if err != nil {
		w.info = nil
		w.refuse(err)
		return
	}
	w.info, w.readAt = info, now
	if bytes.Equal(content, w.content) && w.problem == "" {
		return
	}
	next, err := w.parse(w.path, content)
	if err != nil {
		w.refuse(err)
		return
	}
	w.current, w.content, w.problem = next, content, ""
	w.logger.Info("the " + w.what + " has changed and is in force")
}

// refuse logs why the old file stays in force, once for each reason.
func (w *Watched[T]) refuse(err error) {
	if reason := err.Error(); reason != w.problem {
		w.problem = reason
		w.logger.Error("the "+w.what+" has changed and cannot be used; the one before stays in force, so that nothing that was revoked in the new file is revoked yet", "error", reason)
	}
}

// readFile reads a file that must not be larger than maxFile.
func readFile(path, what string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", what, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read the %s: %s is not a file", what, path)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", what, err)
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("read the %s: %s is larger than %d bytes", what, path, maxFile)
	}
	return content, nil
}
