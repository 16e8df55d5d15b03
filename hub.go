package main

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"hearth/web/chat"
	"hearth/web/pubsub"
	"hearth/web/ws"
)

// leaveDelay is how long a person stays present after the last socket closed. Reloading a page takes less.
const leaveDelay = 2 * time.Second

// Hub is the channel layer: the sockets, the groups that they listen to, and the people who are present. It knows nothing
// about the database.
type Hub struct {
	melody *melody.Melody
	watch  chat.Watcher

	mu      sync.Mutex // guards the fields below; it may be locked before the mutex of a group, never after
	groups  map[string]*pubsub.Group
	conns   map[*ws.Conn]struct{}
	online  pubsub.Presence[int64]
	stopped bool
	idle    map[int64]bool // the users all of whose pages are idle
	rights  int            // increases with each change of rights

	soon   *pubsub.Soon
	people *pubsub.People
	cut    atomic.Int64
	ends   ws.Callbacks
}

// NewHub returns a hub without sockets.
func NewHub() *Hub {
	h := &Hub{melody: ws.Melody(), groups: map[string]*pubsub.Group{}, conns: map[*ws.Conn]struct{}{}, idle: map[int64]bool{}}
	h.soon = pubsub.NewSoon(h.publish)
	h.people = pubsub.NewPeople(lookup{h})
	h.ends = ws.Callbacks{Leave: h.leave, Cut: func() { h.cut.Add(1) }, Allowed: h.allowed, Watch: h.people.Watch, Idle: h.updateIdle, Move: h.move}
	return h
}

// Watch sets the watcher. It must be called before the first socket is opened; chat.New does that.
func (h *Hub) Watch(w chat.Watcher) { h.watch = w }

// Connect upgrades the request to a socket and returns once it is connected. The initial frames follow on a goroutine of
// their own. w is hijacked before anything is written to the client. Error: stopping, once Close was called.
func (h *Hub) Connect(w http.ResponseWriter, r *http.Request, o ws.Socket) error {
	if h.stopping() {
		return chat.Errorf("stopping")
	}
	c := ws.New(&h.ends, o)
	var here []string
	in := false
	if err := c.Open(h.melody, w, r, func() { here, in = h.enter(c) }); err != nil {
		slog.Debug("upgrade", "err", err)
		return nil
	}
	go c.SendInitial(here, in)
	return nil
}

// Count returns the number of open sockets.
func (h *Hub) Count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns)
}

func (h *Hub) stopping() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stopped
}

// Cut returns the number of sockets that were cut since the start because their clients read too slowly.
func (h *Hub) Cut() int64 { return h.cut.Load() }

// Close closes every socket with 1001, waits until they are gone or ctx ends, and aborts the rest. Sockets that are opened
// later are closed at once.
func (h *Hub) Close(ctx context.Context) {
	h.soon.Close()
	h.people.Close()
	h.mu.Lock()
	h.stopped = true
	all := slices.Collect(maps.Keys(h.conns))
	h.mu.Unlock()
	for _, c := range all {
		c.Close(websocket.CloseGoingAway, "the server restarts, come back")
	}
	for h.Count() > 0 && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	for _, c := range all {
		c.Abort()
	}
}

// group returns the group called name, and creates it if necessary; h.mu is held.
func (h *Hub) group(name string) *pubsub.Group {
	g := h.groups[name]
	if g == nil {
		g = pubsub.NewGroup(name, h.watch)
		h.groups[name] = g
	}
	return g
}

func (h *Hub) find(name string) *pubsub.Group {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.groups[name]
}

// enter adds c to its groups and to its room. It returns the people who were in the room before.
func (h *Hub) enter(c *ws.Conn) (here []string, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return nil, false
	}
	h.conns[c] = struct{}{}
	for _, name := range c.Groups() {
		h.group(name).Add(c)
	}
	if id := c.Reader.UserID; id != 0 && h.online.Enter(id) {
		go h.watch.Came(id)
	}
	h.countIdle(c.Reader.UserID)
	room := c.Room()
	if room == nil {
		return nil, true
	}
	return h.group(room.Group()).Enter(c), true
}

// move moves c to another room. It returns the people who were in that room before.
func (h *Hub) move(c *ws.Conn, room *chat.Room) (here []string, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, in := h.conns[c]; !in || h.stopped {
		return nil, false
	}
	h.leaveRoom(c)
	c.Enter(room)
	return h.group(room.Group()).Enter(c), true
}

// leave removes c from its groups and its room.
func (h *Hub) leave(c *ws.Conn) {
	h.people.Drop(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, in := h.conns[c]; !in {
		return
	}
	delete(h.conns, c)
	for _, name := range c.Groups() {
		h.drop(c, name)
	}
	if id := c.Reader.UserID; id != 0 {
		h.online.Leave(id, leaveDelay, func() { h.gone(id) })
	}
	h.countIdle(c.Reader.UserID)
	h.leaveRoom(c)
}

// leaveRoom removes c from its room, if it is in one. h.mu is held.
func (h *Hub) leaveRoom(c *ws.Conn) {
	room := c.Room()
	if room == nil {
		return
	}
	g, name := h.groups[room.Group()], c.Reader.Name
	if g == nil { // c was removed from the group before and was the last one in it
		return
	}
	h.forget(g, g.Leave(c, leaveDelay, func() { h.goneFrom(g, name) }))
}

// forget removes g from the hub if it is empty. h.mu must have been held since empty was determined.
func (h *Hub) forget(g *pubsub.Group, empty bool) {
	if empty && h.groups[g.Name] == g {
		delete(h.groups, g.Name)
	}
}

// gone ends the presence of a user who did not come back.
func (h *Hub) gone(id int64) {
	h.mu.Lock()
	removed := h.online.Remove(id)
	if removed {
		delete(h.idle, id)
	}
	went := removed && !h.stopped
	h.mu.Unlock()
	if went {
		h.watch.Went(id)
	}
}

// goneFrom ends the presence of a person in a room who did not come back.
func (h *Hub) goneFrom(g *pubsub.Group, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(g, g.Gone(name, !h.stopped))
}

// Publish sends events, at least one, to every socket in the group called name.
func (h *Hub) Publish(name string, events ...chat.Event) { h.publish(name, events) }

// PublishAll sends announcements, in order. Events of the same room are sent together: a socket is in one room, so it
// cannot see in which order different rooms get their events. All other events keep their place.
func (h *Hub) PublishAll(all []chat.Announcement) {
	var rooms []string
	events := map[string][]chat.Event{}
	flush := func() {
		for _, name := range rooms {
			h.publish(name, events[name])
		}
		rooms = rooms[:0]
		clear(events)
	}
	for _, a := range all {
		if a.Event.Seq == 0 { // such as a change of rights
			flush()
			h.publish(a.Group, []chat.Event{a.Event})
			continue
		}
		if events[a.Group] == nil {
			rooms = append(rooms, a.Group)
		}
		events[a.Group] = append(events[a.Group], a.Event)
	}
	flush()
}

func (h *Hub) publish(name string, events []chat.Event) (sockets int) {
	if x := events[0].Rights; x != nil {
		h.changeRights(x)
		return 0
	}
	if g := h.find(name); g != nil {
		return g.Send(events)
	}
	return 0
}

// UserChanged sends the state of a user to the sockets that watch the user. presence reports that the user came online or went
// offline; otherwise the profile has changed.
func (h *Hub) UserChanged(userID int64, presence bool) { h.people.Changed(userID, presence) }

// UserCreated announces a new account to the lobby pages.
func (h *Hub) UserCreated(userID int64) { h.people.Created(userID) }

// lookup is the pubsub.Lookup of a hub.
type lookup struct{ *Hub }

func (l lookup) User(id int64) (*chat.User, error) { return l.watch.User(context.Background(), id) }

func (l lookup) Accounts() (int, error) { return l.watch.Accounts(context.Background()) }

func (l lookup) Listeners(group string) []*ws.Conn {
	if g := l.find(group); g != nil {
		return g.Conns()
	}
	return nil
}

// PublishSoon is Publish for events that may wait to be sent together with others. Of several events with the same subject only
// the newest is sent.
func (h *Hub) PublishSoon(name string, e chat.Event) { h.soon.Add(name, e) }

// Online reports whether a user has a socket open anywhere.
func (h *Hub) Online(userID int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.online.Has(userID)
}

// Idle reports whether a user has pages open, and nobody has touched any of them for a while.
func (h *Hub) Idle(userID int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.idle[userID]
}

// updateIdle is called after c has said whether it is idle.
func (h *Hub) updateIdle(c *ws.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.countIdle(c.Reader.UserID)
}

// countIdle updates whether all pages of a user are idle, and announces a change. While a user has no page, for example because one is
// loaded again, nothing changes. h.mu is held.
func (h *Hub) countIdle(userID int64) {
	g := h.groups[chat.UserGroup(userID)]
	if userID == 0 || g == nil {
		return
	}
	pages, idle := 0, 0
	for _, c := range g.Conns() {
		if c.Socket.Page {
			pages++
		}
		if c.Socket.Page && c.Idle() {
			idle++
		}
	}
	if all := idle == pages; pages > 0 && all != h.idle[userID] {
		if h.idle[userID] = all; !all {
			delete(h.idle, userID)
		}
		go h.people.Changed(userID, false) // it takes h.mu
	}
}

// OnlineCount returns how many users have a socket open.
func (h *Hub) OnlineCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.online.Len()
}

// OnlineUsers returns the ids of the users who have a socket open, in ascending order.
func (h *Hub) OnlineUsers() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.online.All()
}

// Here returns the names of the people in a room's group, sorted.
func (h *Hub) Here(name string) []string {
	g := h.find(name)
	if g == nil {
		return nil
	}
	return g.People()
}

// HereCount returns how many people are in a room's group.
func (h *Hub) HereCount(name string) int {
	g := h.find(name)
	if g == nil {
		return 0
	}
	return g.Len()
}

// Listening returns the ids of the users who have a socket in a group at the moment. Visitors have the id 0.
func (h *Hub) Listening(name string) map[int64]bool {
	ids := map[int64]bool{}
	for _, c := range h.members(name) {
		ids[c.Reader.UserID] = true
	}
	return ids
}

// ListensElsewhere reports whether a user has a socket that gets the events of the user's inbox and is not in a group.
func (h *Hub) ListensElsewhere(userID int64, group string) bool {
	return slices.ContainsFunc(h.members(chat.Inbox(userID)), func(c *ws.Conn) bool { return !c.In(group) })
}

// members returns the sockets in a group, or all sockets for "".
func (h *Hub) members(name string) []*ws.Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	if name == "" {
		return slices.Collect(maps.Keys(h.conns))
	}
	g := h.groups[name]
	if g == nil {
		return nil
	}
	return g.Conns()
}

// EndSessions closes the sockets of these sessions with the reason "signed out".
func (h *Hub) EndSessions(ids ...int64) {
	for _, id := range ids {
		h.end(chat.SessionGroup(id), websocket.ClosePolicyViolation, "signed out")
	}
}

// EndUser closes all sockets of a user with the reason "signed out".
func (h *Hub) EndUser(id int64) {
	h.end(chat.UserGroup(id), websocket.ClosePolicyViolation, "signed out")
}

// EndRoom closes all sockets in a room. The clients reconnect and get the changed room, or an error.
func (h *Hub) EndRoom(group string) {
	h.end(group, websocket.CloseGoingAway, "the room was changed, come back")
}

func (h *Hub) end(group string, code int, reason string) {
	for _, c := range h.members(group) {
		c.Close(code, reason)
	}
}

// Recheck closes the sockets of a group whose callers may no longer be there. For "", it checks all sockets.
func (h *Hub) Recheck(group string) {
	members := h.members(group)
	go func() {
		for _, c := range members {
			c.Recheck()
		}
	}()
}

// drop removes c from a group; h.mu is held.
func (h *Hub) drop(c *ws.Conn, name string) {
	if g := h.groups[name]; g != nil {
		h.forget(g, g.Drop(c))
	}
}

// allowed updates the groups of c to the caller's current rights, or returns why the caller may not be here.
func (h *Hub) allowed(c *ws.Conn) error {
	for {
		h.mu.Lock()
		before := h.rights
		h.mu.Unlock()
		if err := c.Socket.Allowed(); err != nil || c.Socket.Listens == nil {
			return err
		}
		groups, err := c.Socket.Listens()
		if err != nil {
			return err
		}
		if h.listen(c, groups, before) {
			return nil
		}
	}
}

// listen sets the groups of c. It returns false, and sets nothing, if rights have changed since the groups were determined.
func (h *Hub) listen(c *ws.Conn, groups []string, found int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rights != found {
		return false
	}
	if _, in := h.conns[c]; in {
		h.regroup(c, groups)
	}
	return true
}

// regroup replaces the groups of c; h.mu is held.
func (h *Hub) regroup(c *ws.Conn, groups []string) {
	was := c.Groups()
	for _, name := range was {
		if !slices.Contains(groups, name) {
			h.drop(c, name)
		}
	}
	for _, name := range groups {
		if !slices.Contains(was, name) {
			h.group(name).Add(c)
		}
	}
	c.SetGroups(groups)
}

// changeRights applies a change of rights to every socket. When it returns, no socket gets events that its user may no longer
// see.
func (h *Hub) changeRights(x *chat.RightsChange) {
	x.Apply()
	changed := map[*ws.Conn]chat.Rights{}
	h.mu.Lock()
	h.rights++
	for c := range h.conns {
		r := x.Of(chat.Listener{Reader: c.Reader, Room: c.Room(), In: c.In})
		if r.Out || r.Leave != nil || r.Join != nil {
			h.regroup(c, r.Groups(c.Groups()))
		}
		if room := c.Room(); r.Out && room != nil && h.groups[room.Group()] != nil {
			h.groups[room.Group()].Drop(c) // the user stays present there until the socket has left
		}
		if r.Out || r.Back || r.Gone != nil {
			changed[c] = r
		}
	}
	h.mu.Unlock()
	for c, r := range changed {
		c.Apply(r)
	}
}
