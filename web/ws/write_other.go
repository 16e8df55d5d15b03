//go:build !unix

package ws

import "net"

// attempt is for systems on which a socket can't be written to without waiting: it takes nothing.
type attempt struct{}

func (attempt) open(net.Conn) {}

func (attempt) write([]byte) (int, error) { return 0, nil }
