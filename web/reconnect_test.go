package web_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// Everybody is told another moment to come back at, the later the more there are.
func TestRefusedSocketsAreToldToComeBackOneByOne(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "read")
	ada := s.SignUp(t, "ada")
	ada.Dial("/ws/chat/r/").Say("so that the room is there")
	const sockets = 200
	told := map[int64]bool{}
	for range sockets {
		f := s.Visitor(t).Dial("/ws/chat/r/").Until("user_list")
		retry := f.Int("retry")
		if retry < 0 || retry > sockets {
			t.Fatalf("told to come back after %d ms", retry)
		}
		told[retry] = true
	}
	if len(told) < 20 {
		t.Errorf("%d sockets were told only %d moments", sockets, len(told))
	}
}

// BenchmarkReconnect is how long it takes until 10 000 are back after a restart, each at the moment
// that the server had asked for, and how long somebody who is in waits meanwhile for a receipt.
func BenchmarkReconnect(b *testing.B) {
	const sockets, rooms = 10_000, 100
	s := hearthtest.Start(b, "-guests", "read")
	ada := s.SignUp(b, "ada")
	for i := range rooms {
		ada.PostJSON(fmt.Sprintf("/api/rooms/r%d/messages", i), map[string]string{"message": "so that the room is there"})
	}
	for b.Loop() {
		b.StopTimer()
		c := newWave(s, sockets, rooms)
		c.come()
		c.awaitAll(b)
		s.Stop(b)
		s.Restart(b)
		c.failed.Store(0)
		b.StartTimer()
		began := time.Now()
		c.comeBack()
		worst := c.talk(b, ada)
		b.ReportMetric(time.Since(began).Seconds(), "s/return")
		b.ReportMetric(worst.Seconds()*1000, "ms/worst-receipt")
		b.ReportMetric(float64(c.failed.Load()), "failed-attempts")
		b.StopTimer()
		c.leave()
		b.StartTimer()
	}
}

// BenchmarkJoins is how many frames it takes until 1000 people who join a room one after the other
// as fast as they can know of each other. One by one it would be 500 for each.
func BenchmarkJoins(b *testing.B) {
	const people = 1000
	for b.Loop() {
		b.StopTimer()
		s := hearthtest.Start(b, "-guests", "write")
		s.SignUp(b, "ada").Dial("/ws/chat/r/").Say("so that the room is there")
		guests := make([]*hearthtest.Browser, people)
		for i := range guests {
			guests[i] = s.Visitor(b)
			guests[i].Post("/guest/", "guest_name", fmt.Sprint("guest", i))
		}
		b.StartTimer()
		var frames, known atomic.Int64
		for _, g := range guests {
			sock := g.DialBatched("/ws/chat/r/")
			go func() {
				told := false
				for {
					_, frame, err := sock.ReadMessage()
					if err != nil {
						return
					}
					frames.Add(1)
					if !told && strings.Contains(string(frame), fmt.Sprintf("guest%d (guest)", people-1)) {
						told = true
						known.Add(1)
					}
				}
			}()
		}
		for deadline := time.Now().Add(time.Minute); known.Load() < people; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				b.Fatalf("%d of %d know of the last one", known.Load(), people)
			}
		}
		b.ReportMetric(float64(frames.Load())/people, "frames/person")
	}
}

// wave are visitors who listen in rooms.
type wave struct {
	server *hearthtest.Server
	rooms  int
	retry  []time.Duration
	conns  []net.Conn
	in     atomic.Int64
	failed atomic.Int64
	coming sync.WaitGroup
}

func newWave(s *hearthtest.Server, n, rooms int) *wave {
	return &wave{server: s, rooms: rooms, retry: make([]time.Duration, n), conns: make([]net.Conn, n)}
}

// come lets all in, a few at a time.
func (c *wave) come() {
	places := make(chan bool, 32)
	for i := range c.conns {
		places <- true
		go func() {
			c.enter(i)
			<-places
		}()
	}
}

// comeBack lets each come at its moment.
func (c *wave) comeBack() {
	c.in.Store(0)
	for i := range c.conns {
		_ = c.conns[i].Close()
		c.coming.Add(1)
		time.AfterFunc(c.retry[i], func() {
			defer c.coming.Done()
			c.enter(i)
		})
	}
}

// enter opens the i-th socket, however often that takes, and has its frames read.
func (c *wave) enter(i int) {
	for {
		conn, rest, err := c.shake(i)
		if err == nil {
			c.conns[i] = conn
			c.in.Add(1)
			go func() { _, _ = io.Copy(io.Discard, rest) }()
			return
		}
		c.failed.Add(1)
		time.Sleep(rand.N(time.Second))
	}
}

// shake shakes hands and reads the greeting.
func (c *wave) shake(i int) (net.Conn, *bufio.Reader, error) {
	at := strings.TrimPrefix(c.server.URL, "http://")
	conn, err := net.DialTimeout("tcp", at, 10*time.Second)
	if err != nil {
		return nil, nil, err
	}
	r, err := greeted(conn, at, fmt.Sprintf("/ws/chat/r%d/", i%c.rooms), &c.retry[i])
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return conn, r, nil
}

func greeted(conn net.Conn, at, path string, retry *time.Duration) (*bufio.Reader, error) {
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: hearth.1\r\n\r\n", path, at)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(conn, 512)
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("answered with %s", answer.Status)
	}
	head, err := r.Peek(2)
	if err != nil {
		return nil, err
	}
	size := 2
	if head[1] == 126 { // the length follows in two bytes (RFC 6455, 5.2)
		size = 4
	}
	if _, err := r.Discard(size); err != nil {
		return nil, err
	}
	line, err := r.ReadBytes('}')
	if err != nil {
		return nil, err
	}
	var list struct{ Retry int64 }
	err = json.Unmarshal(line, &list)
	*retry = time.Duration(list.Retry) * time.Millisecond
	return r, err
}

func (c *wave) awaitAll(b *testing.B) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); c.in.Load() < int64(len(c.conns)); {
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d are in", c.in.Load(), len(c.conns))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// talk speaks until all are back, and returns the longest wait for a receipt.
func (c *wave) talk(b *testing.B, who *hearthtest.Browser) time.Duration {
	b.Helper()
	sock := who.DialBatched("/ws/chat/r0/")
	defer sock.Close()
	sock.Until("user_list")
	worst := time.Duration(0)
	for deadline := time.Now().Add(time.Minute); c.in.Load() < int64(len(c.conns)); {
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d are back", c.in.Load(), len(c.conns))
		}
		said := time.Now()
		sock.Say("still here")
		sock.Until("chat_message")
		worst = max(worst, time.Since(said))
		time.Sleep(5 * time.Millisecond)
	}
	return worst
}

func (c *wave) leave() {
	c.coming.Wait()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}
