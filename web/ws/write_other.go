//go:build !unix

package ws

import "net"

// attempt is the variant for systems on which a write to a socket may wait: it writes nothing.
type attempt struct{}

func (attempt) open(net.Conn) {}

func (attempt) write([]byte) (int, error) { return 0, nil }
