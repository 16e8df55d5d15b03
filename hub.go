package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"hearth/web"
	"hearth/web/chat"
	"hearth/web/frame"
	"hearth/web/line"
	"hearth/web/roster"
)

const (
	// buffer is melody's for one conn, in frames. Only the close frame goes through it: what is sent
	// has a line of its own, because melody drops silently what its buffer has no room for.
	buffer = 2
	// maxQueue is how many bytes may wait for one conn before it counts as too slow a reader.
	maxQueue = 1 << 20
	// maxHeld is how many events may wait for a conn that is not greeted yet, because the disk is slow:
	// about as much memory as maxQueue.
	maxHeld = 8192
	// grace is how long after the last socket closed a person counts as gone: reloads take less.
	grace = 2 * time.Second
	// pongWait and grace are within the 60 s of PROTOCOL.md for peers that answer no ping; pingPeriod leaves
	// one ping time to be answered.
	pongWait   = 54 * time.Second
	pingPeriod = 25 * time.Second
	// writeWait is how long one write may take before the peer counts as gone.
	writeWait = 20 * time.Second
	// farewell is how long a conn that is shown out may take to accept its close frame.
	farewell = 3 * time.Second
	// maxComings is how many comings and goings a second a room is told one by one (PROTOCOL.md).
	maxComings = 50
	// soon is how long presence is collected before it is told to those who look at lists.
	soon = 200 * time.Millisecond
)

// Hub is the channel layer: the sockets, the groups they listen to, and who is there. It knows
// frames and events, but nothing of what is stored.
type Hub struct {
	melody *melody.Melody
	watch  Watcher

	mu      sync.Mutex // guards what follows; taken before a group's, never after
	groups  map[string]*group
	conns   map[*conn]struct{}
	online  roster.Roster[int64]
	stopped bool

	laterMu sync.Mutex
	later   map[string][]chat.Event // by group, until publishLater

	cut atomic.Int64
}

// Watcher is told what happens to presence, on the hub's goroutines. It must not wait.
type Watcher interface {
	Came(userID int64)      // a user's first socket
	Went(userID int64)      // the last one, and none came back in time
	Filled(room *chat.Room) // the number of people in a room changed
}

// NewHub makes a hub without sockets.
func NewHub() *Hub {
	h := &Hub{melody: melody.New(), groups: map[string]*group{}, conns: map[*conn]struct{}{}}
	c := h.melody.Config
	c.WriteWait, c.PongWait, c.PingPeriod = writeWait, pongWait, pingPeriod
	c.MaxMessageSize, c.MessageBufferSize = web.MaxFrame, buffer
	h.melody.Upgrader = &websocket.Upgrader{
		ReadBufferSize:  256, // memory of idle conns; longer frames are read in pieces
		WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
		Subprotocols: []string{web.Batched},
		CheckOrigin:  func(*http.Request) bool { return true }, // web has checked it
	}
	h.melody.HandleConnect(func(s *melody.Session) { guard(s, func(c *conn) { c.connected(s) }) })
	h.melody.HandleDisconnect(func(s *melody.Session) { guard(s, (*conn).disconnected) })
	h.melody.HandleMessage(func(s *melody.Session, b []byte) { guard(s, func(c *conn) { c.received(s, b) }) })
	h.melody.HandleError(func(s *melody.Session, err error) { guard(s, func(c *conn) { c.broken(s, err) }) })
	h.melody.HandleMessageBinary(func(s *melody.Session, _ []byte) {
		guard(s, func(c *conn) { c.fail(s, websocket.CloseUnsupportedData, "send text frames, not binary ones") })
	})
	return h
}

// Watch sets who is told of comings and goings. It must be called before the first socket.
func (h *Hub) Watch(w Watcher) { h.watch = w }

// wire is the connection under a session, and how the conn is found that the session is of.
type wire struct {
	*frame.Conn
	conn *conn
}

// guard calls f with the session's conn. net/http would swallow a panic, and melody leak the session.
func guard(s *melody.Session, f func(*conn)) {
	c := s.WebsocketConnection().NetConn().(wire).conn
	defer func() {
		if p := recover(); p != nil {
			slog.Error("panic on a socket", "panic", p, "stack", string(debug.Stack()))
			c.Close(websocket.CloseInternalServerErr, "internal error")
		}
	}()
	f(c)
}

// Connect upgrades the request to a socket and returns once it is connected; the socket lives on.
// Error: stopping, once Close was called.
func (h *Hub) Connect(w http.ResponseWriter, r *http.Request, o web.Socket) error {
	if h.stopping() {
		return chat.Errorf("stopping")
	}
	c := &conn{hub: h, socket: o, reader: o.Caller.Reader(), ready: make(chan error, 1)}
	c.greeted.Add(1)
	var here []string
	in := false
	// Before the handshake is answered, so that who is let in misses nothing that is said from then on.
	hijack := line.Hijacker{ResponseWriter: w, Wrap: func(under net.Conn) net.Conn {
		c.line = line.New(under, line.Limits{Bytes: maxQueue, Patience: writeWait})
		here, in = h.enter(c)
		return wire{frame.New(c.line, o.Limits), c}
	}}
	// In a goroutine of its own, so that net/http's, with its large stack and buffers, can go.
	go func() {
		defer o.Ended()
		if err := h.melody.HandleRequest(hijack, r); err != nil {
			h.leave(c)
			c.ready <- err
		}
	}()
	if err := <-c.ready; err != nil { // gorilla has answered, or could not
		slog.Debug("upgrade", "err", err)
		return nil
	}
	c.ready = nil
	// Here and not in melody's goroutine, which would keep the stack that this takes.
	guard(c.session.Load(), func(c *conn) { c.greet(here, in) })
	return nil
}

// Count is how many sockets are open.
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

// Cut is how many sockets were cut since the start because they read too slowly.
func (h *Hub) Cut() int64 { return h.cut.Load() }

// Close tells every socket that the server goes away, waits until they are gone or ctx ends, and
// cuts the rest. Sockets that come later are closed at once.
func (h *Hub) Close(ctx context.Context) {
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
		c.abort()
	}
}

// group is who listens to an address, and for a room who is seen to be in it.
type group struct {
	name   string
	mu     sync.Mutex
	conns  map[*conn]struct{}
	people roster.Roster[string]
	room   *chat.Room // set while somebody is in it
	seq    int64      // of the last event published
	// Comings and goings of the running second. Above maxComings they are told by a list.
	second  time.Time
	comings int
	crowded bool
	listDue bool
}

// group finds or makes the group called name, with h.mu held.
func (h *Hub) group(name string) *group {
	g := h.groups[name]
	if g == nil {
		g = &group{name: name, conns: map[*conn]struct{}{}}
		h.groups[name] = g
	}
	return g
}

func (h *Hub) find(name string) *group {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.groups[name]
}

// enter lists c in its groups; from now on their events wait in it until it is live. It returns
// who was in the room before.
func (h *Hub) enter(c *conn) (here []string, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return nil, false
	}
	h.conns[c] = struct{}{}
	for _, name := range c.socket.Groups {
		g := h.group(name)
		g.mu.Lock()
		g.conns[c] = struct{}{}
		g.mu.Unlock()
	}
	if id := c.reader.UserID; id != 0 && h.online.Enter(id) {
		go h.watch.Came(id)
	}
	if c.socket.Room == nil {
		return nil, true
	}
	g := h.group(c.socket.Room.Group())
	g.mu.Lock()
	defer g.mu.Unlock()
	here = g.people.All()
	g.conns[c], g.room = struct{}{}, c.socket.Room
	if name := c.reader.Name; name != "" && g.people.Enter(name) {
		h.coming(g, chat.UserJoined(name, c.socket.Caller.Display()))
	}
	return here, true
}

// leave is the end of c.
func (h *Hub) leave(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, in := h.conns[c]; !in {
		return
	}
	delete(h.conns, c)
	for _, name := range c.socket.Groups {
		h.drop(h.groups[name], c)
	}
	if id := c.reader.UserID; id != 0 {
		h.online.Leave(id, grace, func() { h.gone(id) })
	}
	if c.socket.Room == nil {
		return
	}
	g := h.groups[c.socket.Room.Group()]
	if name := c.reader.Name; name != "" {
		g.mu.Lock()
		g.people.Leave(name, grace, func() { h.goneFrom(g, name) })
		g.mu.Unlock()
	}
	h.drop(g, c)
}

// drop takes c out of g, and g out of the hub once nobody is left, with h.mu held.
func (h *Hub) drop(g *group, c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	if len(g.conns) == 0 && g.people.Len() == 0 && h.groups[g.name] == g {
		delete(h.groups, g.name)
	}
}

// gone ends the presence of a user who didn't come back.
func (h *Hub) gone(id int64) {
	h.mu.Lock()
	went := h.online.Remove(id) && !h.stopped
	h.mu.Unlock()
	if went {
		h.watch.Went(id)
	}
}

// goneFrom ends the presence in a room of somebody who didn't come back.
func (h *Hub) goneFrom(g *group, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g.mu.Lock()
	if g.people.Remove(name) && !h.stopped {
		h.coming(g, chat.UserLeft(name))
	}
	g.mu.Unlock()
	h.drop(g, nil)
}

// coming tells a room of one coming or going, or has a list told instead; g.mu is held.
func (h *Hub) coming(g *group, e chat.Event) {
	go h.watch.Filled(g.room)
	if now := time.Now(); now.Sub(g.second) >= time.Second {
		g.crowded = g.comings > maxComings && now.Sub(g.second) < 2*time.Second
		g.second, g.comings = now, 0
	}
	g.comings++
	if !g.crowded && g.comings <= maxComings {
		g.send([]chat.Event{e})
		return
	}
	if !g.listDue {
		g.listDue = true
		time.AfterFunc(time.Until(g.second.Add(time.Second)), g.list)
	}
}

// list tells a room anew who is in it.
func (g *group) list() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listDue = false
	seq := g.told()
	g.send([]chat.Event{chat.UserList(g.people.All(), chat.Greeting{}, func(r chat.Reader) (string, int64) { return g.room.Name, seq })})
}

// told is up to which number everybody in the room was told; g.mu is held. Where nothing was
// published since the first of them came, that is what they were greeted with.
func (g *group) told() int64 {
	if g.seq > 0 {
		return g.seq
	}
	least := int64(math.MaxInt64)
	for c := range g.conns {
		if seq, live := c.begins(); live {
			least = min(least, seq)
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}

// Publish sends e to everybody in the group called name.
func (h *Hub) Publish(name string, e chat.Event) { h.publish(name, []chat.Event{e}) }

// PublishAll sends announcements, in order. Those of a room's line go out together: a socket is in
// one room, so it can't tell in which order different rooms were told. Anything else it might be
// told beside its room, and that keeps its place.
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
		if a.Event.Seq == 0 {
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

func (h *Hub) publish(name string, events []chat.Event) {
	if g := h.find(name); g != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.send(events)
	}
}

// PublishSoon is Publish for what may wait a little to go out together with its like.
func (h *Hub) PublishSoon(name string, e chat.Event) {
	h.laterMu.Lock()
	defer h.laterMu.Unlock()
	if h.later == nil {
		h.later = map[string][]chat.Event{}
		time.AfterFunc(soon, h.publishLater)
	}
	h.later[name] = append(h.later[name], e)
}

func (h *Hub) publishLater() {
	h.laterMu.Lock()
	all := h.later
	h.later = nil
	h.laterMu.Unlock()
	for name, events := range all {
		h.publish(name, events)
	}
}

// Online reports whether a user has a socket open anywhere.
func (h *Hub) Online(userID int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.online.Has(userID)
}

// OnlineCount is how many users have a socket open.
func (h *Hub) OnlineCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.online.Len()
}

// OnlineUsers are the ids of those who have a socket open, in order.
func (h *Hub) OnlineUsers() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.online.All()
}

// Here are the names of the people in a room's group, sorted.
func (h *Hub) Here(name string) []string {
	g := h.find(name)
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.people.All()
}

// HereCount is how many people are in a room's group.
func (h *Hub) HereCount(name string) int {
	g := h.find(name)
	if g == nil {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.people.Len()
}

// Listening are the ids of the users who have a socket in a group at this very moment.
func (h *Hub) Listening(name string) map[int64]bool {
	ids := map[int64]bool{}
	for _, c := range h.members(name) {
		ids[c.reader.UserID] = true
	}
	return ids
}

// members are the sockets in a group; of all groups for "".
func (h *Hub) members(name string) []*conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	if name == "" {
		return slices.Collect(maps.Keys(h.conns))
	}
	g := h.groups[name]
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Keys(g.conns))
}

// EndSessions closes the sockets of these sessions, signed out.
func (h *Hub) EndSessions(ids ...int64) {
	for _, id := range ids {
		h.end(chat.SessionGroup(id), websocket.ClosePolicyViolation, "signed out")
	}
}

// EndUser closes all sockets of a user, signed out.
func (h *Hub) EndUser(id int64) {
	h.end(chat.UserGroup(id), websocket.ClosePolicyViolation, "signed out")
}

// EndRoom closes all sockets in a room, to come back to what is there now.
func (h *Hub) EndRoom(group string) {
	h.end(group, websocket.CloseGoingAway, "the room was changed, come back")
}

func (h *Hub) end(group string, code int, reason string) {
	for _, c := range h.members(group) {
		c.Close(code, reason)
	}
}

// Recheck closes those sockets of a group ("": all) whose callers may no longer be there.
func (h *Hub) Recheck(group string) {
	members := h.members(group)
	go func() {
		for _, c := range members {
			c.recheck()
		}
	}()
}

// send gives events to every socket in g, in the same order to all; g.mu is held.
func (g *group) send(events []chat.Event) {
	for len(events) > 0 && events[0].ExceptIn != "" { // rare: one at a time
		g.sendTo(chat.NewFrames(events[:1]), events[:1], events[0].ExceptIn)
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
		g.sendTo(chat.NewFrames(events), events, "")
	}
}

func (g *group) sendTo(f *chat.Frames, events []chat.Event, exceptIn string) {
	for _, e := range events {
		g.seq = max(g.seq, e.Seq)
	}
	for c := range g.conns {
		if exceptIn == "" || !c.in(exceptIn) {
			c.take(f, events)
		}
	}
}

// conn is one open socket.
type conn struct {
	hub     *Hub
	socket  web.Socket
	reader  chat.Reader
	session atomic.Pointer[melody.Session] // nil until the handshake is done
	line    *line.Line
	batched bool
	ready   chan error             // gets how the handshake ended
	greeted sync.WaitGroup         // until it was told what it comes to
	closing atomic.Pointer[[]byte] // the close frame that is on its way

	mu   sync.Mutex
	live bool         // it was greeted; events go straight through
	held []chat.Event // until then they wait here
	seq  int64        // the greeting had the room's events up to this number
	told []int64      // and private messages with these ids
}

// connected prepares a new socket. Melody starts to read and write once this has returned.
func (c *conn) connected(s *melody.Session) {
	c.batched = s.WebsocketConnection().Subprotocol() == web.Batched
	s.Request = nil // its memory is no longer needed
	c.session.Store(s)
	if m := c.closing.Load(); m != nil {
		_ = s.CloseWithMsg(*m) // said before there was anybody to say it
	}
	c.ready <- nil
}

// greet tells c what it comes to: who was here, if it is in. Until then nothing is read from it.
func (c *conn) greet(here []string, in bool) {
	defer c.greeted.Done()
	if !in {
		c.Close(websocket.CloseGoingAway, "the server restarts, come back")
		return
	}
	// What was ended or changed since the request was looked at didn't find this socket yet.
	if c.recheck() {
		c.socket.Start(c, here)
	}
}

// recheck closes the socket if its caller may no longer be here, and reports whether it may.
func (c *conn) recheck() bool {
	err := c.socket.Allowed()
	var refused *chat.Error
	switch {
	case err == nil:
		return true
	case errors.As(err, &refused) && refused.Code != "storage":
		c.Close(websocket.ClosePolicyViolation, "no longer allowed here")
	default:
		slog.Error("look whether a caller may still be here", "err", err)
		c.Close(websocket.CloseTryAgainLater, "the database does not answer, come back later")
	}
	return false
}

func (c *conn) disconnected() {
	c.greeted.Wait()
	c.line.Stop()
	c.hub.leave(c)
}

// broken tells a peer why reading from it has failed, where the library has not.
func (c *conn) broken(s *melody.Session, err error) {
	if v, ok := errors.AsType[*frame.Violation](err); ok {
		c.fail(s, v.Code, v.Reason)
	}
	if errors.Is(err, websocket.ErrReadLimit) {
		c.fail(s, websocket.CloseMessageTooBig, "at most 64 KiB")
	}
}

// fail ends the socket of a peer that broke a rule. The close frame leaves before anything is read
// that may lie behind, be it the peer's own close frame (RFC 6455, 7.1.7).
func (c *conn) fail(s *melody.Session, code int, reason string) {
	_ = s.WebsocketConnection().WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(farewell))
	c.Close(code, reason) // melody hangs up when it finds that this was said
}

// received gets a message. After our close frame none counts (RFC 6455, 7.1.7).
func (c *conn) received(s *melody.Session, b []byte) {
	c.greeted.Wait()
	if c.closing.Load() != nil {
		return
	}
	if !utf8.Valid(b) {
		c.fail(s, websocket.CloseInvalidFramePayloadData, "text must be UTF-8")
		return
	}
	if c.socket.Frame != nil {
		c.socket.Frame(c, b)
	}
}

// in reports whether c is in the room or group called name.
func (c *conn) in(name string) bool {
	return c.socket.Room != nil && c.socket.Room.Group() == name || slices.Contains(c.socket.Groups, name)
}

// take gets what a group is told.
func (c *conn) take(f *chat.Frames, events []chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.live {
		c.hold(events)
		return
	}
	if c.had(events[0]) { // numbers rise: if it is new, so are the others
		c.writeNew(events)
		return
	}
	c.write(f)
}

// hold keeps events until c is live, or cuts it; c.mu is held.
func (c *conn) hold(events []chat.Event) {
	if c.closing.Load() != nil {
		c.held = nil // nothing reaches it any more
		return
	}
	c.held = append(c.held, events...)
	if len(c.held) > maxHeld && c.line.Stop() {
		c.held = nil
		c.cut("the database is slow, come back with after=")
	}
}

// had reports whether the greeting had e. It can come after the greeting, which read what was on
// disk: that is where events are before they are published.
func (c *conn) had(e chat.Event) bool {
	return e.Seq != 0 && e.Seq <= c.seq || e.ID != 0 && slices.Contains(c.told, e.ID)
}

// writeNew queues those of events that the greeting didn't have; c.mu is held.
func (c *conn) writeNew(events []chat.Event) {
	var rest []chat.Event
	for _, e := range events {
		if !c.had(e) {
			rest = append(rest, e)
		}
	}
	if len(rest) > 0 {
		c.write(chat.NewFrames(rest))
	}
}

// write sends frames, or cuts a reader that is too slow for them; c.mu is held.
func (c *conn) write(f *chat.Frames) {
	frames := c.frames(f)
	if len(frames) > 0 && !c.line.Send(frames) {
		c.cut("too slow a reader, come back with after=")
	}
}

// cut ends a socket for which too much waits.
func (c *conn) cut(why string) {
	c.hub.cut.Add(1)
	c.bye(websocket.CloseTryAgainLater, why)
}

func (c *conn) frames(f *chat.Frames) []byte {
	if c.batched {
		return f.Joined(c.reader)
	}
	return f.Plain(c.reader)
}

// Send answers this socket alone. Answers are not counted as waiting: the client asked for them.
func (c *conn) Send(events ...chat.Event) {
	if len(events) == 0 {
		return
	}
	if frames := c.frames(chat.NewFrames(events)); len(frames) > 0 {
		c.line.SendAny(frames)
	}
}

// Live lets through what was held back since the socket was opened, but for what the greeting
// had: the room's events up to number seq, and the private messages among told. It must be called
// once.
func (c *conn) Live(seq int64, told []chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live, c.seq = true, seq
	for _, e := range told {
		c.told = append(c.told, e.ID)
	}
	c.writeNew(c.held)
	c.held = nil
}

// begins is up to which number the greeting told the room's events, once there was one.
func (c *conn) begins() (seq int64, live bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seq, c.live
}

// Batched reports whether the client speaks hearth.1.
func (c *conn) Batched() bool { return c.batched }

// Close ends the socket with a close frame after what is already under way; what waits is dropped.
func (c *conn) Close(code int, reason string) {
	if c.line.Stop() {
		c.bye(code, reason)
	}
}

// bye sends the close frame, for which melody's buffer always has room, and cuts the line if the
// peer doesn't take it in time.
func (c *conn) bye(code int, reason string) {
	m := websocket.FormatCloseMessage(code, reason)
	c.closing.Store(&m)
	if s := c.session.Load(); s != nil {
		_ = s.CloseWithMsg(m) // fails only if it is closed
	}
	time.AfterFunc(farewell, c.abort)
}

// abort cuts the line. Melody notices when it next reads or writes.
func (c *conn) abort() { _ = c.line.Abort() }
