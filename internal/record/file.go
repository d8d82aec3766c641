package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// File is a record that grows. Several processes of one machine may append to the same file.
type File struct {
	path   string
	logger *slog.Logger

	mu     sync.Mutex
	offset int64 // up to where this process has read the file
	head   Head
	stored map[entryID]bool
}

// NewFile returns the record in a file, which need not exist. It does not open the file. A nil
// logger disables logging.
func NewFile(path string, logger *slog.Logger) *File {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &File{path: path, logger: logger, stored: map[entryID]bool{}}
}

// Read reads the file as far as this process does not know it, and returns the end of the chain.
// The error is a [*Fault] if the chain is broken.
func (f *File) Read(ctx context.Context) (head Head, err error) {
	err = f.locked(ctx, func(file *os.File) error { return f.catchUp(file) })
	return f.head, err
}

// Append adds the entries that are not in the file yet, and returns the end of the chain when
// they are on the disk. A line that an earlier crash has left incomplete is moved to a file
// beside the record. The error is a [*Fault] if the chain is broken.
func (f *File) Append(ctx context.Context, entries ...Entry) (head Head, err error) {
	err = f.locked(ctx, func(file *os.File) error {
		if err := f.catchUp(file); err != nil {
			return err
		}
		missing := f.missing(entries)
		lines, after, err := f.head.next(missing)
		if err != nil || len(entries) == 0 {
			return err
		}
		if _, err := file.WriteAt(lines, f.offset); err != nil {
			return fmt.Errorf("write the record: %w", err)
		}
		// Also without a new line: perhaps another process stopped before it did this.
		if err := file.Sync(); err != nil {
			return fmt.Errorf("write the record to the disk: %w", err)
		}
		f.offset, f.head = f.offset+int64(len(lines)), after
		for _, e := range missing {
			f.stored[e.id()] = true
		}
		return nil
	})
	return f.head, err
}

// missing returns the entries that are not in the file, each once.
func (f *File) missing(entries []Entry) []Entry {
	seen := map[entryID]bool{}
	var missing []Entry
	for _, e := range entries {
		if id := e.id(); !f.stored[id] && !seen[id] {
			seen[id] = true
			missing = append(missing, e)
		}
	}
	return missing
}

// catchUp reads what other processes have appended.
func (f *File) catchUp(file *os.File) error {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("read the record: %w", err)
	}
	if size < f.offset {
		return fmt.Errorf("the record %s is shorter than before: somebody has moved it or removed its end; put it back, or restart the program to continue with the file as it is", f.path)
	}
	f.head, err = read(io.NewSectionReader(file, f.offset, size-f.offset), f.head, func(line Line, _ string, length int) {
		f.offset += int64(length)
		f.stored[line.id()] = true
	})
	if errors.Is(err, errTorn) {
		return f.setAside(file, size)
	}
	if err != nil {
		return fmt.Errorf("the record %s: %w", f.path, err)
	}
	return nil
}

// setAside moves an incomplete last line to a file of its own. Nobody was told that it is
// stored, so its event is appended again.
func (f *File) setAside(file *os.File, size int64) error {
	torn := make([]byte, size-f.offset)
	if _, err := file.ReadAt(torn, f.offset); err != nil {
		return fmt.Errorf("read the incomplete last line of the record: %w", err)
	}
	aside := fmt.Sprintf("%s.incomplete-%d", f.path, f.head.Lines+1)
	if err := os.WriteFile(aside, torn, 0o600); err != nil {
		return fmt.Errorf("move the incomplete last line of the record away: %w", err)
	}
	if err := file.Truncate(f.offset); err != nil {
		return fmt.Errorf("remove the incomplete last line of the record: %w", err)
	}
	f.logger.Warn("the last line of the record was incomplete and was moved to another file", "record", f.path, "moved to", aside)
	return nil
}

// locked calls do with the file while no other process uses it. The operating system unlocks
// for a process that dies.
func (f *File) locked(ctx context.Context, do func(*os.File) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	lock := flock.New(f.path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return fmt.Errorf("lock the record %s: %w", f.path, err)
	}
	defer func() { _ = lock.Unlock() }()
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the record: %w", err)
	}
	defer file.Close()
	return do(file)
}
