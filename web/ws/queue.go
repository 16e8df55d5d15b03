package ws

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// chunk is how much of what waits is handed to the system at a time, in bytes. Control frames
	// go out between two chunks.
	chunk = 64 << 10
	// linger is how long a closed connection goes on reading, so that the close frame is not
	// overtaken by the reset that unread input causes (RFC 9293, 3.10.7.1).
	linger = time.Second
	// maxLinger is how much is read in that time, in bytes: enough for what an honest peer had
	// under way, too little to be kept busy with.
	maxLinger = 4 << 20
)

// outQueue is a net.Conn on which a WebSocket library shakes hands and writes control frames, each
// with one Write. All other frames go out by Send and SendAny. It is safe for concurrent use.
type outQueue struct {
	net.Conn

	// What each frame passes stands together, and is in the processor's cache together.
	mu     sync.Mutex // guards what follows, and what waits; taken before out, never after
	busy   bool       // flush is at work
	closed bool
	out    sync.Mutex // held while frames go out; guards ended
	ended  bool       // a close frame was written: nothing may follow (RFC 6455, 5.5.1)
	try    attempt

	limits  queueLimits
	waiting net.Buffers
	bytes   int           // of what waits
	spare   int           // so many of them are not held against the peer
	drained chan struct{} // closed once nothing waits; nil: nobody asked

	deadline atomic.Int64 // of Write, in Unix nanoseconds; 0: none
	once     sync.Once
	err      error
}

// queueLimits are how far behind a peer may be.
type queueLimits struct {
	bytes        int           // that may wait
	writeTimeout time.Duration // how long the peer may take nothing while something waits
}

// Send sends frames, and reports whether there was room. Where there was none they are lost, and
// so is all that waits: a peer who is this far behind must come back and ask for what it missed.
// There is always room for one who has taken all that came before.
func (l *outQueue) Send(frames []byte) bool { return l.send(frames, true) }

// SendAny is Send however much waits already: for answers whose size is bounded otherwise. They take
// no room from what is sent later.
func (l *outQueue) SendAny(frames []byte) { l.send(frames, false) }

func (l *outQueue) send(frames []byte, counts bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return true // nobody reads any more, so nobody is behind
	}
	if !l.busy {
		if !l.now(frames) {
			l.queue(frames, false)
			l.busy = true
			go l.flush()
		}
		return true
	}
	if counts && l.bytes-l.spare+len(frames) > l.limits.bytes {
		l.drop()
		return false
	}
	l.queue(frames, counts)
	return true
}

// queue has frames wait, in pieces between which control frames can go out; l.mu is held.
func (l *outQueue) queue(frames []byte, counts bool) {
	l.bytes += len(frames)
	if !counts {
		l.spare += len(frames)
	}
	for len(frames) > 0 {
		n := len(frames)
		if n > chunk {
			n = boundary(frames, chunk)
		}
		l.waiting, frames = append(l.waiting, frames[:n:n]), frames[n:]
	}
}

// now sends frames if that can begin without waiting, and reports whether it did. It has the rest
// of what the peer didn't take flushed. l.mu is held, and nothing is waiting.
func (l *outQueue) now(frames []byte) bool {
	if !l.out.TryLock() {
		return false
	}
	if l.ended {
		l.out.Unlock()
		return true
	}
	n, err := l.try.write(frames)
	if err != nil {
		l.fail()
		n = len(frames) // lost like all that would follow
	}
	if n > 0 && n < len(frames) {
		end := boundary(frames, n)
		l.queue(frames[end:], false)
		l.busy = true
		go l.rest(frames[n:end])
		return true // with l.out held
	}
	l.out.Unlock()
	return n > 0
}

// rest sends the end of the frame that now began, and what waits. It comes with l.out held.
func (l *outQueue) rest(p []byte) {
	l.push(&net.Buffers{p}, time.Now().Add(l.limits.writeTimeout))
	l.out.Unlock()
	l.flush()
}

// flush sends what waits until nothing does.
func (l *outQueue) flush() {
	for {
		frames := l.take()
		if frames == nil {
			return
		}
		l.out.Lock()
		if !l.ended {
			l.push(&frames, time.Now().Add(l.limits.writeTimeout))
		}
		l.out.Unlock()
	}
}

// take takes a chunk of what waits, at least one piece; nil once nothing does.
func (l *outQueue) take() net.Buffers {
	l.mu.Lock()
	defer l.mu.Unlock()
	size, n := 0, 0
	for n < len(l.waiting) && (n == 0 || size+len(l.waiting[n]) <= chunk) {
		size += len(l.waiting[n])
		n++
	}
	if n == 0 {
		l.busy, l.waiting = false, nil
		l.tellDrained()
		return nil
	}
	taken := l.waiting[:n:n]
	l.waiting, l.bytes = l.waiting[n:], l.bytes-size
	l.spare = max(0, l.spare-size) // nearly all of it is the greeting, which comes first
	return taken
}

// push writes and waits for the peer until the given time; l.out is held.
func (l *outQueue) push(p *net.Buffers, until time.Time) {
	err := l.Conn.SetWriteDeadline(until)
	if err == nil {
		_, err = p.WriteTo(l.Conn)
	}
	if err == nil {
		err = l.Conn.SetWriteDeadline(time.Time{})
	}
	if err != nil {
		l.fail()
	}
}

// fail hangs up: a frame that was cut can't be followed by anything. Whoever reads is told.
func (l *outQueue) fail() {
	l.ended = true
	_ = l.Abort() // it has failed already
}

// SetWriteDeadline sets when a Write that waits for the peer fails. Most don't wait, and those
// need no timer.
func (l *outQueue) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		l.deadline.Store(0)
	} else {
		l.deadline.Store(t.UnixNano())
	}
	return nil
}

// Write sends a control frame, or the answer to the handshake, after what is going out and before
// what waits.
func (l *outQueue) Write(p []byte) (int, error) {
	l.out.Lock()
	defer l.out.Unlock()
	l.ended = l.ended || isClose(p)
	n, err := l.try.write(p)
	if err != nil || n == len(p) {
		return n, err
	}
	var until time.Time
	if at := l.deadline.Load(); at != 0 {
		until = time.Unix(0, at)
	}
	if err := l.Conn.SetWriteDeadline(until); err != nil {
		return n, err
	}
	m, err := l.Conn.Write(p[n:])
	if err != nil {
		return n + m, err
	}
	return len(p), l.Conn.SetWriteDeadline(time.Time{})
}

// Drained reports whether all that was sent is with the system.
func (l *outQueue) Drained() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.busy && !l.closed
}

// Stop drops what waits and what is sent later; only Write goes on. It reports whether it was the
// first to do so.
func (l *outQueue) Stop() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.closed
	l.drop()
	return !was
}

func (l *outQueue) drop() {
	l.closed, l.waiting, l.bytes, l.spare = true, nil, 0, 0
	l.tellDrained()
}

// Drain waits until everything that was sent has been handed to the system, but no longer than the
// given time. It reports whether that is so and the outQueue is still open for Send.
func (l *outQueue) Drain(longest time.Duration) bool {
	l.mu.Lock()
	if l.closed || !l.busy {
		defer l.mu.Unlock()
		return !l.closed
	}
	if l.drained == nil {
		l.drained = make(chan struct{})
	}
	drained := l.drained
	l.mu.Unlock()
	timeout := time.NewTimer(longest)
	defer timeout.Stop()
	select {
	case <-drained:
	case <-timeout.C:
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed
}

// tellDrained wakes those who wait in Drain; l.mu is held.
func (l *outQueue) tellDrained() {
	if l.drained != nil {
		close(l.drained)
		l.drained = nil
	}
}

// tcpConn is what a outQueue needs of a TCP connection, which may be wrapped.
type tcpConn interface {
	net.Conn
	CloseWrite() error
	SetLinger(seconds int) error
}

// Close says that nothing more will be written, reads what the peer still sends for at most a
// second and 4 MiB, and then closes.
func (l *outQueue) Close() error {
	l.once.Do(func() {
		tcp, ok := l.Conn.(tcpConn)
		if !ok || tcp.CloseWrite() != nil {
			l.err = l.hangUp()
			return
		}
		l.err = tcp.SetReadDeadline(time.Now().Add(linger))
		go func() {
			_, _ = io.CopyN(io.Discard, tcp, maxLinger) // whatever comes is too late
			_ = l.hangUp()                              // nobody is left to be told
		}()
	})
	return l.err
}

// Abort closes at once; what the peer has not taken is lost. The system doesn't go on offering it
// either: of a thousand peers who take nothing, that would be gigabytes for minutes.
func (l *outQueue) Abort() error {
	l.once.Do(func() {
		if tcp, ok := l.Conn.(tcpConn); ok {
			_ = tcp.SetLinger(0) // then it is closed all the same
		}
	})
	return l.hangUp()
}

func (l *outQueue) hangUp() error {
	l.try.close()
	return l.Conn.Close()
}

// hijacker wraps a ResponseWriter so that the connection taken over from it is what wrap makes of it.
type hijacker struct {
	http.ResponseWriter
	wrap func(net.Conn) net.Conn
}

// Hijack takes over the connection.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return h.wrap(conn), rw, nil
}

// New makes a outQueue of a connection.
func newOutQueue(conn net.Conn, limits queueLimits) *outQueue {
	l := &outQueue{Conn: conn, limits: limits}
	l.try.open(conn)
	return l
}
