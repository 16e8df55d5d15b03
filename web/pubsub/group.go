// Package pubsub implements groups of sockets: an event that is published to a group reaches every socket that listens
// to it. The group of a room also keeps who is present. Events for many are merged.
package pubsub

import (
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"hearth/web/chat"
	"hearth/web/ws"
)

// maxComings is how many joins and leaves a second are sent to clients of the plain dialect one by one (PROTOCOL.md).
const maxComings = 50

// Group is a set of sockets that get the same events, and, for a room, the people who are present. It is safe for
// concurrent use.
type Group struct {
	Name  string
	watch Watcher

	mu     sync.Mutex
	conns  map[*ws.Conn]struct{}
	people Presence[string]
	room   *chat.Room // set once somebody is in it
	seq    int64      // of the last event sent
	// Joins and leaves in the current second. Above maxComings, a list of users is sent instead.
	second  time.Time
	comings int
	crowded bool      // there were more than maxComings in the second before
	listDue bool      // a call of list is scheduled
	batch   batch     // joins and leaves that clients of hearth.1 have not got yet
	filled  time.Time // when the watcher was last called
	fillDue bool      // a call of the watcher is scheduled
}

// Watcher is called, on a goroutine of its own, when the number of people in a room has changed.
type Watcher interface {
	Filled(room *chat.Room)
}

// NewGroup returns a group without sockets.
func NewGroup(name string, w Watcher) *Group {
	return &Group{Name: name, watch: w, conns: map[*ws.Conn]struct{}{}}
}

// Add adds a socket. From now on it gets the events of the group, which it buffers until it is live.
func (g *Group) Add(c *ws.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[c] = struct{}{}
}

// Enter is Add for a socket in the room of this group. Its person becomes present, if it has a name. It returns the people
// who were present before.
func (g *Group) Enter(c *ws.Conn) (here []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	here = g.people.All()
	g.conns[c], g.room = struct{}{}, c.Room()
	if name := c.Reader.Name; name != "" && g.people.Enter(name) {
		g.coming(coming{name, c.Socket.Caller.Display(), true})
	}
	return here
}

// empty reports whether the group has no sockets and nobody is present; g.mu is held.
func (g *Group) empty() bool { return len(g.conns) == 0 && g.people.Len() == 0 }

// Drop removes a socket and reports whether the group is empty.
func (g *Group) Drop(c *ws.Conn) (empty bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	return g.empty()
}

// Leave is Drop for a socket in a room. If it was the last one of its person, the person stays present for delay; then gone
// is called, on a goroutine of its own, and must call Gone.
func (g *Group) Leave(c *ws.Conn, delay time.Duration, gone func()) (empty bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	if name := c.Reader.Name; name != "" {
		g.people.Leave(name, delay, gone)
	}
	return g.empty()
}

// Gone ends the presence of a person who did not come back. If tell is set, it sends the leave to the room. It reports
// whether the group is empty.
func (g *Group) Gone(name string, tell bool) (empty bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.people.Remove(name) && tell {
		g.coming(coming{name: name})
	}
	return g.empty()
}

// coming sends a join or leave to the room; g.mu is held.
func (g *Group) coming(x coming) {
	g.tellFilled()
	g.comingPlain(x)
	if g.batch.add(x, g.tellBatch) {
		g.send(g.batch.take())
	}
}

// tellBatch sends the joins and leaves that wait to clients of hearth.1.
func (g *Group) tellBatch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.send(g.batch.take())
}

// comingPlain sends a join or leave to clients of the plain dialect, or a list of users later; g.mu is held.
func (g *Group) comingPlain(x coming) {
	if now := time.Now(); now.Sub(g.second) >= time.Second {
		g.crowded = g.comings > maxComings && now.Sub(g.second) < 2*time.Second
		g.second, g.comings = now, 0
	}
	g.comings++
	if !g.crowded && g.comings <= maxComings {
		g.send([]chat.Event{x.event(true)})
		return
	}
	if !g.listDue {
		g.listDue = true
		time.AfterFunc(time.Until(g.second.Add(time.Second)), g.list)
	}
}

// tellFilled schedules a call of the watcher, at most one in gatherFor; g.mu is held.
func (g *Group) tellFilled() {
	if g.fillDue {
		return
	}
	g.fillDue = true
	time.AfterFunc(time.Until(g.filled.Add(gatherFor)), func() {
		g.mu.Lock()
		g.fillDue, g.filled = false, time.Now()
		room := g.room
		g.mu.Unlock()
		g.watch.Filled(room)
	})
}

// list sends the list of users to clients of the plain dialect.
func (g *Group) list() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listDue = false
	seq := g.deliveredSeq()
	e := chat.UserList(g.people.All(), chat.InitialState{}, func(chat.Reader) (string, int64) { return g.room.Name, seq })
	e.PlainOnly = true
	g.send([]chat.Event{e})
}

// deliveredSeq returns the sequence number up to which every socket in the room has got the events. If no event was sent
// since the first socket came, it is the number of their initial frames. g.mu is held.
func (g *Group) deliveredSeq() int64 {
	if g.seq > 0 {
		return g.seq
	}
	least := int64(math.MaxInt64)
	for c := range g.conns {
		if seq, live := c.StartSeq(); live {
			least = min(least, seq)
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}

// Send sends events to every socket, in the same order, and returns the number of sockets.
func (g *Group) Send(events []chat.Event) (sockets int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.send(events)
	return len(g.conns)
}

func (g *Group) send(events []chat.Event) {
	for len(events) > 0 && events[0].ExceptIn != "" { // such events are rare, and sent one at a time
		g.sendTo(ws.NewFrames(events[:1]), events[:1], events[0].ExceptIn)
		events = events[1:]
	}
	for i, e := range events {
		if e.ExceptIn != "" {
			g.send(events[:i])
			g.send(events[i:])
			return
		}
	}
	if len(events) > 0 {
		g.sendTo(ws.NewFrames(events), events, "")
	}
}

func (g *Group) sendTo(f *ws.Frames, events []chat.Event, exceptIn string) {
	for _, e := range events {
		g.seq = max(g.seq, e.Seq)
	}
	for c := range g.conns {
		if exceptIn == "" || !c.In(exceptIn) {
			c.Take(f, events)
		}
	}
}

// Conns returns the sockets of the group.
func (g *Group) Conns() []*ws.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Keys(g.conns))
}

// People returns the names of the people who are present, sorted.
func (g *Group) People() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.people.All()
}

// Len returns the number of people who are present.
func (g *Group) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.people.Len()
}
