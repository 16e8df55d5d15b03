package pubsub

import (
	"sync"
	"time"

	"hearth/web/chat"
)

const (
	// gatherFor is how long events that may wait are gathered before they are sent.
	gatherFor = 200 * time.Millisecond
	// gatherAgain is the least time between two sendings to one group.
	gatherAgain = time.Second
	// perSecond is how many events a second may be sent to one group, counted for each socket: the more
	// sockets are to be told of the more, the longer it takes until they are told again.
	perSecond = 20_000
	// gatherLongest is how long that is at most.
	gatherLongest = 30 * time.Second
)

// Soon gathers events that may wait, and sends those of a group together. Of several events with the
// same subject only the newest is sent: what N people cause is proportional to N.
type Soon struct {
	send func(group string, events []chat.Event) (sockets int)

	mu     sync.Mutex
	groups map[string]*gathered
	closed bool
}

// gathered is what waits for a group. It stays, empty, until something may be sent to the group again.
type gathered struct {
	events   []chat.Event
	subjects map[string]int // where in events the newest of a subject is
}

// NewSoon returns a Soon that calls send, each time on a goroutine of its own. Send returns how many
// sockets it has reached.
func NewSoon(send func(group string, events []chat.Event) (sockets int)) *Soon {
	return &Soon{send: send, groups: map[string]*gathered{}}
}

// Add sends e to a group soon.
func (s *Soon) Add(group string, e chat.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[group]
	if g == nil {
		g = &gathered{}
		s.groups[group] = g
		time.AfterFunc(gatherFor, func() { s.flush(group, g) })
	}
	g.add(e)
}

func (g *gathered) add(e chat.Event) {
	i, known := g.subjects[e.Subject]
	switch {
	case e.Subject == "":
		g.events = append(g.events, e)
	case known:
		g.events[i] = e
	default:
		if g.subjects == nil {
			g.subjects = map[string]int{}
		}
		g.subjects[e.Subject] = len(g.events)
		g.events = append(g.events, e)
	}
}

// take removes and returns the waiting events of a group, and removes the group if there are none.
func (s *Soon) take(group string, g *gathered) []chat.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := g.events
	g.events, g.subjects = nil, nil
	if s.closed {
		return nil
	}
	if len(events) == 0 {
		delete(s.groups, group)
	}
	return events
}

// Close stops sending.
func (s *Soon) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// flush sends the waiting events of a group.
func (s *Soon) flush(group string, g *gathered) {
	waiting := s.take(group, g)
	if len(waiting) == 0 {
		return
	}
	events := fresh(waiting)
	sockets := 0
	if len(events) > 0 {
		sockets = s.send(group, events)
	}
	wait := min(max(gatherAgain, time.Duration(sockets*len(events))*time.Second/perSecond), gatherLongest)
	time.AfterFunc(wait, func() { s.flush(group, g) })
}

// fresh returns the current versions of the events that may still be sent.
func fresh(events []chat.Event) []chat.Event {
	now := events[:0]
	for _, e := range events {
		ok := true
		if e.Fresh != nil {
			e, ok = e.Fresh()
		}
		if ok {
			now = append(now, e)
		}
	}
	return now
}
