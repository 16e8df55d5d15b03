package limits

import (
	"net/netip"
	"testing"
	"time"
)

var start = time.Date(2026, 5, 12, 18, 0, 0, 0, time.UTC)

func TestEveryLimitLetsItsBurstThroughThenItsRate(t *testing.T) {
	for _, limit := range Table {
		if limit.Rate.N == 0 || limit.Burst == 0 {
			continue
		}
		l, k := NewLimiter(limit), Key{User: 1}
		now := start
		for i := range limit.Burst {
			if wait := l.Take(k, now); wait != 0 {
				t.Fatalf("%s: number %d at once waits %v", limit.Name, i+1, wait)
			}
		}
		wait := l.Take(k, now)
		if wait <= 0 || wait > limit.interval() {
			t.Fatalf("%s: beyond the burst the wait is %v", limit.Name, wait)
		}
		if other := l.Take(Key{User: 2}, now); other != 0 {
			t.Errorf("%s: another user waits %v", limit.Name, other)
		}
		now = now.Add(wait)
		if again := l.Take(k, now); again != 0 {
			t.Errorf("%s: after the wait there is another of %v", limit.Name, again)
		}
		now = now.Add(limit.Rate.Per)
		n := 0
		for l.Take(k, now) == 0 {
			n++
		}
		if n != min(limit.Rate.N, limit.Burst) {
			t.Errorf("%s: %d in %v instead of %d", limit.Name, n, limit.Rate.Per, limit.Rate.N)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	l := NewLimiter(Of(SignUps))
	for i := range 5 * maxKeys {
		from := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
		if wait := l.Take(Key{From: from}, start); wait != 0 {
			t.Fatalf("address %d waits %v", i, wait)
		}
		if n := l.Len(); n > maxKeys {
			t.Fatalf("%d keys are remembered", n)
		}
	}
	for i := range maxKeys { // all of the above are full again
		l.Take(Key{User: int64(i + 1)}, start.Add(2*time.Hour))
	}
	if n := l.Len(); n > maxKeys {
		t.Errorf("%d keys are remembered", n)
	}
}

func TestARefusalUsesNothing(t *testing.T) {
	l, k := NewLimiter(Of(Profile)), Key{User: 1}
	for l.Take(k, start) == 0 {
	}
	for range 100 {
		l.Take(k, start)
	}
	if wait := l.Take(k, start.Add(time.Minute)); wait != 0 {
		t.Errorf("refusals have cost %v", wait)
	}
}

func TestNoSetLimitsNothing(t *testing.T) {
	var s *Set
	for range 1000 {
		if wait := s.Take(Rooms, Key{User: 1}, start); wait != 0 {
			t.Fatal(wait)
		}
	}
}
