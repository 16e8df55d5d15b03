package chat

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// unreadIn returns what u has not read in a room.
func (p *testChat) unreadIn(u *User, r *Room) Unread {
	p.t.Helper()
	all, err := p.Unread(context.Background(), u)
	if err != nil {
		p.t.Fatal(err)
	}
	return all[r.ID]
}

func (p *testChat) wantUnread(u *User, r *Room, want Unread) {
	p.t.Helper()
	if got := p.unreadIn(u, r); got != want {
		p.t.Errorf("%s has %+v in %s, want %+v", u.Name, got, r.Name, want)
	}
}

// Everybody belongs to every open room from the moment the account exists; older messages are not unread.
func TestEverybodyBelongsToOpenRooms(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	r := p.room("kitchen", Open)
	for i := range 5 {
		p.say(p.admin, "kitchen", fmt.Sprint("before ", i))
	}
	p.clock = p.clock.Add(time.Minute)
	bob := p.user("bob")
	p.wantUnread(bob, r, Unread{})
	first := p.say(p.admin, "kitchen", "welcome, @bob")
	p.say(p.admin, "kitchen", "cake!")
	p.wantUnread(bob, r, Unread{Count: 2, Mentions: 1, Badge: 1})
	if read, err := p.Visit(ctx, Caller{User: bob}, r); err != nil || read != first.Seq-1 {
		t.Errorf("bob's position is %d, want %d; %v", read, first.Seq-1, err)
	}
	p.wantUnread(bob, r, Unread{Count: 2, Mentions: 1, Badge: 1})
	if err := p.Read(ctx, Caller{User: bob}, r, first.Seq); err != nil {
		t.Fatal(err)
	}
	p.wantUnread(bob, r, Unread{Count: 1})
	p.wantUnread(p.admin.User, r, Unread{})
}

// Messages from before a room was opened to everybody are not unread.
func TestARoomThatIsOpenedIsNotUnread(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	r := p.room("plans", Closed)
	bob := p.user("bob")
	p.clock = p.clock.Add(time.Minute)
	p.say(p.admin, "plans", "a secret, @bob")
	p.wantUnread(bob, r, Unread{})
	p.clock = p.clock.Add(time.Minute)
	if err := p.ChangeRoom(ctx, p.admin, r, RoomDraft{Access: Open}); err != nil {
		t.Fatal(err)
	}
	p.wantUnread(bob, r, Unread{})
	p.say(p.admin, "plans", "no longer a secret, @bob")
	p.wantUnread(bob, r, Unread{Count: 1, Mentions: 1, Badge: 1})
}

func TestLeavingARoom(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	open, closed := p.room("kitchen", Open), p.room("plans", Closed)
	bob := Caller{User: p.user("bob")}
	if err := p.AddMember(ctx, p.admin, closed, "bob"); err != nil {
		t.Fatal(err)
	}
	side := func() (names []string) {
		t.Helper()
		found, total, err := p.sideRoomsOf(bob.User, 30)
		if err != nil || total != len(found) {
			t.Fatal(total, err)
		}
		for _, r := range found {
			names = append(names, r.Name)
		}
		return names
	}
	if got := fmt.Sprint(side()); got != "[kitchen plans]" {
		t.Fatalf("the sidebar has %s", got)
	}
	for _, r := range []*Room{open, closed} {
		if err := p.SetMembership(ctx, bob, r, Membership{Level: MentionsOnly, Left: true}); err != nil {
			t.Fatal(err)
		}
	}
	if got := side(); len(got) != 0 {
		t.Errorf("the sidebar has %v after bob left", got)
	}
	p.say(p.admin, "kitchen", "gone? @bob")
	p.wantUnread(bob.User, open, Unread{})
	if _, err := p.Enter(ctx, bob, "kitchen"); err != nil {
		t.Errorf("bob may not look into the room that he left: %v", err)
	}
	if _, err := p.Enter(ctx, bob, "plans"); !errors.Is(err, Errorf("not_allowed")) {
		t.Errorf("bob enters the closed room that he left: %v", err)
	}
	p.say(bob, "kitchen", "back again")
	if got := fmt.Sprint(side()); got != "[kitchen]" {
		t.Errorf("the sidebar has %s after bob wrote", got)
	}
	for name, want := range map[string]string{"@ada": "not_allowed", "kitchen": "bad_choice"} {
		r, err := p.Enter(ctx, bob, name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "@ada" {
			p.say(bob, name, "hello")
			r, _ = p.Enter(ctx, bob, name)
		}
		m := Membership{Level: "loud"}
		if r.Access == Direct {
			m = Membership{Level: Muted, Left: true}
		}
		if err := p.SetMembership(ctx, bob, r, m); !errors.Is(err, Errorf(want)) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// Replies count like mentions. Editing a mention out and deleting a message take it back.
func TestMentionsAndReplies(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	r := p.room("kitchen", Open)
	bob, eve := Caller{User: p.user("bob")}, Caller{User: p.user("eve")}
	p.clock = p.clock.Add(time.Minute)
	own := p.say(bob, "kitchen", "who baked? @bob")
	reply := p.sayDraft(p.admin, "kitchen", Draft{Text: "not me", ReplyTo: own.ID})
	both := p.sayDraft(p.admin, "kitchen", Draft{Text: "@bob did", ReplyTo: own.ID})
	named := p.say(eve, "kitchen", "@bob @eve")
	p.say(p.admin, "@eve", "do not tell @bob")
	list := func() (ids []MessageID) {
		t.Helper()
		found, err := p.MentionsOf(ctx, bob.User, p.clock.Add(time.Hour), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range found {
			ids = append(ids, m.ID)
		}
		return ids
	}
	want := func(x Unread, ids ...MessageID) {
		t.Helper()
		p.wantUnread(bob.User, r, x)
		if got := list(); fmt.Sprint(got) != fmt.Sprint(ids) {
			t.Errorf("the mentions are %v, want %v", got, ids)
		}
	}
	want(Unread{Count: 3, Mentions: 2, Badge: 3}, named.ID, both.ID, reply.ID)
	if err := p.Edit(ctx, eve, named.ID, "nobody"); err != nil {
		t.Fatal(err)
	}
	want(Unread{Count: 3, Mentions: 1, Badge: 2}, both.ID, reply.ID)
	if err := p.Edit(ctx, p.admin, both.ID, "somebody did"); err != nil {
		t.Fatal(err)
	}
	want(Unread{Count: 3, Mentions: 0, Badge: 2}, both.ID, reply.ID)
	if err := p.Delete(ctx, p.admin, reply.ID); err != nil {
		t.Fatal(err)
	}
	want(Unread{Count: 2, Mentions: 0, Badge: 1}, both.ID)
	if err := p.ChangeRoom(ctx, p.admin, r, RoomDraft{Access: Closed, Stay: []int64{eve.User.ID}}); err != nil {
		t.Fatal(err)
	}
	want(Unread{})
}

// A page of mentions continues where the one before ended.
func TestMentionsByPage(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	p.room("a", Open)
	p.room("b", Open)
	bob := p.user("bob")
	var want []MessageID
	for i := range 10 {
		if i%3 == 0 { // some in the same millisecond
			p.clock = p.clock.Add(time.Second)
		}
		want = append(want, p.say(p.admin, []string{"a", "b"}[i%2], fmt.Sprint("@bob ", i)).ID)
	}
	var got []MessageID
	at, id := p.clock.Add(time.Hour), MessageID(0)
	for {
		page, err := p.MentionsOf(ctx, bob, at, id, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, m := range page {
			got = append(got, m.ID)
		}
		at, id = page[len(page)-1].At, page[len(page)-1].ID
	}
	seen := map[MessageID]bool{}
	for _, id := range got {
		seen[id] = true
	}
	if len(got) != len(want) || len(seen) != len(want) {
		t.Errorf("the pages have %v, want all of %v", got, want)
	}
}

// With many rooms, the sidebar has favourites, rooms with news and the rooms that were used last.
func TestSideRoomsOfMany(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	bob := Caller{User: p.user("bob")}
	var rooms []*Room
	for i := range 60 {
		rooms = append(rooms, p.room(fmt.Sprintf("room%02d", i), Open))
	}
	p.clock = p.clock.Add(time.Minute)
	if err := p.SetMembership(ctx, bob, rooms[50], Membership{Level: MentionsOnly, Favourite: true}); err != nil {
		t.Fatal(err)
	}
	p.say(p.admin, "room40", "news")
	p.say(p.admin, "room41", "news for @bob")
	p.say(bob, "room30", "I was here")
	if _, err := p.Visit(ctx, bob, rooms[30]); err != nil {
		t.Fatal(err)
	}
	if err := p.FlushMarks(ctx); err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int]string{4: "[room50 room30 room40 room41]", 3: "[room50 room40 room41]", 2: "[room50 room41]"} {
		found, total, err := p.sideRoomsOf(bob.User, limit)
		if err != nil || total != 60 {
			t.Fatal(total, err)
		}
		var names []string
		for _, r := range found {
			names = append(names, r.Name)
		}
		if got := fmt.Sprint(names); got != want {
			t.Errorf("%d rooms: %s, want %s", limit, got, want)
		}
	}
}

// Only those who manage a room mention everybody in it.
func TestMentionOfEverybody(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	bob, eve := Caller{User: p.user("bob")}, Caller{User: p.user("eve")}
	r, err := p.CreateRoom(ctx, bob, RoomDraft{Name: "kitchen"})
	if err != nil {
		t.Fatal(err)
	}
	p.clock = p.clock.Add(time.Minute)
	p.say(eve, "kitchen", "@room, no")
	p.wantUnread(p.admin.User, r, Unread{Count: 1})
	m := p.say(bob, "kitchen", "@Room, dinner")
	p.say(p.admin, "kitchen", "`@room` in code")
	p.wantUnread(p.admin.User, r, Unread{Count: 2, Mentions: 1, Badge: 1})
	p.wantUnread(eve.User, r, Unread{Count: 2, Mentions: 1, Badge: 1})
	p.wantUnread(bob.User, r, Unread{Count: 2})
	if found, err := p.MentionsOf(ctx, eve.User, p.clock.Add(time.Hour), 0, 10); err != nil || len(found) != 1 || found[0].ID != m.ID || !found[0].Everybody {
		t.Errorf("the mentions of eve are %v, %v", found, err)
	}
	if err := p.Edit(ctx, bob, m.ID, "dinner"); err != nil {
		t.Fatal(err)
	}
	p.wantUnread(eve.User, r, Unread{Count: 2})
	p.clock = p.clock.Add(time.Minute)
	late := p.user("mai")
	p.wantUnread(late, r, Unread{})
}

// Who is named in messages from before mentions were stored is found out in the background.
func TestMentionsOfEarlierMessages(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	bob, eve := Caller{User: p.user("bob")}, Caller{User: p.user("eve")}
	p.room("tea", Open)
	p.clock = p.clock.Add(time.Minute)
	asked := p.say(bob, "tea", "who?")
	for range 2 * mentionsAtOnce {
		p.say(eve, "tea", "@bob and mail@bob")
	}
	p.sayDraft(eve, "tea", Draft{Text: "@bob", ReplyTo: asked.ID})
	p.say(eve, "@bob", "@bob @ada")
	gone := p.say(eve, "tea", "@bob again")
	if err := p.Delete(ctx, eve, gone.ID); err != nil {
		t.Fatal(err)
	}
	const sums = "SELECT count(*) * 1000000 + ifnull(sum(user_id * 7 + named), 0) FROM mention"
	want := p.count(sums)
	for _, change := range []string{
		"DELETE FROM mention WHERE message_id NOT IN (SELECT id FROM message WHERE reply_to IS NOT NULL)", "UPDATE mention SET named = 0",
		"INSERT INTO setting SELECT 'mentions_below', max(id) + 1 FROM message",
	} {
		if err := p.disk.Write(ctx, func(tx Tx) error { _, err := tx.Exec(change); return err }); err != nil {
			t.Fatal(err)
		}
	}
	p.IndexMentions(ctx)
	if got := p.count(sums); got != want {
		t.Errorf("the mentions add up to %d, want %d", got, want)
	}
	if n := p.count("SELECT count(*) FROM setting WHERE name = 'mentions_below'"); n != 0 {
		t.Error("it would begin again")
	}
}

// Only people for whom an edited or deleted message was unread are told the counts because of it, and only those who belong to the room.
func TestWhoHearsOfAChangedMessage(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	hub := &everywhere{}
	hub.online()
	p.Chat.hub = hub
	open := p.room("tea", Open)
	p.room("secrets", Admins)
	bob := Caller{User: p.user("bob")}
	p.clock = p.clock.Add(time.Minute)
	first, secret := p.say(p.admin, "tea", "one"), p.say(p.admin, "secrets", "two")
	read := p.user("eve")
	if err := p.Read(ctx, Caller{User: read}, open, first.Seq); err != nil {
		t.Fatal(err)
	}
	p.clock = p.clock.Add(time.Minute)
	late := p.user("mai")
	p.notifier.told.Wait()
	hub.online(bob.User.ID, read.ID, late.ID)
	if err := errors.Join(p.Delete(ctx, p.admin, first.ID), p.Edit(ctx, p.admin, secret.ID, "three")); err != nil {
		t.Fatal(err)
	}
	p.notifier.told.Wait()
	want := fmt.Sprint(map[string][]string{Inbox(bob.User.ID): {`{"type":"unread","message":"0 unread messages in tea","room":"tea","unread":0,"mentions":0,"badge":0}`}})
	if got := fmt.Sprint(hub.events()); got != want {
		t.Errorf("told: %s, want %s", got, want)
	}
}

func (p *testChat) sideRoomsOf(u *User, limit int) ([]SideRoom, int, error) {
	p.t.Helper()
	news, err := p.News(context.Background(), u)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.SideRooms(context.Background(), news, limit)
}
