// Package ws implements one WebSocket connection: the handshake, the initial frames and what follows them, the encoding
// of events, the outbound queue, limits on inbound frames, and the rules of RFC 6455 that the libraries leave to us.
package ws

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"hearth/web/chat"
	"hearth/web/logging"
)

const (
	// maxQueue is how many bytes may wait for one conn before it counts as too slow a reader.
	maxQueue = 1 << 20
	// MaxBuffered is how many events may wait for a conn that is not greeted yet, because the disk is slow:
	// about as much memory as maxQueue.
	MaxBuffered = 8192
	// replayWait is how long a client may take to read a portion of what is replayed (PROTOCOL.md:
	// reading an answer).
	replayWait = time.Minute
	// replayChunk is how many replayed events are encoded and sent at a time. The longest are about
	// 50 KB each, so that at most about maxQueue waits.
	replayChunk = 20
	// closeTimeout is how long a conn that is shown out may take to accept its close frame.
	closeTimeout = 3 * time.Second
)

// Callbacks is what conns tell the hub that they are in.
type Callbacks struct {
	Leave func(*Conn) // it has ended, or never began
	Cut   func()      // it is being closed because too much waits for it
	// Allowed has the conn listen to what its caller may hear now, or says why it may not be here.
	Allowed func(*Conn) error
	// Watch has the conn told of these users instead of those it was told of before. Error: storage.
	Watch func(*Conn, []int64) error
}

// Conn is one open socket. The exported fields don't change.
type Conn struct {
	Socket Socket
	Reader chat.Reader // who is at the other end

	hub         *Callbacks
	session     atomic.Pointer[melody.Session] // nil until the handshake is done
	out         *outQueue
	batched     bool
	ready       chan error             // gets how the handshake ended; nil afterwards
	initialSent sync.WaitGroup         // until it was told what it comes to
	ended       chan struct{}          // closed once the connection has ended
	closing     atomic.Pointer[[]byte] // the close frame that is on its way

	mu        sync.Mutex
	live      bool            // it was greeted; events go straight through
	buffered  []chat.Event    // until then they wait here
	seq       int64           // the greeting had the room's events up to this number
	delivered []int64         // and private messages with these ids
	gone      map[string]bool // groups of the rooms that it is told nothing about any more

	sent sent // what may not have arrived

	groups atomic.Pointer[[]string] // what it listens to beside its room; the hub sets it
}

// New is a conn that is in hub, still without a connection.
func New(hub *Callbacks, s Socket) *Conn {
	reader := s.Caller.Reader()
	reader.Cards = s.Cards
	c := &Conn{Socket: s, Reader: reader, hub: hub, ready: make(chan error, 1), ended: make(chan struct{})}
	c.initialSent.Add(1)
	c.SetGroups(s.Groups)
	return c
}

// Groups are what c listens to beside its room. They must not be changed.
func (c *Conn) Groups() []string { return *c.groups.Load() }

// SetGroups is for the hub, which keeps the groups themselves in step.
func (c *Conn) SetGroups(groups []string) { c.groups.Store(&groups) }

// Open upgrades a request to c, and returns once it is connected; c lives on. Enter is called before the
// handshake is answered, so that who is let in misses nothing that is said from then on. If this fails
// the client has been answered, if it could be, and c has left.
func (c *Conn) Open(m *melody.Melody, w http.ResponseWriter, r *http.Request, enter func()) error {
	hijack := hijacker{ResponseWriter: w, wrap: func(under net.Conn) net.Conn {
		c.out = newOutQueue(under, queueLimits{bytes: maxQueue, writeTimeout: writeWait})
		enter()
		return wire{newFrameChecker(c.out, c.Socket.Limits), c}
	}}
	// In a goroutine of its own, so that net/http's, with its large stack and buffers, can go.
	go func() {
		defer c.Socket.Ended()
		if err := m.HandleRequest(hijack, r); err != nil {
			c.hub.Leave(c)
			c.ready <- err
		}
	}()
	err := <-c.ready
	c.ready = nil
	return err
}

// connected prepares a new socket. Melody starts to read and write once this has returned.
func (c *Conn) connected(s *melody.Session) {
	defer func() { c.ready <- nil }()
	c.batched = s.WebsocketConnection().Subprotocol() == Batched
	s.Request = nil // its memory is no longer needed
	c.session.Store(s)
	if m := c.closing.Load(); m != nil {
		_ = s.CloseWithMsg(*m) // said before there was anybody to say it
	}
}

// SendInitial sends the initial frames: who was here, if c is in. Until then nothing that the client sends
// is handled. It may wait for the client, so it needs a goroutine of its own; melody's would keep the
// stack that this takes.
func (c *Conn) SendInitial(here []string, in bool) {
	defer c.initialSent.Done()
	c.guard(func() {
		// What was ended or changed since the request was looked at didn't find this socket yet.
		if !in {
			c.Close(websocket.CloseGoingAway, "the server restarts, come back")
		} else if c.Recheck() {
			c.Socket.Start(c, here)
		}
	})
}

// Recheck closes the socket if its caller may no longer be here, and reports whether it may.
func (c *Conn) Recheck() bool {
	err := c.hub.Allowed(c)
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

func (c *Conn) disconnected() {
	close(c.ended)
	c.out.Stop()
	c.initialSent.Wait()
	c.hub.Leave(c)
}

// broken tells a peer why reading from it has failed, where the library has not.
func (c *Conn) broken(s *melody.Session, err error) {
	if v, ok := errors.AsType[*violation](err); ok {
		c.fail(s, v.Code, v.Reason)
	}
	if errors.Is(err, websocket.ErrReadLimit) {
		c.fail(s, websocket.CloseMessageTooBig, "at most 64 KiB")
	}
	if c.closing.Load() != nil {
		return
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.logCut("answers no ping")
	case errors.Is(err, net.ErrClosed): // the line has hung up
		c.logCut("takes nothing that is sent")
	}
}

// fail ends the socket of a peer that broke a rule. The close frame leaves before anything is read
// that may lie behind, be it the peer's own close frame (RFC 6455, 7.1.7).
func (c *Conn) fail(s *melody.Session, code int, reason string) {
	c.logCut(reason)
	_ = s.WebsocketConnection().WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(closeTimeout))
	c.Close(code, reason) // melody hangs up when it finds that this was said
}

// awaitInitial waits until the client has been greeted. That may take longer than pongWait, and no
// pong is read meanwhile, so the client gets that time anew.
func (c *Conn) awaitInitial(s *melody.Session) {
	if _, live := c.StartSeq(); live {
		return
	}
	c.initialSent.Wait()
	_ = s.WebsocketConnection().SetReadDeadline(time.Now().Add(pongWait)) // fails only if it is closed
}

// received gets a message. After our close frame none counts (RFC 6455, 7.1.7).
func (c *Conn) received(s *melody.Session, b []byte) {
	c.awaitInitial(s)
	if c.closing.Load() != nil {
		return
	}
	if !utf8.Valid(b) {
		c.fail(s, websocket.CloseInvalidFramePayloadData, "text must be UTF-8")
		return
	}
	c.tellReceived(true)
	if c.Socket.Frame != nil {
		c.Socket.Frame(c, b)
	}
}

// In reports whether c is in the room or group called name.
func (c *Conn) In(name string) bool {
	return c.Socket.Room != nil && c.Socket.Room.Group() == name || slices.Contains(c.Groups(), name)
}

// Take gets what a group is told.
func (c *Conn) Take(f *Frames, events []chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.gone) > 0 {
		if events = c.allowed(events); len(events) == 0 {
			return
		}
		f = NewFrames(events)
	}
	if !c.live {
		c.hold(events)
		return
	}
	if c.had(events[0]) { // numbers rise: if it is new, so are the others
		c.writeNew(events)
		return
	}
	c.write(f)
	c.noteSent(events)
}

// allowed are those of events that tell of no room that is gone; c.mu is held. A room that the reader
// may enter again is back.
func (c *Conn) allowed(events []chat.Event) []chat.Event {
	var rest []chat.Event
	for _, e := range events {
		if e.Back {
			delete(c.gone, e.About)
		}
		if e.About == "" || !c.gone[e.About] {
			rest = append(rest, e)
		}
	}
	return rest
}

// Apply tells the peer of a change of rights: once of each room that it may no longer enter, and
// nothing about them from then on. A socket that is to be closed and reads too slowly gets the close
// frame alone.
func (c *Conn) Apply(r chat.Rights) {
	c.mu.Lock()
	if r.Back {
		c.gone = nil
	}
	c.lose(r.Gone, r.Out)
	c.mu.Unlock()
	if r.Out {
		c.Close(websocket.ClosePolicyViolation, "no longer allowed here")
	}
}

// lose tells the peer which rooms are gone, at once if the socket is closed afterwards; c.mu is held.
func (c *Conn) lose(gone []chat.Event, atOnce bool) {
	var fresh []chat.Event
	for _, e := range gone {
		if !c.gone[e.About] {
			fresh = append(fresh, e)
		}
	}
	if len(fresh) == 0 {
		return
	}
	if c.gone == nil {
		c.gone = map[string]bool{}
	}
	for _, e := range fresh {
		c.gone[e.About] = true
	}
	switch {
	case !c.live && !atOnce:
		c.hold(fresh)
	case c.live || c.session.Load() != nil: // else the handshake is not answered yet
		c.write(NewFrames(fresh))
	}
}

// hold keeps events until c is live, or cuts it; c.mu is held.
func (c *Conn) hold(events []chat.Event) {
	if c.closing.Load() != nil {
		c.buffered = nil // nothing reaches it any more
		return
	}
	c.buffered = append(c.buffered, events...)
	if len(c.buffered) > MaxBuffered && c.out.Stop() {
		c.buffered = nil
		c.cut("the database is slow, come back with after=")
	}
}

// had reports whether the greeting had e. It can come after the greeting, which read what was on
// disk: that is where events are before they are published.
func (c *Conn) had(e chat.Event) bool {
	return e.Seq != 0 && e.Seq <= c.seq || e.ID != 0 && slices.Contains(c.delivered, e.ID)
}

// writeNew queues those of events that the greeting didn't have; c.mu is held.
func (c *Conn) writeNew(events []chat.Event) {
	var rest []chat.Event
	for _, e := range events {
		if !c.had(e) {
			rest = append(rest, e)
		}
	}
	if len(rest) > 0 {
		c.write(NewFrames(rest))
		c.noteSent(rest)
	}
}

// write sends frames, or cuts a reader that is too slow for them; c.mu is held.
func (c *Conn) write(f *Frames) {
	frames := c.frames(f)
	if len(frames) > 0 && !c.out.Send(frames) {
		c.cut("too slow a reader, come back with after=")
	}
}

// cut ends a socket for which too much waits.
func (c *Conn) cut(why string) {
	c.hub.Cut()
	c.logCut(why)
	c.sendClose(websocket.CloseTryAgainLater, why)
}

var cutConnections = logging.NewKind(slog.LevelWarn, "cut a connection", 1)

// logCut logs why the server ends a socket that a client would have kept.
func (c *Conn) logCut(why string) {
	by := c.Socket.Caller
	cutConnections.Log("reason", why, "user", by.Name(), "from", by.From)
}

func (c *Conn) frames(f *Frames) []byte {
	if c.batched {
		return f.Joined(c.Reader)
	}
	return f.Plain(c.Reader)
}

// Send answers this socket alone. Once it is live, a client that does not read its answers is cut.
func (c *Conn) Send(events ...chat.Event) {
	if len(events) == 0 {
		return
	}
	frames := c.frames(NewFrames(events))
	if len(frames) == 0 {
		return
	}
	if _, live := c.StartSeq(); !live {
		c.out.SendAny(frames)
	} else if !c.out.Send(frames) {
		c.cut("too slow a reader, come back with after=")
	}
	c.noteSent(events)
}

// Replay is Send for many events. It sends a portion at a time and waits until the client has taken
// it. It reports whether the socket is still open; a client that takes longer than a minute for a
// portion is cut.
func (c *Conn) Replay(events ...chat.Event) bool {
	for part := range slices.Chunk(events, replayChunk) {
		c.Send(part...)
		if c.out.Drain(replayWait) {
			continue
		}
		if c.out.Stop() {
			c.cut("too slow a reader, come back with after=")
		}
		return false
	}
	return true
}

// Ended is closed once the connection has ended.
func (c *Conn) Ended() <-chan struct{} { return c.ended }

// Live lets through what was held back since the socket was opened, but for what the greeting
// had: the room's events up to number seq, and the private messages among told. It must be called
// once.
func (c *Conn) Live(seq int64, told []chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live, c.seq = true, seq
	for _, e := range told {
		c.delivered = append(c.delivered, e.ID)
	}
	c.writeNew(c.buffered)
	c.buffered = nil
}

// StartSeq is up to which number the greeting told the room's events, once there was one.
func (c *Conn) StartSeq() (seq int64, live bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seq, c.live
}

// Batched reports whether the client speaks hearth.1.
func (c *Conn) Batched() bool { return c.batched }

// Watch has c told how these users are, instead of those it watched before. Error: storage.
func (c *Conn) Watch(users []int64) error { return c.hub.Watch(c, users) }

// Close ends the socket with a close frame after what is already under way; what waits is dropped.
func (c *Conn) Close(code int, reason string) {
	if c.out.Stop() {
		c.sendClose(code, reason)
	}
}

// sendClose sends the close frame, for which melody's buffer always has room, and cuts the line if the
// peer doesn't take it in time.
func (c *Conn) sendClose(code int, reason string) {
	m := websocket.FormatCloseMessage(code, reason)
	c.closing.Store(&m)
	if s := c.session.Load(); s != nil {
		_ = s.CloseWithMsg(m) // fails only if it is closed
	}
	time.AfterFunc(closeTimeout, c.Abort)
}

// Abort cuts the line. Melody notices when it next reads or writes.
func (c *Conn) Abort() { _ = c.out.Abort() }
