package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// stretch is an answer with messages.
type stretch struct {
	Messages     []hearthtest.Frame
	Seq          int64
	Older, Newer bool
}

func (x stretch) texts() (all []string) {
	for _, m := range x.Messages {
		all = append(all, m.Text("message"))
	}
	return all
}

func messagesOf(t *testing.T, b *hearthtest.Browser, room, query string) (x stretch) {
	t.Helper()
	b.Get("/api/rooms/"+room+"/messages?"+query).JSON(t, &x)
	return x
}

// lastID returns the id of the last message of a room.
func lastID(t *testing.T, b *hearthtest.Browser, room string) int64 {
	t.Helper()
	x := messagesOf(t, b, room, "limit=1")
	return x.Messages[0].Int("id")
}

// position is a read position in the API.
type position struct {
	ID     int64
	Unread int
}

func positionOf(t *testing.T, b *hearthtest.Browser, room string) (p position) {
	t.Helper()
	b.Get("/api/rooms/"+room+"/read").JSON(t, &p)
	return p
}

// write posts numbered messages.
func write(t *testing.T, b *hearthtest.Browser, room string, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		if r := b.PostJSON("/api/rooms/"+room+"/messages", map[string]string{"message": fmt.Sprint("message ", i)}); r.Status != http.StatusCreated {
			t.Fatalf("post: %d %s", r.Status, r.Body)
		}
	}
}

// A request for a page or for messages marks nothing as read, whoever makes it.
func TestRequestsMarkNothingAsRead(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	write(t, ada, "kitchen", 1, 4)
	ada.PostJSON("/api/rooms/@bob/messages", map[string]string{"message": "and in private"})
	for _, path := range []string{"/chat/kitchen/", "/chat/kitchen/?newest=1", "/api/rooms/kitchen/messages", "/chat/@ada/", "/"} {
		bob.Get(path)
	}
	if p := positionOf(t, bob, "kitchen"); p.Unread != 4 {
		t.Errorf("%d messages are unread, want 4", p.Unread)
	}
	if p := positionOf(t, bob, "@ada"); p.Unread != 1 {
		t.Errorf("%d private messages are unread, want 1", p.Unread)
	}
	page := bob.Get("/chat/kitchen/").Body
	_, after, found := strings.Cut(page, `id="new-line"`)
	if first := regexp.MustCompile(`message \d`).FindString(after); !found || first != "message 1" {
		t.Errorf("the line New stands above %q", first)
	}
}

// The button of a page without script, and the one for all rooms.
func TestMarkAsReadWithForms(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	for _, room := range []string{"kitchen", "cellar"} {
		write(t, ada, room, 1, 1)
		bob.Get("/chat/" + room + "/")
		write(t, ada, room, 2, 3)
	}
	ada.PostJSON("/api/rooms/@bob/messages", map[string]string{"message": "and in private"})
	page := bob.Get("/chat/kitchen/").Body
	id := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(page)[1]
	write(t, ada, "kitchen", 4, 4) // after the page was made
	wantReply(t, "mark", bob.Post("/chat/kitchen/read/", "id", id), http.StatusSeeOther)
	if p := positionOf(t, bob, "kitchen"); p.Unread != 1 {
		t.Errorf("%d messages are unread, want the one that the page did not have", p.Unread)
	}
	bob.Post("/chat/kitchen/", "message", "thank you")
	if p := positionOf(t, bob, "kitchen"); p.Unread != 0 {
		t.Errorf("%d messages are unread after an answer", p.Unread)
	}
	wantReply(t, "the button for all rooms", bob.Get("/"), http.StatusOK, `action="/read/"><`)
	r := bob.Post("/read/", "next", "/chat/cellar/")
	wantReply(t, "mark all", r, http.StatusSeeOther)
	if to := r.Header.Get("Location"); to != "/chat/cellar/" {
		t.Errorf("leads to %s", to)
	}
	for _, room := range []string{"cellar", "@ada"} {
		if p := positionOf(t, bob, room); p.Unread != 0 {
			t.Errorf("%d are unread in %s", p.Unread, room)
		}
	}
	visitor := s.Visitor(t)
	for _, path := range []string{"/read/", "/chat/cellar/read/"} {
		if r := visitor.Post(path); r.Status != http.StatusUnauthorized {
			t.Errorf("a visitor's %s: %d", path, r.Status)
		}
	}
}

// A position moves back only if the mark says so. All other sockets of the person follow.
func TestReadPositionMovesBack(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	write(t, ada, "kitchen", 1, 5)
	here, inRoom, elsewhere := bob.DialBatched("/ws/chat/kitchen/"), bob.DialBatched("/ws/chat/kitchen/"), bob.DialBatched("/users/")
	here.Until("user_list")
	ids := messagesOf(t, bob, "kitchen", "").Messages
	here.Send(map[string]any{"type": "read", "id": ids[4].Int("id")})
	inRoom.Until("read")
	elsewhere.Until("read")
	here.Send(map[string]any{"type": "read", "id": ids[1].Int("id")}) // without back: no change
	here.Send(map[string]any{"type": "read", "id": ids[1].Int("id"), "back": true})
	for _, sock := range []*hearthtest.Socket{inRoom, elsewhere} {
		if f := sock.Until("read"); f["back"] != true || f.Int("id") != ids[1].Int("id") || f.Int("unread") != 3 {
			t.Errorf("%v", f)
		}
	}
	if f := elsewhere.Until("unread"); f["room"] != "kitchen" || f.Int("unread") != 3 {
		t.Errorf("%v", f)
	}
	if p := positionOf(t, bob, "kitchen"); p.ID != ids[1].Int("id") || p.Unread != 3 {
		t.Errorf("%v", p)
	}
	here.Send(map[string]any{"type": "read", "id": ids[2].Int("id")})
	if f := elsewhere.Until("read"); f["back"] == true || f.Int("id") != ids[2].Int("id") {
		t.Errorf("%v", f)
	}
	wantReply(t, "a position of another room", bob.PostJSON("/api/rooms/@ada/read", map[string]any{"id": ids[0].Int("id")}), http.StatusNotFound, "no_such_message")
	wantReply(t, "no position yet", bob.PostJSON("/api/rooms/kitchen/read", map[string]any{"id": ids[4].Int("id") + 99, "back": true}), http.StatusNotFound, "no_such_message")
}

// A part of the history is selected by a message or by a time.
func TestMessagesAround(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	write(t, ada, "kitchen", 1, 9)
	all := messagesOf(t, ada, "kitchen", "").Messages
	id := func(n int) int64 { return all[n-1].Int("id") }
	around := func(query string) string {
		x := messagesOf(t, ada, "kitchen", query)
		return fmt.Sprint(strings.ReplaceAll(strings.Join(x.texts(), " "), "message ", ""), " ", x.Older, " ", x.Newer)
	}
	for query, want := range map[string]string{
		fmt.Sprint("limit=4&around=", id(5)):                    "4 5 6 7 true true",
		fmt.Sprint("limit=4&around=", id(9)):                    "6 7 8 9 true false",
		fmt.Sprint("limit=4&around=", id(1)):                    "1 2 3 false true",
		fmt.Sprint("around=", id(3)):                            "1 2 3 4 5 6 7 8 9 false false",
		"limit=2&time=" + all[0].Text("timestamp"):              "1 false true",
		"limit=4&time=2001-01-01T00:00:00Z":                     "1 2 false true",
		"limit=4&time=2101-01-01T00:00:00%2B07:00":              "6 7 8 9 true false",
		fmt.Sprint("limit=6&around=", id(5), "&before=", id(2)): "3 4 5 6 7 8 true true",
	} {
		if got := around(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	sock := ada.DialBatched("/ws/chat/kitchen/")
	sock.Send(map[string]any{"type": "delete", "id": id(5)})
	sock.Until("message_deleted")
	if got := around(fmt.Sprint("limit=4&around=", id(5))); got != "3 4 6 7 true true" {
		t.Errorf("around a deleted message: %s", got)
	}
	wantReply(t, "no time", ada.Get("/api/rooms/kitchen/messages?time=yesterday"), http.StatusUnprocessableEntity, "bad_number")
	wantReply(t, "another room's message", ada.Get("/api/rooms/kitchen/messages?around=7"), http.StatusNotFound, "no_such_message")
}

// The body that moves a read position follows the rules of all bodies: exact names, a size, and a depth.
func TestBodiesOfReadPositions(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	write(t, ada, "kitchen", 1, 3)
	id := lastID(t, ada, "kitchen")
	for name, c := range map[string]struct {
		body   any
		status int
	}{
		"exact":       {map[string]any{"id": id}, http.StatusOK},
		"other case":  {map[string]any{"ID": id}, http.StatusNotFound},
		"too big":     {map[string]any{"id": id, "pad": strings.Repeat("x", 64<<10)}, http.StatusRequestEntityTooLarge},
		"no number":   {map[string]any{"id": "x"}, http.StatusBadRequest},
		"no object":   {[]int{1}, http.StatusBadRequest},
		"nested deep": {json.RawMessage(`{"id":1,"x":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`), http.StatusBadRequest},
	} {
		if r := ada.PostJSON("/api/rooms/kitchen/read", c.body); r.Status != c.status {
			t.Errorf("%s: %d, want %d: %s", name, r.Status, c.status, r.Body)
		}
	}
}
