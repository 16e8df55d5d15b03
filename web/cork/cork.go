// Package cork joins the small writes of one connection: what is written while more is known to
// follow leaves together with it, in one system call. Readers see the same bytes.
package cork

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// limit is how much is held back at most, in bytes. Beyond it another system call costs
	// less than the copying saves.
	limit = 64 << 10
	// linger is how long a closed connection goes on reading, so that the close frame is not
	// overtaken by the reset that unread input causes (RFC 9293, 3.10.7.1).
	linger = time.Second
	// maxLinger is how much is read in that time, in bytes: enough for what an honest peer had
	// under way, too little to be kept busy with.
	maxLinger = 4 << 20
)

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 8<<10); return &b }}

// Conn is a net.Conn that holds writes back while More says that others follow. Its Write must
// not be called concurrently, which is what WebSocket writers promise anyway.
type Conn struct {
	net.Conn
	more func() bool
	held *[]byte
	once sync.Once
	err  error
}

// Write sends p with all that was held back, or holds it back too.
func (c *Conn) Write(p []byte) (int, error) {
	follows := c.more() && !control(p)
	if c.held == nil && !follows {
		return c.Conn.Write(p)
	}
	if c.held == nil {
		c.held = buffers.Get().(*[]byte)
	}
	*c.held = append(*c.held, p...)
	if follows && len(*c.held) < limit {
		return len(p), nil
	}
	if err := c.flush(); err != nil {
		return 0, err
	}
	return len(p), nil
}

// control reports whether p begins like a control frame (RFC 6455, 5.5): those don't wait. The
// rest of a long frame can look like one too, and then merely leaves early.
func control(p []byte) bool { return len(p) > 0 && p[0]&0x08 != 0 }

func (c *Conn) flush() error {
	_, err := c.Conn.Write(*c.held)
	if cap(*c.held) <= 2*limit {
		*c.held = (*c.held)[:0]
		buffers.Put(c.held)
	}
	c.held = nil
	return err
}

// Close says that nothing more will be written, reads what the peer still sends for at most a
// second and 4 MiB, and then closes.
func (c *Conn) Close() error {
	c.once.Do(func() {
		tcp, ok := c.Conn.(*net.TCPConn)
		if !ok || tcp.CloseWrite() != nil {
			c.err = c.Conn.Close()
			return
		}
		c.err = tcp.SetReadDeadline(time.Now().Add(linger))
		go func() {
			_, _ = io.CopyN(io.Discard, tcp, maxLinger) // whatever comes is too late
			_ = tcp.Close()                             // nobody is left to be told
		}()
	})
	return c.err
}

// Abort closes at once; what the peer has not taken is lost.
func (c *Conn) Abort() error { return c.Conn.Close() }

// Hijacker wraps a ResponseWriter so that the connection taken over from it is a *Conn, which is
// handed to Got.
type Hijacker struct {
	http.ResponseWriter
	More func() bool // whether a write follows that is already decided on
	Got  func(*Conn)
}

// Hijack takes over the connection.
func (h Hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	under, ok := h.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("this connection can't be taken over")
	}
	conn, rw, err := under.Hijack()
	if err != nil {
		return nil, nil, err
	}
	c := &Conn{Conn: conn, more: h.More}
	h.Got(c)
	return c, rw, nil
}
