package web_test

import (
	"fmt"
	"slices"
	"testing"

	"hearth/web/hearthtest"
)

// Whoever sends many messages again, in whatever order, gets their receipts in the order of seq.
func TestRepeatedReceiptsComeInOrder(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	const n = 20
	first := ada.Dial("/ws/chat/r/")
	say := func(sock *hearthtest.Socket, i int) {
		sock.Send(map[string]string{"message": fmt.Sprint("message ", i), "nonce": fmt.Sprint("n", i)})
	}
	for i := range n {
		say(first, i)
	}
	first.Find("the last", func(f hearthtest.Frame) bool { return f["nonce"] == fmt.Sprintf("n%d", n-1) })
	again := ada.Dial(fmt.Sprintf("/ws/chat/r/?after=%d", n))
	again.Until("user_list")
	for i := n - 1; i >= 0; i-- {
		say(again, i)
	}
	var seqs []int64
	for range n {
		seqs = append(seqs, again.Until("chat_message").Int("seq"))
	}
	if !slices.IsSorted(seqs) || seqs[0] != 1 {
		t.Errorf("the receipts came in this order: %v", seqs)
	}
}

// A nonce stands for one message in one room, wherever it is used again.
func TestANonceOfAnotherRoom(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	s.SignUp(t, "bob")
	a := ada.Dial("/ws/chat/r/")
	a.Send(map[string]string{"message": "here", "nonce": "n"})
	a.Until("chat_message")
	a.Send(map[string]string{"message": "/pm bob there", "nonce": "pm"})
	a.Until("private_message_delivered")

	other := ada.Dial("/ws/chat/other/")
	for _, frame := range []map[string]string{
		{"message": "there", "nonce": "n"},
		{"message": "there", "nonce": "pm"},
		{"message": "/pm bob here", "nonce": "n"},
		{"message": "/pm ada there", "nonce": "pm"},
	} {
		other.Send(frame)
		if f := other.Until("error"); f["code"] != "bad_frame" || f["nonce"] != frame["nonce"] {
			t.Errorf("%v is answered with %v", frame, f)
		}
	}
	if r := ada.PostJSON("/api/rooms/other/messages", map[string]string{"message": "there", "nonce": "n"}); r.Status != 400 {
		t.Errorf("over HTTP it is answered with %d %s", r.Status, r.Body)
	}
	var page struct{ Messages []hearthtest.Frame }
	ada.Get("/api/rooms/other/messages").JSON(t, &page)
	if len(page.Messages) != 0 {
		t.Errorf("the other room has %v", page.Messages)
	}
	other.Send(map[string]string{"message": "/pm bob there", "nonce": "pm"})
	if f := other.Until("private_message_delivered"); f["target"] != "bob" {
		t.Errorf("in the same conversation it is answered with %v", f)
	}
}

// Whoever writes to himself is both sides of it.
func TestAPrivateMessageToOneself(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	for _, dial := range []func(string) *hearthtest.Socket{ada.Dial, ada.DialBatched} {
		a := dial("/ws/chat/r/")
		a.Send(map[string]string{"message": "/pm ada note to self"})
		seen := map[string]hearthtest.Frame{}
		for len(seen) < 2 {
			f := a.Find("a private frame", func(f hearthtest.Frame) bool { return f["message"] == "note to self" })
			seen[f.Type()] = f
		}
		got, sent := seen["private_message"], seen["private_message_delivered"]
		if got["user"] != "ada" || sent["target"] != "ada" || got.Int("id") != sent.Int("id") {
			t.Errorf("ada got %v", seen)
		}
	}
	for _, f := range ada.Dial("/ws/chat/r/").Settled() {
		if f.Type() == "private_message" {
			t.Errorf("it came again: %v", f)
		}
	}
}
