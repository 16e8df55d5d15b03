package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web"
	"hearth/web/chat"
	"hearth/web/hearthtest"
	"hearth/web/line"
)

// lateHub has something happen between the look at a request for a socket and its opening.
type lateHub struct {
	*Hub
	before  func()        // nil: nothing
	greet   chan struct{} // nil: greet at once; else once something comes, or it is closed
	allowed func() error  // nil: what the handler says
}

// serve has a second server on the house h of s, with l before its hub, and returns its address.
func (l *lateHub) serve(t *testing.T, h *house, s *hearthtest.Server) string {
	t.Helper()
	l.Hub = h.hub
	site, err := web.New(h.chat, l, newAuth(t, s.Data), h.store, web.Options{})
	wantNil(t, err)
	server := httptest.NewServer(site.Handler())
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// knock opens a socket there, and returns once its handshake is answered.
func knock(t *testing.T, url, cookie string, protocols ...string) *websocket.Conn {
	t.Helper()
	d := websocket.Dialer{Subprotocols: protocols}
	conn, _, err := d.Dial(url, http.Header{"Cookie": {cookie}})
	wantNil(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	wantNil(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	return conn
}

func (l *lateHub) Connect(w http.ResponseWriter, r *http.Request, o web.Socket) error {
	if l.before != nil {
		l.before()
	}
	if l.allowed != nil {
		o.Allowed = l.allowed
	}
	if l.greet != nil {
		start := o.Start
		o.Start = func(c web.Conn, here []string) { <-l.greet; start(c, here) }
	}
	return l.Hub.Connect(w, r, o)
}

// What is said after the answer to a handshake reaches clients of either dialect, however late they
// are greeted.
func TestWhoIsAnsweredIsIn(t *testing.T) {
	h, s := inside(t, settings{})
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	late := &lateHub{greet: make(chan struct{})}
	url := late.serve(t, h, s) + "/ws/chat/r/"
	a := ada.DialBatched("/ws/chat/r/")
	for _, protocol := range []string{"", web.Batched} {
		conn := knock(t, url, bob.Cookie(), protocol)
		a.Say("welcome " + protocol)
		a.Find("her own", func(f hearthtest.Frame) bool { return f["message"] == "welcome "+protocol })
		late.greet <- struct{}{}
		for heard := false; !heard; {
			_, b, err := conn.ReadMessage()
			if err != nil {
				t.Fatalf("%q: %v", protocol, err)
			}
			heard = strings.Contains(string(b), `"message":"welcome `+protocol+`"`)
		}
	}
}

// However much is said before a client of the plain dialect is greeted: the ten messages that it gets of
// what was said before are beside that.
func TestALateGreetingLeavesNoGap(t *testing.T) {
	h, s := inside(t, settings{})
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	late := &lateHub{greet: make(chan struct{})}
	url := late.serve(t, h, s) + "/ws/chat/r/"
	a := ada.DialBatched("/ws/chat/r/")
	say := func(from, to int) {
		for i := from; i < to; i++ {
			a.Say(fmt.Sprint("number ", i))
			a.Find("her own", func(f hearthtest.Frame) bool { return f["message"] == fmt.Sprint("number ", i) })
		}
	}
	const before, all = 12, 26
	say(0, before)
	conn := knock(t, url, bob.Cookie())
	say(before, all)
	close(late.greet)
	for i := before - 10; i < all; {
		var f struct {
			Type, Message string
			History       bool
		}
		wantNil(t, conn.ReadJSON(&f))
		if f.Type != "chat_message" {
			continue
		}
		if want := fmt.Sprint("number ", i); f.Message != want || f.History != (i < before) {
			t.Fatalf("instead of %q came %+v", want, f)
		}
		i++
	}
}

// Whoever is shut out while a socket opens doesn't get in through it.
func TestNobodyComesInWhileBeingShutOut(t *testing.T) {
	h, s := inside(t, settings{})
	s.SignUp(t, "ada")
	s.SignUp(t, "bob")
	ctx := context.Background()
	ada, err := h.chat.UserByName(ctx, "ada")
	wantNil(t, err)
	bob, err := h.chat.UserByName(ctx, "bob")
	wantNil(t, err)
	by := chat.Caller{User: ada}
	room, err := h.chat.CreateRoom(ctx, by, chat.RoomDraft{Name: "r"})
	wantNil(t, err)
	late := &lateHub{}
	url := late.serve(t, h, s)

	access := func(a chat.Access) error { return h.chat.ChangeRoom(ctx, by, room, chat.RoomDraft{Access: a}) }
	signOut := func() error { return h.chat.EndAll(ctx, by, bob.ID, 0) }
	disable := func() error { return h.chat.SetDisabled(ctx, by, bob.ID, true) }
	for _, c := range []struct {
		what, path string
		shut       func() error
	}{
		{"signed out", "/ws/chat/r/", signOut}, {"signed out", "/users/", signOut}, {"signed out", "/new-user/", signOut},
		{"disabled", "/ws/chat/r/", disable}, {"disabled", "/users/", disable},
		{"not in it", "/ws/chat/r/", func() error { return access(chat.Admins) }},
	} {
		t.Run(c.what+" "+c.path, func(t *testing.T) {
			wantNil(t, h.chat.SetDisabled(ctx, by, bob.ID, false))
			wantNil(t, access(chat.Open))
			late.before = func() {
				if err := c.shut(); err != nil {
					t.Error(err)
				}
			}
			wantRefused(t, url+c.path, s.LogIn(t, "bob").Cookie(), websocket.ClosePolicyViolation)
		})
	}
	wantNil(t, h.chat.SetDisabled(ctx, by, bob.ID, false))
	late.before, late.allowed = nil, func() error { return &chat.Error{Code: "storage", Err: errClosed} }
	wantRefused(t, url+"/users/", s.LogIn(t, "bob").Cookie(), websocket.CloseTryAgainLater) // who may come back
}

// wantRefused checks that a socket is closed with a code before anything is told.
func wantRefused(t *testing.T, url, cookie string, code int) {
	t.Helper()
	if _, frame, err := knock(t, url, cookie).ReadMessage(); !websocket.IsCloseError(err, code) {
		t.Errorf("bob gets %s, %v instead of %d", frame, err, code)
	}
}

// What waits for somebody whose greeting takes too long is bounded: he has to come back.
func TestWhoIsGreetedTooLateIsCut(t *testing.T) {
	h, s := inside(t, settings{})
	bob := s.SignUp(t, "bob")
	late := &lateHub{greet: make(chan struct{})}
	url := late.serve(t, h, s) + "/ws/chat/r/"
	conn := knock(t, url, bob.Cookie())
	room := (&chat.Room{Key: "r"}).Group()
	for range maxHeld - 1 { // beside his own coming
		h.hub.Publish(room, chat.Typing("ada"))
	}
	if n := h.hub.Cut(); n != 0 {
		t.Errorf("%d were cut too early", n)
	}
	h.hub.Publish(room, chat.Typing("ada"))
	h.hub.Publish(room, chat.Typing("ada"))
	close(late.greet)
	if _, frame, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
		t.Errorf("he gets %s, %v", frame, err)
	}
	if n := h.hub.Cut(); n != 1 {
		t.Errorf("%d were cut instead of 1", n)
	}
}

// Whoever was shown out before he was greeted is told why, whatever happens in the room from then on.
func TestWhoWasShownOutIsNotCutAsWell(t *testing.T) {
	under, peer := net.Pipe()
	defer peer.Close()
	c := &conn{hub: NewHub(), line: line.New(under, line.Limits{Bytes: maxQueue})}
	c.Close(websocket.ClosePolicyViolation, "signed out")
	for range maxHeld + 1 {
		c.take(nil, []chat.Event{chat.Typing("ada")})
	}
	if said := string(*c.closing.Load()); !strings.Contains(said, "signed out") {
		t.Errorf("he is told %q", said)
	}
	if n := c.hub.Cut(); n != 0 {
		t.Errorf("%d were cut", n)
	}
	if len(c.held) > 0 {
		t.Errorf("%d events wait for nobody", len(c.held))
	}
}

// A handshake that fails once its socket is in its room leaves nobody there.
func TestAHandshakeThatFailsLeavesNobodyBehind(t *testing.T) {
	h, s := inside(t, settings{})
	bob := s.SignUp(t, "bob")
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	wantNil(t, err)
	defer conn.Close()
	wantNil(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = fmt.Fprintf(conn, "GET /ws/chat/r/ HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nwhat must not come yet", conn.RemoteAddr(), bob.Cookie())
	wantNil(t, err)
	answer, err := io.ReadAll(conn)
	if err != nil || len(answer) > 0 {
		t.Errorf("he is answered %q, %v", answer, err)
	}
	room := (&chat.Room{Key: "r"}).Group()
	for h.hub.Count() > 0 || h.hub.OnlineCount() > 0 || h.hub.HereCount(room) > 0 {
		time.Sleep(10 * time.Millisecond) // until he counts as gone; if never, the test's time ends
	}
	if h.hub.find(room) != nil {
		t.Error("his room is kept")
	}
}
