package web

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"hearth/web/chat"
	"hearth/web/ws"
)

// Repeated receipts wait until no other has come for repeatDelay, at most maxRepeatDelay in total, so that they are sent in
// order of seq. A client that reconnects sends all messages without a receipt at once; they arrive within milliseconds.
const (
	repeatDelay    = 20 * time.Millisecond
	maxRepeatDelay = 500 * time.Millisecond
)

// maxRepeats is the most repeated receipts that wait. A user may send 60 messages at once. More are sent in several portions.
const maxRepeats = 500

// receipts are the repeated receipts that wait to be sent to one client. The zero value is ready.
type receipts struct {
	mu      sync.Mutex
	waiting []receipt
	timer   *time.Timer // sends the waiting receipts
	until   time.Time   // when they must be sent
}

type receipt struct {
	id    chat.MessageID // of the message: in one room in order of seq
	event chat.Event
}

// add sends the receipt of message id to c soon, in order of ids with other receipts that are added meanwhile.
func (r *receipts) add(c *ws.Conn, id chat.MessageID, e chat.Event) {
	r.mu.Lock()
	n := len(r.waiting)
	r.waiting = append(r.waiting, receipt{id, e})
	if n == 0 {
		r.until = time.Now().Add(maxRepeatDelay)
		r.timer = time.AfterFunc(repeatDelay, func() { c.Send(r.take()...) })
	} else if time.Until(r.until) > repeatDelay {
		r.timer.Reset(repeatDelay) // if it has just fired, the second call finds nothing
	}
	r.mu.Unlock()
	if n == maxRepeats-1 {
		c.Send(r.take()...)
	}
}

// take removes and returns the waiting receipts, in order.
func (r *receipts) take() []chat.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.waiting, func(a, b receipt) int { return cmp.Compare(a.id, b.id) })
	events := make([]chat.Event, 0, len(r.waiting))
	for _, x := range r.waiting {
		events = append(events, x.event)
	}
	r.waiting = nil
	return events
}
