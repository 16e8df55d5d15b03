//go:build !unix

package cork

import "net"

// attempt is for systems on which a socket can't be written to without waiting: it takes nothing.
type attempt struct{}

func newAttempt(net.Conn) *attempt { return nil }

func (*attempt) write([]byte) (int, error) { return 0, nil }
