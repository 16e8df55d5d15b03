package web

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"hearth/web/chat"
	"hearth/web/ws"
)

// repeatDelay is how long a repeated receipt waits for others, so that all go out in order of seq. A
// client that connects again sends what it has no receipt for in one go: that is read within
// milliseconds.
const repeatDelay = 20 * time.Millisecond

// maxRepeats is how many repeated receipts wait at most; a user may send 60 messages at once. More go out in
// several portions.
const maxRepeats = 500

// receipts are the repeated receipts that wait to be sent to one client. The zero value is ready.
type receipts struct {
	mu      sync.Mutex
	waiting []receipt
}

type receipt struct {
	id    int64 // of the message: in one room in order of seq
	event chat.Event
}

// add has c get the receipt of message id soon, in order of ids with others that are added meanwhile.
func (r *receipts) add(c *ws.Conn, id int64, e chat.Event) {
	r.mu.Lock()
	n := len(r.waiting)
	r.waiting = append(r.waiting, receipt{id, e})
	r.mu.Unlock()
	switch n {
	case 0:
		time.AfterFunc(repeatDelay, func() { c.Send(r.take()...) })
	case maxRepeats - 1:
		c.Send(r.take()...)
	}
}

// take takes what waits, in order.
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
