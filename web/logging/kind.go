package logging

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// window is the time for which the records of a kind are limited.
const window = time.Minute

// Kind is a kind of record that clients can cause at any rate. It logs a limited number of lines in a minute and counts the
// records beyond that. At the end of the minute, one line reports their number. It is safe for concurrent use.
type Kind struct {
	level   slog.Level
	message string
	most    int // lines a minute

	mu      sync.Mutex
	open    bool  // a window has begun and not ended
	lines   int   // that were logged in the window
	left    int   // records that were left out since the last line
	example []any // the attributes of the newest record that was left out
}

var (
	kindsMu sync.Mutex
	kinds   []*Kind
)

// NewKind returns a kind whose records have this level and message. most is how many lines it logs in a minute.
func NewKind(level slog.Level, message string, most int) *Kind {
	k := &Kind{level: level, message: message, most: most}
	kindsMu.Lock()
	defer kindsMu.Unlock()
	kinds = append(kinds, k)
	return k
}

// Log logs a record with the attributes args, as slog.Log does. Once the lines of the minute are used up, it only counts the
// record. The next line then has the attributes of the newest record and the number of records that were left out.
func (k *Kind) Log(args ...any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.open {
		k.open = true
		time.AfterFunc(window, k.end)
	}
	if k.lines >= k.most {
		k.left++
		k.example = args
		return
	}
	k.lines++
	slog.Log(context.Background(), k.level, k.message, args...)
}

// end ends a window. If records were left out, it logs their number, as the first line of a new window.
func (k *Kind) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open, k.lines = false, 0
	if k.left == 0 {
		return
	}
	k.open, k.lines = true, 1
	time.AfterFunc(window, k.end)
	k.tell()
}

// tell logs how many records were left out; k.mu is held.
func (k *Kind) tell() {
	slog.Log(context.Background(), k.level, k.message, append(k.example[:len(k.example):len(k.example)], "count", k.left)...)
	k.left, k.example = 0, nil
}

// Flush logs how many records of each kind were left out so far. It is called before the program ends.
func Flush() {
	kindsMu.Lock()
	defer kindsMu.Unlock()
	for _, k := range kinds {
		k.mu.Lock()
		if k.left > 0 {
			k.tell()
		}
		k.mu.Unlock()
	}
}
