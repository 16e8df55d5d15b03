//go:build !linux

package logfile

// Register names the file system (?vfs=) to open a database with: SQLite's own.
func Register() (vfs string, err error) { return "", nil }
