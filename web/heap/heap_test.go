package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		live, size uint64
		want       int
	}{
		{0, 64 * mb, usual}, {mb, 64 * mb, most}, {12 * mb, 64 * mb, most}, {16 * mb, 64 * mb, 300},
		{32 * mb, 64 * mb, usual}, {60 * mb, 64 * mb, usual}, {200 * mb, 64 * mb, usual},
	} {
		if got := percent(c.live, c.size); got != c.want {
			t.Errorf("with %d of %d bytes alive: %d instead of %d", c.live, c.size, got, c.want)
		}
	}
}

// The percentage follows what lives from one collection to the next.
func TestFloorFollowsTheHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	const size = 64 << 20
	Floor(size)
	wait(t, most) // hardly anything lives
	held := make([]byte, size)
	wait(t, usual)
	runtime.KeepAlive(held)
	wait(t, most)
}

// wait collects until the percentage is as wanted.
func wait(t *testing.T, want int) {
	t.Helper()
	got := 0
	for range 1000 {
		runtime.GC()
		if got = debug.SetGCPercent(usual); got == want {
			debug.SetGCPercent(got)
			return
		}
		debug.SetGCPercent(got)
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("the percentage is %d instead of %d", got, want)
}
