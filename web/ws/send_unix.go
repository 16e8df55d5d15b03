//go:build unix && !(linux && (amd64 || arm64 || arm))

package ws

import "syscall"

func send(fd int, p []byte) (int, error) { return syscall.Write(fd, p) }
