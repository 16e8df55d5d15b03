// Package listen limits the connections that a listener accepts: their number in total, their number from one address, and the
// size of each connection's buffers in the kernel. It knows nothing about HTTP except how to write a refusal.
package listen

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"hearth/web/limits"
)

const (
	// sendBuffer is the size to which the kernel's send buffer of each connection is set, in bytes. It bounds the data that
	// waits for a client that does not read. Without it, Linux lets the buffer grow to 4 MiB (net.ipv4.tcp_wmem).
	sendBuffer = 64 << 10
	// receiveBuffer is the size to which the kernel's receive buffer of each connection is set, in bytes. It may be smaller
	// than the longest frame, which has 64 KiB, because the server reads a frame while it arrives.
	receiveBuffer = 32 << 10
	// refusalWait bounds the write of a refusal. The write does not wait in practice: a refusal fits into the empty send buffer
	// of a new connection.
	refusalWait = 10 * time.Millisecond
)

// tooManyOfAddress and tooMany are the responses to connections that are refused. They are sent before the request is read.
var (
	tooManyOfAddress = answer("429 Too Many Requests", "Too many connections from your address are open. Close some, then try again.\n")
	tooMany          = answer("503 Service Unavailable", "Too many connections are open. Try again in half a minute.\n")
)

func answer(status, text string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nConnection: close\r\nRetry-After: 30\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s",
		status, len(text), text)
}

// Bounds are the most connections that may be open.
type Bounds struct {
	All     int // in total
	Address int // from one address
}

const (
	// maxAll is the most connections in total. It applies where the limit of file descriptors is higher, and bounds memory: an
	// idle connection takes about 13 KB.
	maxAll = 32768
	// share divides the bound for all connections: one address may have a sixteenth of them. In an installation that is large
	// enough to reach the bound, the people who share an address are a smaller part of all.
	share = 16
	// minAddress is the lowest bound for one address.
	minAddress = 256
	// otherFiles is how many file descriptors are left for the database, its readers and the log. An idle server has 16 open.
	otherFiles = 64
)

// BoundsFor returns the bounds for a process that may have so many file descriptors open; 0 means no limit. With fewer than
// 128, half of them are for connections.
func BoundsFor(files uint64) Bounds {
	all := maxAll
	if files > 0 && files < maxAll+otherFiles {
		all = max(int(files)-otherFiles, int(files)/2)
	}
	return Bounds{All: all, Address: max(minAddress, all/share)}
}

// Options are the settings of a Listener. All fields are required.
type Options struct {
	// Connections counts the open connections and has their bounds.
	Connections *limits.Counter
	// Key returns the key under which a connection from an address is counted. Connections with the zero Key count in total
	// only.
	Key func(netip.Addr) limits.Key
	// Refused is called for each connection that is refused. It must not block, because Accept waits for it.
	Refused func(from netip.Addr)
}

// Listener is a net.Listener that bounds the number of open connections. It refuses further connections at once.
type Listener struct {
	net.Listener
	options Options
}

// New returns a Listener that accepts from l. It neither counts nor bounds connections that are not TCP.
func New(l net.Listener, o Options) *Listener { return &Listener{Listener: l, options: o} }

// Accept returns the next connection that is within the bounds.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			return c, nil
		}
		if bounded := l.admit(tcp); bounded != nil {
			return bounded, nil
		}
	}
}

// admit counts a connection. If there are too many, it refuses the connection and returns nil.
func (l *Listener) admit(c *net.TCPConn) net.Conn {
	var from netip.Addr
	if at, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		from = at.AddrPort().Addr().Unmap()
	}
	key := l.options.Key(from)
	if err := l.options.Connections.Reserve(key, 1); err != nil {
		refuse(c, err)
		l.options.Refused(from)
		return nil
	}
	// These calls fail only if the connection has ended. Then the next read reports it.
	_ = c.SetWriteBuffer(sendBuffer)
	_ = c.SetReadBuffer(receiveBuffer)
	return &conn{TCPConn: c, release: func() { l.options.Connections.Release(key, 1) }}
}

// refuse writes the reason, if the client can still read it, and closes the connection.
func refuse(c *net.TCPConn, why error) {
	text := tooMany
	if errors.Is(why, limits.ErrKey) {
		text = tooManyOfAddress
	}
	_ = c.SetWriteDeadline(time.Now().Add(refusalWait))
	_, _ = c.Write(text)
	_ = c.Close()
}

// conn is a connection that counts as open until it is closed.
type conn struct {
	*net.TCPConn
	once    sync.Once
	release func()
}

// Close closes the connection and stops counting it. It may be called several times.
func (c *conn) Close() error {
	err := c.TCPConn.Close()
	c.once.Do(c.release)
	return err
}
