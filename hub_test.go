package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"hearth/web"
	"hearth/web/chat"
	"hearth/web/hearthtest"
	"hearth/web/ws"
)

// inside runs a server in the test's own process, where the race detector and goleak see it.
func inside(t testing.TB, s settings) (*app, *hearthtest.Server) {
	t.Helper()
	s.addr, s.data, s.log = "127.0.0.1:0", t.TempDir(), "text"
	if s.limits == "" {
		s.limits = "off"
	}
	if s.signup == "" {
		s.signup = "open"
	}
	h, err := build(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return h, &hearthtest.Server{URL: "http://" + h.listen.Addr().String(), Data: s.data}
}

func TestNothingIsLeftRunning(t *testing.T) {
	ours := []goleak.Option{goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")}
	t.Run("serve", func(t *testing.T) {
		_, s := inside(t, settings{guests: "read"})
		ada := s.SignUp(t, "ada")
		for range 20 {
			sock := ada.DialBatched("/ws/chat/r/")
			sock.Settled()
			_ = sock.Close()
			s.Visitor(t).Dial("/users/")
			s.Visitor(t).Dial("/new-user/").Until("user_update")
		}
		ada.Dial("/ws/chat/r/").Until("user_list") // open until the server goes
	})
	for deadline := time.Now().Add(20 * time.Second); goleak.Find(ours...) != nil && time.Now().Before(deadline); {
	} // a socket that was forgotten would end later, for want of a pong (web/ws)
	goleak.VerifyNone(t, ours...)
}

// What the greeting had is not told again, the rest in order; who has left leaves nothing behind.
func TestAnnouncementsAreSentOnceInOrder(t *testing.T) {
	t.Parallel()
	h, s := inside(t, settings{})
	ada := s.SignUp(t, "ada")
	ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": "number 1"})
	sock := ada.Dial("/ws/chat/r/")
	sock.Settled() // it is live
	var all []chat.Announcement
	for _, seq := range []int64{1, 3, 0, 4} {
		a := chat.Announcement{Group: "room:r", Event: chat.UserLeft(fmt.Sprint(seq))}
		if a.Event.Seq = seq; seq == 0 {
			a.Group = chat.Inbox(1)
		}
		all = append(all, a)
	}
	h.hub.PublishAll(all)
	for _, want := range []string{"3", "0", "4"} {
		if f := sock.Until("user_leave"); f["user"] != want {
			t.Errorf("number %v is told in place of %s", f["user"], want)
		}
	}
	_ = sock.Close()
	for deadline := time.Now().Add(20 * time.Second); h.hub.find("room:r") != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the room is kept in memory")
		}
	}
}

// lateHub has something happen between the look at a request for a socket and its opening.
type lateHub struct {
	*Hub
	before  func()        // nil: nothing
	greet   chan struct{} // nil: greet at once; else once something comes, or it is closed
	allowed func() error  // nil: what the handler says
}

// serve has a second server on the house h of s, with l before its hub, and returns its address.
func (l *lateHub) serve(t *testing.T, h *app, s *hearthtest.Server) string {
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

func (l *lateHub) Connect(w http.ResponseWriter, r *http.Request, o ws.Socket) error {
	if l.before != nil {
		l.before()
	}
	if l.allowed != nil {
		o.Allowed = l.allowed
	}
	if l.greet != nil {
		start := o.Start
		o.Start = func(c *ws.Conn, here []string) { <-l.greet; start(c, here) }
	}
	return l.Hub.Connect(w, r, o)
}

// lateRoom returns a room with ada in it, who can speak there, and the address where bob is greeted late.
func lateRoom(t *testing.T) (late *lateHub, url string, bob *hearthtest.Browser, say func(text string)) {
	t.Helper()
	h, s := inside(t, settings{})
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	late = &lateHub{greet: make(chan struct{})}
	url = late.serve(t, h, s) + "/ws/chat/r/"
	a := ada.DialBatched("/ws/chat/r/")
	return late, url, bob, func(text string) {
		a.Say(text)
		a.Find("her own", func(f hearthtest.Frame) bool { return f["message"] == text })
	}
}

// What is said after the answer to a handshake reaches clients of either dialect, however late they
// are greeted.
func TestAnAnsweredHandshakeIsInTheRoom(t *testing.T) {
	t.Parallel()
	late, url, bob, say := lateRoom(t)
	for _, protocol := range []string{"", ws.Batched} {
		sock := knock(t, url, bob.Cookie(), protocol)
		say("welcome " + protocol)
		late.greet <- struct{}{}
		for heard := false; !heard; {
			_, b, err := sock.ReadMessage()
			if err != nil {
				t.Fatalf("%q: %v", protocol, err)
			}
			heard = strings.Contains(string(b), `"message":"welcome `+protocol+`"`)
		}
	}
}

// However much is said before a client of the plain dialect is greeted: the ten messages that it gets of
// what was said before are beside that.
func TestLateInitialFramesLeaveNoGap(t *testing.T) {
	t.Parallel()
	late, url, bob, say := lateRoom(t)
	count := func(from, to int) {
		for i := from; i < to; i++ {
			say(fmt.Sprint("number ", i))
		}
	}
	const before, all = 12, 26
	count(0, before)
	sock := knock(t, url, bob.Cookie())
	count(before, all)
	close(late.greet)
	for i := before - 10; i < all; {
		var f struct {
			Type, Message string
			History       bool
		}
		wantNil(t, sock.ReadJSON(&f))
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
func TestNobodyEntersWhileLosingTheRoom(t *testing.T) {
	t.Parallel()
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
func TestSocketsWhoseInitialFramesAreTooLateAreCut(t *testing.T) {
	t.Parallel()
	h, s := inside(t, settings{})
	bob := s.SignUp(t, "bob")
	late := &lateHub{greet: make(chan struct{})}
	url := late.serve(t, h, s) + "/ws/chat/r/"
	sock := knock(t, url, bob.Cookie())
	room := (&chat.Room{Key: "r"}).Group()
	for range ws.MaxBuffered - 2 { // beside his own coming, once for each dialect
		h.hub.Publish(room, chat.Typing("ada"))
	}
	if n := h.hub.Cut(); n != 0 {
		t.Errorf("%d were cut too early", n)
	}
	h.hub.Publish(room, chat.Typing("ada"))
	h.hub.Publish(room, chat.Typing("ada"))
	close(late.greet)
	if _, frame, err := sock.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
		t.Errorf("he gets %s, %v", frame, err)
	}
	if n := h.hub.Cut(); n != 1 {
		t.Errorf("%d were cut instead of 1", n)
	}
}

// Who can't be told what the socket was opened for is sent away to come back, not left without it.
func TestEverySocketGetsItsInitialFrames(t *testing.T) {
	t.Parallel()
	h, s := inside(t, settings{})
	bob := s.SignUp(t, "bob")
	late := &lateHub{allowed: func() error { return nil }, before: func() { _ = h.store.readers.Close() }}
	url := late.serve(t, h, s)
	wantRefused(t, url+"/new-user/", bob.Cookie(), websocket.CloseTryAgainLater)
}

// A handshake that fails once its socket is in its room leaves nobody there.
func TestAHandshakeThatFailsLeavesNobodyBehind(t *testing.T) {
	t.Parallel()
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

// pipes is a listener whose connections hold nothing: whoever writes waits until it is read.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// ask connects and sends a request.
func (p pipes) ask(t *testing.T, request string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	p <- server
	if _, err := io.WriteString(client, request); err != nil {
		t.Fatal(err)
	}
	return client
}

// Clients that do not read the answer to their handshake, whatever it is, keep nobody else from
// opening a socket, and are hung up on.
func TestUnreadHandshakesHoldNoSlot(t *testing.T) {
	t.Parallel()
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	const handshake = "GET /ws/chat/r/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + "\r\n\r\n"
	for answer, request := range map[string]string{
		"101": handshake,
		"400": strings.Replace(handshake, key, "short", 1),
		"426": strings.Replace(handshake, "13", "12", 1),
		"404": strings.Replace(handshake, "/r/", "/.../", 1),
		"403": strings.Replace(handshake, "Upgrade: websocket", "Upgrade: websocket\r\nOrigin: http://example.org", 1),
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			h, _ := inside(t, settings{guests: "read"})
			l := make(pipes)
			go func() { _ = h.server.Serve(l) }()
			for range 2*runtime.GOMAXPROCS(0) + 2 {
				l.ask(t, request)
			}
			honest := runtime.GOMAXPROCS(0) + 1
			for range honest {
				c := l.ask(t, handshake)
				if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
					t.Fatal(err)
				}
				head := make([]byte, len("HTTP/1.1 101"))
				if _, err := io.ReadFull(c, head); err != nil || string(head) != "HTTP/1.1 101" {
					t.Fatalf("behind unread answers a socket gets %q: %v", head, err)
				}
				go func() { _, _ = io.Copy(io.Discard, c) }()
			}
			for deadline := time.Now().Add(time.Minute); h.hub.Count() > honest; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%d sockets wait for ever for their handshake to be read", h.hub.Count()-honest)
				}
			}
		})
	}
}

func BenchmarkPublish(b *testing.B) {
	const readers = 1000
	e := chat.UserJoined("ada", "Ada")
	size := int64(len(ws.NewFrames([]chat.Event{e}).Joined(chat.Reader{})))
	perReader := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/readers, "ns/reader")
	}
	b.Run("hub", func(b *testing.B) {
		h, s := inside(b, settings{guests: "read"})
		s.SignUp(b, "ada").Dial("/ws/chat/r/").Say("so that the room is there")
		var got atomic.Int64
		for range readers {
			listen(b, s, &got)
		}
		for got.Load() == 0 || h.hub.Count() <= readers {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(100 * time.Millisecond) // what greeted them is read
		got.Store(0)
		b.ReportAllocs()
		for b.Loop() {
			h.hub.Publish("room:r", e)
			await(&got, readers*size)
		}
		perReader(b)
	})
	b.Run("write", func(b *testing.B) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		var got atomic.Int64
		var conns []net.Conn
		for range readers {
			client, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			go count(client, &got)
			conn, err := l.Accept()
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			conns = append(conns, conn)
		}
		wire := make([]byte, size)
		for b.Loop() {
			for _, c := range conns {
				if _, err := c.Write(wire); err != nil {
					b.Fatal(err)
				}
			}
			await(&got, readers*size)
		}
		perReader(b)
	})
}

// listen opens a socket that counts the bytes it gets.
func listen(b *testing.B, s *hearthtest.Server, got *atomic.Int64) {
	b.Helper()
	at := strings.TrimPrefix(s.URL, "http://")
	conn, err := net.Dial("tcp", at)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /ws/chat/r/ HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: hearth.1\r\n\r\n", at)
	if err != nil {
		b.Fatal(err)
	}
	go count(conn, got)
}

func count(conn net.Conn, got *atomic.Int64) {
	p := make([]byte, 4096)
	for {
		n, err := conn.Read(p)
		got.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// await waits until n bytes were got, and counts from zero again.
func await(got *atomic.Int64, n int64) {
	for got.Load() < n {
		runtime.Gosched()
	}
	got.Add(-n)
}

// newProbe returns a client of a server in the fuzzer's own process, so that it sees which code each input reaches.
func newProbe(f *testing.F) *hearthtest.Probe {
	h, s := inside(f, settings{})
	return hearthtest.NewProbe(s.SignUp(f, "ada"), h.server.Handler)
}

// Whatever a client sends: it is said exactly as it was typed, or refused with one error, or
// ends the socket with the code that PROTOCOL.md has for it. The server goes on.
func FuzzFrame(f *testing.F) {
	for _, s := range []string{
		`{"message":"hi"}`, `{"type":"chat_message","message":" hi\t\n ","nonce":"n"}`, `{"message":"a","reply_to":4294967297}`, `{"message":"\ud83d\ude00 \ud83d"}`,
		`{"Message":"hi"}`, `{"message":"a","MESSAGE":"b"}`, `{"message":"a","message":"b"}`, `{"message":null}`, `{"message":["hi"]}`, `{"message":"\u0000"}`,
		`{"message":"/pm ada hello"}`, `{"message":"/pm nobody hello"}`, `{"message":"/pm"}`, `{"message":"//"}`, `{"message":"*b* @ada <i>"}`,
		`{"type":"edit","id":4294967297,"message":"x"}`, `{"type":"delete","id":4294967297}`, `{"type":"react","id":4294967297,"emoji":"🎉","on":true}`,
		`{"type":"read","id":4294967297}`, `{"type":"read","id":-1}`, `{"type":"read","id":1e3}`, `{"type":"typing"}`, `{"type":"ping"}`, `{"type":"no such"}`, `{"type":7,"nonce":"n"}`,
		`null`, `[]`, `7`, `"hi"`, ``, `{`, `{}{}`, "\xff", "{\"message\":\"\xed\xa0\x80\"}", "\ufeff{}", `{"message":"hi","x":` + strings.Repeat("[", 15) + strings.Repeat("]", 15) + `}`,
		`{"message":"hi","x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`, strings.Repeat("[", 20000), `{"message":"` + strings.Repeat("é", 4001) + `"}`,
	} {
		f.Add([]byte(s))
	}
	z := newProbe(f)
	f.Fuzz(func(t *testing.T, frame []byte) {
		events, code := z.Tell(t, frame)
		switch {
		case !utf8.Valid(frame) && code != websocket.CloseInvalidFramePayloadData, len(frame) > 64<<10 && code != websocket.CloseMessageTooBig:
			t.Fatalf("%.100q is closed with %d", frame, code)
		case code == 0:
			z.Judge(t, frame, events)
		case utf8.Valid(frame) && len(frame) <= 64<<10:
			t.Fatalf("%q is closed with %d", frame, code)
		}
	})
}
