//go:build unix

package ws

import (
	"net"
	"sync"
	"syscall"
)

// attempt writes without waiting. It goes to the descriptor itself: package net's way there is a third
// of what is done for a frame beside the system's own work.
type attempt struct {
	mu     sync.Mutex // held while fd is used, which must not become another connection's meanwhile
	fd     int
	has    bool // there is a descriptor
	closed bool
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
	a.has = raw.Control(func(fd uintptr) { a.fd = int(fd) }) == nil
}

// close must come before the descriptor is closed.
func (a *attempt) close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
}

// write hands p to the system and returns how much it took: nothing where the peer is behind.
func (a *attempt) write(p []byte) (int, error) {
	if !a.has {
		return 0, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return 0, net.ErrClosed
	}
	for {
		n, err := send(a.fd, p)
		switch err {
		case nil:
			return n, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, nil
		default:
			return 0, err
		}
	}
}
