//go:build unix

package cork

import (
	"errors"
	"net"
	"syscall"
)

// attempt writes without waiting. Its fields spare every write an allocation.
type attempt struct {
	raw  syscall.RawConn
	call func(fd uintptr) bool
	p    []byte
	n    int
	err  error
}

// newAttempt returns nil for a connection without a file descriptor of its own.
func newAttempt(conn net.Conn) *attempt {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	a := &attempt{raw: raw}
	a.call = a.write1
	return a
}

// write hands p to the system and returns how much it took: nothing where the peer is behind.
func (a *attempt) write(p []byte) (int, error) {
	if a == nil {
		return 0, nil
	}
	a.p, a.n, a.err = p, 0, nil
	err := a.raw.Write(a.call)
	a.p = nil
	return a.n, errors.Join(err, a.err)
}

// write1 always returns true: it is not to be called again when the socket has room.
func (a *attempt) write1(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), a.p)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
		case err != nil:
			a.err = err
		default:
			a.n = n
		}
		return true
	}
}
