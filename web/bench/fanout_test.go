// Package bench measures what a delivered message costs the server, beside a naive chat.
package bench_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/hearthtest"
)

func TestMain(m *testing.M) { os.Exit(hearthtest.Main(m)) }

// load is who listens, who speaks, and how many messages are under way at a time.
type load struct {
	name                             string
	rooms, members, speakers, window int // members and speakers of each room; window in all
}

var loads = []load{
	{"100-in-a-room", 1, 100, 4, 32},
	{"1000-in-a-room", 1, 1000, 4, 32},
	{"100-rooms-of-10", 100, 10, 1, 64},
}

// BenchmarkFanout is the server's CPU time for a million deliveries, in seconds, and as a part of
// what the naive chat takes in the same run. Of "pages" the clients behave like our page: they have accounts and mark what
// they have read, and as many others are told in the lobby what is unread, and come and go. Every message is on disk before anybody gets it;
// the naive one's are not. Linux only: the time is read from /proc.
func BenchmarkFanout(b *testing.B) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		b.Skip("the server's CPU time is read from /proc:", err)
	}
	naive := filepath.Join(b.TempDir(), "naive")
	if out, err := exec.Command("go", "build", "-o", naive, "./naive").CombinedOutput(); err != nil {
		b.Fatalf("build the naive chat: %v\n%s", err, out)
	}
	for _, l := range loads {
		yardstick := 0.0
		for _, server := range []string{"naive", "plain", "hearth.1", "pages"} {
			b.Run(l.name+"/"+server, func(b *testing.B) {
				c := gather(b, l, server, naive)
				before := cpu(b, c.pid)
				b.ResetTimer()
				got := c.talk(b)
				b.StopTimer()
				if want := int64(b.N) * int64(l.members); got < want && server != "naive" {
					b.Fatalf("%d of %d deliveries came", got, want)
				}
				each := (cpu(b, c.pid) - before) / float64(got) * 1e6
				b.ReportMetric(each, "cpu-s/M")
				if server == "naive" {
					yardstick = each
				} else {
					b.ReportMetric(each/yardstick, "x-naive")
				}
			})
		}
	}
}

// ticks is USER_HZ, the unit of the times in /proc/PID/stat: 100 a second on every Linux (time(7)).
const ticks = 100

// cpu returns a process's time in user and kernel, in seconds.
func cpu(b *testing.B, pid int) float64 {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // from the third on (proc(5))
	total := 0
	for _, f := range fields[14-3 : 16-3] {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		total += n
	}
	return float64(total) / ticks
}

// gathering is everybody, each in a room.
type gathering struct {
	load
	pid      int
	speakers []*websocket.Conn
	got      atomic.Int64  // deliveries
	way      chan struct{} // one for each message that not all have
}

// mark is what all texts begin with.
const mark = "measured "

func gather(b *testing.B, l load, server, naive string) *gathering {
	b.Helper()
	g := &gathering{load: l, way: make(chan struct{}, l.window)}
	var s *hearthtest.Server
	var users []*hearthtest.Browser
	if server == "naive" {
		s = hearthtest.StartAs(b, []string{naive}, b.TempDir())
		users = append(users, s.Visitor(b))
	} else {
		s = hearthtest.Start(b, "-guests", "read")
		for i := range 4 {
			users = append(users, s.SignUp(b, fmt.Sprint("speaker", i)))
		}
	}
	var others, members []*hearthtest.Browser
	if server == "pages" {
		others, members = g.accounts(b, s, users)
	}
	g.pid = s.Pid()
	var protocols []string
	if server == "hearth.1" || server == "pages" {
		protocols = []string{"hearth.1"}
	}
	dial := func(who *hearthtest.Browser, room int) *websocket.Conn {
		sock, _, err := who.TryDial(fmt.Sprintf("/ws/chat/r%d/?user=somebody", room), nil, protocols...)
		if err != nil {
			b.Fatal(err)
		}
		return sock.Conn
	}
	for room := range l.rooms {
		for i := range l.speakers {
			p := dial(users[i%len(users)], room)
			g.speakers = append(g.speakers, p)
			go g.listen(p)
			if i == 0 { // in a room that nobody has spoken in there is nothing for visitors
				g.introduce(b, p)
			}
		}
		for range l.members - l.speakers {
			if server == "pages" {
				go g.readAsAPage(dial(members[0], room))
				members = members[1:]
			} else {
				go g.listen(dial(s.Visitor(b), room))
			}
		}
	}
	if server == "pages" {
		g.elsewhere(b, others)
	}
	time.Sleep(time.Second) // comings are told
	g.got.Store(0)
	return g
}

func (g *gathering) introduce(b *testing.B, p *websocket.Conn) {
	b.Helper()
	before := g.got.Load()
	if err := p.WriteJSON(map[string]string{"message": mark + "hello"}); err != nil {
		b.Fatal(err)
	}
	for g.got.Load() == before {
		time.Sleep(time.Millisecond)
	}
}

// listen counts what comes.
func (g *gathering) listen(conn *websocket.Conn) { g.each(conn, func([]byte) {}) }

// count counts deliveries. As many as a room has members make room for another message.
func (g *gathering) count(n int64) {
	members := int64(g.members)
	got := g.got.Add(n)
	for range got/members - (got-n)/members {
		select {
		case <-g.way:
		default: // an introduction
		}
	}
}

// patience is how long a message may be under way before it counts as lost.
const patience = 10 * time.Second

// talk has b.N messages said, and returns how many deliveries came of it.
func (g *gathering) talk(b *testing.B) int64 {
	b.Helper()
	text := map[string]string{"message": mark + strings.Repeat("x", 90)}
	var said atomic.Int64
	var all sync.WaitGroup
	for _, p := range g.speakers {
		all.Go(func() {
			for said.Add(1) <= int64(b.N) {
				select {
				case g.way <- struct{}{}:
				case <-time.After(patience):
					return // what was lost makes no room
				}
				if err := p.WriteJSON(text); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	g.settle()
	got := g.got.Load()
	b.ReportMetric(float64(int64(b.N)*int64(g.members)-got), "lost")
	b.ReportMetric(float64(got)/b.Elapsed().Seconds(), "deliveries/s")
	return got
}

// settle waits until nothing comes any more.
func (g *gathering) settle() {
	for before := int64(-1); before != g.got.Load() && len(g.way) > 0; {
		before = g.got.Load()
		time.Sleep(patience / 10)
	}
}
