package web_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

var (
	readers = flag.Int("read.readers", 20, "how many people read in TestCostOfReadMarks")
	readFor = flag.Duration("read.for", 3*time.Second, "how long they read, in each turn of each kind")
)

// written returns how many bytes the server has had written to the disk. It skips the test where the kernel doesn't
// tell.
func written(t *testing.T, s *hearthtest.Server) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", s.Pid()))
	if err != nil {
		t.Skip("this system does not tell what a process writes:", err)
	}
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			bytes, err := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return bytes
		}
	}
	t.Fatalf("no write_bytes in %s", text)
	return 0
}

// marker is a reader who marks what it reads, at most once in every. 0: each message.
type marker struct {
	*openPage
	every time.Duration
	last  time.Time
	due   *time.Timer
	id    int64
}

// message marks a message as our page does: at once, and then at most once in every, the newest.
func (m *marker) message(line []byte) {
	var f struct {
		Type string
		ID   int64
	}
	if json.Unmarshal(line, &f) != nil || f.Type != "chat_message" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id = f.ID
	if m.due != nil {
		return
	}
	wait := time.Until(m.last.Add(m.every))
	if wait <= 0 {
		m.send()
		return
	}
	m.due = time.AfterFunc(wait, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.due = nil
		m.send()
	})
}

// send sends the mark; m.mu is held.
func (m *marker) send() {
	m.last = time.Now()
	_ = m.conn.WriteMessage(1, fmt.Appendf(nil, `{"type":"read","id":%d}`, m.id)) // a page that has gone marks nothing
}

// Readers who mark what they have read cost little more than readers who don't.
func TestCostOfReadMarks(t *testing.T) {
	t.Parallel()
	hearthtest.Slow(t, "hundreds of readers for a minute")
	s := hearthtest.Start(t)
	s.SignUp(t, "ada")
	crowd := s.Crowd(t, "member", *readers)
	ada := s.LogIn(t, "ada")
	say := func() {
		ada.PostJSON("/api/rooms/tea/messages", map[string]string{"message": strings.Repeat("a hundred ", 10)})
	}
	say()
	kinds := []string{"don't mark", "mark as our page does", "mark every message"}
	var used [3]time.Duration
	var wrote [3]int64
	const rounds = 2
	for range rounds {
		for kind := range kinds {
			var size atomic.Int64
			pages := come(t, s, crowd, 0, func(int) string { return "/ws/chat/tea/" }, nil, &size)
			for _, p := range pages {
				m := &marker{openPage: p, every: []time.Duration{0, 3 * time.Second, 0}[kind]}
				if kind > 0 {
					p.each(m.message)
				}
			}
			time.Sleep(6 * time.Second) // who came, and was there before, is on disk
			cpu, bytes := cpuTime(t, s), written(t, s)
			for begun := time.Now(); time.Since(begun) < *readFor; time.Sleep(time.Second / 3) {
				say()
			}
			used[kind] += cpuTime(t, s) - cpu
			wrote[kind] += written(t, s) - bytes
			leave(pages)
		}
	}
	for kind, what := range kinds {
		t.Logf("%d readers who %s: %.2f times the CPU (%v), %.2f times the bytes written (%d KiB)", len(crowd), what,
			float64(used[kind])/float64(used[0]), used[kind].Round(time.Millisecond), float64(wrote[kind])/float64(max(1, wrote[0])), wrote[kind]>>10)
	}
	if wrote[0] > 0 && wrote[2] > 3*wrote[0] {
		t.Errorf("%d bytes are written for readers who mark every message, %d for those who don't", wrote[2], wrote[0])
	}
}
