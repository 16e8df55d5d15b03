package web_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// handshakeOf returns a request for a socket.
func handshakeOf(path, cookie string) string {
	return strings.TrimSuffix(request(path, cookie), "\r\n") +
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + theKey + "\r\nSec-WebSocket-Version: 13\r\n\r\n"
}

// hostileKinds are clients of clients that take what they can get and give nothing back. i differs from one
// to the next.
var hostileKinds = []struct {
	name string
	act  func(c *rawConn, i int, cookie string)
}{
	{"say nothing", func(*rawConn, int, string) {}},
	{"half a header", func(c *rawConn, _ int, _ string) { c.pipeline(dribbledHeader) }},
	{"half a body", func(c *rawConn, _ int, _ string) {
		c.pipeline(strings.Replace(dribbledForm, "hearth", "localhost", 1) + "a=b")
	}},
	{"pages unread", func(c *rawConn, _ int, _ string) { c.pipeline(strings.Repeat(request("/chat/r/", ""), 50)) }},
	{"files unread", func(c *rawConn, _ int, _ string) { c.pipeline(strings.Repeat(request("/static/x/y", ""), 200)) }},
	{"a handshake unread", func(c *rawConn, i int, cookie string) {
		c.pipeline(strings.Repeat(request("/healthz", ""), i) + handshakeOf("/ws/chat/r/", cookie)) // one i fills what is kept
	}},
	{"a refusal unread", func(c *rawConn, i int, _ string) {
		c.pipeline(strings.Repeat(request("/healthz", ""), i) + strings.Replace(handshakeOf("/ws/chat/r/", ""), theKey, "short", 1))
	}},
	{"a replay unread", func(c *rawConn, _ int, cookie string) { c.pipeline(handshakeOf("/ws/chat/r/?after=0", cookie)) }},
	{"no pong", func(c *rawConn, _ int, cookie string) { c.pipeline(handshakeOf("/users/", cookie)) }},
	{"a flood of frames", func(c *rawConn, _ int, cookie string) {
		c.pipeline(handshakeOf("/ws/chat/r/", cookie) + strings.Repeat(string(frame(opText, "x").wire()), 2000))
	}},
}

// attack has n hostile clients of all kinds at work, which come back every second, until the test
// ends or stop is called.
func attack(t *testing.T, s *hearthtest.Server, n int, cookie string) (stop func()) {
	ended := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			kind := hostileKinds[i%len(hostileKinds)]
			for ; ; i += n {
				c := dialHostile(t, s)
				kind.act(c, i/len(hostileKinds)%400, cookie)
				select {
				case <-ended:
					return
				case <-time.After(time.Second + time.Duration(i%100)*10*time.Millisecond):
					_ = c.SetLinger(0)
					_ = c.Close()
				}
			}
		})
	}
	return sync.OnceFunc(func() { close(ended); all.Wait() })
}

// receiptWaits says n messages on sockets in turns, and returns how long the slowest hundredth waits for
// its receipt.
func receiptWaits(t *testing.T, sockets []*hearthtest.Socket, n int) (median, p99 time.Duration) {
	t.Helper()
	var waits []time.Duration
	for i := range n {
		sock := sockets[i%len(sockets)]
		text := fmt.Sprintf("honest %d %d", i, time.Now().UnixNano())
		said := time.Now()
		sock.Say(text)
		sock.Find("the receipt", func(f hearthtest.Frame) bool { return f["message"] == text })
		waits = append(waits, time.Since(said))
		time.Sleep(10 * time.Millisecond)
	}
	slices.Sort(waits)
	return waits[n/2], waits[n*99/100]
}

// 500 hostile connections of all kinds from one address concern nobody at another. Not parallel,
// because it compares times; these are only loosely bounded, as the clients need the processor too.
func TestFiveHundredHostileConnections(t *testing.T) {
	hearthtest.Slow(t, "hundreds of hostile connections for half a minute")
	s := hearthtest.Start(t, "-limits", "on", "-guests", "read")
	boss, eve := s.SignUp(t, "boss"), s.SignUp(t, "eve")
	boss.Dial("/ws/chat/r/").Settled()
	const people, said = 8, 200 // 25 each, beside what the attack is measured with: below the limit of 60
	var sockets []*hearthtest.Socket
	for i := range people {
		sockets = append(sockets, s.SignUp(t, fmt.Sprint("user", i)).DialBatched("/ws/chat/r/"))
	}
	_, before := receiptWaits(t, sockets, said)
	stop := attack(t, s, 500, eve.Cookie())
	defer stop()
	time.Sleep(2 * time.Second) // all of them are at work
	began := time.Now()
	boss.DialBatched("/ws/chat/r/").Until("user_list")
	opens := time.Since(began)
	_, during := receiptWaits(t, sockets, said)
	t.Logf("with 500 hostile connections a socket opens after %v; the p99 of receipts is %v, without them %v; %d were refused",
		opens.Round(time.Millisecond), during.Round(10*time.Microsecond), before.Round(10*time.Microsecond), gauge(t, boss, "hearth_refused_connections_total"))
	if opens > 20*time.Second || during > 20*before+time.Second {
		t.Error("they concern others")
	}
}
