package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

func TestBlockedPeople(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	a, b := ada.DialBatched("/ws/chat/@tom/"), tom.DialBatched("/ws/chat/@ada/")
	b.Send(map[string]any{"message": "before", "nonce": "n0"})
	before := a.Until("chat_message").Int("id")
	if r := ada.Post("/blocks/", "name", "tom", "blocked", "on", "next", "/profile/#blocked"); r.Status != http.StatusSeeOther {
		t.Fatalf("block: %d %s", r.Status, r.Body)
	}
	if r := ada.Get("/profile/"); !strings.Contains(r.Body, `href="/chat/@tom/"><bdi class="name">tom`) {
		t.Error("the profile does not list tom")
	}
	for what, frame := range map[string]map[string]any{
		"a message":           {"message": "after"},
		"a message elsewhere": {"message": "/pm ada after"},
		"an edit":             {"type": "edit", "id": before, "message": "after"},
		"a reaction":          {"type": "react", "id": before, "emoji": "🎉", "on": true},
	} {
		frame["nonce"] = what
		b.Send(frame)
		if f := b.Find(what, func(f hearthtest.Frame) bool { return f["nonce"] == what }); f["code"] != "blocked" || !strings.Contains(f.Text("message"), "ada") {
			t.Errorf("%s: %v", what, f)
		}
	}
	b.Send(map[string]any{"message": "before", "nonce": "n0"})
	if f := b.Find("the receipt again", func(f hearthtest.Frame) bool {
		return f["nonce"] == "n0" && f.Type() != "chat_message" || f.Type() == "private_message_delivered"
	}); f.Int("id") != before {
		t.Errorf("a message from before, again: %v", f)
	}
	b.Send(map[string]any{"type": "typing"})
	if r := tom.PostJSON("/api/rooms/@ada/messages", map[string]any{"message": "after"}); r.Status != http.StatusForbidden || !strings.Contains(r.Body, `"blocked"`) {
		t.Errorf("over HTTP: %d %s", r.Status, r.Body)
	}
	if r := tom.Post("/chat/@ada/", "message", "kept in the composer"); r.Status != http.StatusForbidden || !strings.Contains(r.Body, "kept in the composer</textarea>") {
		t.Errorf("without script: %d", r.Status)
	}
	if r := tom.Get("/chat/@ada/"); !strings.Contains(r.Body, `name="message"`) || strings.Contains(r.Body, "direct messages from you") {
		t.Error("the page says that tom is blocked before he writes")
	}
	a.Send(map[string]any{"message": "an order"})
	if f := a.Until("error"); f["code"] != "not_allowed" {
		t.Errorf("whoever has blocked somebody writes to him: %v", f)
	}
	hall := tom.DialBatched("/ws/chat/hall/")
	hall.Say("@ada in the room")
	hall.Until("chat_message")

	if r := ada.PostJSON("/api/users/tom/block", map[string]any{"blocked": false}); r.Status != http.StatusOK || !strings.Contains(r.Body, `{"blocked":false}`) {
		t.Errorf("unblock: %d %s", r.Status, r.Body)
	}
	b.Send(map[string]any{"message": "again"})
	a.Find("a message after the end", func(f hearthtest.Frame) bool {
		if f.Type() == "typing" || f["message"] == "after" || f.Type() == "reaction" || f.Type() == "message_edited" {
			t.Errorf("ada got %v", f)
		}
		return f["message"] == "again"
	})
}

func TestWhoCanBeBlocked(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	ada := s.SignUp(t, "ada")
	s.SignUp(t, "tom")
	for name, status := range map[string]int{"ada": http.StatusForbidden, "nobody": http.StatusNotFound, "tom": http.StatusSeeOther} {
		if r := ada.Post("/blocks/", "name", name, "blocked", "on"); r.Status != status {
			t.Errorf("block %s: %d", name, r.Status)
		}
	}
	if r := ada.Post("/blocks/", "name", "tom", "blocked", "maybe"); r.Status != http.StatusUnprocessableEntity {
		t.Errorf("without a choice: %d", r.Status)
	}
	if r := s.Visitor(t).PostJSON("/api/users/tom/block", map[string]any{"blocked": true}); r.Status != http.StatusUnauthorized {
		t.Errorf("a visitor blocks: %d", r.Status)
	}
}

func TestBlockFromTheCard(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	s.SignUp(t, "tom")
	card := func() string { return ada.Get("/people/tom/card/").Body }
	if !strings.Contains(card(), `name="blocked" value="on"`) {
		t.Error("the card does not offer to block")
	}
	if r := ada.Post("/blocks/", "name", "tom", "blocked", "on", "next", "/chat/@tom/"); r.Header.Get("Location") != "/chat/@tom/" {
		t.Errorf("block: %d %s", r.Status, r.Header.Get("Location"))
	}
	if !strings.Contains(card(), `name="blocked" value="off"`) {
		t.Error("the card does not offer to unblock")
	}
	if own := ada.Get("/people/ada/card/").Body; strings.Contains(own, "blocked") {
		t.Error("the own card offers to block")
	}
}
