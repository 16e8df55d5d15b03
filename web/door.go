package web

import (
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"hearth/web/chat"
	"hearth/web/frame"
)

const (
	// knockRate and knockBurst are how many sockets may be asked for from one address: a whole
	// house that comes back after a restart is in again within some seconds, since browsers try
	// again by themselves.
	knockRate  = 20 // a second, sustained
	knockBurst = 20
	// maxVisits is how many sockets visitors may have open from one address.
	maxVisits = 200
	// maxSockets is how many sockets a user may have open: five devices with twenty pages each. As
	// each may have 1 MiB waiting, that is 100 MiB for one who reads none of them.
	maxSockets = 100
	// perReturn is how much time each socket gets to come back after a restart, when all of them do.
	// Two cores that other work shares open 2000 a second (go test ./web -bench Return).
	perReturn = 500 * time.Microsecond
	// fullWait is when to ask again with too many sockets open. Only closing some makes it sooner.
	fullWait = 30 * time.Second
)

// pace is what a client may send. Browsers ping nobody, and answer one ping in 25 s. Ten times as
// many frames as messages are more than any client needs; beyond that a flood of frames that are
// refused, or ignored, waits where it comes from.
var pace = frame.Limits{
	Control: frame.Rate{PerSecond: 5, Burst: 10},
	All:     frame.Rate{PerSecond: 10 * sayRate, Burst: 10 * sayRate},
}

// door is where sockets come in.
type door struct {
	places chan struct{} // held by handshakes under way
	knocks *limiter[knocker]

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

// knocker shares an allowance. Visitors have their own, so that they can't shut out a user
// with whom they share an address.
type knocker struct {
	from    netip.Prefix
	visitor bool
}

// holder is whose open sockets are counted together: a user's, or those of the visitors from
// one network.
type holder struct {
	user int64
	from netip.Prefix
}

func newDoor() *door {
	return &door{places: make(chan struct{}, runtime.GOMAXPROCS(0)), knocks: newLimiter[knocker](knockRate, knockBurst), open: map[holder]int{}}
}

// knock counts a request for a socket. Error: rate_limited.
func (s *Server) knock(r *ask) error {
	if !s.options.Limits {
		return nil
	}
	who := knocker{Network(s.address(r.Request)), r.caller.User == nil}
	if wait := s.door.knocks.take(who, time.Now()); wait > 0 {
		return &chat.Error{Code: "rate_limited", RetryAfter: wait}
	}
	return nil
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
	return holder{from: Network(s.address(r.Request))}
}

func (d *door) enter(who holder) bool {
	most := maxSockets
	if who.user == 0 {
		most = maxVisits
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[who] >= most {
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
