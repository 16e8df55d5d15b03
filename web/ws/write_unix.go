//go:build unix

package ws

import (
	"net"
	"syscall"
)

// attempt writes without waiting. Its fields hold the arguments and results of the current call, so that a call allocates
// nothing.
type attempt struct {
	raw syscall.RawConn // nil: the connection has no descriptor
	p   []byte
	n   int
	err error
	do  func(fd uintptr) bool
}

func (a *attempt) open(conn net.Conn) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	a.raw, a.do = raw, func(fd uintptr) bool {
		for {
			if a.n, a.err = syscall.Write(int(fd), a.p); a.err != syscall.EINTR {
				return true
			}
		}
	}
}

// write writes as much of p as the kernel takes at once, and returns how much that is. Calls must not overlap.
func (a *attempt) write(p []byte) (int, error) {
	if a.raw == nil {
		return 0, nil
	}
	a.p = p
	err := a.raw.Write(a.do)
	a.p = nil
	switch {
	case err != nil:
		return 0, err
	case a.err == syscall.EAGAIN:
		return 0, nil
	case a.err != nil:
		return 0, a.err
	}
	return a.n, nil
}
