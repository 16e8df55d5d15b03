package web_test

import (
	"bufio"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/chat"
	"hearth/web/hearthtest"
)

// long fills what is kept for a reader within a few messages. That has to be full within 20 s (writeWait
// in web/ws): after that the reader is dropped as gone, not cut as slow.
var long = strings.Repeat("🔥", 3900)

// gauge returns a number that the server tells Prometheus.
func gauge(t *testing.T, b *hearthtest.Browser, name string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + ` (\d+)$`).FindStringSubmatch(b.Get("/metrics").Body)
	if found == nil {
		t.Fatalf("/metrics has no %s", name)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// stalled opens n sockets in room r that read nothing after the handshake.
func stalled(t *testing.T, s *hearthtest.Server, n int) {
	t.Helper()
	for range n {
		c := dialRaw(t, s)
		if err := errors.Join(c.SetReadBuffer(4096), c.SetDeadline(time.Now().Add(5*time.Minute))); err != nil {
			t.Fatal(err)
		}
		c.reader = bufio.NewReaderSize(c.TCPConn, 512)
		c.handshake("/ws/chat/r/", "")
	}
}

// 500 who read nothing cost those who do read nothing: each gets everything, once and in order. The
// 500 are cut, and what was kept for them is given up although they never take their close frame.
func TestFiveHundredClientsThatReadNothing(t *testing.T) {
	hearthtest.Slow(t, "hundreds of stalled sockets")
	s := hearthtest.Start(t, "-guests", "read")
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	talker, reader := ada.DialBatched("/ws/chat/r/"), bob.Dial("/ws/chat/r/")
	reader.Until("user_list")
	const many = 500
	stalled(t, s, many)
	said := int64(0)
	for gauge(t, ada, "hearth_slow_readers_total") < many {
		if said > 5000 {
			t.Fatalf("after %d messages %d are cut", said, gauge(t, ada, "hearth_slow_readers_total"))
		}
		for range 15 { // less than is kept for those who read
			talker.Say(long)
		}
		for range 15 {
			said++
			if f := reader.Until("chat_message"); f.Int("seq") != said {
				t.Fatalf("after number %d came %d", said-1, f.Int("seq"))
			}
			talker.Until("chat_message")
		}
	}
	if n := strings.Count(s.Log(), "cut a connection"); n == 0 || n > 5 { // one at once, then one a minute
		t.Errorf("%d lines in the log about %d connections that were cut", n, many)
	}
	// A quarter of it would do. Without being cut they would be gone after 20 s (writeWait in web/ws).
	for deadline := time.Now().Add(12 * time.Second); gauge(t, ada, "hearth_connections") > 2; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d sockets are still there", gauge(t, ada, "hearth_connections"))
		}
	}
}

// Who is only slow, and reads again a second after being cut, is told so (1013), has missed nothing up
// to there, and finds the rest on coming back.
func TestAClientThatReadsAgainIsToldToComeBack(t *testing.T) {
	t.Parallel()
	hearthtest.Slow(t, "stalled sockets")
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	slow := ada.Dial("/ws/chat/r/")
	slow.Until("user_join")
	talker := s.SignUp(t, "bob").DialBatched("/ws/chat/r/")
	said, cut := int64(0), time.Now() // not before
	for ; gauge(t, ada, "hearth_slow_readers_total") == 0; said++ {
		if said > 5000 {
			t.Fatal("the slow reader is never cut")
		}
		cut = time.Now()
		talker.Say(long)
		talker.Until("chat_message")
	}
	time.Sleep(time.Second)
	last := int64(0)
	for {
		f, err := slow.TryNext(rawPatience)
		if err != nil {
			inTime := time.Since(cut) < 3*time.Second // farewell in web/ws
			if inTime && !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
				t.Errorf("the slow reader was cut with %v", err)
			}
			break
		}
		if f.Type() != "chat_message" {
			continue
		}
		if f.Int("seq") != last+1 {
			t.Fatalf("after number %d came %d", last, f.Int("seq"))
		}
		last++
	}
	if last == 0 || last == said {
		t.Fatalf("%d of %d messages came, so nothing is proved", last, said)
	}
	back := ada.Dial(fmt.Sprintf("/ws/chat/r/?after=%d", last))
	if said-last > chat.MaxGap {
		back.Until("reset")
		return
	}
	for want := last + 1; want <= said; want++ {
		if f := back.Until("chat_message"); f.Int("seq") != want {
			t.Fatalf("resumed with number %d instead of %d", f.Int("seq"), want)
		}
	}
}
