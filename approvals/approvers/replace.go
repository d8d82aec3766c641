package approvers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/gofrs/flock"
)

// lockTime is how long a writer waits for another.
const lockTime = 10 * time.Second

// replaceFile replaces a file by what change makes of its content, so that a reader sees the old
// file or the new one. It keeps the file's permissions and its owner. A new file may be read by its
// owner only. One process at a time may replace the file.
func replaceFile(path string, change func(content []byte, err error) ([]byte, error)) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a rename would put a file in the place of the link
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockTime)
	defer cancel()
	lock := flock.New(path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	switch _, err := lock.TryLockContext(ctx, 20*time.Millisecond); {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("another process has kept %s.lock for %s", path, lockTime)
	case err != nil:
		return fmt.Errorf("lock %s: %w", path, err)
	}
	defer func() { _ = lock.Unlock() }()

	content, err := readFile(path, "approvers' file")
	changed, err := change(content, err)
	if err != nil {
		return err
	}
	if err := writeFile(path, changed); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func writeFile(path string, content []byte) (err error) {
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // for its owner only
	if err != nil {
		return err
	}
	defer func() {
		_ = next.Close()
		if err != nil {
			_ = os.Remove(next.Name())
		}
	}()
	if before, err := os.Stat(path); err == nil {
		if err := keepOwner(next, before); err != nil {
			return err
		}
	}
	if _, err := next.Write(content); err != nil {
		return err
	}
	if err := next.Sync(); err != nil {
		return err
	}
	if err := next.Close(); err != nil {
		return err
	}
	return os.Rename(next.Name(), path)
}

// keepOwner gives a file the permissions and, where the system has such, the owner and the group of
// another. A program that runs as this owner must be able to read the new file.
func keepOwner(next *os.File, before os.FileInfo) error {
	now, err := next.Stat()
	if err != nil {
		return err
	}
	uid, gid, known := ownerOf(before)
	if nowUID, nowGID, _ := ownerOf(now); known && (uid != nowUID || gid != nowGID) {
		if err := next.Chown(uid, gid); err != nil {
			return fmt.Errorf("the file belongs to another user (%d:%d); run this as that user: %w", uid, gid, err)
		}
	}
	return next.Chmod(before.Mode().Perm())
}

// ownerOf reads the owner by its name, because the type of Sys differs between systems.
func ownerOf(info os.FileInfo) (uid, gid int, known bool) {
	stat := reflect.Indirect(reflect.ValueOf(info.Sys()))
	if stat.Kind() != reflect.Struct {
		return 0, 0, false
	}
	u, g := stat.FieldByName("Uid"), stat.FieldByName("Gid")
	if !u.IsValid() || !g.IsValid() || !u.CanUint() || !g.CanUint() {
		return 0, 0, false
	}
	return int(u.Uint()), int(g.Uint()), true
}
