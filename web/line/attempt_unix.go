//go:build unix

package line

import (
	"errors"
	"net"
	"syscall"
)

// attempt writes without waiting. Its fields spare every write an allocation.
type attempt struct {
	raw  syscall.RawConn // nil: a connection without a descriptor of its own
	call func(fd uintptr)
	p    []byte
	n    int
	err  error
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
	a.raw, a.call = raw, a.once
}

// write hands p to the system and returns how much it took: nothing where the peer is behind.
func (a *attempt) write(p []byte) (int, error) {
	if a.raw == nil {
		return 0, nil
	}
	a.p, a.n, a.err = p, 0, nil
	err := a.raw.Control(a.call) // Write would prepare to wait
	a.p = nil
	return a.n, errors.Join(err, a.err)
}

func (a *attempt) once(fd uintptr) {
	for {
		n, err := send(int(fd), a.p)
		switch err {
		case nil:
			a.n = n
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			a.err = err
		}
		return
	}
}
