package web_test

import (
	"fmt"
	"net/http"
	"testing"

	"hearth/web/hearthtest"
)

// A room that was created with nothing but a name stays when it is empty, and belongs to its creator.
func TestARoomIsCreatedWithANameAlone(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	s.SignUp(t, "boss")
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	wantGone(t, "create", ada.Post("/rooms/", "name", "Tea time"), "/chat/Tea-time/")
	wantReply(t, "the lobby", bob.Get("/"), http.StatusOK, `data-room="Tea-time"`)
	wantReply(t, "its settings", ada.Get("/chat/tea-TIME/settings/"), http.StatusOK, `value="Tea-time"`)
	wantGone(t, "join", bob.Post("/rooms/", "name", "tea time"), "/chat/tea-time/")
	for _, path := range []string{"/chat/tea-time/settings/", "/chat/tea-time/members/"} {
		wantReply(t, "the settings for another person", bob.Get(path), http.StatusForbidden)
	}
	wantReply(t, "settings of no room", ada.Get("/chat/nowhere/settings/"), http.StatusNotFound)
	wantReply(t, "settings of a conversation", ada.Get("/chat/@bob/settings/"), http.StatusNotFound)
	wantReply(t, "no visitor", s.Visitor(t).Post("/rooms/", "name", "x"), http.StatusUnauthorized)
}

// The old name of a room goes on working in the addresses of pages, sockets and the API.
func TestARenamedRoomUnderItsOldName(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	boss, ada, bob := s.SignUp(t, "boss"), s.SignUp(t, "ada"), s.SignUp(t, "bob")
	through(t, ada.Post("/rooms/", "name", "tea"))
	sock := bob.DialBatched("/ws/chat/tea/")
	sock.Settled()
	wantReply(t, "no name", ada.Post("/chat/tea/settings/", "name", " ", "topic", "", "access", "open"), http.StatusUnprocessableEntity, "name-error")
	wantGone(t, "rename", ada.Post("/chat/tea/settings/", "name", "coffee", "topic", "Beans", "access", "open"), "/chat/coffee/settings/?done=room")
	f := sock.Find("the new name", func(f hearthtest.Frame) bool { return f.Type() == "room" && f["was"] != nil })
	if f.Text("was") != "tea" || f.Text("room") != "coffee" || f.Text("topic") != "Beans" {
		t.Errorf("told %v", f)
	}
	sock.Say("on the old socket")
	if f := sock.Until("chat_message"); f.Text("room") != "coffee" {
		t.Errorf("heard %v", f)
	}
	wantGone(t, "page", bob.Get("/chat/Tea/?around=4294967297"), "/chat/coffee/?around=4294967297")
	wantGone(t, "settings", ada.Get("/chat/tea/settings/"), "/chat/coffee/settings/")
	wantReply(t, "API", bob.Get("/api/rooms/tea/messages"), http.StatusOK, "on the old socket", `"room":"coffee"`)
	if r := bob.PostJSON("/api/rooms/tea/messages", map[string]string{"message": "by the API"}); r.Status != http.StatusCreated {
		t.Error(r.Status, r.Body)
	}
	late := bob.Dial("/ws/chat/tea/")
	if f := late.Until("user_list"); f.Text("room") != "coffee" {
		t.Errorf("a new socket gets %v", f)
	}
	wantReply(t, "the old name", bob.Post("/rooms/", "name", "tea", "access", "open"), http.StatusUnprocessableEntity, "already a room")
	wantGone(t, "the old name, by the field of the lobby", boss.Post("/rooms/", "name", "tea"), "/chat/tea/")
	wantGone(t, "another room", boss.Post("/rooms/", "name", "tea", "access", "open"), "/chat/tea/")
	for name, sock := range map[string]*hearthtest.Socket{"first": sock, "late": late} {
		if code := sock.Closed(); code != 1001 {
			t.Errorf("the %s socket under the old name was closed with %d", name, code)
		}
	}
	wantReply(t, "the other room", bob.Get("/chat/tea/"), http.StatusOK)
	if again := bob.Dial("/ws/chat/tea/?after=2").Until("reset"); again.Int("seq") < 2 {
		t.Errorf("coming back to the old name gets %v", again)
	}
	wantReply(t, "the log", boss.Get("/admin/log/"), http.StatusOK)
}

// Owners lose nothing by a refused form, and change nothing without the right to.
func TestSettingsOfARoom(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	s.SignUp(t, "boss")
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	through(t, ada.Post("/rooms/", "name", "tea", "access", "closed"))
	const page = "/chat/tea/settings/"
	wantReply(t, "a stranger", ada.Post(page, "action", "member_add", "name", "nobody"), http.StatusUnprocessableEntity, `action="`+page+`"`, "nobody called nobody")
	wantGone(t, "a member", ada.Post(page, "action", "member_add", "name", "bob"), page+"?done=member_add")
	wantReply(t, "said", ada.Get(page+"?done=member_add"), http.StatusOK, "Member added.", "@<bdi>bob</bdi>")
	for _, form := range [][]string{{"action", "archive"}, {"action", "delete", "confirm", "tea"}, {"name", "coffee", "access", "closed"}, {"action", "member_remove", "name", "ada"}} {
		wantReply(t, fmt.Sprint(form, " by a member"), bob.Post(page, form...), http.StatusForbidden)
	}
	wantGone(t, "archive", ada.Post(page, "action", "archive"), page+"?done=archive")
	wantReply(t, "in no list", ada.Get("/"), http.StatusOK, "No rooms yet")
	wantReply(t, "still read", bob.Get("/chat/tea/"), http.StatusOK, "archived")
	wantGone(t, "restore", ada.Post(page, "action", "restore"), page+"?done=restore")
	wantReply(t, "another name", ada.Post(page, "action", "delete", "confirm", "Tea"), http.StatusUnprocessableEntity, "isn’t the room’s name")
	wantReply(t, "nonsense", ada.Post(page, "action", "nonsense"), http.StatusUnprocessableEntity)
	wantGone(t, "delete", ada.Post(page, "action", "delete", "confirm", "tea"), "/?done=room_deleted")
	wantReply(t, "gone", bob.Get(page), http.StatusNotFound)
}
