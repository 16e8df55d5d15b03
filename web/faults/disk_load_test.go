package faults

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// diskTalk is people who talk while the disk fails: ada speaks and keeps book of the answers, bob
// listens.
type diskTalk struct {
	t        *testing.T
	s        *hearthtest.Server
	ada, bob *hearthtest.Browser
	speaker  *hearthtest.Socket
	visits   int
	said     int
	acked    []string
	refused  []string

	mu   sync.Mutex
	seen map[string]int // what bob was shown
}

func newDiskTalk(t *testing.T, s *hearthtest.Server) *diskTalk {
	d := &diskTalk{t: t, s: s, ada: s.SignUp(t, "ada"), bob: s.SignUp(t, "bob"), seen: map[string]int{}}
	d.connect()
	return d
}

// connect opens the sockets, also after a restart.
func (d *diskTalk) connect() {
	listener := d.bob.Dial("/ws/chat/r/")
	listener.Until("user_list")
	go func() {
		for {
			f, err := listener.TryNext(time.Hour)
			if err != nil {
				return
			}
			if f.Type() == "chat_message" && f["history"] == nil {
				d.mu.Lock()
				d.seen[f.Text("message")]++
				d.mu.Unlock()
			}
		}
	}()
	d.speaker = d.ada.Dial("/ws/chat/r/")
}

// burst says n things at once, so that they share commits, and waits for all answers. Something
// that gets none fails the test.
func (d *diskTalk) burst(n int) {
	d.t.Helper()
	var nonces []string
	for range n {
		d.said++
		nonces = append(nonces, fmt.Sprintf("word %d", d.said))
	}
	acked, refused := d.say(nonces)
	d.acked, d.refused = append(d.acked, acked...), append(d.refused, refused...)
}

// say says each of these, its own nonce, and tells which were taken and which refused.
func (d *diskTalk) say(nonces []string) (acked, refused []string) {
	d.t.Helper()
	for _, nonce := range nonces {
		d.speaker.Send(map[string]string{"message": nonce, "nonce": nonce})
	}
	for range nonces {
		f := d.speaker.Find("an answer", func(f hearthtest.Frame) bool {
			return f.Type() == "chat_message" && f["history"] == nil || f.Type() == "error"
		})
		switch {
		case f.Type() == "chat_message":
			acked = append(acked, f.Text("nonce"))
		case f.Text("code") == "storage" && f.Text("nonce") != "":
			refused = append(refused, f.Text("nonce"))
		default:
			d.t.Fatalf("an error of another kind: %v", f)
		}
	}
	return acked, refused
}

// untilRefused talks, n words at a time, until the disk's failure shows, and reports whether it did.
func (d *diskTalk) untilRefused(n int) bool {
	d.t.Helper()
	for before, i := len(d.refused), 0; i < 60; i++ {
		if d.burst(n); len(d.refused) > before {
			return true
		}
	}
	return false
}

// health waits until /healthz answers with a status.
func (d *diskTalk) health(want int) {
	d.t.Helper()
	for deadline := time.Now().Add(diskPatience); ; time.Sleep(20 * time.Millisecond) {
		got := d.bob.Get("/healthz").Status
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("/healthz says %d, not %d\n%s", got, want, d.s.Log())
		}
	}
}

// stored returns how often each text is in the room.
func (d *diskTalk) stored() map[string]int {
	d.t.Helper()
	stored := map[string]int{}
	for after := int64(0); ; {
		var page struct {
			Messages []struct {
				ID      int64
				Message string
			}
		}
		r := d.bob.Get(fmt.Sprintf("/api/rooms/r/messages?limit=200&after=%d", after))
		if r.Status != http.StatusOK {
			d.t.Fatalf("reading: %d %s", r.Status, r.Body)
		}
		r.JSON(d.t, &page)
		if len(page.Messages) == 0 {
			return stored
		}
		for _, m := range page.Messages {
			stored[m.Message]++
			after = m.ID
		}
	}
}

// audit holds what is stored and what bob saw against the book.
func (d *diskTalk) audit() {
	d.t.Helper()
	stored := d.stored()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.acked {
		if stored[m] != 1 {
			d.t.Errorf("%s was acknowledged and is stored %d times", m, stored[m])
		}
	}
	for _, m := range d.refused {
		if stored[m] != 0 || d.seen[m] != 0 {
			d.t.Errorf("%s was refused, is stored %d times and was shown %d times", m, stored[m], d.seen[m])
		}
	}
}

// still checks that reading, presence and plain refusals go on while nothing can be written.
func (d *diskTalk) still() {
	d.t.Helper()
	d.health(http.StatusServiceUnavailable)
	d.audit()
	r := d.ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": "by HTTP", "nonce": "by HTTP"})
	var answer struct{ Error struct{ Code string } }
	r.JSON(d.t, &answer)
	if r.Status != http.StatusInsufficientStorage || answer.Error.Code != "storage" {
		d.t.Errorf("the API answers %d %s", r.Status, r.Body)
	}
	d.visits++
	visit := d.bob.Dial(fmt.Sprintf("/ws/chat/elsewhere-%d/", d.visits))
	visit.Until("user_list")
	visit.Until("user_join")
	_ = visit.Close()
}

// again sends what was refused once more: it must be stored once, with the same nonces.
func (d *diskTalk) again() {
	d.t.Helper()
	if len(d.refused) == 0 {
		return
	}
	acked, refused := d.say(d.refused)
	if len(refused) > 0 {
		d.t.Errorf("refused again: %v", refused)
	}
	if twice, _ := d.say(acked[:1]); len(twice) != 1 {
		d.t.Errorf("the same nonce a third time: %v", twice)
	}
	d.acked, d.refused = append(d.acked, acked...), refused
	d.audit()
}
