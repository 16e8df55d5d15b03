package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// roomsListed returns the rooms of the sidebar or of the lobby, in their order.
func roomsListed(t *testing.T, b *hearthtest.Browser, path, item string) string {
	t.Helper()
	var names []string
	for _, m := range regexp.MustCompile(item+`[^>]* data-room="([^"@]+)"`).FindAllStringSubmatch(b.Get(path).Body, -1) {
		names = append(names, m[1])
	}
	return strings.Join(names, " ")
}

func TestFirstRooms(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	ada := s.SignUp(t, "ada")
	for _, name := range []string{"attic", "hall", "welcome", "zoo"} {
		through(t, ada.Post("/rooms/", "name", name))
	}
	through(t, ada.Post("/rooms/", "name", "cellar", "access", "closed"))
	const page = "/admin/settings/"
	change := func(action, room string) {
		t.Helper()
		wantGone(t, action+" "+room, ada.Post(page, "action", action, "room", room), page+"?done=settings")
	}
	for _, room := range []string{"hall", "Welcome", "zoo", "hall"} {
		change("first_add", room)
	}
	change("first_up", "welcome")
	change("first_remove", "zoo")
	wantReply(t, "none of that name", ada.Post(page, "action", "first_add", "room", "nowhere"), http.StatusUnprocessableEntity, `value="nowhere"`, "no room with that name")
	wantReply(t, "a closed one", ada.Post(page, "action", "first_add", "room", "cellar"), http.StatusUnprocessableEntity, "open to everybody")
	wantReply(t, "by somebody else", s.SignUp(t, "eve").Post(page, "action", "first_add", "room", "zoo"), http.StatusForbidden)

	bob := s.Visitor(t)
	wantGone(t, "an account", bob.Post("/sign_up/", "username", "bob", "password1", hearthtest.Password, "password2", hearthtest.Password), "/chat/welcome/")
	wantGone(t, "an account that was on its way", s.Visitor(t).Post("/sign_up/", "username", "mai", "password1", hearthtest.Password, "password2", hearthtest.Password, "next", "/chat/zoo/"), "/chat/zoo/")
	guest := s.Visitor(t)
	wantGone(t, "a guest", guest.Post("/guest/", "guest_name", "Wanda"), "/chat/welcome/")
	for name, b := range map[string]*hearthtest.Browser{"bob": bob, "the guest": guest} {
		for where, item := range map[string]string{"lobby": `<li class="room-card"`, "sidebar": `<a class="side-link`} {
			if got := roomsListed(t, b, "/", item); got != "welcome hall attic zoo" {
				t.Errorf("the %s of %s lists %s", where, name, got)
			}
		}
	}
	change("first_down", "welcome")
	wantGone(t, "rename", ada.Post("/chat/hall/settings/", "name", "entrance", "topic", "", "access", "open"), "/chat/entrance/settings/?done=room")
	if got := roomsListed(t, bob, "/", `<li class="room-card"`); got != "entrance welcome attic zoo" {
		t.Errorf("after other changes the lobby lists %s", got)
	}
	through(t, ada.Post("/chat/entrance/settings/", "topic", "", "access", "closed", "asked", "1"))
	wantGone(t, "a guest after the first room was closed", s.Visitor(t).Post("/guest/", "guest_name", "Wendy"), "/chat/welcome/")
	if got := roomsListed(t, ada, "/", `<li class="room-card"`); got != "welcome attic cellar entrance zoo" {
		t.Errorf("the lobby of the admin lists %s", got)
	}
	wantReply(t, "the log", ada.Get("/admin/log/"), http.StatusOK, "Changed the rooms that newcomers see first")
}
