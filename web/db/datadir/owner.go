package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// private are the patterns of the names of private files in a data folder.
var private = []string{database + "*", "keys.json", lock, "before-*.db*"}

// Tidy sets the mode of the files in a data folder to 0600 if they are more open. If it runs as root, it gives files that root has
// created to the owner of the folder: otherwise a command that root runs would lock out the server. It must be called while this
// process does not have the database open: opening and closing a file of SQLite's releases SQLite's locks.
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

// escape quotes a folder's name for a pattern.
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
