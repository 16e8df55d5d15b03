package web

import (
	"bufio"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/ws"
)

const (
	// perReturn is the time that each socket needs to reconnect after a restart, when all of them reconnect. Two cores that run
	// other programs too open 2000 sockets a second (go test ./web -bench Reconnect).
	perReturn = 500 * time.Microsecond
	// fullWait is the Retry-After for a client with too many open sockets. Only closing some helps earlier.
	fullWait = 30 * time.Second
)

// pace limits the frames that a client may send on one socket.
var pace = ws.FrameLimits{Control: frameRate(limits.Control), All: frameRate(limits.Frames)}

func frameRate(n limits.Name) ws.Rate {
	l := limits.Of(n)
	return ws.Rate{PerSecond: rate.Limit(float64(l.Rate.N) / l.Rate.Per.Seconds()), Burst: l.Burst}
}

// admission bounds handshakes, initial frames, replays and open sockets.
type admission struct {
	handshakes chan struct{} // held by handshakes until they are answered
	initials   chan struct{} // held while initial frames are read and encoded

	users    *limits.Counter // open sockets of each user
	visitors *limits.Counter // open sockets of the visitors from each address

	mu    sync.Mutex
	turns map[limits.Key]*turn
}

// admitted runs as many handshakes at a time as there are processors. The others wait, so that thousands of new connections
// do not slow down the open ones. A handshake releases its slot before anything is written to the client, which may not read it.
func (s *Server) admitted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.admission.handshakes <- struct{}{}:
		case <-r.Context().Done():
			return
		}
		slot := slotWriter{w, sync.OnceFunc(func() { <-s.admission.handshakes })}
		defer slot.release()
		next(slot, r)
	}
}

// slotWriter releases a slot before anything is written, and before the connection is hijacked.
type slotWriter struct {
	http.ResponseWriter
	release func()
}

func (w slotWriter) WriteHeader(status int) {
	w.release()
	w.ResponseWriter.WriteHeader(status)
}

func (w slotWriter) Write(p []byte) (int, error) {
	w.release()
	return w.ResponseWriter.Write(p)
}

// Hijack releases the slot and hijacks the connection.
func (w slotWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.release()
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// compute calls f, which encodes initial frames. At most as many calls run at a time as there are processors, so f must not
// wait for the client.
func (d *admission) compute(f func() error) error {
	d.initials <- struct{}{}
	defer func() { <-d.initials }()
	return f()
}

// maxReplays is how many replays can run at the same time for one person, or for the visitors from one address.
const maxReplays = 2

// turn is the semaphore of the replays of one key.
type turn struct {
	slots chan struct{}
	users int // replays that run or wait
}

// awaitTurn waits until fewer than maxReplays replays of the key are running. Then ok is true, and done must be called at the
// end of the replay. If gone is closed first, ok is false.
func (d *admission) awaitTurn(who limits.Key, gone <-chan struct{}) (done func(), ok bool) {
	d.mu.Lock()
	t := d.turns[who]
	if t == nil {
		t = &turn{slots: make(chan struct{}, maxReplays)}
		d.turns[who] = t
	}
	t.users++
	d.mu.Unlock()
	select {
	case t.slots <- struct{}{}:
		return func() { <-t.slots; d.endTurn(who, t) }, true
	case <-gone:
		d.endTurn(who, t)
		return nil, false
	}
}

func (d *admission) endTurn(who limits.Key, t *turn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.users--; t.users == 0 {
		delete(d.turns, who)
	}
}

// retry returns a random delay after which one socket reconnects after a restart. The range is the time that all open sockets
// need.
func (s *Server) retry() time.Duration {
	return rand.N(time.Duration(s.hub.Count())*perReturn + 1)
}

func newAdmission() *admission {
	n := runtime.GOMAXPROCS(0)
	open := func(n limits.Name) *limits.Counter {
		return limits.NewCounter(math.MaxInt64, int64(limits.Of(n).Burst))
	}
	return &admission{handshakes: make(chan struct{}, n), initials: make(chan struct{}, n), turns: map[limits.Key]*turn{},
		users: open(limits.UserOpen), visitors: open(limits.VisitorOpen)}
}

// open returns the counter that counts the open sockets of k.
func (d *admission) open(k limits.Key) *limits.Counter {
	if k.User != 0 {
		return d.users
	}
	return d.visitors
}

// countAttempt counts a request for a socket. Visitors have an allowance of their own, so that they cannot lock out a user who
// shares their address. Error: rate_limited.
func (s *Server) countAttempt(r *request) error {
	return s.countEntry(r.caller)
}

// countEntry counts a new socket, or one that moves to another room. Error: rate_limited.
func (s *Server) countEntry(by chat.Caller) error {
	return s.chat.TakeKey(limits.Key{From: by.From, Visitor: by.User == nil}, limits.NewSockets)
}

// connect opens a socket, unless the caller has too many open. Errors: rate_limited, stopping.
func (s *Server) connect(w http.ResponseWriter, r *request, o ws.Socket) error {
	o.Ended = func() {}
	if s.options.Limits {
		who := r.caller.LimitKey()
		open := s.admission.open(who)
		if open.Reserve(who, 1) != nil {
			return errFull
		}
		o.Limits, o.Ended = pace, func() { open.Release(who, 1) }
	}
	err := s.hub.Connect(w, r.Request, o)
	if err != nil {
		o.Ended()
	}
	return err
}

// errFull refuses a socket to a caller with too many open sockets.
var errFull = &chat.Error{Code: "rate_limited", Key: "too_many_sockets", RetryAfter: fullWait}

// whyRefused returns the error for a request without an upgrade: err, or errFull if the caller has too many open sockets.
// Browsers do not tell a page why a handshake failed, so the page requests the same URL without an upgrade to find out.
func (s *Server) whyRefused(r *request, err error) error {
	who := r.caller.LimitKey()
	if s.options.Limits && r.Header.Get("Sec-WebSocket-Key") == "" && s.admission.open(who).Fits(who, 1) != nil {
		return errFull
	}
	return err
}
