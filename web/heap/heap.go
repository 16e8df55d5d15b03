// Package heap sets how often the garbage collector runs.
package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// usual is the percentage that Go starts with: a collection once the heap has grown by as much
	// as lives in it.
	usual = 100
	// most bounds the percentage, because what lives grows meanwhile where many come at once.
	most = 400
)

// Floor has the collector leave a heap alone until it has about size bytes, for the rest of the
// program's life. Without it a small heap under load is collected dozens of times a second, and
// all that lives in it looked through. A heap of which half that size lives is collected as ever.
// It does nothing where the environment's GOGC says how often.
func Floor(size uint64) {
	if os.Getenv("GOGC") == "" {
		tune(size)
	}
}

// tune sets the percentage for what lived at the last collection, and has itself called after the next.
func tune(size uint64) {
	debug.SetGCPercent(percent(live(), size))
	runtime.AddCleanup(new(*byte), tune, size)
}

// percent is what lets a heap of which live bytes live grow to size.
func percent(live, size uint64) int {
	if live == 0 || live >= size {
		return usual
	}
	return int(min(max((size-live)*100/live, usual), most))
}

// live is how many bytes lived at the last collection, 0 before the first.
func live() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
