package web_test

import (
	"strings"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

func TestEditsDeletionsAndReactions(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	a, b := ada.DialBatched("/ws/chat/r/"), bob.DialBatched("/ws/chat/r/")
	b.Until("user_join")
	b.Say("frist")
	id := a.Until("chat_message").Int("id")

	b.Send(map[string]any{"type": "edit", "id": id, "message": "first, **really**"})
	f := a.Until("message_edited")
	if f.Int("id") != id || f.Int("seq") != 2 || f["user"] != "bob" || f["message"] != "first, **really**" || !strings.Contains(f.Text("html"), "<strong>") || !stamp.MatchString(f.Text("edited_at")) {
		t.Errorf("the edit is %v", f)
	}
	a.Send(map[string]any{"type": "react", "id": id, "emoji": "🎉", "on": true})
	if f := b.Until("reaction"); f.Int("id") != id || f.Int("seq") != 3 || f["user"] != "ada" || f["emoji"] != "🎉" || f["on"] != true || f.Int("count") != 1 {
		t.Errorf("the reaction is %v", f)
	}
	b.Send(map[string]any{"type": "react", "id": id, "emoji": "🎉", "on": true})
	b.Send(map[string]any{"type": "react", "id": id, "emoji": "🎉", "on": true}) // twice is once
	b.Send(map[string]any{"type": "react", "id": id, "emoji": "👍🏽", "on": true})
	if f := a.Find("bob's", func(f hearthtest.Frame) bool { return f.Type() == "reaction" && f["user"] == "bob" }); f.Int("count") != 2 || f.Int("seq") != 4 {
		t.Errorf("the second reaction is %v", f)
	}
	if f := a.Until("reaction"); f["emoji"] != "👍🏽" || f.Int("seq") != 5 {
		t.Errorf("the third reaction is %v", f)
	}
	var page struct {
		Seq      int64
		Messages []struct {
			Message   string
			EditedAt  string `json:"edited_at"`
			Reactions []struct {
				Emoji string
				Count int
				Users []string
			}
		}
	}
	ada.Get("/api/rooms/r/messages").JSON(t, &page)
	if m := page.Messages[0]; page.Seq != 5 || m.Message != "first, **really**" || m.EditedAt == "" || len(m.Reactions) != 2 || m.Reactions[0].Count+m.Reactions[1].Count != 3 {
		t.Errorf("the history has %+v", page)
	}
	b.Send(map[string]any{"type": "react", "id": id, "emoji": "🎉", "on": false})
	if f := a.Until("reaction"); f["on"] != false || f.Int("count") != 1 {
		t.Errorf("taken back it is %v", f)
	}

	for frame, code := range map[string]map[string]any{
		"not_allowed":     {"type": "edit", "id": id, "message": "mine now"},
		"empty":           {"type": "edit", "id": id, "message": "  "},
		"bad_frame":       {"type": "react", "id": id, "emoji": "hello", "on": true},
		"no_such_message": {"type": "react", "id": id + 77, "emoji": "🎉", "on": true},
	} {
		a.Send(code)
		if f := a.Until("error"); f["code"] != frame {
			t.Errorf("%v is answered with %v", code, f)
		}
	}

	resumed := bob.DialBatched("/ws/chat/r/?after=1")
	resumed.Until("user_list")
	for want, typ := range map[int64]string{2: "message_edited"} {
		if f := resumed.Next(); f.Type() != typ || f.Int("seq") != want || f["message"] != "first, **really**" {
			t.Errorf("resumed with %v", f)
		}
	}
	for want := int64(3); want <= 6; want++ {
		if f := resumed.Next(); f.Type() != "reaction" || f.Int("seq") != want {
			t.Errorf("resumed with %v, want reaction %d", f, want)
		}
	}

	a.Send(map[string]any{"type": "delete", "id": id}) // ada is the admin
	if f := b.Until("message_deleted"); f.Int("id") != id || f.Int("seq") != 7 || f["user"] != "ada" {
		t.Errorf("the deletion is %v", f)
	}
	b.Send(map[string]any{"type": "edit", "id": id, "message": "too late"})
	if f := b.Until("error"); f["code"] != "no_such_message" {
		t.Errorf("an edit of what is gone: %v", f)
	}
	if body := bob.Get("/api/rooms/r/messages").Body; strings.Contains(body, "first") {
		t.Errorf("the deleted message is still told: %s", body)
	}
	again := bob.DialBatched("/ws/chat/r/?after=0")
	again.Until("user_list")
	if f := again.Next(); f.Type() != "message_deleted" || f.Int("seq") != 7 {
		t.Errorf("of what is gone is told: %v", f)
	}
}

// A page in the background may have the room open: the other pages of the person are told what is unread in it all the same.
func TestUnreadCountsReachPagesBesideTheRoom(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	write(t, ada, "kitchen", 1, 1)
	bob.PostJSON("/api/rooms/kitchen/read", map[string]any{"id": lastID(t, bob, "kitchen")})
	room, lobby := bob.DialBatched("/ws/chat/kitchen/"), bob.DialBatched("/users/")
	room.Until("user_list")
	lobby.Until("people")
	write(t, ada, "kitchen", 2, 2)
	if f := lobby.Until("unread"); f["room"] != "kitchen" || f.Int("unread") != 1 {
		t.Errorf("the lobby is told %v", f)
	}
	for _, f := range room.Settled() {
		if f.Type() == "unread" {
			t.Errorf("the room's own page is told %v", f)
		}
	}
}

func TestUnreadCountsReachOtherPages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	a, b := ada.DialBatched("/ws/chat/kitchen/"), bob.DialBatched("/ws/chat/kitchen/")
	b.Until("user_join") // what is said from here on he is told
	a.Say("the kitchen is kept now")
	b.Until("chat_message")
	bob.PostJSON("/api/rooms/kitchen/read", map[string]any{"id": lastID(t, bob, "kitchen")})
	_ = b.Close()
	for gauge(t, ada, "hearth_connections") > 1 {
		time.Sleep(10 * time.Millisecond) // until he is gone; if never, the test's time ends
	}
	elsewhere := bob.DialBatched("/ws/chat/lobby/")
	elsewhere.Until("user_join")
	a.Say("dinner")
	a.Say("@bob dinner!")
	f := elsewhere.Find("two unread", func(f hearthtest.Frame) bool { return f.Type() == "unread" && f.Int("unread") == 2 })
	if f["room"] != "kitchen" || f.Int("mentions") != 1 {
		t.Errorf("bob is told %v", f)
	}
	bob.PostJSON("/api/rooms/kitchen/read", map[string]any{"id": lastID(t, bob, "kitchen")})
	if f := elsewhere.Until("read"); f["room"] != "kitchen" || f.Int("id") == 0 {
		t.Errorf("his other window is told %v", f)
	}
	a.Say("/pm bob and you alone")
	if f := elsewhere.Find("a private one", func(f hearthtest.Frame) bool { return f.Type() == "unread" }); f["room"] != "@ada" || f.Int("unread") != 1 {
		t.Errorf("bob is told %v", f)
	}
	for _, f := range a.Settled() {
		if f.Type() == "unread" {
			t.Errorf("ada is told of her own words: %v", f)
		}
	}
}
