// Package cork writes to one connection with few system calls: at once where the peer can take it,
// and otherwise joined with what follows. Readers see the same bytes.
package cork

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// limit is how much is held back at most, in bytes. Beyond it another system call costs
	// less than the copying saves.
	limit = 64 << 10
	// linger is how long a closed connection goes on reading, so that the close frame is not
	// overtaken by the reset that unread input causes (RFC 9293, 3.10.7.1).
	linger = time.Second
)

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 8<<10); return &b }}

// Conn is a net.Conn to which a WebSocket library writes frames, each Write beginning or going on
// with one, and past which whole frames can be sent with Now. It holds writes back while More says
// that others follow.
type Conn struct {
	net.Conn
	setup Hijacker
	try   *attempt // nil where the system offers none
	once  sync.Once
	err   error

	deadline atomic.Int64 // of Write, in Unix nanoseconds; 0: none

	mu    sync.Mutex // held while something goes out; guards what follows
	held  *[]byte
	left  int  // bytes to come of the frame that Write has begun
	ended bool // a close frame was written: nothing may follow (RFC 6455, 5.5.1)
}

// SetWriteDeadline sets when a Write that waits for the peer fails. Most don't wait, and those
// need no timer.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		c.deadline.Store(0)
	} else {
		c.deadline.Store(t.UnixNano())
	}
	return nil
}

// Write sends p with all that was held back, or holds it back too.
func (c *Conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	control := c.follow(p)
	if err := c.write(p, c.setup.More() && !control); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *Conn) write(p []byte, follows bool) error {
	if c.held == nil && !follows {
		return c.send(p)
	}
	if c.held == nil {
		c.held = buffers.Get().(*[]byte)
	}
	*c.held = append(*c.held, p...)
	if follows && len(*c.held) < limit {
		return nil
	}
	return c.flush()
}

// follow keeps track of frames, and reports whether p begins a control frame: those don't wait.
func (c *Conn) follow(p []byte) (control bool) {
	if c.left > 0 {
		c.left -= len(p)
		return false
	}
	if !frame(p) {
		return false
	}
	c.left = size(p) - len(p)
	c.ended = c.ended || p[0]&0x0f == opClose
	return p[0]&0x08 != 0
}

// opClose is the opcode of a close frame (RFC 6455, 5.2).
const opClose = 0x8

// frame reports whether p begins with the header of a frame and not with the answer to the
// handshake, whose H would be a frame with reserved bits.
func frame(p []byte) bool { return len(p) >= 2 && p[0]&0x70 == 0 }

// size is how long the frame is that begins with p, header included (RFC 6455, 5.2). Libraries write
// a header in one piece, and a server's frames are not masked.
func size(p []byte) int {
	switch n := p[1] & 0x7f; n {
	case 126:
		return 4 + int(binary.BigEndian.Uint16(p[2:]))
	case 127:
		return 10 + int(binary.BigEndian.Uint64(p[2:]))
	default:
		return 2 + int(n)
	}
}

func (c *Conn) flush() error {
	err := c.send(*c.held)
	if cap(*c.held) <= 2*limit {
		*c.held = (*c.held)[:0]
		buffers.Put(c.held)
	}
	c.held = nil
	return err
}

// send writes p, and waits until the deadline if the peer can't take it at once.
func (c *Conn) send(p []byte) error {
	n, err := c.try.write(p)
	if err != nil || n == len(p) {
		return err
	}
	return c.wait(p[n:], time.Unix(0, c.deadline.Load()))
}

func (c *Conn) wait(p []byte, until time.Time) error {
	if until.UnixNano() == 0 {
		until = time.Time{}
	}
	if err := c.Conn.SetWriteDeadline(until); err != nil {
		return err
	}
	if _, err := c.Conn.Write(p); err != nil {
		return err
	}
	return c.Conn.SetWriteDeadline(time.Time{})
}

// Now sends frames, whole ones, if that can begin at once: it never waits. It reports whether it
// took them, and whether a part of them is still on its way; Later is called once that is gone.
// Where it took nothing, frames have to go the library's way.
func (c *Conn) Now(frames []byte) (taken, pending bool) {
	if !c.mu.TryLock() {
		return false, false
	}
	if c.left > 0 || c.held != nil {
		c.mu.Unlock()
		return false, false
	}
	if c.ended {
		c.mu.Unlock()
		return true, false
	}
	n, err := c.try.write(frames)
	if err != nil {
		_ = c.Conn.Close() // it has failed already; whoever reads from it is told
	}
	if n == 0 || n == len(frames) || err != nil {
		c.mu.Unlock()
		return n > 0 || err != nil, false
	}
	go c.rest(frames[n:])
	return true, true
}

// rest sends the end of what Now began; it comes with c.mu held.
func (c *Conn) rest(p []byte) {
	defer c.mu.Unlock()
	if err := c.wait(p, time.Now().Add(c.setup.Patience)); err != nil {
		_ = c.Conn.Close() // a cut frame can't be followed by anything
	}
	c.setup.Later()
}

// Close says that nothing more will be written, reads what the peer still sends for at most a
// second, and then closes.
func (c *Conn) Close() error {
	c.once.Do(func() {
		tcp, ok := c.Conn.(*net.TCPConn)
		if !ok || tcp.CloseWrite() != nil {
			c.err = c.Conn.Close()
			return
		}
		c.err = tcp.SetReadDeadline(time.Now().Add(linger))
		go func() {
			_, _ = io.Copy(io.Discard, tcp) // whatever comes is too late
			_ = tcp.Close()                 // nobody is left to be told
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
	More     func() bool   // whether a write follows that is already decided on
	Later    func()        // the rest of what Now took is gone; must not write
	Patience time.Duration // how long that rest may take
	Got      func(*Conn)
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
	c := &Conn{Conn: conn, setup: h, try: newAttempt(conn)}
	h.Got(c)
	return c, rw, nil
}
