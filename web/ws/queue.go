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
	// chunk is how much of the queue is written at a time, in bytes. Control frames are written between chunks.
	chunk = 64 << 10
	// linger is how long a closed connection still reads, so that unread input does not cause a reset that overtakes the
	// close frame (RFC 9293, 3.10.7.1).
	linger = time.Second
	// maxLinger is how many bytes are read in that time, at most.
	maxLinger = 4 << 20
)

// outQueue is the outbound queue of a connection. A frame is written at once if the client can take it, and otherwise kept
// in order, within a bound in bytes. The WebSocket library uses it as a net.Conn for the handshake and for control frames,
// each in one Write; all other frames go through Send and SendAny. It is safe for concurrent use.
type outQueue struct {
	net.Conn

	// The fields that every frame uses stand together, in one line of the processor's cache.
	mu     sync.Mutex // guards the fields below and waiting; taken before out, never after
	busy   bool       // flush is running
	closed bool
	sealed bool       // frames that are sent later are dropped, but not the queue
	out    sync.Mutex // held while frames are written; guards ended
	ended  bool       // a close frame was written: nothing may follow (RFC 6455, 5.5.1)
	try    attempt

	limits  queueLimits
	waiting net.Buffers
	bytes   int           // the size of waiting
	spare   int           // bytes of it that do not count against the limit
	drained chan struct{} // closed once nothing waits; nil: Drain is not running

	deadline atomic.Int64 // of Write, in Unix nanoseconds; 0: none
	once     sync.Once
	err      error
}

// queueLimits bound how far behind a client may be.
type queueLimits struct {
	bytes        int           // that may wait
	writeTimeout time.Duration // how long the client may take no byte while the queue is not empty
}

// Send queues frames and reports whether there was room. If not, the frames and the whole queue are dropped: the client
// must reconnect and ask for what it missed. There is always room if the queue is empty.
func (l *outQueue) Send(frames []byte) bool { return l.send(frames, true) }

// SendAny is Send without the limit, for answers whose size is bounded otherwise. They do not count against the limit of
// later frames.
func (l *outQueue) SendAny(frames []byte) { l.send(frames, false) }

func (l *outQueue) send(frames []byte, counts bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.sealed {
		return true // the connection ends; the frames need no room
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

// queue appends frames to the queue, in pieces between which control frames can be written; l.mu is held.
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

// now writes frames if that is possible without waiting, and reports whether it did. If the client took only a part, the
// rest is flushed. l.mu is held, and the queue is empty.
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
		n = len(frames) // the connection has ended
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

// rest writes the end of the frame that now began, and then the queue. It is called with l.out held.
func (l *outQueue) rest(p []byte) {
	l.push(&net.Buffers{p}, time.Now().Add(l.limits.writeTimeout))
	l.out.Unlock()
	l.flush()
}

// flush writes the queue until it is empty.
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

// take removes a chunk from the queue, at least one piece; nil if the queue is empty.
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
	l.spare = max(0, l.spare-size) // nearly all of it are initial frames, which come first
	return taken
}

// push writes with a deadline; l.out is held.
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

// fail closes the connection, because nothing can follow half a frame. Reading from it fails then.
func (l *outQueue) fail() {
	l.ended = true
	_ = l.Abort() // the connection has failed already
}

// SetWriteDeadline sets the deadline of Write. Most calls of Write do not wait, and need no timer.
func (l *outQueue) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		l.deadline.Store(0)
	} else {
		l.deadline.Store(t.UnixNano())
	}
	return nil
}

// Write writes a control frame, or the answer to the handshake, after the frame that is being written and before the
// queue.
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

// Drained reports whether the kernel has taken everything that was sent.
func (l *outQueue) Drained() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.busy && !l.closed
}

// Stop drops the queue and all frames that are sent later; only Write goes on working. It reports whether this was the
// first call.
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

// Seal drops all frames that are sent later; the queue is still written.
func (l *outQueue) Seal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sealed = true
}

// Drain waits until the kernel has taken everything that was sent, at most for the given time. It reports whether that
// happened and the queue still accepts frames.
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

// tellDrained wakes the goroutines in Drain; l.mu is held.
func (l *outQueue) tellDrained() {
	if l.drained != nil {
		close(l.drained)
		l.drained = nil
	}
}

// tcpConn is a TCP connection, which may be wrapped.
type tcpConn interface {
	net.Conn
	CloseWrite() error
	SetLinger(seconds int) error
}

// Close closes the connection for writing, reads what the client still sends for at most a second and 4 MiB, and then
// closes it altogether.
func (l *outQueue) Close() error {
	l.once.Do(func() {
		tcp, ok := l.Conn.(tcpConn)
		if !ok || tcp.CloseWrite() != nil {
			l.err = l.hangUp()
			return
		}
		l.err = tcp.SetReadDeadline(time.Now().Add(linger))
		go func() {
			_, _ = io.CopyN(io.Discard, tcp, maxLinger) // an error ends the connection too
			_ = l.hangUp()                              // Close has returned, so nobody gets the error
		}()
	})
	return l.err
}

// Abort closes the connection at once, and the kernel drops the data that the client has not read. Otherwise it keeps that
// data for minutes: gigabytes, with a thousand clients that do not read.
func (l *outQueue) Abort() error {
	l.once.Do(func() {
		if tcp, ok := l.Conn.(tcpConn); ok {
			_ = tcp.SetLinger(0) // if it fails, closing only takes longer
		}
	})
	return l.hangUp()
}

func (l *outQueue) hangUp() error {
	return l.Conn.Close()
}

// hijacker wraps a ResponseWriter. The connection that is hijacked from it passes through wrap.
type hijacker struct {
	http.ResponseWriter
	wrap func(net.Conn) net.Conn
}

// Hijack implements http.Hijacker.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return h.wrap(conn), rw, nil
}

// newOutQueue returns an outbound queue for conn.
func newOutQueue(conn net.Conn, limits queueLimits) *outQueue {
	l := &outQueue{Conn: conn, limits: limits}
	l.try.open(conn)
	return l
}
