package logging

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// window is the time in which the records of a kind are counted.
const window = time.Minute

// Kind is a kind of record that others can cause as often as they like. However often they do, it
// fills only so many lines a minute; the last of them has the number of those left out. It is safe
// for concurrent use.
type Kind struct {
	level   slog.Level
	message string
	most    int // lines a minute

	mu      sync.Mutex
	open    bool // a window is open
	lines   int  // in the window
	left    int  // records left out since the last line
	example []any
}

var (
	kindsMu sync.Mutex
	kinds   []*Kind
)

// NewKind makes a kind whose records have that level and message, and fill at most so many lines a
// minute.
func NewKind(level slog.Level, message string, most int) *Kind {
	k := &Kind{level: level, message: message, most: most}
	kindsMu.Lock()
	defer kindsMu.Unlock()
	kinds = append(kinds, k)
	return k
}

// Log logs a record with the attributes args, as slog.Log does. If the minute has had its lines, the
// record is counted instead, and the next line has the newest one's attributes and the count.
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

// end ends a window. If records were left out, the line that says so is the first of the next one.
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

// tell logs how many records were left out, with k.mu held.
func (k *Kind) tell() {
	slog.Log(context.Background(), k.level, k.message, append(k.example[:len(k.example):len(k.example)], "count", k.left)...)
	k.left, k.example = 0, nil
}

// Flush logs what all kinds have left out until now. It is for the end of the program.
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
