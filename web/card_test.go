package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// wantCard requests a card and checks what it has, and what it does not have (after a "!").
func wantCard(t *testing.T, b *hearthtest.Browser, path string, parts ...string) {
	t.Helper()
	r := b.Get(path)
	if r.Status != http.StatusOK {
		t.Errorf("%s for %s: %d %s", path, b.Name, r.Status, r.Body)
		return
	}
	for _, part := range parts {
		part, not := strings.CutPrefix(part, "!")
		if strings.Contains(r.Body, part) == not {
			t.Errorf("%s for %s: want %q: %t\n%s", path, b.Name, part, !not, r.Body)
		}
	}
}

func TestCardSaysWhoAPersonIs(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom, mai := s.SignUp(t, "ada"), s.SignUp(t, "tom"), s.SignUp(t, "mai")
	tom.Post("/profile/", "action", "details", "name", "Tom Berg")
	tom.Post("/rooms/", "name", "workshop", "topic", "Benches")
	tom.Post("/rooms/", "name", "secret", "access", "closed")
	mai.Post("/profile/", "action", "status", "emoji", "🔧", "text", "Soldering <class>")

	wantCard(t, ada, "/people/tom/card/", "Tom Berg", "@<bdi>tom</bdi>", `href="/chat/@tom/"`, "Offline", "!Owner", "!Set status", `href="/admin/users/2/"`)
	wantCard(t, mai, "/people/TOM/card/?room=workshop", "Owner of this room", "!/admin/")
	wantCard(t, mai, "/people/tom/card/?room=secret", "!Owner", "Tom Berg") // mai cannot know who owns it
	wantCard(t, mai, "/people/ada/card/?room=workshop", ">Admin<")
	wantCard(t, tom, "/people/mai/card/", "🔧", "Soldering &lt;class&gt;")
	wantCard(t, mai, "/people/mai/card/", "Set status", "Edit profile", "!>Message<", "Online", "!data-mention")
	wantCard(t, tom, "/people/mai/", "<h1", "Soldering &lt;class&gt;", `class="card"`) // the page of the person, without script
	page := tom.Dial("/ws/chat/workshop/")
	page.Until("user_list")
	wantCard(t, mai, "/people/tom/card/", "Online")

	ada.Post("/admin/users/3/", "action", "disable")
	wantCard(t, tom, "/people/mai/card/", "This account is deactivated", "!Message", "!Soldering", "!Online", "!Offline")
	for _, path := range []string{"/people/nobody/", "/people/nobody/card/", "/people/%20/card/"} {
		if r := tom.Get(path); r.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.Status)
		}
	}
	if r := s.Visitor(t).Get("/people/tom/"); r.Status != http.StatusSeeOther {
		t.Errorf("a stranger: %d %s", r.Status, r.Body)
	}
	if r := s.Visitor(t).Get("/people/tom/card/"); r.Status != http.StatusSeeOther || strings.Contains(r.Body, "Berg") {
		t.Errorf("a stranger: %d %s", r.Status, r.Body)
	}
}

// Guests have a card that says so, and see nothing that is not for them.
func TestCardsOfAndForGuests(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	ada := s.SignUp(t, "ada")
	ada.Post("/profile/", "action", "status", "text", "at the doctor's")
	ada.Post("/profile/", "action", "times", "zone", "Europe/Berlin")
	wanda := s.Visitor(t)
	wanda.Post("/guest/", "guest_name", "Wanda W")
	wanda.Dial("/ws/chat/tea/").Until("user_list")
	wantCard(t, ada, "/people/Wanda%20W%20%28guest%29/card/?room=tea", "Wanda W", "Has no account", ">guest<", "Online", "!Message", "!@<bdi>")
	wantCard(t, ada, "/people/Wanda%20W%20%28guest%29/", "Has no account")
	wantCard(t, wanda, "/people/ada/card/", "ada", ">Admin<", "!doctor", "!Europe/Berlin", "!Message", "!/admin/")
	if r := ada.Get("/people/%20x%20%28guest%29/card/"); r.Status != http.StatusNotFound {
		t.Errorf("a name that no guest can have: %d", r.Status)
	}
}

func TestCardTellsTheLocalTime(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	wantCard(t, ada, "/people/tom/card/", "!<time")
	for _, c := range []struct{ mine, zone, want string }{
		{"UTC", "Asia/Ho_Chi_Minh", "7 h ahead of you"}, {"Asia/Tokyo", "UTC", "9 h behind you"},
		{"UTC", "Asia/Kathmandu", "5 h 45 min ahead of you"}, {"Asia/Bangkok", "Asia/Ho_Chi_Minh", "!of you"},
	} {
		ada.Post("/profile/", "action", "times", "zone", c.mine)
		tom.Post("/profile/", "action", "times", "zone", c.zone)
		wantCard(t, ada, "/people/tom/card/", `data-in="`+c.zone+`"`, c.want)
	}
}

// The names in a page lead to cards.
func TestNamesLeadToCards(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	tom.Post("/rooms/", "name", "tea", "access", "closed")
	tom.Post("/chat/tea/members/", "action", "add", "name", "ada")
	r := tom.PostJSON("/api/rooms/tea/messages", map[string]any{"message": "hello @ada"})
	var said hearthtest.Frame
	r.JSON(t, &said)
	ada.PostJSON("/api/rooms/tea/messages", map[string]any{"message": "hello", "reply_to": said.Int("id")})
	page := tom.Get("/chat/tea/").Body
	for _, part := range []string{
		`<a class="who" href="/people/tom/"><bdi class="name">tom</bdi></a>`,                               // a message
		`<a class="mention" href="/people/ada/">@ada</a>`,                                                  // a mention
		`data-user="tom" data-display="tom"><span class="reply-quote"><a class="who" href="/people/tom/">`, // a quote
		`<a class="side-link who" href="/people/tom/">`,                                                    // beside the room
		`<a class="me who" href="/people/tom/">`,                                                           // in the sidebar
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	if settings := tom.Get("/chat/tea/settings/").Body; !strings.Contains(settings, `<a class="who plain-link" href="/people/ada/">`) {
		t.Error("the members have no cards")
	}
	if lobby := ada.Get("/").Body; !strings.Contains(lobby, `class="person-name who" href="/people/tom/"`) {
		t.Error("the table of people has no card")
	}
}
