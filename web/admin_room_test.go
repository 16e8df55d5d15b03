package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

func TestAdminRooms(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	admin, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	admin.Post("/rooms/", "name", "Tea", "topic", "Leaves")
	const page = "/admin/rooms/1/"
	here := bob.Dial("/ws/chat/tea/")
	here.Until("user_join")
	wantReply(t, "its page", admin.Get(page), http.StatusOK, `value="Leaves"`, "1 here now", `href="/admin/users/2/"`)
	wantReply(t, "too long", admin.Post(page, "action", "room", "topic", strings.Repeat("x", 251), "access", "open"), http.StatusUnprocessableEntity, "250 characters", "xxx")
	wantReply(t, "no such access", admin.Post(page, "action", "room", "topic", "Cups", "access", "direct"), http.StatusUnprocessableEntity, `value="Cups"`)
	wantReply(t, "who stays", admin.Post(page, "action", "room", "topic", "Cups", "access", "closed"), http.StatusUnprocessableEntity, "Who stays?", `name="topic" value="Cups"`)
	wantGone(t, "change", admin.Post(page, "action", "room", "topic", "Cups", "access", "closed", "asked", "1"), page+"?done=room")
	if code := here.Closed(); code != 1008 {
		t.Errorf("bob was shown out with %d", code)
	}
	wantReply(t, "a stranger", admin.Post(page, "action", "member_add", "name", "nobody"), http.StatusUnprocessableEntity, "nobody called nobody")
	wantGone(t, "let in", admin.Post(page, "action", "member_add", "name", "bob"), page+"?done=member_add")
	wantReply(t, "a member", admin.Get(page), http.StatusOK, `name="name" value="bob"`)
	wantReply(t, "bob is in", bob.Get("/chat/tea/"), http.StatusOK)
	wantGone(t, "take out", admin.Post(page, "action", "member_remove", "name", "bob"), page+"?done=member_remove")
	wantReply(t, "bob is out", bob.Get("/chat/tea/"), http.StatusForbidden)
}

func TestArchivedRoomIsRead(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	admin, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	admin.Post("/rooms/", "name", "tea", "topic", "Leaves")
	lobby, room := bob.DialBatched("/users/"), bob.Dial("/ws/chat/tea/")
	room.Settled()
	wantGone(t, "archive", admin.Post("/admin/rooms/1/", "action", "archive"), "/admin/rooms/1/?done=archive")
	lobby.Find("the room going", func(f hearthtest.Frame) bool {
		return f.Type() == "room" && f["gone"] == true && f.Text("room") == "tea"
	})
	room.Say("too late")
	if e := room.Until("error"); e.Text("code") != "not_allowed" || !strings.Contains(e.Text("message"), "archived") {
		t.Errorf("speaking gets %v", e)
	}
	wantReply(t, "reading", bob.Get("/chat/tea/"), http.StatusOK, "mark ")
	if strings.Contains(bob.Get("/").Body, `data-room="tea"`) {
		t.Error("the lobby still has it")
	}
	wantReply(t, "in the list", admin.Get("/admin/rooms/"), http.StatusOK, "tea", "archived")
	wantGone(t, "restore", admin.Post("/admin/rooms/1/", "action", "restore"), "/admin/rooms/1/?done=restore")
	lobby.Find("the room coming", func(f hearthtest.Frame) bool {
		return f.Type() == "room" && f["gone"] == nil && f.Text("room") == "tea"
	})
	room.Settled()
}

func TestDeletedRoomIsGone(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	admin, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	admin.Post("/rooms/", "name", "Tea", "topic", "Leaves")
	lobby, room := admin.DialBatched("/users/"), bob.Dial("/ws/chat/tea/")
	room.Settled()
	lobby.Find("bob in the room", func(f hearthtest.Frame) bool { return f.Type() == "room" && f.Int("here") == 1 })
	for _, typed := range []string{"", "tea", "Coffee"} {
		wantReply(t, "typed "+typed, admin.Post("/admin/rooms/1/", "action", "delete", "confirm", typed), http.StatusUnprocessableEntity, "isn’t the room’s name")
	}
	wantReply(t, "still there", bob.Get("/chat/tea/"), http.StatusOK, "mark ")
	wantGone(t, "delete", admin.Post("/admin/rooms/1/", "action", "delete", "confirm", "Tea"), "/admin/rooms/?done=room_deleted")
	if code := room.Closed(); code != 1001 {
		t.Errorf("the socket was closed with %d", code)
	}
	lobby.Find("the room going", func(f hearthtest.Frame) bool { return f.Type() == "room" && f["gone"] == true })
	lobby.Find("bob going", func(f hearthtest.Frame) bool { // 2 s later, when he counts as gone from the room too
		if f.Type() == "room" {
			t.Errorf("the room haunts the lobby: %v", f)
		}
		return f.Type() == "people" && f.Int("people_online") == 1
	})
	wantReply(t, "its page", admin.Get("/admin/rooms/1/"), http.StatusNotFound)
	wantReply(t, "the list", admin.Get("/admin/rooms/?done=room_deleted"), http.StatusOK, "The room is deleted.", "No rooms yet")
	if strings.Contains(bob.Get("/chat/tea/").Body, "mark ") {
		t.Error("what was said is still there")
	}
	again := bob.Dial("/ws/chat/tea/?after=1")
	if f := again.Until("reset"); f.Int("seq") != 0 {
		t.Errorf("coming back gets %v", f)
	}
	again.Settled()
	wantReply(t, "the log", admin.Get("/admin/log/"), http.StatusOK, "Deleted a room", "Tea")
}

func TestAdminMessages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	admin, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	room := bob.DialBatched("/ws/chat/tea/")
	for i := range 60 {
		room.Say(fmt.Sprint("Чашка ", i))
	}
	room.Say("/pm ada Чашка for your eyes only")
	room.Settled()
	found := func(path string) (ids []string, next string) {
		t.Helper()
		page := admin.Get(path)
		wantReply(t, path, page, http.StatusOK)
		for _, m := range regexp.MustCompile(`name="id" value="(\d+)"`).FindAllStringSubmatch(page.Body, -1) {
			ids = append(ids, m[1])
		}
		if m := regexp.MustCompile(`href="(/admin/messages/\?[^"]*)" rel="next"`).FindStringSubmatch(page.Body); m != nil {
			next = strings.ReplaceAll(m[1], "&amp;", "&")
		}
		if strings.Contains(page.Body, "your eyes") {
			t.Errorf("%s shows what was said in private", path)
		}
		return ids, next
	}
	ids, next := found("/admin/messages/?q=чашка&author=BOB&room=Tea")
	if len(ids) != 50 || next == "" {
		t.Fatalf("%d found, next %q", len(ids), next)
	}
	if rest, end := found(next); len(rest) != 10 || end != "" {
		t.Errorf("%d on the second page, next %q", len(rest), end)
	}
	for _, path := range []string{"/admin/messages/?q=coffee", "/admin/messages/?author=ada", "/admin/messages/?to=2020-01-01", "/admin/messages/?from=2999-01-01"} {
		if ids, next := found(path); len(ids) != 0 || next != "" {
			t.Errorf("%s finds %d, next %q", path, len(ids), next)
		}
	}
	wantReply(t, "no such room", admin.Get("/admin/messages/?room=coffee"), http.StatusUnprocessableEntity, "no room with that name")
	wantReply(t, "no date", admin.Get("/admin/messages/?from=yesterday"), http.StatusUnprocessableEntity, "isn’t a valid date")

	wantGone(t, "delete", admin.Post("/admin/messages/", "id", ids[0], "back", "q=%D1%87"), "/admin/messages/?done=message_deleted&q=%D1%87")
	if f := room.Until("message_deleted"); fmt.Sprint(f.Int("id")) != ids[0] || f.Text("user") != "ada" {
		t.Errorf("the room is told %v", f)
	}
	if left, _ := found("/admin/messages/?q=чашка"); len(left) != 50 || left[0] != ids[1] {
		t.Errorf("after the deletion there are %d, the first %s", len(left), left[0])
	}
	wantReply(t, "the log", admin.Get("/admin/log/"), http.StatusOK, "Deleted a message", "tea, bob")
	for _, id := range []string{"", "x", "99", fmt.Sprint(int64(2)<<32 + 1)} { // the last is the private one
		wantReply(t, "message "+id, admin.Post("/admin/messages/", "id", id), http.StatusNotFound)
	}
	wantReply(t, "the private one", admin.Get("/chat/@bob/"), http.StatusOK, "your eyes")
}
