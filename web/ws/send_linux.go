//go:build linux && (amd64 || arm64 || arm)

package ws

import (
	"syscall"
	"unsafe"
)

// send is write(2) for a socket that doesn't wait, by a shorter way: sendto(2) leaves out what the
// kernel does for files, and the raw call what Go's scheduler does for calls that may take long.
func send(fd int, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
