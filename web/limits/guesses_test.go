package limits

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func there(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
}

func TestAnAccountIsGuessedAtFewTimes(t *testing.T) {
	t.Parallel()
	for _, x := range []Guess{{User: 7}, {Name: "nobody"}} {
		g, now := NewGuesses(), start
		var times []time.Time
		for i := range 7200 { // seconds, each from another address
			x.From = there(i)
			if g.Take(x, now) == 0 {
				times = append(times, now)
			}
			now = now.Add(time.Second)
		}
		for i := range times {
			if i >= 5 && times[i].Sub(times[i-5]) < 30*time.Minute {
				t.Fatalf("six guesses within %v", times[i].Sub(times[i-5]))
			}
		}
		if len(times) != 20 {
			t.Errorf("%d guesses in two hours", len(times))
		}
	}
}

func TestNobodyKeepsTheOwnerOut(t *testing.T) {
	t.Parallel()
	g, now := NewGuesses(), start
	for i := range 1000 {
		g.Take(Guess{User: 7, From: there(i % 50)}, now)
	}
	owner := Guess{User: 7, From: there(1), Device: "the owner's"}
	for range 100 {
		if wait := g.Take(owner, now); wait != 0 {
			t.Fatalf("the owner waits %v", wait)
		}
		g.Right(owner, now)
		now = now.Add(time.Second)
	}
	thief := Guess{User: 7, From: there(2), Device: "a stolen one"}
	n := 0
	for range 100 {
		if g.Take(thief, now) == 0 {
			n++
		}
	}
	if n != Of(GuessesDevice).Rate.N {
		t.Errorf("with a stolen cookie there are %d guesses", n)
	}
	if wait := g.Take(owner, now); wait != 0 {
		t.Errorf("the owner waits %v for the thief", wait)
	}
}

func TestFloodsForgiveNoAccount(t *testing.T) {
	t.Parallel()
	g := NewGuesses()
	for i := range 5 {
		g.Take(Guess{User: 7, From: there(i)}, start)
	}
	for i := range 3 * maxKeys {
		g.Take(Guess{Name: fmt.Sprint("name", i), From: there(i)}, start)
		g.Take(Guess{User: 1, Device: fmt.Sprint("device", i)}, start)
	}
	if g.Take(Guess{User: 7, From: there(5 * maxKeys)}, start) == 0 {
		t.Error("a sixth guess is let through")
	}
	if n := max(len(g.names.times.states), len(g.addresses.times.states), len(g.devices.times.states)); n > maxKeys {
		t.Errorf("%d keys are remembered", n)
	}
}

func TestOneAddressGuessesAtMany(t *testing.T) {
	t.Parallel()
	g := NewGuesses()
	n := 0
	for i := range 1000 {
		if g.Take(Guess{User: int64(i + 1), From: there(1)}, start) == 0 {
			n++
		}
	}
	if n != Of(GuessesAddress).Rate.N {
		t.Errorf("%d guesses from one address", n)
	}
	for i := range 200 { // a school, where all know their passwords
		x := Guess{User: int64(i + 1), From: there(2)}
		if wait := g.Take(x, start); wait != 0 {
			t.Fatalf("log-in %d waits %v", i, wait)
		}
		g.Right(x, start)
	}
}

// TestUncheckedGuessesDoNotCount for a name that nobody has either: otherwise a busy server would tell which names are accounts.
func TestUncheckedGuessesDoNotCount(t *testing.T) {
	t.Parallel()
	for _, x := range []Guess{
		{User: 7, From: there(1)},
		{Name: "nobody", From: there(2)},
		{User: 7, From: there(3), Device: "browser"},
	} {
		g := NewGuesses()
		for i := range 100 {
			if wait := g.Take(x, start); wait != 0 {
				t.Fatalf("guess %d of %+v waits %v", i, x, wait)
			}
			g.Right(x, start)
		}
	}
}
