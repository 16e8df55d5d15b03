package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// Where only admins make rooms, nobody else does, in whatever way; rooms that exist stay as they are.
func TestOnlyAdminsMakeRooms(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	bob.Dial("/ws/chat/garden/").Settled() // a room of his making
	unmade := bob.Dial("/ws/chat/attic/")
	unmade.Until("user_list")
	if body := bob.Get("/").Body; !strings.Contains(body, `href="/rooms/new/"`) {
		t.Error("bob can't make rooms")
	}
	wantGone(t, "only admins", ada.Post("/admin/settings/", "rooms", "admins"), "/admin/settings/?done=settings")
	if code := unmade.Closed(); code != 1008 {
		t.Errorf("a socket in a room that does not exist is closed with %d", code)
	}
	wantReply(t, "the page of such a room", bob.Get("/chat/attic/"), http.StatusForbidden, "only admins can create rooms")
	if r := bob.Post("/chat/attic/", "message", "hello"); r.Status != http.StatusForbidden {
		t.Errorf("a message into it: %d", r.Status)
	}
	if _, r, err := bob.TryDial("/ws/chat/attic/", nil); err == nil || r.StatusCode != http.StatusForbidden {
		t.Errorf("a socket in it: %v, %v", r, err)
	}
	visitor := s.Visitor(t) // guests are off: a visitor can't find out which rooms exist
	if exists, not := visitor.Get("/chat/garden/"), visitor.Get("/chat/attic/"); exists.Status != http.StatusSeeOther || not.Status != http.StatusSeeOther {
		t.Errorf("a visitor gets %d at a room that exists, %d at one that doesn't", exists.Status, not.Status)
	}
	if r := bob.Post("/rooms/", "name", "cellar", "access", "open"); r.Status != http.StatusForbidden && r.Status != http.StatusUnprocessableEntity {
		t.Errorf("Create room: %d", r.Status)
	}
	if body := bob.Get("/").Body; strings.Contains(body, `href="/rooms/new/"`) {
		t.Error("bob is still offered to make rooms")
	}
	bob.Dial("/ws/chat/garden/").Settled()
	wantGone(t, "bob opens a room by its name", bob.Post("/rooms/", "name", "garden"), "/chat/garden/")
	bob.Dial("/ws/chat/@ada/").Settled() // not a room of this kind
	wantGone(t, "ada makes one", ada.Post("/rooms/", "name", "cellar", "access", "open"), "/chat/cellar/")
	ada.Dial("/ws/chat/attic/").Settled()
	bob.Dial("/ws/chat/attic/").Settled()
	wantReply(t, "no such choice", ada.Post("/admin/settings/", "rooms", "nobody"), http.StatusUnprocessableEntity, "That choice doesn’t exist")
	wantGone(t, "everybody", ada.Post("/admin/settings/", "rooms", "everybody"), "/admin/settings/?done=settings")
	bob.Dial("/ws/chat/shed/").Settled()
}
