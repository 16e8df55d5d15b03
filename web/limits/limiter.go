package limits

import (
	"net/netip"
	"sync"
	"time"
)

// Key identifies who is counted: a user, or an address for people without an account. Visitor separates the visitors of an
// address from its users, for limits that count both by address.
type Key struct {
	User    int64
	From    netip.Prefix
	Visitor bool
}

// Limiter gives every key the same allowance. It stores at most maxKeys keys. Beyond that, it removes some at random, which
// thereby get their whole allowance back. It is safe for concurrent use.
type Limiter struct {
	interval time.Duration // the time in which one event becomes available again
	burst    time.Duration // how far full may be ahead of now

	mu sync.Mutex
	// full has the time at which the allowance of a key is complete again (the generic cell rate algorithm, ITU-T I.371).
	full keyed[Key, time.Time]
}

// NewLimiter returns the limiter of l, which must have a Burst and a Rate.
func NewLimiter(l Limit) *Limiter {
	return &Limiter{interval: l.interval(), burst: l.interval() * time.Duration(l.Burst-1),
		full: newKeyed[Key](maxKeys, func(full, now time.Time) bool { return !full.After(now) })}
}

// Take uses one event of the key's allowance at the time now. It returns 0, or how long the key must wait for the next event;
// then it uses nothing.
func (l *Limiter) Take(k Key, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.full.states[k]
	if full.Before(now) {
		full = now
	}
	if wait := full.Sub(now) - l.burst; wait > 0 {
		return wait
	}
	l.full.set(k, full.Add(l.interval), now)
	return 0
}

// Len returns the number of stored keys.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.full.states)
}

// Set has a Limiter for each limit of the Table that has a Burst and a Rate. A nil Set limits nothing.
type Set struct{ limiters map[Name]*Limiter }

// NewSet returns the limiters of the Table with complete allowances.
func NewSet() *Set {
	s := &Set{limiters: map[Name]*Limiter{}}
	for _, l := range Table {
		if l.Rate.N > 0 && l.Burst > 0 {
			s.limiters[l.Name] = NewLimiter(l)
		}
	}
	return s
}

// Take calls Take of the limiter of n, which must have a Burst and a Rate.
func (s *Set) Take(n Name, k Key, now time.Time) (wait time.Duration) {
	if s == nil {
		return 0
	}
	return s.limiters[n].Take(k, now)
}
