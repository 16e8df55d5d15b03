package web_test

import (
	"net/http"
	"slices"
	"testing"

	"hearth/web/hearthtest"
)

func TestGuests(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "read")
	ada := s.SignUp(t, "ada")
	a := ada.Dial("/ws/chat/r/")
	a.Until("user_join")
	visitor := s.Visitor(t)
	v := visitor.Dial("/ws/chat/r/")
	if f := v.Next(); f["you"] != nil || !slices.Equal(names(f, "users"), []string{"ada"}) {
		t.Errorf("a visitor is greeted with %v", f)
	}
	v.Say("may I?")
	if f := v.Until("error"); f["code"] != "sign_in" {
		t.Errorf("a visitor who speaks gets %v", f)
	}
	a.Say("hello")
	v.Until("chat_message")
	for _, f := range a.Settled() {
		if f.Type() == "user_join" {
			t.Errorf("ada is told of a visitor: %v", f)
		}
	}
	p := visitor.Dial("/users/")
	if f := p.Until("presence"); f["username"] != "ada" || f["email"] != nil {
		t.Errorf("a visitor sees %v", f)
	}
	if r := visitor.Get("/chat/@ada/"); r.Status != http.StatusSeeOther {
		t.Errorf("a visitor at a private conversation: %d", r.Status)
	}
}

func TestGuestsWhoSpeak(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	a := s.SignUp(t, "ada").Dial("/ws/chat/r/")
	visitor := s.Visitor(t)
	if r := visitor.Post("/guest/", "guest_name", "Аda"); r.Status == http.StatusSeeOther { // a Cyrillic А
		t.Error("a guest took a name that looks like a user's")
	}
	if r := visitor.Post("/guest/", "guest_name", "Gus", "next", "/chat/r/"); r.Status != http.StatusSeeOther {
		t.Fatalf("choose a name: %d %s", r.Status, r.Body)
	}
	g := visitor.Dial("/ws/chat/r/")
	if f := g.Next(); f["you"] != "Gus (guest)" {
		t.Errorf("the guest is greeted with %v", f)
	}
	g.Say("hello from outside")
	if f := a.Until("chat_message"); f["user"] != "Gus (guest)" || f["guest"] != true {
		t.Errorf("ada got %v", f)
	}
	g.Say("/pm ada psst")
	if f := g.Until("error"); f["code"] != "sign_in" {
		t.Errorf("a guest's private message: %v", f)
	}
}
