// Package listen accepts connections within bounds: so many in all, so many from one address, and so
// many bytes that the system keeps for each. It knows nothing of HTTP but how to say no.
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
	// sendBuffer is how many bytes that the client has not read the system keeps for a connection.
	// Without it Linux lets them grow to 4 MiB (net.ipv4.tcp_wmem).
	sendBuffer = 64 << 10
	// receiveBuffer is how many bytes that the server has not read it keeps. The longest frame is
	// 64 KiB, and is read while it comes.
	receiveBuffer = 32 << 10
	// refusalWait bounds the write of a refusal. It fits in the empty buffer of a new connection, so
	// that it does not wait.
	refusalWait = 10 * time.Millisecond
)

// Answers to a connection too many. They are sent before anything is read.
var (
	tooManyOfAddress = answer("429 Too Many Requests", "Too many connections from your address are open. Close some, then try again.\n")
	tooMany          = answer("503 Service Unavailable", "Too many connections are open. Try again in half a minute.\n")
)

func answer(status, text string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nConnection: close\r\nRetry-After: 30\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s",
		status, len(text), text)
}

// Bounds are how many connections may be open.
type Bounds struct {
	All     int // in all
	Address int // from one address
}

const (
	// maxAll bounds the memory of connections where files are plenty: an idle one takes some 13 KB.
	maxAll = 32768
	// share is which part of all connections one address may have: people who share an address are
	// fewer than this part of all in any place that is large enough to matter.
	share = 16
	// minAddress is how many connections every address may have.
	minAddress = 256
	// otherFiles is how many descriptors are left for the database, its readers and the log. An idle
	// server has 16 open.
	otherFiles = 64
)

// BoundsFor returns the bounds where files descriptors may be open; 0 stands for no limit.
func BoundsFor(files uint64) Bounds {
	all := maxAll
	if files > 0 && files < maxAll+otherFiles {
		all = max(int(files)-otherFiles, int(files)/2)
	}
	return Bounds{All: all, Address: max(minAddress, all/share)}
}

// Options are what a Listener needs to know.
type Options struct {
	// Connections counts the open connections.
	Connections *limits.Counter
	// Key is who a connection counts for; the zero Key counts in all alone.
	Key func(netip.Addr) limits.Key
	// Refused is called for each connection too many, and must not wait.
	Refused func(from netip.Addr)
}

// Listener is a net.Listener whose connections are within bounds. The others are refused at once.
type Listener struct {
	net.Listener
	options Options
}

// New makes a Listener of one that accepts TCP connections. What it accepts otherwise passes unbounded.
func New(l net.Listener, o Options) *Listener { return &Listener{Listener: l, options: o} }

// Accept waits for the next connection that is within the bounds.
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

// admit counts a connection, or refuses it and returns nil.
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
	// These fail only if the connection has ended already, and then whoever reads finds out.
	_ = c.SetWriteBuffer(sendBuffer)
	_ = c.SetReadBuffer(receiveBuffer)
	return &conn{TCPConn: c, release: func() { l.options.Connections.Release(key, 1) }}
}

// refuse says why, if the client can still read it, and hangs up.
func refuse(c *net.TCPConn, why error) {
	text := tooMany
	if errors.Is(why, limits.ErrKey) {
		text = tooManyOfAddress
	}
	_ = c.SetWriteDeadline(time.Now().Add(refusalWait))
	_, _ = c.Write(text)
	_ = c.Close()
}

// conn is a connection that is counted until it is closed.
type conn struct {
	*net.TCPConn
	once    sync.Once
	release func()
}

// Close closes the connection.
func (c *conn) Close() error {
	err := c.TCPConn.Close()
	c.once.Do(c.release)
	return err
}
