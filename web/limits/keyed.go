package limits

import "time"

// maxKeys is the most keys that a limiter stores. 10 000 keys take about 1 MB.
const maxKeys = 10_000

// keyed stores the state of each key of a limiter in bounded memory. It is not safe for concurrent use.
type keyed[K comparable, S any] struct {
	max    int                           // the most keys, beyond which some are removed at random; 0: no bound
	idle   func(s S, now time.Time) bool // reports whether a state equals that of a key without events, which need not be stored
	states map[K]S
	sweep  int // the number of keys at which the idle ones are removed
}

func newKeyed[K comparable, S any](max int, idle func(S, time.Time) bool) keyed[K, S] {
	return keyed[K, S]{max: max, idle: idle, states: map[K]S{}, sweep: maxKeys / 10}
}

// set stores the state of a key, unless it is idle.
func (m *keyed[K, S]) set(k K, s S, now time.Time) {
	if m.idle(s, now) {
		delete(m.states, k)
		return
	}
	if _, known := m.states[k]; !known && len(m.states) >= m.sweep {
		m.makeRoom(now)
	}
	m.states[k] = s
}

// makeRoom removes the idle keys. If more than nine tenths of max remain, it also removes keys at random.
func (m *keyed[K, S]) makeRoom(now time.Time) {
	for k, s := range m.states {
		if m.idle(s, now) {
			delete(m.states, k)
		}
	}
	m.sweep = max(maxKeys/10, 2*len(m.states))
	if m.max == 0 {
		return
	}
	for k := range m.states {
		if len(m.states) < m.max*9/10 {
			break
		}
		delete(m.states, k)
	}
	m.sweep = min(m.max, m.sweep)
}
