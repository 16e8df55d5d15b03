package pubsub

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Presence is the set of people who are present, for example in a room. A person counts once, however many sockets the
// person has. A person who returns within a delay was never absent. Presence is not safe for concurrent use: the lock of its
// owner guards it.
type Presence[K cmp.Ordered] struct {
	people map[K]*person
}

type person struct {
	sockets int
	away    *time.Timer // calls gone after the delay; nil while there are sockets
}

// Enter adds a socket of k and reports whether k was not present before.
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

// Leave removes a socket of k. If it was the last one, gone is called after delay, on a goroutine of its own. gone must take
// the owner's lock and call Remove, which checks whether k has returned.
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

// Remove removes k, unless k has a socket again. It reports whether it removed k.
func (r *Presence[K]) Remove(k K) bool {
	p := r.people[k]
	if p == nil || p.sockets > 0 {
		return false
	}
	delete(r.people, k)
	return true
}

// Has reports whether k is present. During the delay after its last socket, k is still present.
func (r *Presence[K]) Has(k K) bool { return r.people[k] != nil }

// Len returns the number of people who are present.
func (r *Presence[K]) Len() int { return len(r.people) }

// All returns the people who are present, sorted.
func (r *Presence[K]) All() []K { return slices.Sorted(maps.Keys(r.people)) }
