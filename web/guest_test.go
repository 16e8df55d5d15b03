package web_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

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

func TestRemoveGuests(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	ada := s.SignUp(t, "ada")
	a := ada.DialBatched("/ws/chat/hall/")
	guests := map[string]*hearthtest.Browser{}
	socks := map[string]*hearthtest.Socket{}
	for _, name := range []string{"Wanda Wood", "Gus", "Eve"} {
		guests[name] = s.Visitor(t)
		if r := guests[name].Post("/guest/", "guest_name", name); r.Status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", name, r.Status, r.Body)
		}
		socks[name] = guests[name].DialBatched("/ws/chat/hall/")
		socks[name].Say("I am " + name)
		a.Find(name, func(f hearthtest.Frame) bool { return f["user"] == name+" (guest)" && f.Type() == "chat_message" })
	}
	page := ada.Get("/admin/guests/").Body
	ids := regexp.MustCompile(`value="(\d+)" aria-labelledby`).FindAllStringSubmatch(page, -1)
	if len(ids) != 3 || !strings.Contains(page, "Wanda Wood") {
		t.Fatalf("the page lists %v", ids)
	}
	wanda := ids[len(ids)-1][1] // the last used first
	if r := guests["Gus"].Post("/admin/guests/", "guest", wanda); r.Status == http.StatusSeeOther && !strings.HasPrefix(r.Header.Get("Location"), "/login/") {
		t.Errorf("a guest removes another one: %d", r.Status)
	}
	if r := ada.Post("/admin/guests/", "guest", wanda); r.Status != http.StatusSeeOther {
		t.Fatalf("remove: %d %s", r.Status, r.Body)
	}
	if code := socks["Wanda Wood"].Closed(); code != websocket.ClosePolicyViolation {
		t.Errorf("the guest's socket ended with %d", code)
	}
	if r := guests["Wanda Wood"].PostJSON("/api/rooms/hall/messages", map[string]any{"message": "still here"}); r.Status != http.StatusUnauthorized {
		t.Errorf("the cookie is valid: %d", r.Status)
	}
	if r := guests["Wanda Wood"].Get("/guest/ended/?next=/chat/hall/"); r.Status != http.StatusOK || !strings.Contains(r.Body, "visit as a guest has ended") || !strings.Contains(r.Body, "/sign_up/") {
		t.Errorf("the page of the end: %d", r.Status)
	}
	for _, f := range a.Settled() {
		if f.Type() == "message_deleted" {
			t.Errorf("a message was deleted: %v", f)
		}
	}
	if r := ada.Post("/admin/guests/", "guest", "all", "messages", "delete"); r.Status != http.StatusSeeOther {
		t.Fatalf("remove all: %d %s", r.Status, r.Body)
	}
	for range 2 {
		a.Until("message_deleted")
	}
	var left struct{ Messages []hearthtest.Frame }
	ada.Get("/api/rooms/hall/messages").JSON(t, &left)
	if len(left.Messages) != 2 || left.Messages[0]["message"] != "I am Wanda Wood" {
		t.Errorf("left are %v", left.Messages)
	}
	if r := s.Visitor(t).Post("/guest/", "guest_name", "Wanda Wood"); r.Status != http.StatusSeeOther {
		t.Errorf("another guest with that name: %d", r.Status)
	}
}

// Open sockets of guests follow the setting at once.
func TestWhatGuestsMayDoIsLive(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, guest := s.SignUp(t, "ada"), s.Visitor(t)
	ada.Post("/admin/settings/", "guests", "write")
	guest.Post("/guest/", "guest_name", "Wanda Wood")
	w, a := guest.DialBatched("/ws/chat/hall/"), ada.DialBatched("/ws/chat/hall/")
	w.Say("hello")
	a.Until("chat_message")
	ada.Post("/admin/settings/", "guests", "read")
	if f := w.Until("guests"); f["may"] != "read" {
		t.Errorf("the guest got %v", f)
	}
	w.Send(map[string]any{"message": "may I?", "nonce": "n"})
	if f := w.Until("error"); f["code"] != "sign_in" || f["nonce"] != "n" {
		t.Errorf("the guest wrote: %v", f)
	}
	w.Send(map[string]any{"type": "typing"})
	for _, f := range a.Settled() {
		if f.Type() == "typing" || f.Type() == "guests" {
			t.Errorf("ada got %v", f)
		}
	}
	ada.Post("/admin/settings/", "guests", "write")
	if f := w.Until("guests"); f["may"] != "write" {
		t.Errorf("the guest got %v", f)
	}
	w.Say("thank you")
	a.Find("the guest", func(f hearthtest.Frame) bool { return f["message"] == "thank you" })
	ada.Post("/admin/settings/", "guests", "off")
	if code := w.Closed(); code != websocket.ClosePolicyViolation {
		t.Errorf("the guest's socket ended with %d", code)
	}
}
