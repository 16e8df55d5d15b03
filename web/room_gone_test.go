package web_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/hearthtest"
)

// lossKinds are the sockets that somebody has open when losing a room; room stands for that room.
var lossKinds = []struct {
	path    string
	batched bool
}{
	{"/ws/chat/room/", true}, {"/ws/chat/room/", false}, {"/ws/chat/elsewhere/", true}, {"/ws/chat/elsewhere/", false},
	{"/users/", true}, {"/users/?rooms=all", true}, {"/users/", false}, {"/new-user/", true}, {"/new-user/", false},
}

// house is a server with two admins, who stay in every room, and the rooms that others lose.
type lossPlace struct {
	*hearthtest.Server
	admin, other *hearthtest.Browser
	ids          map[string]string // of people, by name
}

// loser is somebody who loses a room, with a socket of each kind.
type loser struct {
	*hearthtest.Browser
	room  string
	socks []*hearthtest.Socket
	first []hearthtest.Frame // that were read already from the first of them
}

// open opens a socket of each kind, all of which have been greeted.
func (p *loser) open(t *testing.T) {
	t.Helper()
	for _, k := range lossKinds {
		path := strings.Replace(k.path, "room/", p.room+"/", 1)
		sock := p.Dial
		if k.batched {
			sock = p.DialBatched
		}
		s := sock(path)
		s.Send(map[string]string{"type": "ping"})
		s.Until("pong")
		p.socks = append(p.socks, s)
	}
}

// rest returns what came on a socket until it answers a ping, and the code with which it was closed, if it was.
func rest(t *testing.T, s *hearthtest.Socket) (frames []hearthtest.Frame, code int) {
	t.Helper()
	_ = s.WriteJSON(map[string]string{"type": "ping"}) // it may be closed
	for {
		f, err := s.TryNext(time.Minute)
		if e, ok := err.(*websocket.CloseError); ok {
			return frames, e.Code
		}
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if f.Type() == "pong" {
			return frames, 0
		}
		frames = append(frames, f)
	}
}

// untilClosed reads from the first socket until it is closed.
func (p *loser) untilClosed(t *testing.T) {
	t.Helper()
	for {
		f, err := p.socks[0].TryNext(time.Minute)
		if err != nil {
			return // rest gets the same
		}
		p.first = append(p.first, f)
	}
}

// judge holds what a loser got against the rules: one frame with gone on each socket that keeps lists or was
// in the room, then nothing about the room.
func (p *loser) judge(t *testing.T) (after int) {
	t.Helper()
	for i, s := range p.socks {
		k := lossKinds[i]
		frames, closed := rest(t, s)
		if i == 0 {
			frames = append(p.first, frames...)
		}
		in := strings.HasSuffix(k.path, "/room/")
		gone := 0
		for _, f := range frames {
			about := f.Text("room") == p.room || strings.Contains(f.Text("message"), "secret") || strings.HasPrefix(f.Text("user"), "in")
			switch {
			case f.Type() == "room" && f.Text("room") == p.room && f["gone"] == true:
				gone++
			case about && f.Type() != "presence" && (gone > 0 || strings.Contains(f.Text("message"), "secret")):
				after++
				t.Errorf("%s at %s (hearth.1: %v) hears after it has lost %s: %v", p.Name, k.path, k.batched, p.room, f)
			}
		}
		want := 0
		if k.batched && k.path != "/new-user/" {
			want = 1
		}
		if gone != want {
			t.Errorf("%s at %s (hearth.1: %v) is told %d times that %s is gone, want %d: %v", p.Name, k.path, k.batched, gone, p.room, want, frames)
		}
		if in && closed != 1008 || !in && closed != 0 {
			t.Errorf("%s at %s (hearth.1: %v) is closed with %d", p.Name, k.path, k.batched, closed)
		}
	}
	return after
}

func newLossPlace(t *testing.T) *lossPlace {
	t.Helper()
	p := &lossPlace{Server: hearthtest.Start(t, "-guests", ""), ids: map[string]string{}}
	p.admin, p.other = p.SignUp(t, "ina"), p.SignUp(t, "ivo")
	p.ids["ina"], p.ids["ivo"] = "1", "2"
	p.admin.Post("/admin/settings/", "place", "", "signup", "open", "guests", "write")
	wantGone(t, "an admin", p.admin.Post("/admin/users/2/", "action", "admin"), "/admin/users/2/?done=admin")
	return p
}

// happen has everything happen in a room that its people hear of, and returns once all were told.
func (p *lossPlace) happen(t *testing.T, room string, mentions string) {
	t.Helper()
	p.other.Get("/chat/" + room + "/") // a room of his
	watch := p.other.DialBatched("/users/")
	watch.Send(map[string]string{"type": "ping"})
	watch.Until("pong")
	in := p.admin.DialBatched("/ws/chat/" + room + "/")
	in.Send(map[string]any{"message": "secret for @" + mentions + " and @ivo"})
	id := in.Until("chat_message").Int("id")
	in.Send(map[string]any{"type": "edit", "id": id, "message": "secret, edited"})
	in.Send(map[string]any{"type": "react", "id": id, "emoji": "🎉", "on": true})
	in.Send(map[string]any{"type": "typing"})
	in.Until("typing")
	in.Send(map[string]any{"type": "delete", "id": id})
	in.Until("message_deleted")
	in.Say("secret again for @" + mentions)
	filled, unread := false, false
	watch.Find("the room filling, and what is unread", func(f hearthtest.Frame) bool {
		filled = filled || f.Type() == "room" && f.Text("room") == room && f.Int("here") > 0
		unread = unread || f.Type() == "unread" && f.Text("room") == room
		if filled {
			_ = in.Close()
		}
		return filled && unread
	})
}

// Whoever may no longer enter a room is told once, on every socket, and hears nothing of it afterwards.
func TestNothingComesFromARoomThatIsGone(t *testing.T) {
	t.Parallel()
	p := newLossPlace(t)
	post := func(t *testing.T, what, path string, fields ...string) {
		t.Helper()
		if r := p.admin.Post(path, fields...); r.Status != http.StatusSeeOther {
			t.Errorf("%s: %d %s", what, r.Status, r.Body)
		}
	}
	settings := func(t *testing.T, room, access string) {
		t.Helper()
		post(t, "change", "/chat/"+room+"/settings/", "topic", "", "access", access, "asked", "1", "stay", "2")
	}
	demote := func(t *testing.T, l *loser) {
		t.Helper()
		post(t, "demote", "/admin/users/"+p.ids[l.Name]+"/", "action", "unadmin")
	}
	ways := []struct {
		what, access string
		visitor      bool
		before, lose func(t *testing.T, l *loser)
	}{
		{what: "taken-out", access: "closed", before: func(t *testing.T, l *loser) {
			post(t, "let in", "/chat/"+l.room+"/members/", "name", l.Name, "action", "add")
		}, lose: func(t *testing.T, l *loser) {
			post(t, "take out", "/chat/"+l.room+"/members/", "name", l.Name, "action", "remove")
		}},
		{what: "closed", access: "open", lose: func(t *testing.T, l *loser) { settings(t, l.room, "closed") }},
		{what: "for-admins", access: "open", lose: func(t *testing.T, l *loser) { settings(t, l.room, "admins") }},
		{what: "closed-for-admins", access: "closed", before: func(t *testing.T, l *loser) {
			post(t, "let in", "/chat/"+l.room+"/members/", "name", l.Name, "action", "add")
		}, lose: func(t *testing.T, l *loser) { settings(t, l.room, "admins") }},
		{what: "demoted", access: "admins", before: p.promote, lose: demote},
		{what: "demoted-closed", access: "closed", before: p.promote, lose: demote},
		{what: "demoted-outside", access: "admins", before: p.promote, lose: func(t *testing.T, l *loser) {
			if out, status := p.Command(t, "", "user", "admin", l.Name, "off"); status != 0 {
				t.Error(out)
			}
		}},
		{what: "owner", access: "", before: func(t *testing.T, l *loser) {
			if r := l.Post("/rooms/", "name", l.room, "access", "open"); r.Status != http.StatusSeeOther {
				t.Errorf("make: %d %s", r.Status, r.Body)
			}
		}, lose: func(t *testing.T, l *loser) { settings(t, l.room, "closed") }},
		{what: "visitor-closed", access: "open", visitor: true, lose: func(t *testing.T, l *loser) { settings(t, l.room, "closed") }},
		{what: "visitor-admins", access: "open", visitor: true, lose: func(t *testing.T, l *loser) { settings(t, l.room, "admins") }},
	}
	total := 0
	for i, w := range ways {
		t.Run(w.what, func(t *testing.T) {
			l := &loser{room: "room-" + w.what}
			if w.visitor {
				l.Browser = p.Visitor(t)
				l.Name = "Gus" + strconv.Itoa(i)
				l.Post("/guest/", "guest_name", l.Name)
			} else {
				l.Browser = p.SignUp(t, "zoe"+strconv.Itoa(i))
				p.ids[l.Name] = strconv.Itoa(len(p.ids) + 1)
			}
			if w.access != "" {
				post(t, "make", "/rooms/", "name", l.room, "topic", "x", "access", w.access)
			}
			if w.before != nil {
				w.before(t, l)
			}
			if r := l.Get("/chat/" + l.room + "/"); r.Status != http.StatusOK {
				t.Fatalf("%s can't enter %s: %d", l.Name, l.room, r.Status)
			}
			l.open(t)
			w.lose(t, l)
			if strings.Contains(w.what, "outside") {
				l.untilClosed(t) // once the server has noticed
			}
			p.happen(t, l.room, l.Name)
			total += l.judge(t)
		})
	}
	t.Logf("%d ways to lose a room, %d kinds of socket: %d frames about the room after it was gone", len(ways), len(lossKinds), total)
}

func (p *lossPlace) promote(t *testing.T, l *loser) {
	t.Helper()
	path := fmt.Sprintf("/admin/users/%s/", p.ids[l.Name])
	wantGone(t, "promote", p.admin.Post(path, "action", "admin"), path+"?done=admin")
}

// Visitors who are no longer welcome, and people whose account is closed, are told that their room is gone,
// and every socket of theirs is closed.
func TestPeopleWhoLoseAllRooms(t *testing.T) {
	t.Parallel()
	p := newLossPlace(t)
	p.admin.Post("/rooms/", "name", "room", "access", "open")
	gus, zoe := &loser{Browser: p.Visitor(t), room: "room"}, &loser{Browser: p.SignUp(t, "zoe"), room: "room"}
	gus.Post("/guest/", "guest_name", "Gus")
	gus.open(t)
	zoe.open(t)
	p.admin.Post("/admin/settings/", "place", "", "signup", "open", "guests", "off")
	wantGone(t, "disable", p.admin.Post("/admin/users/3/", "action", "disable"), "/admin/users/3/?done=disable")
	p.happen(t, "room", "zoe")
	gus.judgeClosed(t)
	zoe.judgeClosed(t)
}

// judgeClosed is judge for somebody all of whose sockets are closed.
func (p *loser) judgeClosed(t *testing.T) {
	t.Helper()
	for i, s := range p.socks {
		k := lossKinds[i]
		frames, code := rest(t, s)
		gone := 0
		for _, f := range frames {
			if f.Type() == "room" && f["gone"] == true {
				gone++
			} else if gone > 0 || strings.Contains(f.Text("message"), "secret") {
				t.Errorf("%s at %s hears %v", p.Name, k.path, f)
			}
		}
		want := 0
		if k.batched && strings.HasPrefix(k.path, "/ws/") {
			want = 1
		}
		if code != 1008 || gone != want {
			t.Errorf("%s at %s (hearth.1: %v): closed with %d, and %d rooms are gone", p.Name, k.path, k.batched, code, gone)
		}
	}
}

// Members of a closed room, and admins, hear of it wherever they are; nobody else does.
func TestClosedRoomsAreAnnouncedToMembersAlone(t *testing.T) {
	t.Parallel()
	p := newLossPlace(t)
	bob, eve := p.SignUp(t, "bob"), p.SignUp(t, "eve")
	b, e, a := bob.DialBatched("/users/"), eve.DialBatched("/users/"), p.other.DialBatched("/users/")
	for _, sock := range []*hearthtest.Socket{b, e, a} {
		rest(t, sock)
	}
	p.admin.Post("/rooms/", "name", "cellar", "access", "closed")
	p.admin.Post("/chat/cellar/members/", "name", "bob", "action", "add")
	late := bob.DialBatched("/users/") // opened as a member
	rest(t, late)
	in := p.admin.Dial("/ws/chat/cellar/")
	in.Until("user_join")
	for _, sock := range []*hearthtest.Socket{b, late, a} {
		sock.Find("the cellar filling", func(f hearthtest.Frame) bool { return f["room"] == "cellar" && f.Int("here") == 1 })
	}
	p.admin.Post("/chat/cellar/settings/", "topic", "wine", "access", "closed")
	for _, sock := range []*hearthtest.Socket{b, late, a} {
		sock.Find("the topic", func(f hearthtest.Frame) bool { return f["room"] == "cellar" && f["topic"] == "wine" })
	}
	wantRooms := func(what string, sock *hearthtest.Socket, want int) {
		t.Helper()
		frames, _ := rest(t, sock)
		n := 0
		for _, f := range frames {
			if f["room"] == "cellar" {
				n++
			}
		}
		if n != want {
			t.Errorf("%s hears %d times of the cellar, want %d", what, n, want)
		}
	}
	wantRooms("who is no member", e, 0)
	// Taken out and let in again, bob hears of it again.
	p.admin.Post("/chat/cellar/members/", "name", "bob", "action", "remove")
	for _, sock := range []*hearthtest.Socket{b, late} {
		wantRooms("bob, taken out,", sock, 1)
	}
	p.admin.Post("/chat/cellar/members/", "name", "bob", "action", "add")
	_ = in.Close()
	for _, sock := range []*hearthtest.Socket{b, late} {
		sock.Find("the cellar", func(f hearthtest.Frame) bool { return f["room"] == "cellar" && f.Int("here") == 1 })
		sock.Find("the cellar emptying", func(f hearthtest.Frame) bool { return f["room"] == "cellar" && f.Int("here") == 0 })
	}
	// An archived room is gone for everybody, once, and back later.
	p.admin.Post("/admin/rooms/1/", "action", "archive")
	for _, sock := range []*hearthtest.Socket{b, a} {
		sock.Find("the cellar gone", func(f hearthtest.Frame) bool { return f["room"] == "cellar" && f["gone"] == true })
		wantRooms("somebody", sock, 0)
	}
	p.admin.Post("/admin/rooms/1/", "action", "restore")
	for _, sock := range []*hearthtest.Socket{b, a} {
		sock.Find("the cellar back", func(f hearthtest.Frame) bool { return f["room"] == "cellar" && f["gone"] == nil })
	}
	// Closed to open and back, without bob.
	p.admin.Post("/chat/cellar/settings/", "topic", "", "access", "open")
	e.Find("the open cellar", func(f hearthtest.Frame) bool { return f["room"] == "cellar" && f["access"] == "open" })
	rest(t, b)
	p.admin.Post("/chat/cellar/settings/", "topic", "", "access", "closed", "asked", "1")
	wantRooms("bob, who was not chosen,", b, 1)
	wantRooms("eve", e, 1)
}

// Whoever is taken out of a room while everybody speaks, comes and goes there hears nothing after the frame
// that says so.
func TestNothingComesAfterGoneWhileOthersTalk(t *testing.T) {
	t.Parallel()
	p := newLossPlace(t)
	p.admin.Post("/rooms/", "name", "room", "access", "closed")
	var losers []*loser
	for i := range 6 {
		l := &loser{Browser: p.SignUp(t, fmt.Sprint("zoe", i)), room: "room"}
		p.admin.Post("/chat/room/members/", "name", l.Name, "action", "add")
		l.Get("/chat/room/")
		l.open(t)
		losers = append(losers, l)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	speaker := p.admin.DialBatched("/ws/chat/room/")
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			_ = speaker.WriteJSON(map[string]string{"message": fmt.Sprint("secret ", i)})
			_ = speaker.WriteJSON(map[string]string{"type": "typing"})
			if guest, _, err := p.other.TryDial("/ws/chat/room/", nil); err == nil {
				_ = guest.Close()
			}
			time.Sleep(10 * time.Millisecond) // the sockets of those who are to lose the room are not read yet
		}
	}()
	for _, l := range losers {
		if r := p.admin.Post("/chat/room/members/", "name", l.Name, "action", "remove"); r.Status != http.StatusSeeOther {
			t.Errorf("take out: %d", r.Status)
		}
	}
	close(stop)
	<-done
	p.happen(t, "room", "zoe0")
	after := 0
	for _, l := range losers {
		for i, s := range l.socks {
			frames, code := rest(t, s)
			gone := 0
			for _, f := range frames {
				if f.Type() == "room" && f["gone"] == true {
					gone++
				} else if gone > 0 && (f.Text("room") == "room" || strings.Contains(f.Text("message"), "secret")) {
					after++
					t.Errorf("%s at %s hears %v", l.Name, lossKinds[i].path, f)
				}
			}
			if want := lossKinds[i].batched && lossKinds[i].path != "/new-user/"; want != (gone == 1) {
				t.Errorf("%s at %s (hearth.1: %v) is told %d times in %d frames, closed with %d", l.Name, lossKinds[i].path, lossKinds[i].batched, gone, len(frames), code)
			}
		}
	}
	t.Logf("%d people taken out in the middle of a talk: %d frames about the room after it was gone", len(losers), after)
}
