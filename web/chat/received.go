package chat

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	// receivedEvery is how often what was received is written at most.
	receivedEvery = 5 * time.Second
	// maxReceived is how many positions may wait to be written, some 8 MB of them. If the disk takes
	// none for so long, further ones are dropped: those messages are sent once more.
	maxReceived = 100_000
)

// conversation is a private conversation as one of the two has it.
type conversation struct{ user, room int64 }

// received keeps up to which number private messages were received, until that is on disk.
type received struct {
	mu     sync.Mutex
	upTo   map[conversation]int64 // not on disk yet
	timer  *time.Timer            // nil: nothing is to be written
	closed bool
}

// add notes that user has received the message id. It reports whether somebody has to write it soon.
func (r *received) add(user, id int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := conversation{user, id >> 32}
	if n, known := r.upTo[at]; n >= line(id) || !known && len(r.upTo) >= maxReceived {
		return false
	}
	if r.upTo == nil {
		r.upTo = map[conversation]int64{}
	}
	r.upTo[at] = line(id)
	return r.timer == nil && !r.closed
}

// has reports whether user has received the message id, as far as that is not on disk.
func (r *received) has(user, id int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.upTo[conversation{user, id >> 32}] >= line(id)
}

// waiting is a copy of what is not on disk.
func (r *received) waiting() map[conversation]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	upTo := make(map[conversation]int64, len(r.upTo))
	for at, n := range r.upTo {
		upTo[at] = n
	}
	return upTo
}

// written forgets what is on disk now.
func (r *received) written(upTo map[conversation]int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at, n := range upTo {
		if r.upTo[at] == n {
			delete(r.upTo, at)
		}
	}
}

// later has write called in receivedEvery, if it isn't to be called already.
func (r *received) later(write func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer == nil && !r.closed {
		r.timer = time.AfterFunc(receivedEvery, write)
	}
}

// due says that the timer has run out.
func (r *received) due() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = nil
}

// close ends the timer.
func (r *received) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
}

// Received notes that a client of the plain dialect has received private messages: they are not sent
// to such clients of that user again. It is written later, together with others.
func (c *Chat) Received(userID int64, ids []int64) {
	for _, id := range ids {
		if c.received.add(userID, id) {
			c.received.later(c.writeReceived)
		}
	}
}

// writeReceived writes what was received, and tries again later if that fails.
func (c *Chat) writeReceived() {
	c.received.due()
	upTo := c.received.waiting()
	c.submitReceived(upTo, func(err error) {
		if err != nil {
			slog.Error("note what was received", "err", err)
			c.received.later(c.writeReceived)
			return
		}
		c.received.written(upTo)
	})
}

func (c *Chat) submitReceived(upTo map[conversation]int64, done func(error)) {
	if len(upTo) == 0 {
		done(nil)
		return
	}
	c.disk.Submit(func(tx Tx) error {
		for at, n := range upTo {
			if _, err := tx.Exec("UPDATE membership SET received = ?1 WHERE user_id = ?2 AND room_id = ?3 AND received < ?1", n, at.user, at.room); err != nil {
				return fmt.Errorf("note what was received: %w", err)
			}
		}
		return nil
	}, done)
}

// closeReceived writes what is left. If it can't be written, those messages are sent once more.
func (c *Chat) closeReceived() {
	c.received.close()
	done := make(chan error, 1)
	c.submitReceived(c.received.waiting(), func(err error) { done <- err })
	if err := <-done; err != nil {
		slog.Error("note what was received", "err", err)
	}
}
