//go:build unix

package listen

import "syscall"

// Files returns the most file descriptors that the process may have open, or 0 if the limit is unknown or above 2^30. At its
// start, a Go program raises its limit to the highest that the system permits.
func Files() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || uint64(limit.Cur) > 1<<30 {
		return 0
	}
	return uint64(limit.Cur)
}
