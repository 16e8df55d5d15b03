package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// groupReply is a group conversation as the API has it.
type groupReply struct {
	Room, Title, Access string
	People              []struct{ Username, Display string }
	Unread              int
}

func openGroup(t *testing.T, b *hearthtest.Browser, people ...string) groupReply {
	t.Helper()
	r := b.PostJSON("/api/groups", map[string]any{"people": people})
	if r.Status != http.StatusCreated && r.Status != http.StatusOK {
		t.Fatalf("open a conversation: %d %s", r.Status, r.Body)
	}
	var g groupReply
	r.JSON(t, &g)
	return g
}

func sayIn(t *testing.T, b *hearthtest.Browser, room, text string) (id int64) {
	t.Helper()
	r := b.PostJSON("/api/rooms/"+room+"/messages", map[string]string{"message": text})
	if r.Status != http.StatusCreated {
		t.Fatalf("say %q: %d %s", text, r.Status, r.Body)
	}
	var m struct{ ID int64 }
	r.JSON(t, &m)
	return m.ID
}

// A conversation is opened, and its people hear of it: with a title, live, wherever they are.
func TestGroupConversation(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob, cleo := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.SignUp(t, "cleo")
	s.SignUp(t, "dan")
	lobby := bob.DialBatched("/users/")
	lobby.Until("people")
	g := openGroup(t, ada, "bob", "cleo")
	if g.Title != "bob, cleo" || g.Access != "group" || len(g.People) != 3 {
		t.Errorf("opened %+v", g)
	}
	wantReply(t, "the same people", bob.PostJSON("/api/groups", map[string]any{"people": []string{"ada", "cleo"}}), http.StatusOK, g.Room)
	wantReply(t, "before a message", bob.Get("/"), http.StatusOK, "No conversations yet")
	sayIn(t, ada, g.Room, "hello you two")
	if f := lobby.Until("unread"); f["room"] != g.Room || f["title"] != "ada, cleo" || f.Int("badge") != 1 {
		t.Errorf("bob gets %v", f)
	}
	wantReply(t, "the sidebar", bob.Get("/"), http.StatusOK, fmt.Sprintf(`href="/chat/%s/" data-room="%s"`, g.Room, g.Room), "ada, cleo", `data-count="1"`)
	wantReply(t, "the list", bob.Get("/conversations/"), http.StatusOK, "ada, cleo", "1 unread")
	wantReply(t, "the API", bob.Get("/api/groups"), http.StatusOK, `"title":"ada, cleo"`, `"unread":1`, `"total":1`)
	page := bob.Get("/chat/" + g.Room + "/")
	wantReply(t, "the page", page, http.StatusOK, "hello you two", "<title>ada, cleo – ", `data-room="`+g.Room+`"`, "Leave conversation", `placeholder="Message ada, cleo"`)
	if strings.Contains(page.Body, "room-settings") {
		t.Error("the conversation has settings of a room")
	}
	socket, outside := cleo.DialBatched("/ws/chat/"+g.Room+"/"), ada.DialBatched("/users/")
	socket.Until("user_list")
	outside.Until("people")
	wantReply(t, "added", bob.PostJSON("/api/rooms/"+g.Room+"/people", map[string]any{"people": []string{"dan"}}), http.StatusOK, `"title":"ada, cleo, dan"`)
	if f := socket.Until("chat_message"); f["notice"] != "added" || f["message"] != "bob added dan" || !strings.Contains(fmt.Sprint(f["people"]), "dan") {
		t.Errorf("the line is %v", f)
	}
	if f := outside.Until("room"); f["room"] != g.Room || f["title"] != "bob, cleo, dan" || f["access"] != "group" {
		t.Errorf("ada gets %v", f)
	}
	wantReply(t, "the line in the history", ada.Get("/api/rooms/"+g.Room+"/messages"), http.StatusOK, `"notice":"added"`, `"message":"bob added dan"`)
	cleo.Post("/profile/", "form", "details", "name", "Cleo, Bob and 4 more")
	outside.Find("the new name", func(f hearthtest.Frame) bool { return f["title"] == "bob, Cleo, Bob and 4 more (@cleo), dan" })
	wantGone(t, "leave", bob.Post("/chat/"+g.Room+"/membership/", "left", "on"), "/")
	lobby.Find("gone", func(f hearthtest.Frame) bool { return f["room"] == g.Room && f["gone"] == true })
	if f := socket.Until("chat_message"); f["notice"] != "left" || f["message"] != "bob left" {
		t.Errorf("the line is %v", f)
	}
	wantReply(t, "the page of one who left", bob.Get("/chat/"+g.Room+"/"), http.StatusForbidden, "You’re not in this conversation")
	wantReply(t, "added again", ada.PostJSON("/api/rooms/"+g.Room+"/people", map[string]any{"people": []string{"bob"}}), http.StatusOK)
	lobby.Find("back", func(f hearthtest.Frame) bool {
		return f["room"] == g.Room && f["title"] == "ada, Cleo, Bob and 4 more (@cleo), dan"
	})
	lobby.Find("unread again", func(f hearthtest.Frame) bool { return f.Type() == "unread" && f["room"] == g.Room })
	if body := bob.Get("/chat/" + g.Room + "/").Body; strings.Contains(body, "hello you two") || !strings.Contains(body, "ada added bob") {
		t.Error("bob sees what was written before he was added again")
	}
}

// Nobody else gets anything of a conversation, by any address, not even an admin.
func TestGroupConversationsAreHidden(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	admin, ada, bob, cleo := s.SignUp(t, "admin"), s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.SignUp(t, "cleo")
	guest := s.Visitor(t)
	guest.Post("/guest/", "guest_name", "Wanda")
	wide := admin.DialBatched("/users/?rooms=all")
	wide.Until("people")
	g := openGroup(t, ada, "bob", "cleo")
	id := sayIn(t, bob, g.Room, "the secret, @admin")
	room := "/api/rooms/" + g.Room
	for name, b := range map[string]*hearthtest.Browser{"an admin": admin, "a guest": guest} {
		for _, at := range []string{"/chat/" + g.Room + "/", "/chat/" + g.Room + "/people/", room + "/messages", fmt.Sprint(room, "/messages?around=", id), room + "/people", room + "/read",
			"/api/rooms", "/api/groups", "/", "/mentions/", "/conversations/", "/admin/rooms/", "/admin/messages/?q=secret", "/admin/messages/?room=" + g.Room, "/admin/users/3/", "/admin/log/"} {
			if r := b.Get(at); strings.Contains(r.Body, "secret") && !strings.Contains(at, "q=secret") || strings.Contains(r.Body, g.Room) && !strings.Contains(at, g.Room) {
				t.Errorf("%s finds the conversation at %s", name, at)
			} else if strings.Contains(at, g.Room) && !strings.HasPrefix(at, "/admin/") && r.Status != http.StatusForbidden && r.Status != http.StatusUnauthorized && r.Status != http.StatusSeeOther {
				t.Errorf("%s: %s answers %d", name, at, r.Status)
			}
		}
		if strings.Contains(b.Get("/admin/messages/?q=secret").Body, "the secret") {
			t.Errorf("%s finds the message in a search", name)
		}
		for at, body := range map[string]any{room + "/messages": map[string]string{"message": "x"}, room + "/read": map[string]any{"id": id}, room + "/membership": map[string]any{"left": true},
			room + "/people": map[string]any{"people": []string{"admin"}}} {
			if r := b.PostJSON(at, body); r.Status != http.StatusForbidden && r.Status != http.StatusUnauthorized {
				t.Errorf("%s: %s answers %d", name, at, r.Status)
			}
		}
		if r := b.Post("/chat/"+g.Room+"/", "message", "x"); r.Status == http.StatusSeeOther {
			t.Errorf("%s writes by the form", name)
		}
		if _, _, err := b.TryDial("/ws/chat/"+g.Room+"/", nil); err == nil {
			t.Errorf("%s has a socket", name)
		}
		sock := b.Dial("/ws/chat/kitchen/")
		sock.Until("user_list")
		for _, c := range []map[string]any{{"type": "react", "id": id, "emoji": "🎉", "on": true}, {"type": "delete", "id": id}, {"message": "x", "reply_to": id}} {
			c["nonce"] = fmt.Sprint(c["type"], name)
			sock.Send(c)
			if f := sock.Until("error"); f["code"] != "no_such_message" {
				t.Errorf("%s: %v is answered with %v", name, c, f)
			}
		}
	}
	missing := admin.Get("/chat/+aaaaaaaaaaaa/")
	there := admin.Get("/chat/" + g.Room + "/")
	if missing.Status != there.Status {
		t.Errorf("a conversation of others answers %d, a missing one %d", there.Status, missing.Status)
	}
	if r := admin.Post(fmt.Sprintf("/admin/rooms/%d/", id>>32), "action", "delete", "confirm", g.Room); r.Status != http.StatusNotFound {
		t.Errorf("the admin site deletes it: %d", r.Status)
	}
	if r := admin.Post("/admin/messages/", "id", fmt.Sprint(id)); r.Status == http.StatusSeeOther && !strings.Contains(cleo.Get(room+"/messages").Body, "the secret") {
		t.Error("the admin site deletes its message")
	}
	wide.Send(map[string]any{"type": "ping"})
	for f := wide.Next(); f.Type() != "pong"; f = wide.Next() {
		if f["room"] == g.Room || strings.Contains(fmt.Sprint(f), "secret") {
			t.Errorf("the admin gets %v", f)
		}
	}
}

// Nothing of what was written before reaches a person who was added: not live, not after a reconnect, not from the API.
func TestANewPersonGetsOnlyLaterMessages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob, cleo, dan := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.SignUp(t, "cleo"), s.SignUp(t, "dan")
	g := openGroup(t, ada, "bob", "cleo")
	early := sayIn(t, ada, g.Room, "bygone words, @dan")
	other := sayIn(t, ada, g.Room, "bygone, too")
	wantReply(t, "added", bob.PostJSON("/api/rooms/"+g.Room+"/people", map[string]any{"people": []string{"dan"}}), http.StatusOK)
	live, plain, moved := dan.DialBatched("/ws/chat/"+g.Room+"/"), dan.Dial("/ws/chat/"+g.Room+"/"), dan.DialBatched("/ws/chat/kitchen/")
	live.Until("user_list")
	moved.Until("user_list")
	moved.Send(map[string]any{"type": "enter", "room": g.Room})
	moved.Find("its people", func(f hearthtest.Frame) bool { return f.Type() == "user_list" && f["room"] == g.Room })
	old := bob.DialBatched("/ws/chat/" + g.Room + "/")
	old.Until("user_list")
	writer := ada.DialBatched("/ws/chat/" + g.Room + "/")
	writer.Send(map[string]any{"type": "edit", "id": early, "message": "bygone words, edited"})
	writer.Send(map[string]any{"type": "react", "id": early, "emoji": "🎉", "on": true})
	writer.Send(map[string]any{"type": "delete", "id": other})
	writer.Send(map[string]any{"message": "an answer", "reply_to": early})
	writer.Send(map[string]any{"message": "the end"})
	var replyID int64
	var frames []hearthtest.Frame
	for _, sock := range []*hearthtest.Socket{live, plain, moved} {
		sock.Find("the end", func(f hearthtest.Frame) bool {
			frames = append(frames, f)
			if f["message"] == "an answer" {
				replyID = f.Int("id")
			}
			return f["message"] == "the end"
		})
	}
	for _, after := range []string{"0", fmt.Sprint(early & (1<<32 - 1)), "3"} {
		again := dan.DialBatched("/ws/chat/" + g.Room + "/?after=" + after)
		frames = append(frames, again.Settled()...)
	}
	for _, f := range frames {
		text := fmt.Sprint(f)
		if strings.Contains(text, "bygone") || f["reply"] != nil || f["reply_to"] != nil || f.Type() == "reaction" || f.Type() == "message_edited" || f.Type() == "message_deleted" {
			t.Errorf("dan gets %v", f)
		}
	}
	for _, want := range []string{"message_edited", "reaction", "message_deleted"} {
		old.Until(want)
	}
	if f := old.Find("the answer", func(f hearthtest.Frame) bool { return f["message"] == "an answer" }); f["reply"] == nil {
		t.Errorf("bob gets %v", f)
	}
	room := "/api/rooms/" + g.Room + "/messages"
	for _, at := range []string{room, room + "?limit=200", room + "?after=1", fmt.Sprint(room, "?around=", early), fmt.Sprint(room, "?before=", replyID), room + "?time=2001-01-01T00:00:00Z",
		"/chat/" + g.Room + "/", fmt.Sprint("/chat/", g.Room, "/?around=", early), fmt.Sprint("/chat/", g.Room, "/?before=", replyID), "/chat/" + g.Room + "/?after=1", "/chat/" + g.Room + "/?date=2001-01-01", "/mentions/"} {
		if r := dan.Get(at); r.Status != http.StatusOK || strings.Contains(r.Body, "bygone") || strings.Contains(r.Body, fmt.Sprint(early)) && !strings.Contains(at, fmt.Sprint(early)) {
			t.Errorf("%s: %d, with bygone words: %v", at, r.Status, strings.Contains(r.Body, "bygone"))
		}
	}
	wantReply(t, "what dan reads", dan.Get(room), http.StatusOK, "bob added dan", "an answer", "the end")
	wantReply(t, "the page", dan.Get("/chat/"+g.Room+"/"), http.StatusOK, "You were added to this conversation")
	for _, c := range []map[string]any{{"type": "react", "id": early, "emoji": "🎉", "on": true}, {"message": "x", "reply_to": early}, {"type": "read", "id": early - 1, "back": true}} {
		c["nonce"] = fmt.Sprint(c)
		live.Send(c)
		if f := live.Until("error"); f["code"] != "no_such_message" {
			t.Errorf("%v is answered with %v", c, f)
		}
	}
	if strings.Contains(cleo.Get(room).Body, `"mine"`) {
		t.Error("cleo has reacted")
	}
}

// Without script there is a page with a form; it finds people, keeps who was chosen, and says what is wrong.
func TestGroupPage(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	s.SignUp(t, "cleo")
	s.SignUp(t, "dan")
	wantReply(t, "the sidebar", ada.Get("/"), http.StatusOK, `href="/groups/new/" data-dialog="new-group"`)
	wantReply(t, "the page", ada.Get("/groups/new/"), http.StatusOK, "Find people")
	wantReply(t, "a search", ada.Get("/groups/new/?q=cle&people=bob"), http.StatusOK, `value="bob" checked`, `value="cleo">`, "Open conversation")
	wantReply(t, "nobody", ada.Get("/groups/new/?q=zzz"), http.StatusOK, "Nobody matches")
	wantGone(t, "one person", ada.Post("/groups/", "people", "bob"), "/chat/@bob/")
	wantReply(t, "none", ada.Post("/groups/"), http.StatusUnprocessableEntity, "at least 2 other people")
	wantReply(t, "somebody unknown", ada.Post("/groups/", "people", "bob", "people", "zoe"), http.StatusNotFound, "nobody called zoe", `value="bob" checked`)
	r := ada.Post("/groups/", "people", "bob", "people", "cleo")
	at := r.Header.Get("Location")
	if r.Status != http.StatusSeeOther || !strings.HasPrefix(at, "/chat/+") {
		t.Fatalf("opened: %d %s", r.Status, at)
	}
	wantReply(t, "adding", bob.Get(at+"people/?q=dan"), http.StatusOK, "Add people", "ada, cleo", `value="dan">`)
	wantGone(t, "added", bob.Post(at+"people/", "people", "dan"), at)
	wantReply(t, "the page", ada.Get(at), http.StatusOK, "bob added dan", `class="message log-line"`)
	wantReply(t, "a room has no people to add", ada.Get("/chat/kitchen/people/"), http.StatusNotFound)
	if r := s.Visitor(t).Get("/groups/new/"); r.Status != http.StatusSeeOther {
		t.Errorf("a visitor: %d", r.Status)
	}
}
