package chat

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// everywhere is a Hub in which everybody is online and nobody is in a room. It records the unread events of each group.
type everywhere struct {
	nowhere
	mu    sync.Mutex
	users []int64
	told  map[string][]string
}

// online sets who is online, and forgets the events.
func (e *everywhere) online(users ...int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.users, e.told = users, map[string][]string{}
}

// events returns the unread events of each group.
func (e *everywhere) events() map[string][]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.told)
}

func (*everywhere) Online(int64) bool { return true }
func (e *everywhere) OnlineUsers() []int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.users)
}
func (*everywhere) ListensElsewhere(int64, string) bool { return true }

func (e *everywhere) Publish(group string, events ...Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range events {
		if x.Type == "unread" {
			e.told[group] = append(e.told[group], string(x.JSON(Reader{Lang: "en"})))
		}
	}
}

// gossip is a chat in which random actions happen.
type gossip struct {
	*testChat
	random *rand.Rand
	people []Caller
	rooms  []*Room
	ids    []MessageID
}

func (g *gossip) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// happen does one random action in r.
func (g *gossip) happen(r *Room) {
	ctx := context.Background()
	by := g.people[g.random.IntN(len(g.people))]
	if err := g.mayEnter(ctx, by, r); err != nil {
		by = g.admin
	}
	switch what := g.random.IntN(40); {
	case what < 2:
		_, err := g.Visit(ctx, by, r)
		g.must(err)
	case what < 6:
		seq, err := g.Seq(ctx, r)
		g.must(err)
		g.must(g.Read(ctx, by, r, max(0, seq-int64(g.random.IntN(5)))))
	case what < 7 && len(g.ids) > 0:
		_ = g.Delete(ctx, g.admin, g.ids[g.random.IntN(len(g.ids))]) // its result does not matter here
	case what < 8 && len(g.ids) > 0:
		_ = g.Edit(ctx, by, g.ids[g.random.IntN(len(g.ids))], "no longer @bob, but @eve") // fails for a message of another person
	case what < 9 && r.Access == Closed:
		g.must(g.AddMember(ctx, g.admin, r, by.User.Name))
	case what < 10 && r.Access == Closed && by.User.ID != g.admin.User.ID:
		g.must(g.RemoveMember(ctx, g.admin, r, by.User.Name))
	case what < 10 && r.Access == Open:
		g.must(g.SetMembership(ctx, by, r, Membership{Level: MentionsOnly, Left: g.random.IntN(2) == 0}))
	case what < 11:
		g.must(g.FlushMarks(ctx))
	case what == 11 && g.random.IntN(4) == 0:
		g.Forget()
	default:
		text := "hello"
		if g.random.IntN(4) == 0 {
			text += " @bob @eve"
		}
		g.ids = append(g.ids, g.say(by, r.Name, text).ID)
	}
}

// After any sequence of actions, the cached unread counts of a room equal those in the database.
func TestUnreadCacheMatchesTheDatabase(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	g := &gossip{testChat: p, random: rand.New(rand.NewPCG(1, 2)), people: []Caller{p.admin, {User: p.user("bob")}, {User: p.user("eve")}},
		rooms: []*Room{p.room("tea", Open), p.room("plans", Closed)}}
	hub := &everywhere{}
	var users []int64
	for _, by := range g.people {
		users = append(users, by.User.ID)
	}
	hub.online(users...)
	kept := 0
	for i := range 1500 {
		r := g.rooms[g.random.IntN(2)]
		if i > 900 && i < 1100 { // many messages of bob in a row, which are not unread for bob
			g.say(g.people[1], "tea", "and another thing")
			r = g.rooms[0]
		} else {
			g.happen(r)
		}
		if known, _ := g.unread.room(r.ID); known != nil {
			kept++
		} else {
			g.unread.forget(r.ID) // undo the start of loading by room
		}
		now, err := g.unreadRoom(ctx, r.ID, r)
		g.must(err)
		var belonging []int64
		rows, err := g.read.Query(ctx, "SELECT u.id FROM user u JOIN room r ON r.id = ? LEFT JOIN membership s ON s.user_id = u.id AND s.room_id = r.id WHERE "+belongs+" ORDER BY u.id", r.ID)
		g.must(err)
		belonging, err = scanIDs(rows)
		g.must(err)
		got := now.people(hub)
		slices.Sort(got)
		if !slices.Equal(got, belonging) {
			t.Fatalf("step %d: %v belong to %s, want %v", i, got, r.Name, belonging)
		}
		for _, id := range belonging {
			u, err := g.User(ctx, id)
			g.must(err)
			want, err := g.unreadOf(ctx, u, r.ID)
			g.must(err)
			got, err := g.unreadBy(ctx, id, r.ID, now, r)
			g.must(err)
			if got.Unread != want {
				t.Fatalf("step %d: %s has %+v in %s; the database says %+v", i, u.Name, got.Unread, r.Name, want)
			}
		}
	}
	if kept < 1000 {
		t.Errorf("only %d times of 1500 the room was kept", kept)
	}
}

// Once a room is cached, unread events of it need no SQL.
func TestUnreadTakesNoSQL(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	hub := &everywhere{}
	p.Chat.hub = hub
	r := p.room("tea", Open)
	bob, eve := Caller{User: p.user("bob")}, Caller{User: p.user("eve")}
	for _, by := range []Caller{bob, eve} {
		if _, err := p.Visit(ctx, by, r); err != nil {
			t.Fatal(err)
		}
	}
	hub.online(bob.User.ID, eve.User.ID)
	news := unreadNews{}
	if err := p.collect(ctx, r.ID, roomNews{room: r}, news); err != nil || len(news) > 0 {
		t.Fatal(news, err)
	}
	for i := range 3 {
		p.say(p.admin, "tea", fmt.Sprint("more ", i))
	}
	last := p.say(p.admin, "tea", "@bob, look")
	if err := p.Read(ctx, eve, r, last.Seq-1); err != nil {
		t.Fatal(err)
	}
	p.notifier.told.Wait() // the room is cached now; the tables are hidden next, so that every query fails
	for _, table := range []string{"message", "membership", "room", "user"} {
		if _, err := p.read.db.Exec("ALTER TABLE " + table + " RENAME TO hidden_" + table); err != nil {
			t.Fatal(err)
		}
	}
	hub.online(bob.User.ID, eve.User.ID)
	p.notifyUnread(r.ID, r)
	p.notifier.told.Wait()
	for name, want := range map[string]string{
		Inbox(bob.User.ID): `[{"type":"unread","message":"4 unread messages in tea","room":"tea","unread":4,"mentions":1,"badge":1}]`,
		Inbox(eve.User.ID): `[{"type":"unread","message":"1 unread message in tea","room":"tea","unread":1,"mentions":0,"badge":0}]`,
	} {
		if got := fmt.Sprint(hub.events()[name]); got != want {
			t.Errorf("%s is told %s, want %s", name, got, want)
		}
	}
}

// A user who loses access to a room does not become a reader again because of a read mark that arrives late.
func TestALateMarkMakesNoReader(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	r := p.room("plans", Closed)
	bob := Caller{User: p.user("bob")}
	if err := p.AddMember(ctx, p.admin, r, "bob"); err != nil {
		t.Fatal(err)
	}
	readers := func() int {
		t.Helper()
		now, err := p.unreadRoom(ctx, r.ID, r)
		if err != nil {
			t.Fatal(err)
		}
		return len(now.read)
	}
	if _, err := p.Visit(ctx, bob, r); err != nil {
		t.Fatal(err)
	}
	before := readers()
	if err := p.RemoveMember(ctx, p.admin, r, "bob"); err != nil {
		t.Fatal(err)
	}
	if n := readers(); n != before-1 {
		t.Fatalf("%d readers are left of %d", n, before)
	}
	p.mark(bob.User.ID, r.ID, 0) // as a Read does that began before the removal
	if n := readers(); n != before-1 {
		t.Errorf("bob is one of %d readers again", n)
	}
	_, begun := p.unread.room(r.ID + 1)
	p.unread.marked(bob.User.ID, r.ID+1, 5) // while the room is loaded
	p.unread.keep(r.ID+1, begun, &unreadRoom{read: map[int64]int64{}})
	if kept, _ := p.unread.room(r.ID + 1); kept != nil {
		t.Errorf("kept with %v", kept.read)
	}
}
