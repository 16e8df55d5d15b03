package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// expensive is a message of nearly 4000 characters that is long as HTML.
var expensive = strings.Repeat("**a** `b` ~~c~~ <&> ", 199)

// Ten sockets that ask for everything in a room full of expensive messages and read nothing hold up neither somebody
// else's ten, which get all of it whole and in order, nor a third person.
func TestReplaysOfARoomFullOfExpensiveMessages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob, eve := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.SignUp(t, "eve")
	const messages, sockets = 490, 10
	for i := range messages {
		if r := ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": fmt.Sprint(i+1, " ", expensive)}); r.Status != http.StatusCreated {
			t.Fatal(r.Status, r.Body)
		}
	}
	for range sockets {
		eve.Dial("/ws/chat/r/?after=0")
	}
	begun := time.Now()
	var reading sync.WaitGroup
	failed := make([]error, sockets)
	for i := range sockets {
		sock := ada.DialBatched("/ws/chat/r/?after=0")
		reading.Go(func() { failed[i] = readInOrder(sock, messages) })
	}
	asked := time.Now()
	b := bob.DialBatched("/ws/chat/other/")
	b.Say("hello")
	b.Until("chat_message")
	receipt := time.Since(asked)
	reading.Wait()
	t.Logf("somebody else has a receipt %v after asking for a socket; all %d replays are read after %v", receipt.Round(time.Millisecond), sockets, time.Since(begun).Round(time.Millisecond))
	for i, err := range failed {
		if err != nil {
			t.Errorf("socket %d: %v", i, err)
		}
	}
}

// readInOrder reads the messages from number 1 to the last.
func readInOrder(sock *hearthtest.Socket, last int64) error {
	for want := int64(1); want <= last; {
		f, err := sock.TryNext(time.Minute)
		if err != nil {
			return fmt.Errorf("at number %d: %w", want, err)
		}
		if f.Type() != "chat_message" {
			continue
		}
		if f.Int("seq") != want || !strings.HasPrefix(f.Text("message"), fmt.Sprint(want, " ")) {
			return fmt.Errorf("number %d comes instead of %d", f.Int("seq"), want)
		}
		want++
	}
	return nil
}

// One person has two replays running; a third one waits until one of them has been read.
func TestTwoReplaysOfAPersonRun(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	for i := range 490 {
		ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": fmt.Sprint(i+1, " ", expensive)})
	}
	var stalled []*rawConn
	for range 2 {
		c := dialRaw(t, s)
		if err := c.SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
		c.handshake("/ws/chat/r/?after=0", ada.Cookie())
		for got := ""; !strings.Contains(got, "chat_message"); { // its replay runs
			_, payload, err := c.read()
			if err != nil {
				t.Fatal(err)
			}
			got = string(payload)
		}
		stalled = append(stalled, c)
	}
	third := ada.DialBatched("/ws/chat/r/?after=0")
	third.Until("user_list")
	if f, err := third.TryNext(time.Second); err == nil && f.Type() == "chat_message" {
		t.Errorf("a third replay runs: %v", f.Int("seq"))
	}
	_ = third.Close()
	fourth := ada.DialBatched("/ws/chat/r/?after=0")
	fourth.Until("user_list")
	_ = stalled[0].Close()
	if err := readInOrder(fourth, 490); err != nil {
		t.Errorf("it waits although a place is free: %v", err)
	}
}

// So many requests of an address are in progress, and so many bytes of answers wait for it: what is too much is
// refused, and another address is not concerned.
func TestWhatIsInProgressForAnAddressIsBounded(t *testing.T) {
	t.Parallel()
	const bound = 256
	s := hearthtest.StartWithFiles(t, 1024, "-limits", "on", "-proxies", "127.0.0.0/8", "-guests", "read")
	ada := s.SignUp(t, "ada")
	for i := range 60 {
		if r := ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": fmt.Sprint(i+1, " ", expensive)}); r.Status != http.StatusCreated {
			t.Fatal(r.Status, r.Body)
		}
	}
	from := func(address, request string) string {
		return strings.Replace(request, "\r\n\r\n", "\r\nX-Forwarded-For: "+address+"\r\n\r\n", 1)
	}
	status := func(address, path string) int {
		t.Helper()
		resp, err := dialHostile(t, s).ask(from(address, request(path, "")))
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	waits := func(what, address, path string, most int, start func(c *rawConn)) {
		t.Helper()
		before := gauge(t, ada, "hearth_refused_connections_total")
		var conns []*rawConn
		for range most {
			c := dialHostile(t, s)
			start(c)
			conns = append(conns, c)
			if len(conns)%10 == 0 && gauge(t, ada, "hearth_refused_connections_total") > before {
				break
			}
		}
		for deadline := time.Now().Add(rawPatience); status(address, path) != http.StatusTooManyRequests; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: nothing is refused", what)
			}
		}
		if gauge(t, ada, "hearth_refused_connections_total") == before {
			t.Errorf("%s: nothing is counted as refused", what)
		}
		if got := status("192.0.2.2", path); got != http.StatusOK {
			t.Errorf("%s: another address is answered %d", what, got)
		}
		for _, c := range conns {
			_ = c.SetLinger(0)
			_ = c.Close()
		}
		for deadline := time.Now().Add(rawPatience); status(address, path) != http.StatusOK; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: what has ended still counts", what)
			}
		}
	}
	waits("requests in progress", "192.0.2.1", "/healthz", bound+44, func(c *rawConn) {
		c.pipeline(from("192.0.2.1", "POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n"))
	})
	// Fewer than a visitor may ask for at once; each page is more than 400 KB.
	waits("unread answers", "192.0.2.3", "/chat/r/", 100, func(c *rawConn) { c.pipeline(from("192.0.2.3", request("/chat/r/", ""))) })
}
