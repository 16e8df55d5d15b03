// Package datadir manages the data folder: its file names, the permissions that keep it private, the lock that one server
// holds at a time, and the fsync that makes new names durable.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/gofrs/flock"
)

const (
	database = "hearth.db"
	lock     = "hearth.lock"
)

// ErrInUse is returned by Lock when another server has the folder.
var ErrInUse = errors.New("another Hearth is serving this data folder; stop it first or choose another folder with -data")

// ErrNone is returned by Check for a folder that is not a data folder.
var ErrNone = errors.New("this is no data folder of Hearth, there is no hearth.db in it; name the right one with -data")

// Check returns ErrNone unless dir contains a database.
func Check(dir string) error {
	_, err := os.Stat(Database(dir))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return ErrNone
	}
	if err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	return nil
}

// Empty reports whether dir is an empty folder.
func Empty(dir string) bool {
	files, err := os.ReadDir(dir)
	return err == nil && len(files) == 0
}

// Database returns the path of the database in dir.
func Database(dir string) string { return filepath.Join(dir, database) }

// Make creates a folder (0700) and its parents, and syncs them. It does not change an existing folder.
func Make(dir string) error {
	if err := makeAll(dir); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	return nil
}

func makeAll(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return Sync(filepath.Dir(dir))
}

// Claim sets the mode of an existing folder to 0700 if it is empty or contains the database.
func Claim(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read the data folder: %w", err)
	}
	ours := len(files) == 0
	for _, f := range files {
		ours = ours || f.Name() == database
	}
	if !ours {
		return nil
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder private: %w", err)
	}
	return nil
}

// Lock locks a folder against other servers until it is unlocked or the process ends. Error: ErrInUse.
func Lock(dir string) (*flock.Flock, error) {
	l := flock.New(filepath.Join(dir, lock), flock.SetPermissions(0o600))
	got, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if !got {
		return nil, ErrInUse
	}
	return l, nil
}

// Sync waits until the names in a folder are on disk, if the operating system supports that.
func Sync(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) { // some network file systems do not support it
		err = nil
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
