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
	// maxQueue limits the outbound queue of one connection, in bytes. A connection whose client is further behind is closed.
	maxQueue = 1 << 20
	// MaxBuffered limits the number of events that wait until the initial frames are sent, which takes long if the disk is
	// slow. They take about as much memory as maxQueue.
	MaxBuffered = 8192
	// replayWait is how long a client may take to read a chunk of a replay (PROTOCOL.md: reading an answer).
	replayWait = time.Minute
	// replayChunk is how many replayed events are encoded and sent at a time. The longest are about
	// 50 KB each, so that at most about maxQueue waits.
	replayChunk = 20
	// closeTimeout is how long a client may take to accept the close frame.
	closeTimeout = 3 * time.Second
)

// Callbacks are the functions of the hub that a connection calls.
type Callbacks struct {
	Leave func(*Conn) // called when the connection has ended, or the handshake failed
	Cut   func()      // called before a connection is closed because its queue or its buffer of events is full
	// Allowed updates the groups of the connection to the rights of its caller, or returns why it must end.
	Allowed func(*Conn) error
	// Idle is called when a client has said whether it is idle.
	Idle func(*Conn)
	// Watch sets the users whose presence the client is told. Error: storage.
	Watch func(*Conn, []int64) error
	// Move moves the connection to its new room, with a call of Enter, and returns the names of the people who were there
	// before; in is false if the connection has ended.
	Move func(c *Conn, room *chat.Room) (here []string, in bool)
}

// Conn is one open socket. The exported fields do not change.
type Conn struct {
	Socket Socket
	Reader chat.Reader // the person at the other end

	hub         *Callbacks
	session     atomic.Pointer[melody.Session] // nil until the handshake is done
	out         *outQueue
	batched     bool
	ready       chan error             // receives the result of the handshake; nil afterwards
	initialSent sync.WaitGroup         // done once the initial frames are sent
	ended       chan struct{}          // closed once the connection has ended
	closing     atomic.Pointer[[]byte] // the close frame that is being sent

	mu        sync.Mutex
	live      bool             // the initial frames are sent; events are queued as they come
	buffered  []chat.Event     // events that came before that
	seq       int64            // the initial frames contain the room's events up to this number
	delivered []chat.MessageID // and the private messages with these ids
	gone      map[string]bool  // groups of the rooms that the person may no longer enter

	sent sent // private messages that may not have arrived

	idle   atomic.Bool               // the client says that nobody has touched it for a while
	groups atomic.Pointer[[]string]  // the groups beside the room; the hub sets them
	room   atomic.Pointer[chat.Room] // nil: none
}

// New returns a Conn for the hub, which Open connects.
func New(hub *Callbacks, s Socket) *Conn {
	reader := s.Caller.Reader()
	reader.Cards = s.Cards
	c := &Conn{Socket: s, Reader: reader, hub: hub, ready: make(chan error, 1), ended: make(chan struct{})}
	c.initialSent.Add(1)
	c.SetGroups(s.Groups)
	c.room.Store(s.Room)
	return c
}

// Room returns the room in which the caller is present; nil: none.
func (c *Conn) Room() *chat.Room { return c.room.Load() }

// reader returns Reader as it is in the current room.
func (c *Conn) reader() chat.Reader {
	r := c.Reader
	if room := c.Room(); room != nil {
		r.Since = room.Since
	}
	return r
}

// Groups returns the groups that c listens to, without its room. The slice must not be changed.
func (c *Conn) Groups() []string { return *c.groups.Load() }

// SetGroups replaces Groups. The hub calls it, and updates the groups themselves.
func (c *Conn) SetGroups(groups []string) { c.groups.Store(&groups) }

// Open upgrades a request and returns once the socket is connected. It calls enter before it answers the handshake, so
// that the client misses no event after it. If Open fails, the client has got an answer if that was possible, and
// Callbacks.Leave was called.
func (c *Conn) Open(m *melody.Melody, w http.ResponseWriter, r *http.Request, enter func()) error {
	hijack := hijacker{ResponseWriter: w, wrap: func(under net.Conn) net.Conn {
		c.out = newOutQueue(under, queueLimits{bytes: maxQueue, writeTimeout: writeWait})
		enter()
		return wire{newFrameChecker(c.out, c.Socket.Limits), c}
	}}
	// The socket gets a new goroutine, so that the one of net/http can end and free its large stack and its buffers.
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

// connected prepares a new session. Melody starts to read and write once it returns.
func (c *Conn) connected(s *melody.Session) {
	defer func() { c.ready <- nil }()
	c.batched = s.WebsocketConnection().Subprotocol() == Batched
	s.Request = nil // frees its memory
	c.session.Store(s)
	if m := c.closing.Load(); m != nil {
		_ = s.CloseWithMsg(*m) // Close was called before there was a session
	}
}

func (c *Conn) disconnected() {
	close(c.ended)
	c.out.Stop()
	c.initialSent.Wait()
	c.hub.Leave(c)
}

// broken handles an error of reading. It sends the close frames that the library does not send.
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
	case errors.Is(err, net.ErrClosed): // the outbound queue has closed the connection
		c.logCut("takes nothing that is sent")
	}
}

// fail closes the socket of a client that broke a rule. It sends the close frame before anything else is read, such as
// the client's own close frame (RFC 6455, 7.1.7).
func (c *Conn) fail(s *melody.Session, code int, reason string) {
	c.logCut(reason)
	_ = s.WebsocketConnection().WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(closeTimeout))
	c.Close(code, reason) // melody closes the connection when it finds that a close frame was sent
}

// received handles a text frame. Frames after our close frame are ignored (RFC 6455, 7.1.7).
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

// In reports whether c listens to the group called name, or is in the room of that group.
func (c *Conn) In(name string) bool {
	room := c.Room()
	return room != nil && room.Group() == name || slices.Contains(c.Groups(), name)
}

// Take queues events that were published to a group of c; f contains their frames.
func (c *Conn) Take(f *Frames, events []chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.gone) > 0 {
		if events = c.allowed(events); len(events) == 0 {
			return
		}
		f = NewFrames(events)
	}
	if since := c.reader().Since; since > 0 {
		if rest := hears(events, since); len(rest) < len(events) {
			if events = rest; len(events) == 0 {
				return
			}
			f = NewFrames(events)
		}
	}
	if !c.live {
		c.hold(events)
		return
	}
	if c.had(events[0]) { // numbers rise: if the first event is new, all are
		c.writeNew(events)
		return
	}
	c.write(f)
	c.noteSent(events)
}

// hears returns the events without those about messages up to the number since.
func hears(events []chat.Event, since int64) (rest []chat.Event) {
	for _, e := range events {
		if e.Of == 0 || e.Of.Seq() > since {
			rest = append(rest, e)
		}
	}
	return rest
}

// write queues frames. It closes the connection if its client reads too slowly. c.mu is held.
func (c *Conn) write(f *Frames) {
	frames := c.frames(f)
	if len(frames) > 0 && !c.out.Send(frames) {
		c.cut("too slow a reader, come back with after=")
	}
}

// cut closes a socket whose queue or buffer of events is full. The client can reconnect and ask for the missed events.
func (c *Conn) cut(why string) {
	c.hub.Cut()
	c.logCut(why)
	c.sendClose(websocket.CloseTryAgainLater, why)
}

var cutConnections = logging.NewKind(slog.LevelWarn, "cut a connection", 1)

// logCut logs why the server closes a socket.
func (c *Conn) logCut(why string) {
	by := c.Socket.Caller
	cutConnections.Log("reason", why, "user", by.Name(), "from", by.From)
}

func (c *Conn) frames(f *Frames) []byte {
	if c.batched {
		return f.Joined(c.reader())
	}
	return f.Plain(c.reader())
}

// Send queues events for this socket alone. Once the socket is live, it is closed if its client reads too slowly.
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

// Ended is closed once the connection has ended.
func (c *Conn) Ended() <-chan struct{} { return c.ended }

// Batched reports whether the client speaks hearth.1.
func (c *Conn) Batched() bool { return c.batched }

// Watch sets the users whose presence the client is told, and tells it at once. Error: storage.
func (c *Conn) Watch(users []int64) error { return c.hub.Watch(c, users) }

// SetIdle stores whether nobody has touched the client for a while.
func (c *Conn) SetIdle(idle bool) {
	c.idle.Store(idle)
	c.hub.Idle(c)
}

// Idle returns what SetIdle has stored.
func (c *Conn) Idle() bool { return c.idle.Load() }

// Close sends a close frame after the frame that is being written, and drops the outbound queue.
func (c *Conn) Close(code int, reason string) {
	if c.out.Stop() {
		c.sendClose(code, reason)
	}
}

// sendClose sends the close frame, for which melody's buffer always has room. If the client does not take it in time, the
// connection is closed without it.
func (c *Conn) sendClose(code int, reason string) {
	m := websocket.FormatCloseMessage(code, reason)
	c.closing.Store(&m)
	if s := c.session.Load(); s != nil {
		_ = s.CloseWithMsg(m) // fails only if the session is closed
	}
	time.AfterFunc(closeTimeout, c.Abort)
}

// Abort closes the connection. Melody notices it at its next read or write.
func (c *Conn) Abort() { _ = c.out.Abort() }
