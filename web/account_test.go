package web_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/hearthtest"
)

func TestDeleteOwnAccount(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	a, own := ada.DialBatched("/ws/chat/kitchen/"), tom.DialBatched("/ws/chat/kitchen/")
	plain := ada.Dial("/users/")
	own.Say("my last words")
	a.Until("chat_message")
	ada.Dial("/ws/chat/kitchen/").Say("/pm tom a question")
	own.Until("private_message")
	own.Say("/pm ada an answer")
	a.Until("private_message")

	if r := tom.Post("/profile/", "action", "delete", "messages", "keep", "delete_password", "wrong"); r.Status != http.StatusUnprocessableEntity || !strings.Contains(r.Body, `id="delete-account" aria-labelledby="delete-account-title" open`) {
		t.Errorf("with a wrong password: %d", r.Status)
	}
	if r := ada.Post("/profile/", "action", "delete", "messages", "keep", "delete_password", hearthtest.Password); r.Status != http.StatusUnprocessableEntity || !strings.Contains(r.Body, "no admin left") {
		t.Errorf("the last admin: %d", r.Status)
	}
	if r := tom.Post("/profile/", "action", "delete", "messages", "keep", "delete_password", hearthtest.Password); r.Status != http.StatusSeeOther || r.Header.Get("Location") != "/login/?done=account_deleted" {
		t.Fatalf("delete: %d %s", r.Status, r.Body)
	}
	if code := own.Closed(); code != websocket.ClosePolicyViolation {
		t.Errorf("the person's own socket ended with %d", code)
	}
	gone := a.Until("user_deleted")
	former := gone.Text("former")
	if gone["user"] != "tom" || !strings.HasPrefix(former, "Former member ") || gone["display"] != "Former member" {
		t.Errorf("others got %v", gone)
	}
	if f := a.Until("notice"); !strings.Contains(f.Text("message"), "tom") {
		t.Errorf("admins got %v", f)
	}
	if f := plain.Find("tom offline", func(f hearthtest.Frame) bool { return f["username"] == "tom" && f["online"] == false }); f == nil {
		t.Error("plain clients are not told")
	}
	ada.Header = http.Header{"Accept-Language": {"vi"}}
	if r := ada.Get("/chat/kitchen/"); !strings.Contains(r.Body, "Thành viên cũ") || strings.Contains(r.Body, ">tom<") {
		t.Error("the page of the room shows the person, or no former member")
	}
	var page struct{ Messages []hearthtest.Frame }
	ada.Get("/api/rooms/kitchen/messages").JSON(t, &page)
	if f := page.Messages[0]; f["user"] != former || f["display"] != "Thành viên cũ" || f["former"] != true || f["message"] != "my last words" {
		t.Errorf("the API has %v", f)
	}
	if r := ada.Get("/chat/@" + strings.ReplaceAll(former, " ", "%20") + "/"); r.Status != http.StatusOK || !strings.Contains(r.Body, "an answer") || strings.Contains(r.Body, `name="message"`) {
		t.Errorf("the conversation with the former member: %d", r.Status)
	}
	if r := ada.Get("/chat/@tom/"); r.Status != http.StatusNotFound {
		t.Errorf("the conversation by the old name: %d", r.Status)
	}
	if r := ada.Get("/admin/log/"); !strings.Contains(r.Body, "Tự xóa tài khoản") {
		t.Error("the log does not say that tom has deleted the account")
	}
	if r := tom.Post("/login/", "username", "tom", "password", hearthtest.Password); r.Status != http.StatusUnauthorized {
		t.Errorf("log in afterwards: %d", r.Status)
	}
	if r := tom.Post("/sign_up/", "username", "tom", "password1", hearthtest.Password, "password2", hearthtest.Password); r.Status != http.StatusUnprocessableEntity {
		t.Errorf("sign up with the old name: %d", r.Status)
	}
}

func TestAdminDeletesAnAccount(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	page := "/admin/users/2/"
	if r := tom.Post(page, "action", "delete", "messages", "keep", "confirmed", "yes"); r.Status != http.StatusForbidden {
		t.Errorf("by somebody else: %d", r.Status)
	}
	if r := ada.Post(page, "action", "delete", "messages", "perhaps"); r.Status != http.StatusUnprocessableEntity {
		t.Errorf("without a choice: %d", r.Status)
	}
	if r := ada.Post("/admin/users/1/", "action", "delete", "messages", "keep", "confirmed", "yes"); r.Status != http.StatusForbidden {
		t.Errorf("the own account: %d", r.Status)
	}
	if r := ada.Post(page, "action", "delete", "messages", "delete"); r.Status != http.StatusOK || !strings.Contains(r.Body, `name="messages" value="delete"`) {
		t.Errorf("the question: %d", r.Status)
	}
	if r := ada.Post(page, "action", "delete", "messages", "delete", "confirmed", "yes"); r.Status != http.StatusSeeOther {
		t.Fatalf("delete: %d %s", r.Status, r.Body)
	}
	if r := ada.Get(page); r.Status != http.StatusNotFound {
		t.Errorf("the page of the account: %d", r.Status)
	}
	for _, path := range []string{"/admin/users/", "/api/users", "/"} {
		if r := ada.Get(path); strings.Contains(r.Body, ">tom<") || strings.Contains(r.Body, `"tom"`) || strings.Contains(r.Body, "Former member 2") {
			t.Errorf("%s lists the account", path)
		}
	}
}

// speeches stores messages of a user in a room directly, which is faster than to send them. The server is stopped meanwhile.
func speeches(t *testing.T, s *hearthtest.Server, user, room string, n int) {
	t.Helper()
	s.Stop(t)
	db, err := sql.Open("sqlite", filepath.Join(s.Data, "hearth.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
		INSERT INTO message (id, sender, text, created_at) SELECT (r.id << 32) + (SELECT max(id) & 0xffffffff FROM message WHERE id >> 32 = r.id) + i, u.id, 'speech ' || i, ?4
		FROM n, user u, room r WHERE u.name = ?1 AND r.name = ?2`, user, room, n, time.Now().UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	s.Restart(t)
}

// spoken returns how many messages of user ids other than 1 the rooms still have.
func spoken(t *testing.T, s *hearthtest.Server) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Data, "hearth.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM message WHERE sender <> 1 AND (deleted_at IS NULL OR text <> '')").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A client in a room with thousands of messages of the deleted account gets one reset, and not thousands of frames. The removal
// survives a kill -9 in the middle.
func TestRemovalOfManyMessages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	for _, room := range []string{"lab", "hall"} {
		sock := tom.Dial("/ws/chat/" + room + "/")
		sock.Say("first in " + room)
		sock.Until("chat_message")
	}
	mine := ada.Dial("/ws/chat/lab/")
	mine.Say("mine stays")
	mine.Find("ada's own", func(f hearthtest.Frame) bool { return f["message"] == "mine stays" })
	const many = 20_000
	speeches(t, s, "tom", "lab", many)
	if r := ada.Post("/admin/users/2/", "action", "delete", "messages", "delete", "confirmed", "yes"); r.Status != http.StatusSeeOther {
		t.Fatalf("delete: %d %s", r.Status, r.Body)
	}
	s.Kill(t)
	if n := spoken(t, s); n == 0 {
		t.Skip("all was removed before the kill")
	}
	s.Restart(t)
	a, plain := ada.DialBatched("/ws/chat/lab/"), ada.Dial("/ws/chat/lab/")
	reset := a.Until("reset")
	for spoken(t, s) > 0 {
		time.Sleep(10 * time.Millisecond)
	}
	for _, f := range append(a.Settled(), plain.Settled()...) {
		if f.Type() == "message_deleted" || f.Type() == "reset" {
			t.Errorf("after the first reset came %v", f)
		}
	}
	var page struct {
		Messages []hearthtest.Frame
		Seq      int64
	}
	ada.Get("/api/rooms/lab/messages").JSON(t, &page)
	if len(page.Messages) != 3 || page.Messages[0]["message"] != "mine stays" || page.Seq < reset.Int("seq") {
		t.Errorf("the room has %d messages: %v", len(page.Messages), page)
	}
	if f := ada.DialBatched(fmt.Sprintf("/ws/chat/lab/?after=%d", reset.Int("seq")-100)).Until("reset"); f.Int("seq") < reset.Int("seq") {
		t.Errorf("a client that comes back gets %v", f)
	}
	sock := ada.DialBatched("/ws/chat/lab/")
	sock.Say("life goes on")
	if f := sock.Until("chat_message"); f.Int("seq") <= reset.Int("seq") {
		t.Errorf("the next message is %v", f)
	}
}

// In a room with few messages of the person, each deletion is an event.
func TestRemovalOfFewMessages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	a, b := ada.DialBatched("/ws/chat/hall/"), tom.DialBatched("/ws/chat/hall/")
	b.Say("one")
	one := a.Until("chat_message").Int("id")
	a.Say("two")
	two := a.Find("two", func(f hearthtest.Frame) bool { return f["message"] == "two" }).Int("id")
	b.Send(map[string]any{"type": "react", "id": two, "emoji": "🎉", "on": true})
	a.Until("reaction")
	if r := tom.Post("/profile/", "action", "delete", "messages", "delete", "delete_password", hearthtest.Password); r.Status != http.StatusSeeOther {
		t.Fatalf("delete: %d %s", r.Status, r.Body)
	}
	if f := a.Until("message_deleted"); f.Int("id") != one || !strings.HasPrefix(f.Text("user"), "Former member ") {
		t.Errorf("ada got %v", f)
	}
	if f := a.Until("reaction"); f.Int("id") != two || f["on"] != false || f.Int("count") != 0 {
		t.Errorf("ada got %v", f)
	}
}
