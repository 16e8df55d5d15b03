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

// maxKeys bounds what a Limiter remembers: 10 000 keys take some 1 MB.
const maxKeys = 10_000

// Limiter gives every key the same allowance. It is safe for concurrent use. What it remembers is
// bounded: beyond maxKeys it forgets some of them at random, which forgives these.
type Limiter struct {
	interval time.Duration
	burst    time.Duration // how far ahead of now a key's next event may be

	mu sync.Mutex
	// next is when a key's allowance is full again, for those whose allowance is not (the generic
	// cell rate algorithm, ITU-T I.371).
	next  map[Key]time.Time
	sweep int // the size at which to drop those that are full again
}

// NewLimiter makes the limiter of l, which must have a rate.
func NewLimiter(l Limit) *Limiter {
	return &Limiter{interval: l.interval(), burst: l.interval() * time.Duration(l.Burst-1), next: map[Key]time.Time{}, sweep: maxKeys / 10}
}

// Take uses one of the key's allowance at the time now. It returns 0, or how long to wait for the
// next one; then nothing is used.
func (l *Limiter) Take(k Key, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next, known := l.next[k]
	if next.Before(now) {
		next = now
	}
	if wait := next.Sub(now) - l.burst; wait > 0 {
		return wait
	}
	if !known {
		l.makeRoom(now)
	}
	l.next[k] = next.Add(l.interval)
	return 0
}

// makeRoom drops the keys whose allowance is full again, once there are many; l.mu is held.
func (l *Limiter) makeRoom(now time.Time) {
	if len(l.next) < l.sweep {
		return
	}
	for k, next := range l.next {
		if !next.After(now) {
			delete(l.next, k)
		}
	}
	for k := range l.next {
		if len(l.next) < maxKeys*9/10 {
			break
		}
		delete(l.next, k)
	}
	l.sweep = min(maxKeys, max(maxKeys/10, 2*len(l.next)))
}

// Len is how many keys are remembered.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.next)
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
