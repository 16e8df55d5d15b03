package bench_test

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/hearthtest"
)

const (
	// markEvery is how often a page of ours says at most what it has read (web/static/js/room.js).
	markEvery = 3 * time.Second
	// comeEvery is how often somebody comes to a lobby page or leaves it.
	comeEvery = 100 * time.Millisecond
)

var messageID = regexp.MustCompile(`"type":"chat_message","id":(\d+)`)

// readAsAPage is listen for a client that behaves like our page: it marks what it has read.
func (g *gathering) readAsAPage(conn *websocket.Conn) {
	marked := time.Now()
	g.each(conn, func(frame []byte) {
		if time.Since(marked) < markEvery {
			return
		}
		if all := messageID.FindAllSubmatch(frame, -1); len(all) > 0 {
			marked = time.Now()
			_ = conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"read","id":%s}`, all[len(all)-1][1])) // a page that has gone marks nothing
		}
	})
}

// elsewhere has as many people as a room has members look at all rooms and then at the lobby, where they are told each
// second what is unread. One after the other leaves and comes back.
func (g *gathering) elsewhere(b *testing.B, people []*hearthtest.Browser) {
	b.Helper()
	names := make([]string, 0, 50) // the first page of the list of people
	for _, p := range people[:min(50, len(people))] {
		names = append(names, p.Name)
	}
	open := func(p *hearthtest.Browser) *websocket.Conn {
		sock, _, err := p.TryDial("/users/?rooms=all", nil, "hearth.1")
		if err != nil {
			b.Error(err)
			return nil
		}
		sock.Send(map[string]any{"type": "watch", "users": names})
		go func() {
			for {
				if _, _, err := sock.ReadMessage(); err != nil {
					return
				}
			}
		}()
		return sock.Conn
	}
	conns := make([]*websocket.Conn, len(people))
	for i, p := range people {
		for room := range g.rooms {
			if r := p.Get(fmt.Sprintf("/chat/r%d/", room)); r.Status != http.StatusOK {
				b.Fatal(r.Status)
			}
		}
		conns[i] = open(p)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(comeEvery)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				if at := i % len(conns); conns[at] != nil {
					_ = conns[at].Close()
					conns[at] = nil
				} else {
					conns[at] = open(people[at])
				}
			}
		}
	}()
	b.Cleanup(sync.OnceFunc(func() { close(stop); <-stopped }))
}

// accounts makes those of the people elsewhere and of the members of all rooms who don't speak, and signs the speakers
// in again.
func (g *gathering) accounts(b *testing.B, s *hearthtest.Server, speakers []*hearthtest.Browser) (others, members []*hearthtest.Browser) {
	b.Helper()
	crowd := s.Crowd(b, "member", g.members+g.rooms*(g.members-g.load.speakers))
	for i, p := range speakers {
		speakers[i] = s.LogIn(b, p.Name)
	}
	return crowd[:g.members], crowd[g.members:]
}

// each has f called with every frame that comes, after it was counted.
func (g *gathering) each(conn *websocket.Conn, f func(frame []byte)) {
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return
		}
		g.count(int64(bytes.Count(frame, []byte(`"message":"`+mark))))
		f(frame)
	}
}
