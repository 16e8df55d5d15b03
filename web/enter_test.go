package web_test

import (
	"net/http"
	"testing"

	"hearth/web/hearthtest"
)

// post posts a message over HTTP and returns its seq.
func post(t *testing.T, b *hearthtest.Browser, room, text string) int64 {
	t.Helper()
	r := b.PostJSON("/api/rooms/"+room+"/messages", map[string]string{"message": text})
	if r.Status != http.StatusCreated {
		t.Fatal(r.Status, r.Body)
	}
	var f hearthtest.Frame
	r.JSON(t, &f)
	return f.Int("seq")
}

// entered moves a socket to a room and returns its user_list.
func entered(t *testing.T, s *hearthtest.Socket, room string, after int64) hearthtest.Frame {
	t.Helper()
	s.Send(map[string]any{"type": "enter", "room": room, "after": after})
	return s.Find("the list of "+room, func(f hearthtest.Frame) bool { return f.Type() == "user_list" && f.Text("room") == room })
}

// A socket moves from room to room. It gets what it missed in the new room, and nothing of the one before.
func TestASocketMovesToAnotherRoom(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	seq := post(t, ada, "kitchen", "one")
	post(t, ada, "kitchen", "two")
	post(t, ada, "garden", "in the garden")

	watcher := bob.Dial("/ws/chat/kitchen/")
	a := ada.DialBatched("/ws/chat/garden/")
	a.Until("user_list")
	list := entered(t, a, "kitchen", seq)
	if f := a.Until("chat_message"); f.Text("message") != "two" || f.Text("room") != "kitchen" {
		t.Errorf("after the list came %v", f)
	}
	if users, _ := list["users"].([]any); len(users) != 1 || users[0] != "bob" {
		t.Errorf("the list has %v", list["users"])
	}
	watcher.Find("the join", func(f hearthtest.Frame) bool { return f.Type() == "user_join" && f.Text("user") == "ada" })

	a.Send(map[string]any{"message": "three", "nonce": "n1"})
	if f := a.Until("chat_message"); f.Text("message") != "three" || f.Text("nonce") != "n1" {
		t.Errorf("the receipt is %v", f)
	}
	watcher.Find("the message", func(f hearthtest.Frame) bool { return f.Text("message") == "three" })
	post(t, bob, "garden", "nobody hears this in the kitchen")
	post(t, bob, "kitchen", "four")
	for _, f := range a.Settled() {
		if f.Type() == "chat_message" && f.Text("room") != "kitchen" {
			t.Errorf("a message of the room before: %v", f)
		}
	}
	entered(t, a, "garden", 1)
	if f := a.Until("chat_message"); f.Text("message") != "nobody hears this in the kitchen" {
		t.Errorf("back in the garden: %v", f)
	}
	watcher.Find("the leave", func(f hearthtest.Frame) bool { return f.Type() == "user_leave" && f.Text("user") == "ada" })
}

// A room that cannot be entered leaves the socket where it is.
func TestASocketStaysWhereItIs(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	if r := ada.Post("/rooms/", "name", "secret", "access", "closed"); r.Status != http.StatusSeeOther {
		t.Fatal(r.Status, r.Body)
	}
	b := bob.DialBatched("/ws/chat/kitchen/")
	for _, x := range []struct {
		frame map[string]any
		code  string
	}{
		{map[string]any{"type": "enter", "room": "secret"}, "not_allowed"},
		{map[string]any{"type": "enter", "room": "a/b"}, "room_name_characters"},
		{map[string]any{"type": "enter", "room": "@nobody"}, "no_such_user"},
		{map[string]any{"type": "enter"}, "bad_frame"},
		{map[string]any{"type": "enter", "room": 5}, "bad_frame"},
		{map[string]any{"type": "enter", "room": "garden", "after": "x"}, "bad_frame"},
	} {
		x.frame["nonce"] = "n"
		b.Send(x.frame)
		if f := b.Until("error"); f.Text("code") != x.code || f.Text("nonce") != "n" {
			t.Errorf("%v: %v", x.frame, f)
		}
	}
	b.Say("still here")
	if f := b.Until("chat_message"); f.Text("room") != "kitchen" {
		t.Errorf("the message is %v", f)
	}
}

// Rights count in the room where the socket is now: a person who is removed from a closed room after moving there loses the
// socket, and one who has moved away keeps it.
func TestRightsOfASocketThatMoved(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	ada.Post("/rooms/", "name", "den", "access", "closed")
	members := func(action string) {
		if r := ada.Post("/chat/den/members/", "name", "bob", "action", action); r.Status != http.StatusSeeOther {
			t.Fatal(r.Status, r.Body)
		}
	}
	members("add")
	away, there := bob.DialBatched("/ws/chat/den/"), bob.DialBatched("/ws/chat/kitchen/")
	entered(t, away, "kitchen", 0)
	entered(t, there, "den", 0)
	members("remove")
	if code := there.Closed(); code != 1008 {
		t.Errorf("in the room: closed with %d", code)
	}
	away.Say("still here")
	away.Find("the message", func(f hearthtest.Frame) bool { return f.Text("message") == "still here" })
}
