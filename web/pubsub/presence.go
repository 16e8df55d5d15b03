package pubsub

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Presence is the set of people that are somewhere. A person counts once, however many sockets it has, and somebody who
// comes right back has not been away. It is not safe for concurrent use: the lock of its owner guards it.
type Presence[K cmp.Ordered] struct {
	people map[K]*person
}

type person struct {
	sockets int
	away    *time.Timer
}

// Enter notes one more socket of k and reports whether k wasn't there before.
func (r *Presence[K]) Enter(k K) (first bool) {
	if r.people == nil {
		r.people = map[K]*person{}
	}
	p := r.people[k]
	if p == nil {
		r.people[k] = &person{sockets: 1}
		return true
	}
	p.sockets++
	if p.away != nil {
		p.away.Stop()
		p.away = nil
	}
	return false
}

// Leave notes one socket less. After the last one's, gone is called when delay is over, on a
// goroutine of its own; it must then ask Remove under the owner's lock.
func (r *Presence[K]) Leave(k K, delay time.Duration, gone func()) {
	p := r.people[k]
	if p == nil || p.sockets == 0 {
		return
	}
	p.sockets--
	if p.sockets == 0 {
		p.away = time.AfterFunc(delay, gone)
	}
}

// Remove removes k unless it came back, and reports whether it did take it off.
func (r *Presence[K]) Remove(k K) bool {
	p := r.people[k]
	if p == nil || p.sockets > 0 {
		return false
	}
	delete(r.people, k)
	return true
}

// Has reports whether k is there, or has been gone for less than the delay.
func (r *Presence[K]) Has(k K) bool { return r.people[k] != nil }

// Len returns how many are there.
func (r *Presence[K]) Len() int { return len(r.people) }

// All returns those who are there, sorted.
func (r *Presence[K]) All() []K { return slices.Sorted(maps.Keys(r.people)) }
