package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// most returns how much a token bucket lets through in the time since begun, and a little more for the
// moment that the answer took.
func most(burst, perSecond int, begun time.Time) int {
	return burst + int(time.Since(begun).Seconds()*float64(perSecond)) + 1
}

// PROTOCOL.md: 60 messages at once, then 20 a second, for each user, however they are sent.
func TestTalkingIsLimited(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on")
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	room, other := ada.Dial("/ws/chat/r/"), ada.Dial("/ws/chat/r/")
	witness := bob.Dial("/ws/chat/r/")
	begun := time.Now()
	const tries = 150
	for i := range tries {
		room.Send(map[string]string{"message": fmt.Sprint("m", i), "nonce": fmt.Sprint("n", i)})
	}
	var said, refused []string
	room.Find("all answers", func(f hearthtest.Frame) bool {
		switch {
		case f.Type() == "chat_message":
			said = append(said, f.Text("message"))
		case f["code"] == "rate_limited" && f.Int("retry_after") >= 1 && f.Text("nonce") != "":
			refused = append(refused, "m"+f.Text("nonce")[1:])
		case f.Type() == "error":
			t.Errorf("refused with %v", f)
		}
		return len(said)+len(refused) == tries
	})
	if n := len(said); n < 60 || n > most(60, 20, begun) {
		t.Errorf("%d messages of %d were let through", n, tries)
	}
	for range 2 * tries { // however much time heals meanwhile
		other.Say("from another page")
	}
	other.Find("the limit on another page", func(f hearthtest.Frame) bool { return f["code"] == "rate_limited" })
	for i := 0; ; i++ {
		for range tries { // takes what time gives back
			other.Say("from another page")
		}
		r := ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": "by the API"})
		if r.Status == http.StatusTooManyRequests {
			if n, err := strconv.Atoi(r.Header.Get("Retry-After")); err != nil || n < 1 {
				t.Errorf("Retry-After: %q", r.Header.Get("Retry-After"))
			}
			break
		}
		if i == 30 { // an allowance of its own would be 60
			t.Fatal("the API knows no limit")
		}
	}
	heard := witness.Settled() // bob is not slowed
	for _, f := range heard {
		if slices.Contains(refused, f.Text("message")) {
			t.Errorf("bob heard %v, which was refused", f)
		}
	}
}

// A client that floods with pings or pongs is shown out, without being listened to much longer.
func TestControlFramesAreLimited(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on")
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	witness := bob.Dial("/ws/chat/r/")
	for name, opcode := range map[string]byte{"pings": opPing, "pongs": opPong} {
		t.Run(name, func(t *testing.T) {
			c := dialRaw(t, s)
			c.handshake("/ws/chat/r/", ada.Cookie())
			begun := time.Now()
			c.send(slices.Repeat(frame(opcode, "").wire(), 100), 0)
			var h heard
			for !h.ended {
				h.next(c)
			}
			if n := len(h.pongs); h.code != 1008 || n > most(10, 5, begun) || opcode == opPing && n < 10 {
				t.Errorf("closed with %d after %d pongs", h.code, n)
			}
		})
	}
	t.Run("without an end", func(t *testing.T) {
		c := dialRaw(t, s)
		c.handshake("/ws/chat/r/", ada.Cookie())
		flood, written := slices.Repeat(frame(opPing, "").wire(), 10_000), 0
		for {
			n, err := c.Write(flood)
			written += n
			if err != nil {
				break
			}
			if written > 64<<20 {
				t.Fatal("the server listens on and on")
			}
		}
	})
	t.Run("as many as allowed", func(t *testing.T) {
		c := dialRaw(t, s)
		c.handshake("/ws/chat/r/", ada.Cookie())
		var h heard
		c.send(slices.Repeat(frame(opPing, "").wire(), 10), 0)
		for sent := 10; sent < 18; sent++ {
			for len(h.pongs) < sent && !h.ended { // what was sent is counted, however late
				h.next(c)
			}
			time.Sleep(220 * time.Millisecond)
			c.send(frame(opPing, "").wire(), 0)
		}
		c.send(frame(opText, saying("still here")).wire(), 0)
		for !h.ended && len(h.said) == 0 {
			h.next(c)
		}
		if len(h.pongs) != 18 || h.code != 0 {
			t.Errorf("18 pings have %d answers, and the close code is %d", len(h.pongs), h.code)
		}
	})
	witness.Settled()
}

// What a client sends beside messages is limited too: it is read late.
func TestAFloodOfOtherFramesIsReadLate(t *testing.T) {
	t.Parallel()
	hearthtest.Slow(t, "a flood of frames")
	s := hearthtest.Start(t, "-limits", "on")
	ada := s.SignUp(t, "ada")
	for name, one := range map[string]rawFrame{"typing": frame(opText, `{"type":"typing"}`), "nonsense": frame(opText, "x"), "fragments": frame(opContinuation, " ").open()} {
		t.Run(name, func(t *testing.T) {
			c := dialRaw(t, s)
			c.handshake("/ws/chat/r/", ada.Cookie())
			begun := time.Now()
			const frames = 600
			var flood []byte
			if name == "fragments" {
				flood = frame(opText, " ").open().wire()
			}
			flood = append(flood, slices.Repeat(one.wire(), frames)...)
			if name == "fragments" {
				flood = append(flood, frame(opContinuation, " ").wire()...)
			}
			c.send(append(flood, frame(opText, saying("at last")).wire()...), 0)
			var h heard
			for !h.ended && !slices.Contains(h.said, "at last") {
				h.next(c)
			}
			const ahead = 256 / 6 // the smallest frames in what is read at a time
			if n := most(200+ahead, 200, begun); n < frames {
				t.Errorf("%d frames were read when %d were due", frames, n)
			}
		})
	}
}

// wantLimited checks how a socket is refused.
func wantLimited(t *testing.T, resp *http.Response, text string) {
	t.Helper()
	if resp == nil || resp.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("a socket too many is answered with %v", resp)
	}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || n < 1 {
		t.Errorf("Retry-After: %q", resp.Header.Get("Retry-After"))
	}
	b := make([]byte, 1024)
	n, _ := resp.Body.Read(b) // the dialer keeps that much
	if body := string(b[:n]); !strings.Contains(body, `"code":"rate_limited"`) || !strings.Contains(body, text) {
		t.Errorf("a socket too many is told %s", body)
	}
}

func forwarded(address string) http.Header { return http.Header{"X-Forwarded-For": {address}} }

func from(b *hearthtest.Browser, address string) *hearthtest.Browser {
	b.Header = forwarded(address)
	return b
}

// flood opens sockets until some are refused, many at once: one after the other they may be slower
// than the limit.
func flood(t *testing.T, b *hearthtest.Browser, address func(i int) string) (opened int, refused *http.Response) {
	t.Helper()
	const wave = 60
	var mu sync.Mutex
	for first := 0; refused == nil; first += wave {
		if first == 20*wave {
			t.Fatalf("%d sockets and no limit", opened)
		}
		var all sync.WaitGroup
		for i := range wave {
			all.Go(func() {
				sock, resp, err := b.TryDial("/ws/chat/r/", forwarded(address(first+i)))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					refused = resp
					return
				}
				_ = sock.Close()
				opened++
			})
		}
		all.Wait()
	}
	return opened, refused
}

func TestSocketsASecondAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on", "-guests", "read", "-proxies", "127.0.0.1")
	ada := s.SignUp(t, "ada")
	for name, address := range map[string]func(i int) string{
		"IPv4":                  func(int) string { return "192.0.2.1" },
		"one /64":               func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) },
		"behind what is forged": func(i int) string { return fmt.Sprintf("198.51.100.%d, 192.0.2.2", i%250) },
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			v := s.Visitor(t)
			n, resp := flood(t, v, address)
			if n < 20 || n > most(20, 20, begun) {
				t.Errorf("%d sockets were let in", n)
			}
			wantLimited(t, resp, "too fast")
			from(ada, address(0)).Dial("/ws/chat/r/").Settled() // visitors don't shut out a user
			from(v, "203.0.113.9").Dial("/ws/chat/r/").Until("user_list")
		})
	}
	t.Run("users", func(t *testing.T) {
		begun := time.Now()
		n, resp := flood(t, ada, func(int) string { return "192.0.2.77" })
		if n < 20 || n > most(20, 20, begun) {
			t.Errorf("%d sockets were let in", n)
		}
		wantLimited(t, resp, "too fast")
	})
}

// Moving to another room costs as much as a new socket, and counts as one.
func TestMovesOfSocketsAreLimited(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on")
	ada := s.SignUp(t, "ada")
	begun, sock := time.Now(), ada.DialBatched("/ws/chat/r/")
	sock.Until("user_list")
	const moves = 150
	for range moves {
		sock.Send(map[string]any{"type": "enter", "room": "r"})
	}
	entered := 0
	for range moves {
		f := sock.Find("an answer", func(f hearthtest.Frame) bool { return f.Type() == "user_list" || f.Type() == "error" })
		if f.Type() == "user_list" {
			entered++
		} else if f.Text("code") != "rate_limited" {
			t.Fatal(f)
		}
	}
	if entered < 15 || entered > most(20, 20, begun) {
		t.Errorf("%d of %d moves were let through", entered, moves)
	}
}

func TestForwardedAddressesOfStrangersAreIgnored(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on", "-guests", "read")
	v, begun := s.Visitor(t), time.Now()
	n, _ := flood(t, v, func(i int) string { return fmt.Sprintf("192.0.2.%d", i%250) })
	if n > most(20, 20, begun) {
		t.Errorf("%d sockets were let in", n)
	}
}

// patiently opens a socket, and waits where it is asked for too soon.
func patiently(b *hearthtest.Browser) (*hearthtest.Socket, *http.Response) {
	for {
		sock, resp, err := b.TryDial("/users/", nil)
		if err == nil || resp == nil || resp.Header.Get("Retry-After") != "1" {
			return sock, resp
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestOpenSocketsAreLimited(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on", "-guests", "read", "-proxies", "127.0.0.1")
	ada := s.SignUp(t, "ada")
	s.SignUp(t, "bob")
	for name, c := range map[string]struct {
		browser *hearthtest.Browser
		most    int
	}{
		"visitors": {from(s.Visitor(t), "2001:db8::1"), 200},
		"a user":   {from(ada, "192.0.2.1"), 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var open []*hearthtest.Socket
			for len(open) < c.most {
				sock, resp := patiently(c.browser)
				if sock == nil {
					t.Fatalf("socket %d is answered with %d", len(open)+1, resp.StatusCode)
				}
				open = append(open, sock)
			}
			_, resp := patiently(c.browser)
			wantLimited(t, resp, "Too many connections")
			if r := c.browser.Get("/ws/chat/r/"); r.Status != http.StatusTooManyRequests || !strings.Contains(r.Body, "Too many connections") {
				t.Errorf("a page that asks why it gets no socket is told %d %s", r.Status, r.Body)
			}
			bob := from(s.LogIn(t, "bob"), c.browser.Header.Get("X-Forwarded-For"))
			if sock, _ := patiently(bob); sock == nil {
				t.Error("bob, from the same address, is shut out")
			}
			_ = open[0].Close()
			for late := time.Now().Add(rawPatience); ; { // the server has to notice first
				if sock, _ := patiently(c.browser); sock != nil {
					return
				}
				if time.Now().After(late) {
					t.Fatal("a socket that was closed still counts")
				}
			}
		})
	}
}
