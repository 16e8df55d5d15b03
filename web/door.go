package web

import (
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hearth/web/chat"
	"hearth/web/frame"
	"hearth/web/limits"
)

const (
	// perReturn is how much time each socket gets to come back after a restart, when all of them do.
	// Two cores that other work shares open 2000 a second (go test ./web -bench Return).
	perReturn = 500 * time.Microsecond
	// fullWait is when to ask again with too many sockets open. Only closing some makes it sooner.
	fullWait = 30 * time.Second
)

// pace is what a client may send on one socket.
var pace = frame.Limits{Control: frameRate(limits.Control), All: frameRate(limits.Frames)}

func frameRate(n limits.Name) frame.Rate {
	l := limits.Of(n)
	return frame.Rate{PerSecond: rate.Limit(float64(l.Rate.N) / l.Rate.Per.Seconds()), Burst: l.Burst}
}

// maxOpen are how many sockets a user, or the visitors from one address, may have open.
var maxOpen = map[bool]int{true: limits.Of(limits.UserOpen).Burst, false: limits.Of(limits.VisitorOpen).Burst}

// door is where sockets come in.
type door struct {
	places chan struct{} // held by handshakes under way

	mu   sync.Mutex
	open map[holder]int
}

// admitted lets in as many handshakes at a time as there are processors to work on them. The others
// wait outside, so that a crowd of thousands doesn't take the time of those who are in. None of it
// depends on how quick a client is: its header is read, and answers fit in the socket's buffer.
func (s *Server) admitted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.door.places <- struct{}{}:
		case <-r.Context().Done():
			return
		}
		defer func() { <-s.door.places }()
		next(w, r)
	}
}

// retry is a moment for one socket to come back at after a restart, drawn from as long as all that
// are open now may take.
func (s *Server) retry() time.Duration {
	return rand.N(time.Duration(s.hub.Count())*perReturn + 1)
}

// holder is whose open sockets are counted together: a user's, or those of the visitors from
// one network.
type holder struct {
	user int64
	from netip.Prefix
}

func newDoor() *door {
	return &door{places: make(chan struct{}, runtime.GOMAXPROCS(0)), open: map[holder]int{}}
}

// knock counts a request for a socket. Visitors have their own allowance, so that they can't shut
// out a user with whom they share an address. Error: rate_limited.
func (s *Server) knock(r *ask) error {
	return s.chat.TakeKey(limits.Key{From: r.caller.From, Visitor: r.caller.User == nil}, limits.NewSockets)
}

// connect opens a socket, unless its caller has too many. Errors: rate_limited, stopping.
func (s *Server) connect(w http.ResponseWriter, r *ask, o Socket) error {
	o.Ended = func() {}
	if s.options.Limits {
		who := s.holder(r)
		if !s.door.enter(who) {
			return &chat.Error{Code: "rate_limited", Key: "too_many_sockets", RetryAfter: fullWait}
		}
		o.Limits, o.Ended = pace, func() { s.door.leave(who) }
	}
	err := s.hub.Connect(w, r.Request, o)
	if err != nil {
		o.Ended()
	}
	return err
}

func (s *Server) holder(r *ask) holder {
	if r.caller.User != nil {
		return holder{user: r.caller.User.ID}
	}
	return holder{from: r.caller.From}
}

func (d *door) enter(who holder) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[who] >= maxOpen[who.user != 0] {
		return false
	}
	d.open[who]++
	return true
}

func (d *door) leave(who holder) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[who]--; d.open[who] == 0 {
		delete(d.open, who)
	}
}
