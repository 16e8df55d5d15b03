//go:build !unix

package listen

// Files returns the most file descriptors that the process may have open. It returns 0, which means no limit: only Unix systems
// have such a limit.
func Files() uint64 { return 0 }
