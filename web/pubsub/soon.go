package pubsub

import (
	"sync"
	"time"

	"hearth/web/chat"
)

const (
	// gatherFor is how long the first events for a group are collected before they are sent.
	gatherFor = 200 * time.Millisecond
	// gatherAgain is the shortest time between two calls of send for one group.
	gatherAgain = time.Second
	// perSecond limits the events that are sent to one group in a second, counted once for each socket. After n events to
	// m sockets, the group waits n*m/perSecond seconds.
	perSecond = 20_000
	// gatherLongest is the upper limit of that wait.
	gatherLongest = 30 * time.Second
)

// Soon collects events that need not be sent at once, and sends those of a group together. Of several events with the same
// subject it sends only the newest, so that the cost of N people who join is proportional to N, not to N². It is safe for
// concurrent use.
type Soon struct {
	send func(group string, events []chat.Event) (sockets int)

	mu     sync.Mutex
	groups map[string]*gathered
	closed bool
}

// gathered holds the waiting events of a group. While it is in Soon.groups, a call of flush is scheduled or running.
type gathered struct {
	events   []chat.Event
	subjects map[string]int // the index in events of the newest event of a subject
}

// NewSoon returns a Soon that calls send, each time on a goroutine of its own. send returns the number of sockets that got
// the events.
func NewSoon(send func(group string, events []chat.Event) (sockets int)) *Soon {
	return &Soon{send: send, groups: map[string]*gathered{}}
}

// Add schedules e for a group. It replaces a waiting event of the group with the same subject.
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
