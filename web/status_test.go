package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// is returns a condition: a people frame has somebody in a field with this availability.
func is(t *testing.T, field, name, availability string) func(hearthtest.Frame) bool {
	return func(f hearthtest.Frame) bool {
		return tells(field, name)(f) && person(t, f, field, name).Text("availability") == availability
	}
}

// A status reaches everybody who watches the person, but no visitor, and is in the answers of the API and on pages.
func TestStatusIsLive(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "read")
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	tom.PostJSON("/api/rooms/tea/messages", map[string]any{"message": "I was here"})
	a, v := ada.DialBatched("/users/"), s.Visitor(t).DialBatched("/ws/chat/tea/")
	watch(a, "tom")
	watch(v, "tom")
	tom.Post("/profile/", "action", "status", "emoji", ":palm_tree:", "text", " By the   sea\u202e ", "until", "1h", "availability", "dnd")
	f := a.Find("tom's status", func(f hearthtest.Frame) bool {
		return tells("went", "tom")(f) && person(t, f, "went", "tom")["status"] != nil
	})
	p := person(t, f, "went", "tom")
	status := hearthtest.Frame(p["status"].(map[string]any))
	if status.Text("emoji") != "🌴" || status.Text("text") != "By the sea" || status.Text("until") == "" || p["availability"] != nil {
		t.Errorf("tom is %v", p)
	}
	f = v.Find("a change of tom", tells("went", "tom"))
	if p := person(t, f, "went", "tom"); p["status"] != nil {
		t.Errorf("a visitor is told %v", p)
	}
	page := tom.DialBatched("/ws/chat/elsewhere/")
	a.Find("tom, not to be disturbed", is(t, "came", "tom", "dnd"))
	var list struct{ Users []hearthtest.Frame }
	ada.Get("/api/rooms/tea/people?group=elsewhere").JSON(t, &list)
	if len(list.Users) != 1 || list.Users[0].Text("availability") != "dnd" || list.Users[0]["status"] == nil {
		t.Errorf("the API has %v", list.Users)
	}
	wantReply(t, "the room", ada.Get("/chat/tea/"), http.StatusOK, `class="dot dnd"`, `title="By the sea"`)
	if body := s.Visitor(t).Get("/chat/tea/").Body; strings.Contains(body, "By the sea") {
		t.Error("a visitor's page has the status")
	}
	tom.Post("/profile/", "action", "status", "clear", "1", "text", "ignored")
	f = a.Find("tom without a status", is(t, "came", "tom", ""))
	if p := person(t, f, "came", "tom"); p["status"] != nil {
		t.Errorf("tom is %v", p)
	}
	_ = page.Close()
}

// A person is away while all pages of the person are idle. Pages of plain clients do not count.
func TestAPersonIsAwayWhileAllPagesAreIdle(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	a := ada.DialBatched("/users/")
	room, lobby := tom.DialBatched("/ws/chat/tea/"), tom.DialBatched("/users/")
	tom.Dial("/ws/chat/tea/").Until("user_list")
	a.Send(map[string]any{"type": "watch", "users": []string{"tom"}})
	a.Find("tom online", is(t, "came", "tom", ""))
	idle := func(page *hearthtest.Socket, on bool) { page.Send(map[string]any{"type": "idle", "on": on}) }
	idle(room, true)
	idle(lobby, true)
	a.Find("tom away", is(t, "came", "tom", "away"))
	wantCard(t, ada, "/people/tom/card/", ">Away<", `class="dot away"`)
	idle(lobby, false)
	a.Find("tom back", is(t, "came", "tom", ""))
	_ = lobby.Close()
	a.Find("only the idle page", is(t, "came", "tom", "away"))
	another := tom.DialBatched("/users/")
	a.Find("a page that was just opened", is(t, "came", "tom", ""))
	idle(another, true)
	a.Find("tom away again", is(t, "came", "tom", "away"))
	tom.Post("/profile/", "action", "status", "availability", "dnd")
	a.Find("do not disturb", is(t, "came", "tom", "dnd"))
	tom.Post("/profile/", "action", "status", "availability", "away")
	idle(another, false)
	a.Find("away as tom says", is(t, "came", "tom", "away"))
}

func TestRefusedStatusKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	r := ada.Post("/profile/", "action", "status", "emoji", "no", "text", "kept", "until", "week", "availability", "away")
	wantReply(t, "no emoji", r, http.StatusUnprocessableEntity, "isn’t an emoji", `value="kept"`, `value="week" selected`, `value="away" checked`)
	r = ada.Post("/profile/", "action", "status", "text", strings.Repeat("x", 81))
	wantReply(t, "too long", r, http.StatusUnprocessableEntity, "At most 80 characters")
	for _, frame := range []map[string]any{{"type": "idle"}, {"type": "zone"}, {"type": "zone", "zone": 7}} {
		sock := ada.DialBatched("/ws/chat/tea/")
		sock.Send(frame)
		if f := sock.Until("error"); f.Text("code") != "bad_frame" {
			t.Errorf("%v: %v", frame, f)
		}
	}
	plain := ada.Dial("/ws/chat/tea/")
	plain.Send(map[string]any{"type": "idle", "on": true})
	if f := plain.Until("error"); f.Text("code") != "bad_frame" {
		t.Errorf("idle of a plain client: %v", f)
	}
}
