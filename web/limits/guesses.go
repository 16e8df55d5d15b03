package limits

import (
	"net/netip"
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

// windows have, for each key, the times of the events in the window that ends now.
type windows[K comparable] struct {
	limit Limit
	most  int // keys; beyond it, some are forgotten at random; 0: there are few enough by themselves
	times map[K][]time.Time
	swept time.Time
}

func newWindows[K comparable](n Name, most int) windows[K] {
	return windows[K]{limit: Of(n), most: most, times: map[K][]time.Time{}}
}

// wait is how long it takes until there may be another event.
func (w *windows[K]) wait(k K, now time.Time) time.Duration {
	w.trim(k, now)
	if times := w.times[k]; len(times) >= w.limit.Rate.N {
		return times[0].Add(w.limit.Rate.Per).Sub(now)
	}
	return 0
}

// trim drops those of a key that are before the window.
func (w *windows[K]) trim(k K, now time.Time) {
	times := w.times[k]
	for len(times) > 0 && now.Sub(times[0]) >= w.limit.Rate.Per {
		times = times[1:]
	}
	if len(times) == 0 {
		delete(w.times, k)
		return
	}
	w.times[k] = times
}

func (w *windows[K]) add(k K, now time.Time) {
	if _, known := w.times[k]; !known {
		w.makeRoom(now)
	}
	w.times[k] = append(w.times[k], now)
}

func (w *windows[K]) remove(k K, at time.Time) {
	for i, t := range w.times[k] {
		if t.Equal(at) {
			w.times[k] = append(w.times[k][:i:i], w.times[k][i+1:]...)
			return
		}
	}
}

// makeRoom drops keys whose windows are empty, at most once a window or when there are too many, and
// then some others.
func (w *windows[K]) makeRoom(now time.Time) {
	full := w.most > 0 && len(w.times) >= w.most
	if !full && now.Sub(w.swept) < w.limit.Rate.Per {
		return
	}
	w.swept = now
	for k := range w.times {
		w.trim(k, now)
	}
	for k := range w.times {
		if w.most == 0 || len(w.times) < w.most*9/10 {
			return
		}
		delete(w.times, k)
	}
}
