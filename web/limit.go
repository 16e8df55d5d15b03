package web

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hearth/web/chat"
)

const (
	// sayRate and sayBurst are how many messages a user may send: ten times what the fastest
	// typist does, and enough for a paste of some lines.
	sayRate  = 20 // a second, sustained
	sayBurst = 60
	// markRate and markBurst are how often a user may say what is read: each is a write.
	markRate  = 5
	markBurst = 20
	// forget is after how long unused an allowance is full again anyway: each fills up within 4 s.
	// So short a memory also bounds it in bytes, however many addresses somebody has.
	forget = 10 * time.Second
)

// limiter gives everybody the same allowance.
type limiter[K comparable] struct {
	rate  rate.Limit
	burst int

	mu    sync.Mutex
	users map[K]*allowance
	swept time.Time
}

type allowance struct {
	limiter *rate.Limiter
	used    time.Time
}

func newLimiter[K comparable](r rate.Limit, burst int) *limiter[K] {
	return &limiter[K]{rate: r, burst: burst, users: map[K]*allowance{}}
}

// take uses one of who's allowance, or says how long to wait for the next.
func (l *limiter[K]) take(who K, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept) > forget {
		l.sweep(now)
	}
	a := l.users[who]
	if a == nil {
		a = &allowance{limiter: rate.NewLimiter(l.rate, l.burst)}
		l.users[who] = a
	}
	a.used = now
	r := a.limiter.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

func (l *limiter[K]) sweep(now time.Time) {
	l.swept = now
	for who, a := range l.users {
		if now.Sub(a.used) > forget {
			delete(l.users, who)
		}
	}
}

// slow refuses a caller who talks faster than people can read.
func (s *Server) slow(by chat.Caller) error { return s.spare(by, s.talk) }

// spare takes one of the caller's allowance. Error: rate_limited.
func (s *Server) spare(by chat.Caller, l *limiter[int64]) error {
	if !s.options.Limits {
		return nil
	}
	who := -by.SessionID
	if by.User != nil {
		who = by.User.ID
	}
	if wait := l.take(who, time.Now()); wait > 0 {
		return &chat.Error{Code: "rate_limited", RetryAfter: wait}
	}
	return nil
}
