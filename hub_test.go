package main

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"hearth/web/chat"
	"hearth/web/hearthtest"
)

// inside runs a server in the test's own process, where the race detector and goleak see it.
func inside(t testing.TB, s settings) (*house, *hearthtest.Server) {
	t.Helper()
	s.addr, s.data, s.log = "127.0.0.1:0", t.TempDir(), "text"
	if s.limits == "" {
		s.limits = "off"
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
	before := goleak.IgnoreCurrent()
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
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// A reader that takes nothing is cut and finds everything on coming back; nobody else notices.
func TestASlowReaderIsCutAndResumes(t *testing.T) {
	h, s := inside(t, settings{})
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	slow := ada.Dial("/ws/chat/r/")
	slow.Until("user_join")
	fast, talker := bob.DialBatched("/ws/chat/r/"), bob.Dial("/ws/chat/r/")
	text := strings.Repeat("so much to say ", 250)
	said := 0
	for h.hub.Cut() == 0 {
		if said > 10_000 {
			t.Fatal("the slow reader is never cut")
		}
		for range 50 {
			said++
			talker.Say(fmt.Sprint(said, " ", text))
		}
		for want := said - 49; want <= said; want++ {
			talker.Find("its own message", func(f hearthtest.Frame) bool { return f.Type() == "chat_message" })
			if f := fast.Find("the message", func(f hearthtest.Frame) bool { return f.Type() == "chat_message" }); f.Int("seq") != int64(want) {
				t.Fatalf("the fast reader got number %d instead of %d", f.Int("seq"), want)
			}
		}
	}
	last := int64(0)
	for {
		f, err := slow.TryNext(20 * time.Second)
		if err != nil {
			if !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
				t.Errorf("the slow reader was cut with %v", err)
			}
			break
		}
		if f.Type() == "chat_message" {
			if f.Int("seq") != last+1 {
				t.Fatalf("after number %d came %d", last, f.Int("seq"))
			}
			last = f.Int("seq")
		}
	}
	if last == int64(said) {
		t.Fatal("the slow reader missed nothing, so nothing is proved")
	}
	if behind := int64(said) - last; behind > chat.MaxGap {
		t.Logf("%d behind is answered with a reset", behind)
		ada.Dial(fmt.Sprintf("/ws/chat/r/?after=%d", last)).Until("reset")
		return
	}
	back := ada.Dial(fmt.Sprintf("/ws/chat/r/?after=%d", last))
	for want := last + 1; want <= int64(said); want++ {
		if f := back.Until("chat_message"); f.Int("seq") != want {
			t.Fatalf("resumed with number %d instead of %d", f.Int("seq"), want)
		}
	}
}

// Joining while others talk must give every message once: from the history or live.
func TestJoiningUnderLoadHasNoGapAndNothingTwice(t *testing.T) {
	_, s := inside(t, settings{})
	ada := s.SignUp(t, "ada")
	talker := ada.Dial("/ws/chat/r/")
	stop := make(chan bool)
	done := make(chan bool)
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if talker.WriteJSON(map[string]string{"message": fmt.Sprint(i)}) != nil {
				return
			}
			time.Sleep(200 * time.Microsecond)
		}
	}()
	bob := s.SignUp(t, "bob")
	seq := int64(0)
	for round := range 40 {
		dial := bob.Dial
		if round%2 == 0 {
			dial = bob.DialBatched
		}
		sock := dial(fmt.Sprintf("/ws/chat/r/?after=%d", seq))
		for range 30 {
			f := sock.Next()
			if f.Type() == "reset" {
				seq = f.Int("seq")
				continue
			}
			if f.Type() != "chat_message" {
				continue
			}
			if f.Int("seq") != seq+1 {
				t.Fatalf("round %d: after number %d came %d", round, seq, f.Int("seq"))
			}
			seq++
		}
		_ = sock.Close()
	}
	close(stop)
	_ = talker.Close()
	<-done
	if seq == 0 {
		t.Error("nothing came")
	}
}

func TestOneStepFromSignInToSocketForEverybody(t *testing.T) {
	h, s := inside(t, settings{})
	ada := s.SignUp(t, "ada")
	ada.DialBatched("/users/").Find("herself", func(f hearthtest.Frame) bool { return f["username"] == "ada" && f["is_logged_in"] == true })
	if got := h.hub.OnlineUsers(); len(got) != 1 {
		t.Errorf("online are %v", got)
	}
	watcher := s.SignUp(t, "watcher").Dial("/users/")
	bob := s.SignUp(t, "bob")
	sock := bob.Dial("/ws/chat/r/")
	watcher.Find("bob online", func(f hearthtest.Frame) bool { return f["username"] == "bob" && f["is_logged_in"] == true })
	bob.Post("/profile/", "action", "details", "first_name", "Роберт", "email", "bob@example.org")
	watcher.Find("bob's new name", func(f hearthtest.Frame) bool {
		return f["first_name"] == "Роберт" && f["email"] == "bob@example.org" && f["is_logged_in"] == true
	})
	_ = sock.Close()
	watcher.Find("bob offline", func(f hearthtest.Frame) bool {
		return f["username"] == "bob" && f["is_logged_in"] == false && f.Text("last_seen") != ""
	})
}

// What is published to many is encoded once, and written without an allocation for each. Beside it
// the lower bound: nothing but a write for each reader.
func BenchmarkPublish(b *testing.B) {
	const readers = 1000
	e := chat.UserJoined("ada", "Ada")
	size := int64(len(chat.NewFrames([]chat.Event{e}).Joined(chat.Reader{})))
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
