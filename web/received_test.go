package web_test

import (
	"testing"

	"hearth/web/hearthtest"
)

// waiting returns the texts of the private messages that a new socket is sent as history.
func waiting(sock *hearthtest.Socket) []string {
	var texts []string
	for _, f := range sock.Settled() {
		if f.Type() == "private_message" && f["history"] == true {
			texts = append(texts, f.Text("message"))
		}
	}
	return texts
}

// A private message is sent to plain clients until one of them has received it: it has if it sends a frame later. Pages
// get it until it is read.
func TestAPrivateMessageIsReceivedOnce(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	whisper := func(text string) {
		t.Helper()
		if r := ada.PostJSON("/api/rooms/@bob/messages", map[string]string{"message": text}); r.Status != 201 {
			t.Fatalf("%s: %d %s", text, r.Status, r.Body)
		}
	}
	ping := func(sock *hearthtest.Socket) {
		t.Helper()
		sock.Send(map[string]string{"type": "ping"})
		sock.Until("pong")
	}
	expect := func(what string, got []string, want ...string) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s came %q, not %q", what, got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s came %q, not %q", what, got, want)
			}
		}
	}

	live := bob.Dial("/ws/chat/r/")
	live.Until("user_list")
	whisper("one")
	live.Until("private_message")
	_ = live.Close() // without a word
	back := bob.Dial("/ws/chat/r/")
	back.Until("private_message")
	_ = back.Close()
	back = bob.Dial("/ws/chat/r/")
	back.Until("private_message")
	ping(back)
	whisper("two")
	back.Until("private_message")
	_ = back.Close()
	expect("after one was received", waiting(bob.Dial("/ws/chat/r/")), "two")
	expect("after two was received", waiting(bob.Dial("/ws/chat/r/")))
	expect("to a page", waiting(bob.DialBatched("/ws/chat/r/")), "one", "two")
	whisper("three")
	expect("after a new one", waiting(bob.Dial("/ws/chat/r/")), "three")

	s.Stop(t)
	s.RestartThere(t)
	expect("after a restart", waiting(bob.Dial("/ws/chat/r/")))
	expect("to a page after a restart", waiting(bob.DialBatched("/ws/chat/r/")), "one", "two", "three")

	whisper("four")
	in := bob.Dial("/ws/chat/@ada/") // where it is what bob is reading
	in.Find("four", func(f hearthtest.Frame) bool { return f["message"] == "four" })
	ping(in)
	expect("to a page after a plain client was in the conversation", waiting(bob.DialBatched("/ws/chat/r/")))
}
