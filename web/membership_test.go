package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// A choice for a room reaches all windows of the person, the page and the API.
func TestMembership(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	through(t, ada.PostJSON("/api/rooms/kitchen/messages", map[string]string{"message": "hello"}))
	lobby, room := bob.DialBatched("/users/"), bob.DialBatched("/ws/chat/kitchen/")
	plain := bob.Dial("/ws/chat/kitchen/")
	lobby.Until("people")
	room.Until("user_list")
	plain.Until("user_list")

	wantGone(t, "mute", bob.Post("/chat/kitchen/membership/", "level", "nothing"), "/chat/kitchen/")
	for _, c := range []*hearthtest.Socket{lobby, room} {
		if f := c.Until("membership"); f["room"] != "kitchen" || f["level"] != "nothing" || f["left"] != nil {
			t.Errorf("muting comes as %v", f)
		}
	}
	wantReply(t, "the page", bob.Get("/chat/kitchen/"), http.StatusOK, `data-room="kitchen" data-level="nothing"`, `value="nothing" aria-pressed="true"`)

	r := bob.PostJSON("/api/rooms/kitchen/membership", map[string]any{"favourite": true, "Level": "all"})
	wantReply(t, "a favourite", r, http.StatusOK, `{"level":"nothing","favourite":true,"left":false}`)
	wantReply(t, "the list", bob.Get("/api/rooms"), http.StatusOK, `"level":"nothing","favourite":true`)
	wantReply(t, "the list of ada", ada.Get("/api/rooms"), http.StatusOK, `"level":"mentions"}`)

	wantGone(t, "leave", bob.Post("/chat/kitchen/membership/", "left", "on"), "/")
	lobby.Find("leaving", func(f hearthtest.Frame) bool { return f.Type() == "membership" && f["left"] == true })
	_, side, _ := strings.Cut(bob.Get("/").Body, `id="room-links"`)
	if side, _, _ = strings.Cut(side, "</ul>"); strings.Contains(side, "kitchen") {
		t.Error("the room is in the sidebar after bob left")
	}
	wantReply(t, "the lobby", bob.Get("/"), http.StatusOK, `<li class="room-card" data-room="kitchen"`)
	wantReply(t, "the room", bob.Get("/chat/kitchen/"), http.StatusOK, "Join room")
	room.Say("back")
	lobby.Find("returning", func(f hearthtest.Frame) bool { return f.Type() == "membership" && f["left"] == nil })

	for name, c := range map[string]struct {
		body   any
		status int
	}{
		"loud":     {map[string]any{"level": "loud"}, http.StatusUnprocessableEntity},
		"a number": {map[string]any{"level": 3}, http.StatusBadRequest},
		"a list":   {[]int{1}, http.StatusBadRequest},
	} {
		if r := bob.PostJSON("/api/rooms/kitchen/membership", c.body); r.Status != c.status {
			t.Errorf("%s: %d, want %d: %s", name, r.Status, c.status, r.Body)
		}
	}
	for room, want := range map[string]int{"@ada": http.StatusNotFound, "nowhere": http.StatusNotFound} {
		if r := bob.PostJSON("/api/rooms/"+room+"/membership", map[string]any{"left": true}); r.Status != want {
			t.Errorf("%s: %d, want %d: %s", room, r.Status, want, r.Body)
		}
	}
	if r := s.Visitor(t).PostJSON("/api/rooms/kitchen/membership", map[string]any{"left": true}); r.Status != http.StatusUnauthorized {
		t.Errorf("a visitor: %d", r.Status)
	}
	for _, f := range plain.Settled() {
		if f.Type() == "membership" {
			t.Errorf("a plain client gets %v", f)
		}
	}
}

// The page of mentions has those of rooms that the reader may enter.
func TestMentionsPage(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	wantReply(t, "none", bob.Get("/mentions/"), http.StatusOK, "No mentions yet")
	for range 51 {
		through(t, ada.PostJSON("/api/rooms/kitchen/messages", map[string]string{"message": "look, @bob"}))
	}
	through(t, ada.PostJSON("/api/rooms/kitchen/messages", map[string]string{"message": "the last, @bob"}))
	first := bob.Get("/mentions/")
	wantReply(t, "the newest", first, http.StatusOK, "the last, ", `href="/chat/kitchen/#m`)
	if n := strings.Count(first.Body, "<article"); n != 50 {
		t.Errorf("the first page has %d messages", n)
	}
	_, older, _ := strings.Cut(first.Body, `href="/mentions/?before=`)
	older, _, _ = strings.Cut(older, `"`)
	second := bob.Get("/mentions/?before=" + older)
	if n := strings.Count(second.Body, "<article"); n != 2 || strings.Contains(second.Body, "Older mentions") {
		t.Errorf("the second page has %d messages", n)
	}
	for _, bad := range []string{"x", "-", "1-", "99999999999999999999-1", "-5--5"} {
		wantReply(t, bad, bob.Get("/mentions/?before="+bad), http.StatusOK)
	}
	if r := s.Visitor(t).Get("/mentions/"); r.Status != http.StatusSeeOther && r.Status != http.StatusUnauthorized && r.Status != http.StatusFound {
		t.Errorf("a visitor: %d", r.Status)
	}
}
