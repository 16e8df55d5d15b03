package limits

import (
	"net/netip"
	"sync"
	"time"
)

// Key is who is counted: a user, or without one an address. Visitor sets the visitors of an
// address apart from its users, where both are counted by address.
type Key struct {
	User    int64
	From    netip.Prefix
	Visitor bool
}

// Limiter gives every key the same allowance. It is safe for concurrent use. It remembers at most maxKeys keys: beyond them
// it forgets some at random, which gives these their whole allowance back.
type Limiter struct {
	interval time.Duration
	burst    time.Duration // how far ahead of now a key's next event may be

	mu sync.Mutex
	// full is when a key's allowance is full again (the generic cell rate algorithm, ITU-T I.371).
	full keyed[Key, time.Time]
}

// NewLimiter returns the limiter of l, which must have a burst and a rate.
func NewLimiter(l Limit) *Limiter {
	return &Limiter{interval: l.interval(), burst: l.interval() * time.Duration(l.Burst-1),
		full: newKeyed[Key](maxKeys, func(full, now time.Time) bool { return !full.After(now) })}
}

// Take uses one of the key's allowance at the time now. It returns 0, or how long to wait for the
// next one; then nothing is used.
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

// Len returns how many keys are remembered.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.full.states)
}

// Set is a Limiter for each limit of the Table that has a rate. A nil Set limits nothing.
type Set struct{ limiters map[Name]*Limiter }

// NewSet makes the limiters of the Table, none of them used.
func NewSet() *Set {
	s := &Set{limiters: map[Name]*Limiter{}}
	for _, l := range Table {
		if l.Rate.N > 0 && l.Burst > 0 {
			s.limiters[l.Name] = NewLimiter(l)
		}
	}
	return s
}

// Take uses one of what the key has of the limit n, as Limiter.Take does.
func (s *Set) Take(n Name, k Key, now time.Time) (wait time.Duration) {
	if s == nil {
		return 0
	}
	return s.limiters[n].Take(k, now)
}
