package web_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// manySlow is how many slow clients there are at a time.
const manySlow = 1000

const (
	dribbledHeader = "GET /chat/ HTTP/1.1\r\nHost: localhost\r\nX-Endless: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	dribbledForm   = "POST /login/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.CLIENT\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n"
	dribbledAPI    = "POST /api/rooms/r/messages HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.CLIENT\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
	pipelined      = "GET /static/x/y HTTP/1.1\r\nHost: localhost\r\n\r\n"
)

// crowd is many clients of one kind, which come from many addresses.
type crowd struct {
	t      *testing.T
	server *hearthtest.Server
	conns  []*rawConn
	stop   chan struct{}
	done   sync.WaitGroup
}

func newCrowd(t *testing.T, s *hearthtest.Server) *crowd {
	c := &crowd{t: t, server: s, stop: make(chan struct{})}
	for range manySlow {
		c.conns = append(c.conns, c.dial())
	}
	return c
}

// dial connects with room for little that is not read.
func (c *crowd) dial() *rawConn {
	c.t.Helper()
	conn := dialRaw(c.t, c.server)
	if err := conn.SetReadBuffer(4096); err != nil {
		c.t.Fatal(err)
	}
	return conn
}

// send has all send the same, but for the CLIENT in their address.
func (c *crowd) send(text string) {
	for i, conn := range c.conns {
		conn.send([]byte(strings.ReplaceAll(text, "CLIENT", strconv.Itoa(i%250))), 0)
	}
}

// upgrade has all open a socket in a room. They connect anew: a connection may not wait 5 s for
// its turn.
func (c *crowd) upgrade() {
	c.t.Helper()
	for i := range c.conns {
		_ = c.conns[i].Close()
		conn := c.dial()
		c.conns[i] = conn
		resp, err := conn.ask(fmt.Sprintf("GET /ws/chat/r/ HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Forwarded-For: 192.0.2.%d\r\n"+
			"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n", conn.RemoteAddr(), i%250, theKey))
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			c.t.Fatalf("visitor %d is not let in: %v, %v", i, resp, err)
		}
	}
}

// dribble has all send text byte by byte, one in 20 ms each, until disperse.
func (c *crowd) dribble(text string) {
	c.done.Go(func() {
		for i := range len(text) {
			for _, conn := range c.conns {
				_, _ = conn.Write([]byte{text[i]}) // the server may have hung up
			}
			select {
			case <-c.stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}

func (c *crowd) disperse() {
	close(c.stop)
	c.done.Wait()
}

// wantEnd checks that the server hangs up on each of them.
func (c *crowd) wantEnd() {
	c.t.Helper()
	for i, conn := range c.conns {
		_, err := io.Copy(io.Discard, conn.reader)
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			c.t.Fatalf("client %d is still waited for", i)
		}
	}
}

// aDay is what somebody does who has nothing to do with the crowd.
func aDay(t *testing.T, s *hearthtest.Server, watcher *hearthtest.Socket) {
	t.Helper()
	ada := from(s.Visitor(t), "203.0.113.1")
	if r := ada.Post("/login/", "username", "ada", "password", hearthtest.Password); r.Status != http.StatusSeeOther {
		t.Fatalf("log in: %d %s", r.Status, r.Body)
	}
	wantReply(t, "the lobby", ada.Get("/"), http.StatusOK)
	wantReply(t, "the room", ada.Get("/chat/r/"), http.StatusOK)
	sock := ada.DialBatched("/ws/chat/r/")
	for i := range 5 {
		text := fmt.Sprint("a word ", i, strings.Repeat(" and more", 400))
		sock.Say(text)
		for _, one := range []*hearthtest.Socket{sock, watcher} {
			one.Find("what ada said", func(f hearthtest.Frame) bool { return f["message"] == text })
		}
	}
	_ = sock.Close()
}

// A thousand clients of each kind take the server's time, and it has time for who means well.
func TestSlowClientsStopNobody(t *testing.T) {
	t.Parallel()
	hearthtest.Slow(t, "it waits for deadlines")
	s := hearthtest.Start(t, "-limits", "on", "-guests", "read", "-proxies", "127.0.0.1")
	s.SignUp(t, "ada")
	bob := s.SignUp(t, "bob").Dial("/ws/chat/r/")
	ends := (*crowd).wantEnd
	for _, k := range []struct {
		name string
		act  func(*crowd)
		then func(*crowd) // nil: they may stay
	}{
		{"say nothing", func(*crowd) {}, ends},
		{"dribble a header", func(c *crowd) { c.dribble(strings.Repeat(dribbledHeader, 100)) }, ends},
		{"stop within a header", func(c *crowd) { c.send(dribbledHeader) }, ends},
		{"dribble a form", func(c *crowd) { c.send(dribbledForm); c.dribble(strings.Repeat("a", 100000)) }, nil},
		{"dribble JSON", func(c *crowd) { c.send(dribbledAPI); c.dribble(strings.Repeat(" ", 60000)) }, nil},
		{"take no answer", func(c *crowd) { c.send(strings.Repeat(pipelined, 50)) }, nil},
		{"stop within a handshake", func(c *crowd) { c.send("GET /ws/chat/r/ HTTP/1.1\r\nUpgrade: websocket\r\n") }, ends},
		{"dribble a frame", func(c *crowd) { c.upgrade(); c.dribble(string(frame(opText, sized(60000, "no")).wire())) }, nil},
		{"dribble pings", func(c *crowd) { c.upgrade(); c.dribble(string(frame(opPing, strings.Repeat("p", 125)).wire())) }, nil},
		{"never read", (*crowd).upgrade, nil},
	} {
		t.Run(k.name, func(t *testing.T) {
			c := newCrowd(t, s)
			k.act(c)
			aDay(t, s, bob)
			if k.then != nil {
				k.then(c)
			}
			aDay(t, s, bob)
			c.disperse()
		})
	}
}

// A request that doesn't end within 30 s ends all the same.
func TestABodyMustArriveInTime(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	for name, head := range map[string]string{"a form": dribbledForm, "JSON": dribbledAPI} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dialRaw(t, s)
			if err := c.SetDeadline(time.Now().Add(30*time.Second + rawPatience)); err != nil {
				t.Fatal(err)
			}
			c.send([]byte(head+"a=b"), 0)
			if _, err := io.Copy(io.Discard, c.reader); err != nil {
				t.Errorf("what is never sent is waited for: %v", err)
			}
		})
	}
}

func TestAHeaderIsBounded(t *testing.T) {
	t.Parallel()
	c := dialRaw(t, hearthtest.Start(t))
	resp, err := c.ask("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + strings.Repeat("a", 40<<10) + "\r\n\r\n")
	if err != nil || resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 40 KiB is answered with %v, %v", resp, err)
	}
}

// Without a file descriptor left the server goes on for those who are in, and for all once there
// are some again.
func TestNoFileDescriptorsLeft(t *testing.T) {
	const files = 80
	s := hearthtest.StartWithFiles(t, files)
	ada := s.SignUp(t, "ada")
	bob := s.SignUp(t, "bob").Dial("/ws/chat/r/")
	sock := ada.Dial("/ws/chat/r/")
	sock.Settled()
	var idle []*rawConn
	for range 2 * files {
		idle = append(idle, dialRaw(t, s))
	}
	for i := range 20 {
		text := fmt.Sprint("still here ", i)
		sock.Say(text)
		bob.Find(text, func(f hearthtest.Frame) bool { return f["message"] == text })
	}
	for _, c := range idle {
		_ = c.Close()
	}
	eve := s.SignUp(t, "eve").Dial("/ws/chat/r/")
	eve.Say("and I am here too")
	bob.Find("eve", func(f hearthtest.Frame) bool { return f["user"] == "eve" && f.Type() == "chat_message" })
}
