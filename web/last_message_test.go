package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// lastMessage waits for the event about the last message of a room with that text.
func lastMessage(s *hearthtest.Socket, room, text string) hearthtest.Frame {
	return s.Find("the last message "+text, func(f hearthtest.Frame) bool {
		return f.Type() == "last_message" && f.Text("room") == room && f.Text("message") == text
	})
}

// The lobby shows the last message of each room to those who may enter it, and to nobody else.
func TestLastMessages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "read")
	boss, ada, bob := s.SignUp(t, "boss"), s.SignUp(t, "ada"), s.SignUp(t, "bob")
	through(t, ada.Post("/rooms/", "name", "tea"))
	through(t, ada.Post("/rooms/", "name", "plans", "access", "closed"))
	all := map[string]*hearthtest.Socket{"boss": boss.DialBatched("/users/?rooms=all"), "ada": ada.DialBatched("/users/?rooms=all"),
		"bob": bob.DialBatched("/users/?rooms=all"), "a visitor": s.Visitor(t).DialBatched("/users/?rooms=all")}
	say := func(b *hearthtest.Browser, room, text string) int64 {
		t.Helper()
		r := b.PostJSON("/api/rooms/"+room+"/messages", map[string]string{"message": text})
		var m hearthtest.Frame
		r.JSON(t, &m)
		return m.Int("id")
	}
	say(ada, "plans", "a secret")
	for _, who := range []string{"ada", "boss"} {
		if f := lastMessage(all[who], "plans", "a secret"); f.Text("user") != "ada" || f.Text("timestamp") == "" {
			t.Errorf("%s is told %v", who, f)
		}
	}
	first := say(bob, "tea", "first")
	second := say(bob, "tea", "**two**\n\nlines "+strings.Repeat("x", 200))
	cut := "two lines " + strings.Repeat("x", 109) + "…"
	for who, sock := range all {
		sock.Find("the last message of tea", func(f hearthtest.Frame) bool {
			if f.Text("room") == "plans" && f.Type() == "last_message" && (who == "bob" || who == "a visitor") {
				t.Errorf("%s is told %v", who, f)
			}
			return f.Type() == "last_message" && f.Text("message") == cut
		})
	}
	wantReply(t, "the lobby of a visitor", s.Visitor(t).Get("/"), http.StatusOK, "xxx…")
	for name, b := range map[string]*hearthtest.Browser{"bob": bob, "a visitor": s.Visitor(t)} {
		if strings.Contains(b.Get("/").Body, "secret") {
			t.Errorf("the lobby of %s shows a secret", name)
		}
	}
	wantReply(t, "the lobby of ada", ada.Get("/"), http.StatusOK, "a secret")

	sock := bob.DialBatched("/ws/chat/tea/")
	sock.Send(map[string]any{"type": "edit", "id": second, "message": "better"})
	lastMessage(all["ada"], "tea", "better")
	sock.Send(map[string]any{"type": "delete", "id": second})
	lastMessage(all["ada"], "tea", "first")
	wantReply(t, "the lobby after that", ada.Get("/"), http.StatusOK, ">first<")
	sock.Send(map[string]any{"type": "delete", "id": first})
	if f := lastMessage(all["ada"], "tea", ""); f["id"] != nil {
		t.Errorf("of an empty room ada is told %v", f)
	}
}
