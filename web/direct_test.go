package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

func TestPrivateMessages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob, eve := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.SignUp(t, "eve")
	a, b, b2, e := ada.Dial("/ws/chat/lobby/"), bob.Dial("/ws/chat/lobby/"), bob.Dial("/ws/chat/other/"), eve.Dial("/ws/chat/lobby/")
	for _, sock := range []*hearthtest.Socket{a, b, b2, e} {
		sock.Until("user_join") // greeted: what comes now is live
	}
	a.Send(map[string]any{"message": "/pm BOB  the key is under the mat", "nonce": "k"})
	receipt := a.Until("private_message_delivered")
	if receipt["target"] != "bob" || receipt["message"] != "the key is under the mat" || receipt["nonce"] != "k" || !stamp.MatchString(receipt.Text("timestamp")) {
		t.Errorf("the receipt is %v", receipt)
	}
	for _, sock := range []*hearthtest.Socket{b, b2} {
		if f := sock.Until("private_message"); f["user"] != "ada" || f["message"] != "the key is under the mat" || f.Int("id") != receipt.Int("id") || f["history"] == true {
			t.Errorf("bob got %v", f)
		}
	}
	for _, f := range append(e.Settled(), a.Settled()...) {
		if f.Type() == "private_message" || f.Text("message") == "the key is under the mat" {
			t.Errorf("somebody else saw %v", f)
		}
	}
	_ = b.Close()
	_ = b2.Close()
	a.Say("/pm bob while you were out")
	a.Until("private_message_delivered")
	back := bob.Dial("/ws/chat/lobby/")
	f := back.Find("the message that came meanwhile", func(f hearthtest.Frame) bool { return f["message"] == "while you were out" })
	if f.Type() != "private_message" || f["history"] != true {
		t.Errorf("bob found %v", f)
	}
	if r := bob.Get("/chat/@ada/"); r.Status != 200 || !strings.Contains(r.Body, "while you were out") {
		t.Errorf("the conversation's page: %d", r.Status)
	}
	if r := bob.Post("/chat/@ada/read/", "id", fmt.Sprint(f.Int("id"))); r.Status != http.StatusSeeOther {
		t.Errorf("marked as read: %d %s", r.Status, r.Body)
	}
	for _, f := range bob.Dial("/ws/chat/lobby/").Settled() {
		if f.Type() == "private_message" {
			t.Errorf("after it was read came %v", f)
		}
	}
	for text, code := range map[string]string{"/pm nobody hi": "no_such_user", "/pm bob": "empty", "/pm": "empty", "/pm bob   ": "empty"} {
		a.Send(map[string]any{"message": text, "nonce": text})
		if f := a.Until("error"); f["code"] != code || f["nonce"] != text {
			t.Errorf("%q is answered with %v", text, f)
		}
	}
}

func TestThePageOfAPrivateConversation(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	a, b, b2 := ada.DialBatched("/ws/chat/@bob/"), bob.DialBatched("/ws/chat/@ada/"), bob.Dial("/ws/chat/lobby/")
	b.Until("user_list") // greeted: what waits for him doesn't come again
	b2.Until("user_list")
	a.Say("hi bob")
	if f := a.Until("chat_message"); f["room"] != "@bob" || f["user"] != "ada" {
		t.Errorf("ada got %v", f)
	}
	if f := b.Until("chat_message"); f["room"] != "@ada" || f["message"] != "hi bob" {
		t.Errorf("bob got %v", f)
	}
	if f := b2.Until("private_message"); f["user"] != "ada" {
		t.Errorf("bob got elsewhere %v", f)
	}
	for _, f := range b.Settled() {
		if f.Type() == "private_message" {
			t.Errorf("the conversation's own page got it twice: %v", f)
		}
	}
	if _, resp, err := s.SignUp(t, "eve").TryDial("/ws/chat/@nobody/", nil); err == nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("a conversation with nobody: %v", err)
	}
}

// Commands are carried out or refused, never published, by every way in which a message can be sent.
func TestCommandsAreNeverPublished(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	inbox := bob.Dial("/ws/chat/tea/")
	inbox.Until("user_list")
	socket := ada.Dial("/ws/chat/tea/")
	socket.Until("user_list")
	for i, text := range []string{"/PM bob one", " \u3000/pm bob two", "／msg bob three"} {
		if i%2 == 0 {
			socket.Say(text)
		} else {
			wantReply(t, text, ada.PostJSON("/api/rooms/tea/messages", map[string]string{"message": text}), http.StatusCreated)
		}
		if f := inbox.Until("private_message"); f.Text("message") != []string{"one", "two", "three"}[i] {
			t.Errorf("%q: %v", text, f)
		}
	}
	socket.Send(map[string]any{"message": "/nosuch thing", "nonce": "n1"})
	if f := socket.Until("error"); f.Text("code") != "unknown_command" || f.Text("nonce") != "n1" {
		t.Errorf("an unknown command: %v", f)
	}
	wantReply(t, "by the API", ada.PostJSON("/api/rooms/tea/messages", map[string]string{"message": "/nosuch thing"}), http.StatusUnprocessableEntity, "unknown_command")
	wantReply(t, "by the form", ada.Post("/chat/tea/", "message", "/nosuch thing"), http.StatusUnprocessableEntity, "/nosuch thing</textarea>", "There is no command")
	socket.Say("//nosuch thing")
	if f := socket.Until("chat_message"); f.Text("message") != "/nosuch thing" {
		t.Errorf("said literally: %v", f)
	}
	if body := bob.Get("/api/rooms/tea/messages").Body; strings.Contains(body, "one") || strings.Count(body, "nosuch") != 1 {
		t.Errorf("the room has %s", body)
	}
}
