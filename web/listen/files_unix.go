//go:build unix

package listen

import "syscall"

// Files returns how many descriptors the process may have open; 0 for no limit. The Go runtime has raised
// that as far as the system lets it.
func Files() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || uint64(limit.Cur) > 1<<30 {
		return 0
	}
	return uint64(limit.Cur)
}
