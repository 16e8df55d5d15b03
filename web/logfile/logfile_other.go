//go:build !linux

package logfile

// Settings are those to open a database with: none of ours.
func Settings() (string, error) { return "", nil }
