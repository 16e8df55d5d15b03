package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// confirmed sends a form, checks that it asks first and changes nothing, and then confirms it.
func confirmed(t *testing.T, b *hearthtest.Browser, path, asks string, unchanged func() bool, pairs ...string) hearthtest.Reply {
	t.Helper()
	r := b.Post(path, pairs...)
	wantReply(t, "the question", r, http.StatusOK, asks, `name="confirmed"`)
	if !unchanged() {
		t.Error("it was done before it was confirmed")
	}
	_, form, _ := strings.Cut(r.Body, `<section class="confirm"`)
	var again []string
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(form, -1) {
		again = append(again, m[1], m[2])
	}
	return b.Post(path, again...)
}

func TestAdminArchivesAndDeletesManyRooms(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	admin, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	manyRooms(t, bob, 0, 70)
	here := bob.Dial("/ws/chat/room003/")
	here.Until("user_join")
	there := func(name string) func() bool {
		return func() bool { return strings.Contains(bob.Get("/api/rooms").Body, `"`+name+`"`) }
	}
	wantReply(t, "the list", admin.Get("/admin/rooms/"), http.StatusOK, `name="room" value="1"`, "All 70 rooms that match")
	wantReply(t, "nothing ticked", admin.Post("/admin/rooms/", "action", "delete"), http.StatusUnprocessableEntity, "tick some rooms")
	wantReply(t, "no admin", bob.Post("/admin/rooms/", "action", "delete", "room", "1", "confirmed", "yes"), http.StatusForbidden)

	wantGone(t, "archive", confirmed(t, admin, "/admin/rooms/", "Archive 2 rooms?", there("room000"), "action", "archive", "room", "1", "room", "2"), "/admin/rooms/?done=rooms_archived")
	if there("room000")() || there("room001")() || !there("room002")() {
		t.Error("other rooms than the ticked ones are archived")
	}
	wantGone(t, "delete", confirmed(t, admin, "/admin/rooms/", "Delete 2 rooms", there("room003"), "action", "delete", "room", "4", "room", "5"), "/admin/rooms/?done=rooms_deleted")
	if there("room003")() || !there("room005")() {
		t.Error("other rooms than the ticked ones are deleted")
	}
	if code := here.Closed(); code != 1001 {
		t.Errorf("who was in a deleted room is closed with %d", code)
	}
	wantGone(t, "delete all", confirmed(t, admin, "/admin/rooms/", "Delete 10 rooms", there("room064"), "action", "delete", "all", "yes", "q", "room06"), "/admin/rooms/?done=rooms_deleted")
	if there("room064")() || !there("room059")() {
		t.Error("other rooms than those that match are deleted")
	}
	log := admin.Get("/admin/log/").Body
	for what, n := range map[string]int{"Archived rooms": 1, "Deleted rooms": 2, "2: room003 room004": 1, "Deleted a room": 0} {
		if got := strings.Count(log, what); got != n {
			t.Errorf("the log says %q %d times, want %d", what, got, n)
		}
	}
}

// What a vandal has made goes at once, whatever it is, and nothing else does.
func TestAdminDeletesAllThatOnePersonMade(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	admin, bob, eve := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.SignUp(t, "eve")
	through(t, bob.Post("/rooms/", "name", "tea", "topic", "Leaves"))
	manyRooms(t, eve, 0, 5)
	through(t, eve.PostJSON("/api/rooms/spoken/messages", map[string]string{"message": "made by speaking"}))
	through(t, bob.PostJSON("/api/rooms/tea/messages", map[string]string{"message": "from bob"}))
	for i := range 120 {
		through(t, eve.PostJSON("/api/rooms/tea/messages", map[string]string{"message": fmt.Sprint("junk ", i)}))
	}
	through(t, eve.PostJSON("/api/rooms/tea/messages", map[string]string{"message": "/pm bob junk in private"}))
	here := bob.DialBatched("/ws/chat/tea/")
	here.Until("user_list")

	wantReply(t, "her rooms", admin.Get("/admin/rooms/?by=eve"), http.StatusOK, "Created by eve", "room004", "spoken", "All 6 rooms")
	if strings.Contains(mainPart(admin.Get("/admin/rooms/?by=eve").Body), `<bdi>tea</bdi>`) {
		t.Error("bob's room is among hers")
	}
	junk := func() bool { return strings.Contains(bob.Get("/api/rooms/tea/messages").Body, "junk 119") }
	r := confirmed(t, admin, "/admin/users/3/made/", "Delete all rooms, messages and invitations of eve?", junk, "action", "everything")
	wantGone(t, "everything", r, "/admin/users/3/?done=everything_deleted")
	wantReply(t, "its end", admin.Get("/admin/users/3/?done=everything_deleted"), http.StatusOK, "Everything has been deleted.")

	here.Find("one reset for all of them", func(f hearthtest.Frame) bool {
		if f.Type() == "message_deleted" {
			t.Errorf("a frame for a single message came: %v", f)
		}
		return f.Type() == "reset"
	})
	left := bob.Get("/api/rooms/tea/messages?limit=200").Body
	if strings.Contains(left, "junk") || !strings.Contains(left, "from bob") {
		t.Errorf("left are %.300s", left)
	}
	if private := bob.Get("/api/rooms/@eve/messages").Body; strings.Contains(private, "junk") {
		t.Errorf("left in private are %s", private)
	}
	rooms := bob.Get("/api/rooms").Body
	if strings.Contains(rooms, "room00") || strings.Contains(rooms, "spoken") || !strings.Contains(rooms, "tea") {
		t.Errorf("left are the rooms %s", rooms)
	}
	for _, action := range []string{"archive", "delete"} {
		wantReply(t, action+" nothing", admin.Post("/admin/users/3/made/", "action", action), http.StatusUnprocessableEntity)
	}
	wantGone(t, "bob's rooms", confirmed(t, admin, "/admin/users/2/made/", "Other people have written in 1 of these rooms.", func() bool { return true }, "action", "archive"), "/admin/users/2/?done=rooms_archived")
	for _, what := range []string{"messages", "invites"} {
		r := confirmed(t, admin, "/admin/users/2/made/", "of bob?", func() bool { return true }, "action", what)
		if r.Status != http.StatusSeeOther {
			t.Errorf("%s: %d", what, r.Status)
		}
	}
}
