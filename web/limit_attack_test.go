package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// hammer runs try by so many clients at once until each of them was refused often or has done it
// each times. It returns how many were let through.
func hammer(clients, each int, try func(client, i int) hearthtest.Reply) (through int64) {
	var n atomic.Int64
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for i := range each {
				if r := try(c, i); r.Status < 300 || r.Status == http.StatusSeeOther {
					n.Add(1)
				}
			}
		})
	}
	all.Wait()
	return n.Load()
}

// One person made 2000 rooms in 8 s, after which everybody's lobby had 1.8 MB.
func TestOnePersonCantFillTheLobby(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on")
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	before := len(ada.Get("/").Body)
	n := hammer(4, 100, func(c, i int) hearthtest.Reply {
		if i%2 == 0 {
			return eve.Post("/rooms/", "name", fmt.Sprint("room", c, "-", i), "topic", strings.Repeat("x", 250))
		}
		return eve.PostJSON(fmt.Sprintf("/api/rooms/room%d-%d/messages", c, i), map[string]string{"message": "hi"})
	})
	if n < 10 || n > 11 {
		t.Errorf("%d rooms were made", n)
	}
	after := len(ada.Get("/").Body)
	t.Logf("400 attempts made %d rooms; a lobby grew from %d to %d bytes", n, before, after)
}

// One person changed a profile 1504 times in 4 s, and every open page was told each time.
func TestOnePersonCantFloodPagesWithProfiles(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on")
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	people := ada.Dial("/users/")
	n := hammer(4, 100, func(c, i int) hearthtest.Reply {
		return eve.Post("/profile/", "action", "details", "first_name", fmt.Sprint("E", c, "-", i))
	})
	if n < 5 || n > 6 {
		t.Errorf("%d changes were made", n)
	}
	var now struct{ Users []map[string]any }
	ada.Get("/api/users?q=eve").JSON(t, &now)
	told := 0
	people.Find("eve's last name", func(f hearthtest.Frame) bool {
		if f.Text("username") == "eve" {
			told++
		}
		return f.Text("username") == "eve" && f["first_name"] == now.Users[0]["first_name"]
	})
	t.Logf("400 attempts made %d changes; a page with the people was told %d times", n, told)
}

// A visitor is counted by address, however many sessions there are.
func TestVisitorsShareTheirAddress(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on", "-guests", "write", "-proxies", "127.0.0.1")
	s.SignUp(t, "ada")
	var guests []*hearthtest.Browser
	for i := range 4 {
		b := from(s.Visitor(t), fmt.Sprintf("2001:db8::%d", i+1)) // one /64
		through(t, b.Post("/guest/", "guest_name", fmt.Sprint("Wanda", i)))
		guests = append(guests, b)
	}
	begun := time.Now()
	n := hammer(4, 40, func(c, i int) hearthtest.Reply {
		return guests[c].PostJSON("/api/rooms/r/messages", map[string]string{"message": fmt.Sprint(i)})
	})
	if n < 60 || int(n) > most(60, 20, begun) {
		t.Errorf("%d messages came from one network", n)
	}
	other := from(s.Visitor(t), "2001:db8:0:1::1")
	through(t, other.Post("/guest/", "guest_name", "Olga"))
	if !through(t, other.PostJSON("/api/rooms/r/messages", map[string]string{"message": "hi"})) {
		t.Error("the neighbours are refused")
	}
	t.Logf("160 messages of 4 guests in one /64: %d let through", n)
}

// A form that is refused is shown with what was typed, in the person's language.
func TestARefusedFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on")
	s.SignUp(t, "ada")
	b := s.SignUp(t, "bob")
	b.Post("/language/", "lang", "ru")
	for range 300 {
		if b.Get("/rooms/new/").Status == http.StatusTooManyRequests {
			break
		}
	}
	var r hearthtest.Reply
	for range 20 {
		if r = b.Post("/chat/tea/", "message", "It is <under> the towel", "password1", "a secret"); r.Status == http.StatusTooManyRequests {
			break
		}
	}
	wantReply(t, "the refusal", r, http.StatusTooManyRequests, `lang="ru"`, "It is <under> the towel", `action="/chat/tea/"`, "Слишком часто", `type="password"`)
	if r.Header.Get("Retry-After") == "" || strings.Contains(r.Body, "a secret") {
		t.Errorf("Retry-After %q, or a password in the page", r.Header.Get("Retry-After"))
	}
	for i := range 100 {
		if r = b.Post("/profile/", "action", "details", "first_name", fmt.Sprint("Given", i)); r.Status == http.StatusTooManyRequests {
			wantReply(t, "the profile", r, http.StatusTooManyRequests, fmt.Sprintf(`value="Given%d"`, i))
			break
		}
	}
	wantReply(t, "the last profile", r, http.StatusTooManyRequests)
}

// A page and all its files, opened again and again by a whole house, are no attack.
func TestFilesOfAPageAreNotCounted(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on")
	ada := s.SignUp(t, "ada")
	page := ada.Get("/").Body
	_, rest, _ := strings.Cut(page, `href="/static/`)
	file, _, _ := strings.Cut(rest, `"`)
	for i := range 500 {
		if r := ada.Get("/static/" + file); r.Status != http.StatusOK {
			t.Fatalf("file %d: %d", i, r.Status)
		}
	}
	wantReply(t, "the page", ada.Get("/"), http.StatusOK)
}

func TestTypingIsLimited(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on")
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	witness := ada.DialBatched("/ws/chat/r/")
	begun := time.Now()
	const sockets = 15 // the limit on one socket alone would let one each through
	for range sockets {
		c := eve.Dial("/ws/chat/r/")
		c.Send(map[string]string{"type": "typing"})
		c.Settled()
	}
	told := 0
	for _, f := range witness.Settled() {
		if f.Type() == "typing" {
			told++
		}
	}
	t.Logf("%d sockets of one person typed, the room was told %d times", sockets, told)
	if told < 10 || told > most(10, 2, begun) {
		t.Errorf("%d typing frames of one person were told", told)
	}
}
