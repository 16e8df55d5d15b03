package limits

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Guess is a password that somebody tries.
type Guess struct {
	User int64        // whose it would be; 0: nobody has the name
	Name string       // what was typed, if nobody has it, in a form that is short and equal for equal names
	From netip.Prefix // where it comes from
	// Device is the secret of a browser that signed in to the account before, "" for any other. Its guesses
	// are counted by themselves, so that nobody else's can keep the owner out.
	Device string
}

// Guesses counts password guesses: of strangers for each account and each address, and those of each
// browser that signed in before. It is safe for concurrent use. Nothing that is done to other names
// has it forget what was guessed at an account.
type Guesses struct {
	mu        sync.Mutex
	accounts  windows[int64]
	names     windows[string]
	addresses windows[netip.Prefix]
	devices   windows[string]
}

// NewGuesses returns a Guesses that has counted none.
func NewGuesses() *Guesses {
	return &Guesses{
		accounts:  newWindows[int64](GuessesAccount, 0), // there are as many as there are accounts
		names:     newWindows[string](GuessesAccount, maxKeys),
		addresses: newWindows[netip.Prefix](GuessesAddress, maxKeys),
		devices:   newWindows[string](GuessesDevice, maxKeys),
	}
}

// Take counts a guess at the time now, as one that is wrong until Right says otherwise. It returns 0, or
// how long to wait for the next; then nothing is counted.
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

// Right takes back a guess that was counted at the time at: the password was right.
func (g *Guesses) Right(x Guess, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if x.Device != "" {
		g.devices.remove(x.Device, at)
		return
	}
	g.accounts.remove(x.User, at)
	g.addresses.remove(x.From, at)
}

// windows keeps, for each key, the times of the events in the window that ends now.
type windows[K comparable] struct {
	rate  Rate
	times keyed[K, []time.Time]
}

// newWindows returns windows for the limit n. It remembers at most max keys; 0: no bound.
func newWindows[K comparable](n Name, max int) windows[K] {
	rate := Of(n).Rate
	return windows[K]{rate, newKeyed[K](max, func(times []time.Time, now time.Time) bool {
		return len(times) == 0 || now.Sub(times[len(times)-1]) >= rate.Per
	})}
}

// wait returns how long it takes until the key may have another event.
func (w *windows[K]) wait(k K, now time.Time) time.Duration {
	times := w.current(k, now)
	if len(times) < w.rate.N {
		return 0
	}
	return times[0].Add(w.rate.Per).Sub(now)
}

// current returns the times of a key that are in the window.
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
