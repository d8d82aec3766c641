package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// File is a record that grows. Several processes of one machine may append to the same file.
type File struct {
	path string

	mu     sync.Mutex
	offset int64 // up to where this process has read the file
	head   Head
	next   map[string]int // by run: the position of the first event that is not in the file
}

// Open returns the record in a file, which need not exist. It reads the whole file once and
// returns a [*Fault] if the chain is broken.
func Open(ctx context.Context, path string) (*File, error) {
	f := &File{path: path, next: map[string]int{}}
	return f, f.locked(ctx, func(file *os.File) error { return f.catchUp(file) })
}

// Append adds the entries that are not in the file yet, and returns the end of the chain when
// they are on the disk. Entries of one run must come in the order of their positions. A line
// that an earlier crash has left incomplete is moved to a file beside the record.
func (f *File) Append(ctx context.Context, entries ...Entry) (head Head, err error) {
	err = f.locked(ctx, func(file *os.File) error {
		if err := f.catchUp(file); err != nil {
			return err
		}
		missing := f.missing(entries)
		lines, after, err := f.head.next(missing)
		if err != nil || len(missing) == 0 {
			return err
		}
		if _, err := file.WriteAt(lines, f.offset); err != nil {
			return fmt.Errorf("write the record: %w", err)
		}
		if err := file.Sync(); err != nil {
			return fmt.Errorf("write the record to the disk: %w", err)
		}
		f.offset, f.head = f.offset+int64(len(lines)), after
		for _, e := range missing {
			f.next[e.RunID] = e.Position + 1
		}
		return nil
	})
	return f.head, err
}

// Head returns the end of the chain that this process has seen last.
func (f *File) Head() Head {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.head
}

func (f *File) missing(entries []Entry) []Entry {
	next := map[string]int{}
	var missing []Entry
	for _, e := range entries {
		if e.Position >= max(next[e.RunID], f.next[e.RunID]) {
			next[e.RunID] = e.Position + 1
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
		return fmt.Errorf("the record %s is shorter than before: somebody has removed lines from its end", f.path)
	}
	f.head, err = read(io.NewSectionReader(file, f.offset, size-f.offset), f.head, func(line Line, length int) {
		f.offset += int64(length)
		f.next[line.RunID] = line.Position + 1
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
