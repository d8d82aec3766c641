package concur

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"concur-connector/internal/textfile"
)

const (
	maxStore     = 256 << 10 // bytes of a token store that are read
	reservedSize = 32 << 10  // bytes that are taken on the disk before Concur is asked
)

// store keeps a [state] in a file that only its owner may read. One process at a time may
// write it. If a process dies, the file still holds one whole state. There are two more files:
// a lock (.lock) and, during a refresh, the reserved file (.new).
type store struct {
	path  string
	hosts hosts
	wait  time.Duration // for another process to let go of the lock

	// perform does one step; a test dies or fails there.
	perform func(step string, do func() error) error
}

func newStore(path string, hosts hosts, wait time.Duration) *store {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a rename would put a file in the place of the link
	}
	return &store{path: path, hosts: hosts, wait: wait, perform: func(_ string, do func() error) error { return do() }}
}

// storeError is an error of the token store. If needsRepair is set, a person must repair the
// store.
type storeError struct {
	err         error
	needsRepair bool
}

func (e *storeError) Error() string { return "token store: " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

func (s *store) step(name string, do func() error) error {
	if err := s.perform(name, do); err != nil {
		return &storeError{err: fmt.Errorf("%s: %w", name, err), needsRepair: errors.Is(err, fs.ErrPermission)}
	}
	return nil
}

// lock makes this process the only writer until unlock is called. The operating system unlocks
// for a process that dies.
func (s *store) lock() (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.wait)
	defer cancel()
	lock := flock.New(s.path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	err = s.step("lock", func() error {
		_, err := lock.TryLockContext(ctx, 20*time.Millisecond)
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("another process has kept %s.lock for %s", s.path, s.wait)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return func() { _ = lock.Unlock() }, nil
}

// read returns the state in the file, and whether there is a file. It needs no lock, because
// the file is only replaced as a whole.
func (s *store) read() (held state, found bool, err error) {
	held, err = readState(s.path, s.hosts)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, false, nil
	}
	if err != nil {
		return state{}, false, &storeError{err: err, needsRepair: true}
	}
	return held, true, nil
}

// readLocked is read for the holder of the lock. If a process died after it had written a new
// state in full, readLocked publishes that state.
func (s *store) readLocked() (held state, found bool, err error) {
	held, found, err = s.read()
	if err != nil {
		return held, found, err
	}
	left, err := readState(s.path+".new", s.hosts)
	if err != nil || found && left.Generation != held.Generation+1 {
		return held, found, nil // nothing, or not the whole of an answer; the next place replaces it
	}
	file, err := os.OpenFile(s.path+".new", os.O_RDWR, 0)
	if err != nil {
		return held, found, &storeError{err: err}
	}
	if err := (&reservedFile{store: s, file: file}).publish(); err != nil {
		return held, found, err
	}
	return left, true, nil
}

// readState reads a state. An error never quotes the file.
func readState(path string, hosts hosts) (state, error) {
	file, err := os.Open(path)
	if err != nil {
		return state{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return state{}, err
	case !info.Mode().IsRegular():
		return state{}, fmt.Errorf("%s is not a regular file", path)
	case info.Mode().Perm()&0o077 != 0:
		return state{}, fmt.Errorf("%s can be read or written by others than its owner: chmod 600 %s", path, path)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxStore+1))
	if err != nil {
		return state{}, err
	}
	if content, err = textfile.Trim(content); err != nil {
		return state{}, fmt.Errorf("%s: %w", path, err)
	}
	var held state
	if len(content) > maxStore || json.Unmarshal(content, &held) != nil {
		return state{}, fmt.Errorf("%s does not hold the JSON of a token store: remove it and run concurctl token init", path)
	}
	if err := held.check(hosts); err != nil {
		return state{}, fmt.Errorf("%s cannot be used: %w", path, err)
	}
	return held, nil
}

// reservedFile is the file for the next answer of Concur.
type reservedFile struct {
	store *store
	file  *os.File
}

// reserve creates the reserved file. A full disk or a folder without write permission shows
// before Concur gives out a token that could not be stored. The lock must be held.
func (s *store) reserve() (*reservedFile, error) {
	p := &reservedFile{store: s}
	err := s.step("reserve", func() (err error) {
		if err := os.Remove(s.path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		p.file, err = os.OpenFile(s.path+".new", os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		if _, err := p.file.Write(bytes.Repeat([]byte{' '}, reservedSize)); err != nil {
			return err
		}
		return p.file.Sync()
	})
	if err != nil {
		p.discard()
		return nil, err
	}
	return p, nil
}

// discard removes the reserved file.
func (p *reservedFile) discard() {
	if p.file != nil {
		_ = p.file.Close()
		_ = os.Remove(p.store.path + ".new")
	}
}

// write stores the state durably. After an error the reserved file stays, because it may hold
// the whole state.
func (p *reservedFile) write(next state) error {
	content, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return &storeError{err: err}
	}
	content = append(content, '\n')
	err = p.store.step("write", func() error {
		if _, err := p.file.WriteAt(content, 0); err != nil {
			return err
		}
		return p.file.Truncate(int64(len(content)))
	})
	if err != nil {
		_ = p.file.Close()
		return err
	}
	return p.publish()
}

// publish renames the reserved file to the store's file.
func (p *reservedFile) publish() error {
	defer p.file.Close()
	if err := p.store.step("sync", p.file.Sync); err != nil {
		return err
	}
	err := p.store.step("rename", func() error { return os.Rename(p.store.path+".new", p.store.path) })
	if err != nil {
		return err
	}
	return p.store.step("sync the folder", func() error {
		folder, err := os.Open(filepath.Dir(p.store.path))
		if err != nil {
			return err
		}
		defer folder.Close()
		return folder.Sync()
	})
}

// remove deletes the store. The lock must be held.
func (s *store) remove() error {
	return s.step("remove", func() error {
		for _, path := range []string{s.path + ".new", s.path} {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
}
