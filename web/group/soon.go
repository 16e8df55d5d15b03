package group

import (
	"slices"
	"sync"
	"time"

	"hearth/web/chat"
)

const (
	// gatherFor is how long events that may wait are gathered before they are sent.
	gatherFor = 200 * time.Millisecond
	// gatherAgain is the least time between two sendings to one group. Longer, and what was told too late
	// would contradict what a socket was told when it was opened.
	gatherAgain = gatherFor
)

// Soon gathers events that may wait, and sends those of a group together. Of several events with the
// same subject only the newest is sent: what N people cause is proportional to N.
type Soon struct {
	send func(group string, events []chat.Event)

	mu     sync.Mutex
	groups map[string]*gathered
}

// gathered is what waits for a group. It stays, empty, until gatherAgain has passed since it was sent.
type gathered struct {
	events   []chat.Event
	subjects map[string]int // where in events the newest of a subject is
}

// NewSoon returns a Soon that calls send, each time on a goroutine of its own.
func NewSoon(send func(group string, events []chat.Event)) *Soon {
	return &Soon{send: send, groups: map[string]*gathered{}}
}

// Add has e sent to a group soon.
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

// flush sends what waits for a group, or forgets the group if nothing does.
func (s *Soon) flush(group string, g *gathered) {
	s.mu.Lock()
	events := g.events
	g.events, g.subjects = nil, nil
	if len(events) == 0 {
		delete(s.groups, group)
	} else {
		time.AfterFunc(gatherAgain, func() { s.flush(group, g) })
	}
	s.mu.Unlock()
	events = slices.DeleteFunc(events, func(e chat.Event) bool { return e.Stale != nil && e.Stale() })
	if len(events) > 0 {
		s.send(group, events)
	}
}
