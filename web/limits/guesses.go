package limits

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Guess describes an attempt to sign in with a password.
type Guess struct {
	User int64        // the account with the typed name; 0: there is none
	Name string       // a short hash of the typed name; it is used if there is no account
	From netip.Prefix // the network of the client
	// Device is the secret of a browser that signed in to the account before, or "" for other browsers. Guesses of such a
	// browser are counted separately, so that guesses of other people cannot lock out the owner.
	Device string
}

// Guesses limits password guesses. It counts the guesses of unknown browsers for each account and for each address, and those
// of each browser that signed in before. Guesses for other names cannot displace the count of an account. It is safe for
// concurrent use.
type Guesses struct {
	mu        sync.Mutex
	accounts  windows[int64]
	names     windows[string]
	addresses windows[netip.Prefix]
	devices   windows[string]
}

// NewGuesses returns a Guesses that has counted nothing.
func NewGuesses() *Guesses {
	return &Guesses{
		accounts:  newWindows[int64](GuessesAccount, 0), // not bounded: there are no more keys than accounts
		names:     newWindows[string](GuessesAccount, maxKeys),
		addresses: newWindows[netip.Prefix](GuessesAddress, maxKeys),
		devices:   newWindows[string](GuessesDevice, maxKeys),
	}
}

// Take counts a guess at the time now. Until Right is called, the guess counts as wrong. Take returns 0, or how long the client
// must wait for the next guess; then it counts nothing.
func (g *Guesses) Take(x Guess, now time.Time) (wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if x.Device != "" {
		wait = g.devices.wait(x.Device, now)
		if wait == 0 {
			g.devices.add(x.Device, now)
		}
		return wait
	}
	if x.User != 0 {
		wait = g.accounts.wait(x.User, now)
	} else {
		wait = g.names.wait(x.Name, now)
	}
	if wait = max(wait, g.addresses.wait(x.From, now)); wait > 0 {
		return wait
	}
	if x.User != 0 {
		g.accounts.add(x.User, now)
	} else {
		g.names.add(x.Name, now)
	}
	g.addresses.add(x.From, now)
	return 0
}

// Right removes the guess that Take counted at the time at, because the password was right or was not checked.
func (g *Guesses) Right(x Guess, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if x.Device != "" {
		g.devices.remove(x.Device, at)
		return
	}
	if x.User != 0 {
		g.accounts.remove(x.User, at)
	} else {
		g.names.remove(x.Name, at)
	}
	g.addresses.remove(x.From, at)
}

// windows stores the times of the events of each key in the last rate.Per.
type windows[K comparable] struct {
	rate  Rate
	times keyed[K, []time.Time]
}

// newWindows returns windows for the limit n. It stores at most max keys; 0 means no bound.
func newWindows[K comparable](n Name, max int) windows[K] {
	rate := Of(n).Rate
	return windows[K]{rate, newKeyed[K](max, func(times []time.Time, now time.Time) bool {
		return len(times) == 0 || now.Sub(times[len(times)-1]) >= rate.Per
	})}
}

// wait returns how long the key must wait for its next event, 0 if it need not wait.
func (w *windows[K]) wait(k K, now time.Time) time.Duration {
	times := w.current(k, now)
	if len(times) < w.rate.N {
		return 0
	}
	return times[0].Add(w.rate.Per).Sub(now)
}

// current returns the times of the key's events that are still in the window at the time now.
func (w *windows[K]) current(k K, now time.Time) []time.Time {
	times := w.times.states[k]
	for len(times) > 0 && now.Sub(times[0]) >= w.rate.Per {
		times = times[1:]
	}
	return times
}

func (w *windows[K]) add(k K, now time.Time) { w.times.set(k, append(w.current(k, now), now), now) }

func (w *windows[K]) remove(k K, at time.Time) {
	times := w.times.states[k]
	if i := slices.IndexFunc(times, at.Equal); i >= 0 {
		w.times.set(k, slices.Concat(times[:i], times[i+1:]), at)
	}
}
