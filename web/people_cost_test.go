package web_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/hearthtest"
)

// How many people the tests in this file make do. README.md (Benchmarks) has the numbers for which figures are published.
var (
	peopleComing    = flag.Int("people.coming", 60, "how many people come to one page in TestManyPeopleOpenOnePage")
	peopleLobbies   = flag.Int("people.lobbies", 30, "how many lobby pages are open in TestPeopleComeAndGo")
	peopleReturning = flag.Int("people.returning", 100, "how many people come back in TestManyPeopleReconnect")
)

// openPage is a page that is open: a socket of hearth.1 that is counted, and that names whom it shows as our pages do.
type openPage struct {
	conn   *websocket.Conn
	room   bool
	size   *atomic.Int64 // bytes that all pages got
	frames []time.Time   // when its frames came
	events int
	unread atomic.Int64 // unread events and messages
	also   atomic.Pointer[func(line []byte)]

	mu      sync.Mutex // guards writes, and what follows
	shown   map[string]bool
	unnamed []string
	asked   time.Time
	ended   chan struct{}
}

// measured is a connection whose incoming bytes are counted.
type measured struct {
	net.Conn
	size *atomic.Int64
}

func (c measured) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.size.Add(int64(n))
	return n, err
}

// maxShown is how many people a page of ours lists at most.
const maxShown = 200

// openAt opens a page of b; the lobby shows these people.
func openAt(b *hearthtest.Browser, url, path string, size *atomic.Int64, shows []string) (*openPage, error) {
	p := &openPage{room: strings.HasPrefix(path, "/ws/"), size: size, shown: map[string]bool{}, ended: make(chan struct{})}
	d := websocket.Dialer{Subprotocols: []string{"hearth.1"}, ReadBufferSize: 1024, WriteBufferSize: 512, NetDial: func(network, at string) (net.Conn, error) {
		conn, err := net.Dial(network, at)
		return measured{conn, size}, err
	}}
	var err error
	var answer *http.Response
	p.conn, answer, err = d.Dial("ws"+strings.TrimPrefix(url, "http")+path, http.Header{"Cookie": {b.Cookie()}})
	if err != nil {
		return nil, fmt.Errorf("%w: %v", err, answer)
	}
	go p.read()
	if len(shows) > 0 {
		p.watch(shows)
	}
	return p, nil
}

func (p *openPage) watch(users []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.conn.WriteJSON(map[string]any{"type": "watch", "users": users}) // a page that has gone watches nobody
}

func (p *openPage) read() {
	defer close(p.ended)
	for {
		_, frame, err := p.conn.ReadMessage()
		if err != nil {
			return
		}
		p.frames = append(p.frames, time.Now())
		for line := range bytes.Lines(frame) {
			p.events++
			if isUnread(line) {
				p.unread.Add(1)
			}
			p.take(line)
			if also := p.also.Load(); also != nil {
				(*also)(line)
			}
		}
	}
}

// take shows who is in a room, and asks for the names of those whom it has not heard yet, at most once a second.
func (p *openPage) take(line []byte) {
	var f struct {
		Type  string
		Users []string
	}
	if json.Unmarshal(line, &f) != nil {
		return
	}
	if f.Type != "user_list" && f.Type != "users_joined" {
		return
	}
	for _, name := range f.Users {
		if p.shown[name] || len(p.shown) >= maxShown {
			continue
		}
		p.shown[name] = true
		if f.Type == "users_joined" { // the list was in the page
			p.unnamed = append(p.unnamed, name)
		}
	}
	if len(p.unnamed) > 0 && time.Since(p.asked) > time.Second {
		p.asked = time.Now()
		p.watch(p.unnamed)
		p.unnamed = nil
	}
}

// each has every event from now on given to f too.
func (p *openPage) each(f func(line []byte)) { p.also.Store(&f) }

func (p *openPage) close() {
	_ = p.conn.Close()
	<-p.ended
}

// busiest returns the highest number of frames that came within a second.
func (p *openPage) busiest() (most int) {
	first := 0
	for i, at := range p.frames {
		for at.Sub(p.frames[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// since returns how many frames came after a time.
func (p *openPage) since(begun time.Time) (n int) {
	for _, at := range p.frames {
		if at.After(begun) {
			n++
		}
	}
	return n
}

// come opens a page for each of crowd, evenly over a time, as many at once as it takes.
func come(t *testing.T, s *hearthtest.Server, crowd []*hearthtest.Browser, within time.Duration, path func(i int) string, shows []string, size *atomic.Int64) []*openPage {
	t.Helper()
	pages := make([]*openPage, len(crowd))
	errs := make([]error, len(crowd))
	var coming sync.WaitGroup
	for i, b := range crowd {
		coming.Go(func() {
			time.Sleep(within * time.Duration(i) / time.Duration(len(crowd))) // when this one comes
			pages[i], errs[i] = openAt(b, s.URL, path(i), size, shows)
		})
	}
	coming.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return pages
}

// firstOf returns the names that the first page of a list of people shows.
func firstOf(crowd []*hearthtest.Browser) (names []string) {
	for _, b := range crowd[:min(50, len(crowd))] {
		names = append(names, b.Name)
	}
	return names
}

// leave closes pages and sums up what they got.
func leave(pages []*openPage) (events, busiest, frames int) {
	for _, p := range pages {
		p.close()
		events, busiest, frames = max(events, p.events), max(busiest, p.busiest()), frames+len(p.frames)
	}
	return events, busiest, frames
}

// What N people cause who come to one page is proportional to N.
func TestManyPeopleOpenOnePage(t *testing.T) {
	t.Parallel()
	hearthtest.Slow(t, "thousands of sockets")
	n := *peopleComing
	s := hearthtest.Start(t)
	s.SignUp(t, "ada").PostJSON("/api/rooms/tea/messages", map[string]string{"message": "so that the room is there"})
	crowd := s.Crowd(t, "member", n)
	for _, path := range []string{"/users/", "/users/?rooms=all", "/ws/chat/tea/"} {
		var shows []string
		if path == "/users/?rooms=all" { // the lobby
			shows = firstOf(crowd)
		}
		var size atomic.Int64
		before := cpuTime(t, s)
		pages := come(t, s, crowd, 15*time.Second*time.Duration(n)/1000, func(int) string { return path }, shows, &size)
		time.Sleep(2 * time.Second) // what is gathered is told
		used := cpuTime(t, s) - before
		got := size.Load()
		events, busiest, frames := leave(pages)
		t.Logf("%d people come to %s: %.2f MB, at most %d events for a page and %d frames in a second, %.1f frames a page, %.2f ms CPU each",
			n, path, float64(got)/1e6, events, busiest, float64(frames)/float64(n), used.Seconds()*1000/float64(n))
		if got > int64(n)*20_000 || events > 2*max(n, 20) {
			t.Errorf("%s: %d bytes and %d events are too many", path, got, events)
		}
		for hereCount(t, s, crowd[0]) > 0 { // the next page's figures are not about those who leave this one
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// hereCount returns how many people are in the room.
func hereCount(t *testing.T, s *hearthtest.Server, b *hearthtest.Browser) int {
	t.Helper()
	var list struct{ Rooms []struct{ Here int } }
	b.Get("/api/rooms").JSON(t, &list)
	var users struct {
		Users []struct {
			In bool `json:"is_logged_in"`
		}
	}
	b.Get("/api/users").JSON(t, &users)
	n := list.Rooms[0].Here
	for _, u := range users.Users {
		if u.In {
			n++
		}
	}
	return n
}

// People who come, stay half a second and go, while others look at the lobby.
func TestPeopleComeAndGo(t *testing.T) {
	t.Parallel()
	hearthtest.Slow(t, "thousands of sockets")
	const comers, each = 60, 100 * time.Millisecond
	n := *peopleLobbies
	s := hearthtest.Start(t)
	s.SignUp(t, "ada")
	crowd := s.Crowd(t, "member", n+comers)
	lobby, guests := crowd[:n], crowd[n:]
	var size atomic.Int64
	pages := come(t, s, lobby, 15*time.Second*time.Duration(n)/1000, func(int) string { return "/users/?rooms=all" }, firstOf(guests), &size)
	time.Sleep(2 * time.Second)
	idle := cpuTime(t, s)
	time.Sleep(each * comers / 2)
	before := cpuTime(t, s)
	idle = before - idle
	size.Store(0)
	began := time.Now()
	var coming sync.WaitGroup
	for i, b := range guests {
		coming.Go(func() {
			time.Sleep(each * time.Duration(i))
			p, err := openAt(b, s.URL, "/users/?rooms=all", &size, nil)
			if err != nil {
				t.Error(err)
				return
			}
			time.Sleep(500 * time.Millisecond)
			p.close()
		})
	}
	coming.Wait()
	time.Sleep(4 * time.Second) // the last of them is seen to go, after 2 s, and told
	used := cpuTime(t, s) - before
	got := size.Load()
	_, busiest, _ := leave(pages)
	frames := 0
	for _, p := range pages {
		frames += p.since(began)
	}
	t.Logf("%d people come and go while %d lobby pages are open: %.2f ms CPU each (idle: %.1f ms in %v), %.2f MB, %.1f frames for a page, at most %d in a second",
		comers, n, used.Seconds()*1000/comers, idle.Seconds()*1000, each*comers/2, float64(got)/1e6, float64(frames)/float64(n), busiest)
	if perPage := got / int64(n+comers); perPage > 60_000 {
		t.Errorf("%d bytes for a page are too many", perPage)
	}
}

// Many who come back after a restart, a thousand a second.
func TestManyPeopleReconnect(t *testing.T) {
	t.Parallel()
	hearthtest.Slow(t, "thousands of sockets")
	n := *peopleReturning
	rooms := max(1, n/100)
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	for i := range rooms {
		ada.PostJSON(fmt.Sprintf("/api/rooms/r%d/messages", i), map[string]string{"message": "so that the room is there"})
	}
	crowd := s.Crowd(t, "member", n)
	for _, path := range []func(i int) string{
		func(int) string { return "/users/?rooms=all" },
		func(i int) string { return fmt.Sprintf("/ws/chat/r%d/", i%rooms) },
	} {
		var size atomic.Int64
		pages := come(t, s, crowd, time.Duration(n)*time.Millisecond, path, nil, &size)
		leave(pages)
		s.Stop(t)
		s.RestartThere(t)
		size.Store(0)
		began := time.Now()
		before := cpuTime(t, s)
		pages = come(t, s, crowd, time.Duration(n)*time.Millisecond, path, nil, &size)
		back := time.Since(began)
		time.Sleep(max(3*time.Second, back/2)) // what is gathered is told
		used := cpuTime(t, s) - before
		got := size.Load()
		events, busiest, _ := leave(pages)
		t.Logf("%d people come back to %s in %.1f s: %.1f MB, at most %d events for a page and %d frames in a second, %.2f ms CPU each",
			n, path(0), back.Seconds(), float64(got)/1e6, events, busiest, used.Seconds()*1000/float64(n))
		if got > int64(n)*30_000 {
			t.Errorf("%d bytes for each are too many", got/int64(n))
		}
	}
}
