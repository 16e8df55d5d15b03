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

// maxComings is how many comings and goings a second clients of the plain dialect are told one by one (PROTOCOL.md).
const maxComings = 50

// Group is who listens to an address. Its methods may be called from any goroutine.
type Group struct {
	Name  string
	watch Watcher

	mu     sync.Mutex
	conns  map[*ws.Conn]struct{}
	people Presence[string]
	room   *chat.Room // set once somebody is in it
	seq    int64      // of the last event sent
	// Comings and goings of the running second. Above maxComings they are told by a list.
	second  time.Time
	comings int
	crowded bool
	listDue bool
	batch   batch     // what clients of hearth.1 are still to be told of them
	filled  time.Time // when the watcher was last told
	fillDue bool      // it is going to be
}

// Watcher is told, on a goroutine of its own, that the number of people in a room changed.
type Watcher interface {
	Filled(room *chat.Room)
}

// NewGroup makes a group without sockets.
func NewGroup(name string, w Watcher) *Group {
	return &Group{Name: name, watch: w, conns: map[*ws.Conn]struct{}{}}
}

// Add lets c listen: from now on what is sent waits in it until it is live.
func (g *Group) Add(c *ws.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[c] = struct{}{}
}

// Enter is Add for a socket in a room, whose person, if it has a name, is seen to be there. It
// returns who was there before.
func (g *Group) Enter(c *ws.Conn) (here []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	here = g.people.All()
	g.conns[c], g.room = struct{}{}, c.Socket.Room
	if name := c.Reader.Name; name != "" && g.people.Enter(name) {
		g.coming(coming{name, c.Socket.Caller.Display(), true})
	}
	return here
}

// empty reports whether nobody listens and nobody is seen; g.mu is held.
func (g *Group) empty() bool { return len(g.conns) == 0 && g.people.Len() == 0 }

// Drop takes c out, and reports whether the group is empty: nobody listens, nobody is seen.
func (g *Group) Drop(c *ws.Conn) (empty bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	return g.empty()
}

// Leave is Drop for a socket in a room. Its person is seen to be there for another grace; if that
// was the last socket, gone is called then, on a goroutine of its own, and must ask Gone.
func (g *Group) Leave(c *ws.Conn, grace time.Duration, gone func()) (empty bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	if name := c.Reader.Name; name != "" {
		g.people.Leave(name, grace, gone)
	}
	return g.empty()
}

// Gone ends the presence of somebody who did not come back, and says so if tell is set. It reports
// whether the group is empty.
func (g *Group) Gone(name string, tell bool) (empty bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.people.Remove(name) && tell {
		g.coming(coming{name: name})
	}
	return g.empty()
}

// coming tells the room of one coming or going; g.mu is held.
func (g *Group) coming(x coming) {
	g.tellFilled()
	g.comingPlain(x)
	if g.batch.add(x, g.tellBatch) {
		g.send(g.batch.take())
	}
}

// tellBatch tells clients of hearth.1 of the comings and goings that wait.
func (g *Group) tellBatch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.send(g.batch.take())
}

// comingPlain tells clients of the plain dialect of one coming or going, or has a list told instead; g.mu is held.
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

// tellFilled has the watcher told that the number of people has changed, at most once in gatherFor;
// g.mu is held.
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

// list tells clients of the plain dialect anew who is in the room.
func (g *Group) list() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listDue = false
	seq := g.deliveredSeq()
	e := chat.UserList(g.people.All(), chat.InitialState{}, func(chat.Reader) (string, int64) { return g.room.Name, seq })
	e.PlainOnly = true
	g.send([]chat.Event{e})
}

// deliveredSeq is up to which number everybody in the room was deliveredSeq; g.mu is held. Where nothing was
// sent since the first of them came, that is what they were greeted with.
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

// Send gives events to every socket, in the same order to all, and returns how many they are.
func (g *Group) Send(events []chat.Event) (sockets int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.send(events)
	return len(g.conns)
}

func (g *Group) send(events []chat.Event) {
	for len(events) > 0 && events[0].ExceptIn != "" { // rare: one at a time
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

// Conns are the sockets that listen.
func (g *Group) Conns() []*ws.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Keys(g.conns))
}

// People are the names of those who are seen to be in the room, sorted.
func (g *Group) People() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.people.All()
}

// Len is how many people are seen to be in the room.
func (g *Group) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.people.Len()
}
