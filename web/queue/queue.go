// Package queue holds what waits for one reader: in order, bounded in bytes, handed on a few
// pieces at a time.
package queue

import (
	"math"
	"sync"
	"sync/atomic"
)

// Queue hands pieces to Write, at most Window of which are under way at a time; Sent makes room
// for the next. It is safe for concurrent use. Its fields are set before the first
// Push.
type Queue struct {
	// Now sends pieces, joined, if that can begin at once. It must not block. pending says that
	// a part of them is under way: Sent is called for it later, from another goroutine.
	Now    func(joined []byte) (taken, pending bool)
	Write  func([]byte) // must not block
	Window int          // pieces under way at most
	Limit  int          // bytes that may wait

	mu      sync.Mutex
	waiting [][]byte
	bytes   int
	way     atomic.Int32
	closed  bool
}

// Push queues p and reports whether there was room. Where there was none p is lost, and so is all
// that waits: a reader who is this far behind must come back and ask for what it missed.
func (q *Queue) Push(p []byte) bool { return q.push(p, q.Limit) }

// PushNow sends pieces, joined, past the queue if it is empty, and reports whether it did.
func (q *Queue) PushNow(joined []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return true // as in push
	}
	if len(q.waiting) > 0 || q.way.Load() > 0 {
		return false
	}
	q.way.Store(1)
	taken, pending := q.Now(joined)
	if !pending {
		q.way.Store(0)
	}
	return taken
}

// PushAny queues p however much waits already: for answers whose size is bounded otherwise.
func (q *Queue) PushAny(p []byte) { q.push(p, math.MaxInt) }

func (q *Queue) push(p []byte, limit int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return true // nobody reads any more, so nobody is behind
	}
	if len(q.waiting) == 0 && int(q.way.Load()) < q.Window {
		q.way.Add(1)
		q.Write(p)
		return true
	}
	if q.bytes+len(p) > limit {
		q.close()
		return false
	}
	q.waiting = append(q.waiting, p)
	q.bytes += len(p)
	return true
}

// Sent notes that one piece has been written, and hands on the next.
func (q *Queue) Sent() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.way.Add(-1)
	for len(q.waiting) > 0 && int(q.way.Load()) < q.Window {
		p := q.waiting[0]
		q.waiting[0] = nil
		q.waiting = q.waiting[1:]
		q.bytes -= len(p)
		q.way.Add(1)
		q.Write(p)
	}
	if len(q.waiting) == 0 {
		q.waiting = nil // an idle reader holds no memory
	}
}

// UnderWay is how many pieces were handed on and are not known to be written.
func (q *Queue) UnderWay() int { return int(q.way.Load()) }

// Close drops what waits. What is pushed later is dropped too. It reports whether it was open.
func (q *Queue) Close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	was := !q.closed
	q.close()
	return was
}

func (q *Queue) close() { q.closed, q.waiting, q.bytes = true, nil, 0 }
