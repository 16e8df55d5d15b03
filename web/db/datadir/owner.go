package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// private is what is in a data folder and is the owner's alone, as patterns of names.
var private = []string{database + "*", "keys.json", lock, "before-*.db*"}

// Tidy makes the files of a data folder the owner's only (0600), where they are too open. Those that root
// has made in somebody else's folder it gives to the folder's owner, if it runs as root: else a command
// that root runs locks the server out. It must be called while nobody in this process has the database
// open: to open a file of SQLite's and to close it again takes SQLite's locks away.
func Tidy(dir string) error {
	for _, pattern := range private {
		files, err := filepath.Glob(filepath.Join(escape(dir), pattern))
		if err != nil {
			return fmt.Errorf("look for %s: %w", pattern, err)
		}
		for _, file := range files {
			if err := tidy(dir, file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("make %s private: %w", file, err)
			}
		}
	}
	return nil
}

// escape has a folder's name stand for itself in a pattern.
func escape(dir string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(dir)
}

func tidy(dir, file string) error {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if err := Adopt(dir, file); err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 || !mine(file) {
		return nil
	}
	return os.Chmod(file, info.Mode().Perm()&0o700)
}
