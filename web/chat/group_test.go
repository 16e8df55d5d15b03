package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hearth/web/locale"
)

// groupTest is a chat with ada, who is an admin, bob, cleo, dan and eve.
type groupTest struct {
	*testChat
	ada, bob, cleo, dan, eve Caller
}

func newGroupTest(t *testing.T) *groupTest {
	p := newTestChat(t)
	g := &groupTest{testChat: p, ada: p.admin}
	for _, x := range []struct {
		name string
		to   *Caller
	}{{"bob", &g.bob}, {"cleo", &g.cleo}, {"dan", &g.dan}, {"eve", &g.eve}} {
		*x.to = Caller{User: p.user(x.name)}
	}
	return g
}

func (g *groupTest) open(by Caller, names ...string) *Room {
	g.t.Helper()
	r, _, err := g.OpenGroup(context.Background(), by, names)
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

func (g *groupTest) add(by Caller, r *Room, names ...string) {
	g.t.Helper()
	if err := g.AddToGroup(context.Background(), by, r, names); err != nil {
		g.t.Fatal(err)
	}
}

func (g *groupTest) leave(by Caller, r *Room) {
	g.t.Helper()
	if err := g.SetMembership(context.Background(), by, r, Membership{Level: MentionsOnly, Left: true}); err != nil {
		g.t.Fatal(err)
	}
}

// enter returns the conversation as a person sees it.
func (g *groupTest) enter(by Caller, name string) *Room {
	g.t.Helper()
	r, err := g.Enter(context.Background(), by, name)
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

// log returns what a person reads in the log.
func (g *groupTest) log(by Caller, name string) string {
	g.t.Helper()
	found, _, err := g.History(context.Background(), g.enter(by, name), Page{Limit: 100})
	if err != nil {
		g.t.Fatal(err)
	}
	var texts []string
	for _, m := range found {
		if m.Notice != nil {
			texts = append(texts, m.NoticeText(locale.Of("en")))
		} else {
			texts = append(texts, m.Text)
		}
	}
	return strings.Join(texts, " | ")
}

// The same people open the same conversation, whoever of them asks. After a change of the people it is the one with the latest message.
func TestTheSamePeopleOpenTheSameGroup(t *testing.T) {
	t.Parallel()
	g := newGroupTest(t)
	ctx := context.Background()
	r := g.open(g.bob, "cleo", "DAN", "@cleo", "bob")
	if r.Access != Group || !strings.HasPrefix(r.Name, "+") {
		t.Fatalf("opened %+v", r)
	}
	if again := g.open(g.dan, "bob", "cleo"); again.ID != r.ID {
		t.Errorf("dan opens %s, not %s", again.Name, r.Name)
	}
	four := g.open(g.bob, "cleo", "dan", "eve")
	if four.ID == r.ID {
		t.Error("four people open the conversation of three")
	}
	g.say(g.bob, four.Name, "four")
	g.say(g.bob, r.Name, "three")
	g.add(g.cleo, r, "eve")
	if now := g.open(g.eve, "bob", "cleo", "dan"); now.ID != r.ID {
		t.Errorf("opened %s, not the latest one", now.Name)
	}
	g.say(g.bob, four.Name, "four again")
	if now := g.open(g.eve, "bob", "cleo", "dan"); now.ID != four.ID {
		t.Errorf("opened %s, not the latest one", now.Name)
	}
	if _, made, err := g.OpenGroup(ctx, g.bob, []string{"cleo", "ada"}); err != nil || !made {
		t.Errorf("other people: %v, %v", made, err)
	}
	for want, names := range map[string][]string{"group_small": {"cleo", "bob", "CLEO"}, "no_such_user": {"cleo", "nobody"}} {
		_, _, err := g.OpenGroup(ctx, g.bob, names)
		wantCode(t, err, want, "people")
	}
	many := make([]string, 0, MaxGroup)
	for i := range MaxGroup {
		many = append(many, g.user(fmt.Sprint("m", i)).Name)
	}
	_, _, err := g.OpenGroup(ctx, g.bob, many)
	wantCode(t, err, "group_full", "people")
	full := g.open(g.bob, many[:MaxGroup-1]...)
	err = g.AddToGroup(ctx, g.bob, full, []string{"cleo"})
	wantCode(t, err, "group_full", "people")
	if _, err := g.Enter(ctx, g.cleo, full.Name); !errors.Is(err, errNotInGroup) {
		t.Errorf("cleo is in a full conversation: %v", err)
	}
	if _, _, err := g.OpenGroup(ctx, Caller{Guest: "Wanda", SessionID: 7}, []string{"bob", "cleo"}); !errors.Is(err, Errorf("sign_in")) {
		t.Errorf("a guest: %v", err)
	}
}

// Nobody else enters a conversation, finds out whether it exists, or finds it in a list, not even an admin.
func TestGroupsAreForTheirPeopleOnly(t *testing.T) {
	t.Parallel()
	g := newGroupTest(t)
	ctx := context.Background()
	r := g.open(g.bob, "cleo", "dan")
	m := g.say(g.bob, r.Name, "secret plans, @ada @eve")
	for name, by := range map[string]Caller{"an admin": g.ada, "another person": g.eve} {
		_, err := g.Enter(ctx, by, r.Name)
		_, missing := g.Enter(ctx, by, "+aaaaaaaaaaaa")
		if !errors.Is(err, errNotInGroup) || !errors.Is(missing, errNotInGroup) || err.Error() != missing.Error() {
			t.Errorf("%s: %v; where there is none: %v", name, err, missing)
		}
		for what, err := range map[string]error{
			"edit": g.Edit(ctx, by, m.ID, "x"), "delete": g.Delete(ctx, by, m.ID), "react": g.React(ctx, by, m.ID, "🎉", true),
			"add": g.AddToGroup(ctx, by, r, []string{"eve"}), "leave": g.SetMembership(ctx, by, r, Membership{Level: MentionsOnly, Left: true}),
		} {
			if err == nil {
				t.Errorf("%s may %s", name, what)
			}
		}
		if found, err := g.MentionsOf(ctx, by.User, g.clock.Add(time.Hour), 0, 10); err != nil || len(found) != 0 {
			t.Errorf("%s has %d mentions, %v", name, len(found), err)
		}
		g.wantUnread(by.User, r, Unread{})
		rooms, _, err := g.RoomsFor(ctx, by, RoomQuery{Unmade: true})
		news, err2 := g.News(ctx, by.User)
		if err2 != nil {
			t.Fatal(err2)
		}
		side, _, err2 := g.SideRooms(ctx, news, 30)
		talks, _, err3 := g.Conversations(ctx, by.User.ID, 10, 0)
		if err := errors.Join(err, err2, err3); err != nil || len(rooms)+len(side)+len(talks) != 0 {
			t.Errorf("%s has the lists %v, %v, %v, %v", name, rooms, side, talks, err)
		}
	}
	if err := g.Moderate(ctx, g.ada, m.ID); !errors.Is(err, Errorf("no_such_message")) {
		t.Errorf("the admin site deletes the message: %v", err)
	}
	if _, err := g.RoomByID(ctx, r.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("the admin site has the room: %v", err)
	}
	all, _, err := g.Rooms(ctx, RoomQuery{MadeBy: g.bob.User.ID})
	among, err2 := g.RoomsAmong(ctx, []int64{r.ID})
	if err := errors.Join(err, err2); err != nil || len(all)+len(among) != 0 {
		t.Errorf("the admin site lists %v, %v, %v", all, among, err)
	}
	if found, _, err := g.Search(ctx, MessageQuery{Text: "secret"}); err != nil || len(found) != 0 {
		t.Errorf("a search finds %v, %v", found, err)
	}
	_, _, err = g.Search(ctx, MessageQuery{Room: r.Name})
	wantCode(t, err, "no_such_room", "room")
	if err := g.ChangeRoom(ctx, g.bob, r, RoomDraft{Topic: "x"}); !errors.Is(err, Errorf("not_allowed")) {
		t.Errorf("a topic: %v", err)
	}
	if _, _, err := RoomName("+aaaaaaaaaaaa"); err == nil {
		t.Error("a room may have the name of a conversation")
	}
	g.wantUnread(g.cleo.User, r, Unread{Count: 1})
	talks, _, err := g.Conversations(ctx, g.cleo.User.ID, 10, 0)
	if err != nil || len(talks) != 1 || talks[0].Unread != 1 || GroupTitle(locale.Of("en"), talks[0].People, g.cleo.User.ID) != "bob, dan" {
		t.Errorf("cleo has %+v, %v", talks, err)
	}
}

// A new person sees only what comes later.
func TestANewPersonSeesOnlyLaterMessages(t *testing.T) {
	t.Parallel()
	g := newGroupTest(t)
	ctx := context.Background()
	r := g.open(g.bob, "cleo", "dan")
	early := g.say(g.bob, r.Name, "before, @eve")
	second := g.say(g.cleo, r.Name, "also before")
	g.add(g.bob, r, "eve", "bob")
	if got := g.log(g.eve, r.Name); got != "bob added eve" {
		t.Fatalf("eve reads %q", got)
	}
	if got := g.log(g.cleo, r.Name); got != "before, @eve | also before | bob added eve" {
		t.Errorf("cleo reads %q", got)
	}
	seen := g.enter(g.eve, r.Name)
	g.wantUnread(g.eve.User, r, Unread{Count: 1})
	reply := g.sayDraft(g.bob, r.Name, Draft{Text: "answer", ReplyTo: early.ID})
	if err := g.Edit(ctx, g.bob, early.ID, "before, edited"); err != nil {
		t.Fatal(err)
	}
	if err := g.React(ctx, g.cleo, early.ID, "🎉", true); err != nil {
		t.Fatal(err)
	}
	if err := g.Delete(ctx, g.cleo, second.ID); err != nil {
		t.Fatal(err)
	}
	found, _, err := g.History(ctx, seen, Page{Limit: 10})
	if err != nil || len(found) != 2 || found[1].ReplyTo != 0 || found[1].Answers != nil {
		t.Errorf("eve reads %+v, %v", found, err)
	}
	for _, p := range []Page{{Before: early.ID + 1, Limit: 9}, {Before: second.ID + 1, Limit: 9}} {
		if found, _, err := g.History(ctx, seen, p); err != nil || len(found) != 0 {
			t.Errorf("before %d eve reads %v, %v", p.Before, found, err)
		}
	}
	around, err := g.Around(ctx, seen, early.ID, 5, 10)
	if err != nil || len(around.Messages) != 2 || around.Older {
		t.Errorf("around an early message eve reads %+v, %v", around, err)
	}
	if at, err := g.FirstSince(ctx, seen, time.Unix(0, 0)); err != nil || at.Seq() != seen.Since {
		t.Errorf("the first day is at %d, %v", at.Seq(), err)
	}
	for _, after := range []int64{0, seen.Since} {
		p, err := g.Since(ctx, seen, after)
		if err != nil {
			t.Fatal(err)
		}
		var types []string
		for !p.Done() {
			events, err := p.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				types = append(types, e.Type)
				if text := string(e.JSON(g.eve.Reader())); strings.Contains(text, "before") || strings.Contains(text, "reply_to") {
					t.Errorf("the replay has %s", text)
				}
			}
		}
		if got := fmt.Sprint(types); got != "[chat_message chat_message]" {
			t.Errorf("the replay after %d has %s", after, got)
		}
	}
	if p, err := g.Since(ctx, seen, 1); err != nil || !p.reset {
		t.Errorf("an early cursor is answered with %+v, %v", p, err)
	}
	for what, err := range map[string]error{
		"react": g.React(ctx, g.eve, early.ID, "🎉", true), "edit": g.Edit(ctx, g.eve, early.ID, "x"), "delete": g.Delete(ctx, g.eve, early.ID),
		"mark": g.ReadBack(ctx, g.eve, seen, early.Seq-1),
	} {
		if !errors.Is(err, Errorf("no_such_message")) {
			t.Errorf("%s an early message: %v", what, err)
		}
	}
	g.Say(ctx, g.eve, r.Name, Draft{Text: "quote", ReplyTo: early.ID}, func(_ *Message, _ *Room, _ bool, err error) {
		if !errors.Is(err, Errorf("no_such_message")) {
			t.Errorf("quoting an early message: %v", err)
		}
	})
	mentions, err := g.MentionsOf(ctx, g.eve.User, g.clock.Add(time.Hour), 0, 10)
	if err != nil || len(mentions) != 0 {
		t.Errorf("eve has the mentions %v, %v", mentions, err)
	}
	g.say(g.bob, r.Name, "now, @eve")
	if mentions, err = g.MentionsOf(ctx, g.eve.User, g.clock.Add(time.Hour), 0, 10); err != nil || len(mentions) != 1 {
		t.Errorf("eve has the mentions %v, %v", mentions, err)
	}
	g.wantUnread(g.eve.User, r, Unread{Count: 3, Mentions: 1, Badge: 1})
	to := g.eve.Reader()
	to.Since = seen.Since
	stored, _, err := g.History(ctx, g.enter(g.bob, r.Name), Page{After: reply.ID - 1, First: true, Limit: 1})
	if err != nil || len(stored) != 1 || stored[0].Answers == nil {
		t.Fatalf("bob reads %+v, %v", stored, err)
	}
	if text := string(g.messageEvent(stored[0], r, false).JSON(to)); strings.Contains(text, "reply") || strings.Contains(text, "edited") {
		t.Errorf("eve gets %s", text)
	}
	if text := string(g.messageEvent(stored[0], r, false).JSON(g.bob.Reader())); !strings.Contains(text, `"reply":{`) {
		t.Errorf("bob gets %s", text)
	}
}

// Who leaves and is added again sees nothing from before, and old read positions do not matter.
func TestLeavingAGroup(t *testing.T) {
	t.Parallel()
	g := newGroupTest(t)
	ctx := context.Background()
	r := g.open(g.bob, "cleo", "dan")
	first := g.say(g.bob, r.Name, "one")
	if err := g.Read(ctx, g.dan, g.enter(g.dan, r.Name), first.Seq); err != nil {
		t.Fatal(err)
	}
	if err := g.ReadBack(ctx, g.dan, g.enter(g.dan, r.Name), 0); err != nil {
		t.Fatal(err)
	}
	g.wantUnread(g.cleo.User, r, Unread{Count: 1})
	g.leave(g.dan, r)
	g.wantUnread(g.cleo.User, r, Unread{Count: 2})
	g.say(g.bob, r.Name, "two")
	if _, err := g.Enter(ctx, g.dan, r.Name); !errors.Is(err, errNotInGroup) {
		t.Errorf("dan enters after leaving: %v", err)
	}
	if err := g.FlushMarks(ctx); err != nil {
		t.Fatal(err)
	}
	g.wantUnread(g.dan.User, r, Unread{})
	if _, err := g.Enter(ctx, g.dan, r.Name); !errors.Is(err, errNotInGroup) {
		t.Errorf("dan enters with an old read position: %v", err)
	}
	g.add(g.cleo, r, "dan")
	if got := g.log(g.dan, r.Name); got != "cleo added dan" {
		t.Errorf("dan reads %q", got)
	}
	g.wantUnread(g.dan.User, r, Unread{Count: 1})
	if got := g.log(g.bob, r.Name); got != "one | dan left | two | cleo added dan" {
		t.Errorf("bob reads %q", got)
	}
	if ran, ok, err := g.Run(ctx, g.cleo, r.Name, "/invite @eve"); err != nil || !ok {
		t.Errorf("/invite: %v, %v, %v", ran, ok, err)
	}
	if ran, ok, err := g.Run(ctx, g.eve, r.Name, "/leave"); err != nil || !ok || !strings.Contains(ran.Text(locale.Of("en")), "bob, cleo, dan") {
		t.Errorf("/leave: %v, %v, %v", ran, ok, err)
	}
	if err := g.SetMembership(ctx, g.cleo, g.enter(g.cleo, r.Name), Membership{Level: Muted}); !errors.Is(err, Errorf("not_allowed")) {
		t.Errorf("muted: %v", err)
	}
	if err := g.SetDisabled(ctx, g.ada, g.cleo.User.ID, true); err != nil {
		t.Fatal(err)
	}
	if got := g.log(g.bob, r.Name); !strings.HasSuffix(got, "cleo added eve | eve left | cleo left") {
		t.Errorf("bob reads %q", got)
	}
	if err := g.AddToGroup(ctx, g.bob, r, []string{"cleo"}); err == nil {
		t.Error("a deactivated person is added")
	}
	g.leave(g.dan, r)
	if got := GroupTitle(locale.Of("en"), []*User{g.bob.User}, g.bob.User.ID); got != "Only you" {
		t.Errorf("the title is %q", got)
	}
	g.leave(g.bob, r)
	var left int
	if err := g.read.QueryRow(ctx, "SELECT (SELECT count(*) FROM room WHERE id = ?1) + (SELECT count(*) FROM message WHERE id >> 32 = ?1)", []any{r.ID}, &left); err != nil || left != 0 {
		t.Errorf("%d rows are left of the conversation, %v", left, err)
	}
}

// Nobody is put into a conversation by somebody whom they have blocked. Who deletes the own account leaves.
func TestGroupsWithBlockedAndFormerPeople(t *testing.T) {
	t.Parallel()
	g := newGroupTest(t)
	ctx := context.Background()
	r := g.open(g.bob, "cleo", "dan")
	if err := g.SetBlocked(ctx, g.eve, g.bob.User, true); err != nil {
		t.Fatal(err)
	}
	_, _, err := g.OpenGroup(ctx, g.bob, []string{"cleo", "eve"})
	wantCode(t, err, "blocked", "people")
	wantCode(t, g.AddToGroup(ctx, g.bob, r, []string{"eve"}), "blocked", "people")
	g.add(g.cleo, r, "eve")
	if again := g.open(g.bob, "cleo", "dan", "eve"); again.ID != r.ID {
		t.Errorf("bob opens %s, not the conversation in which he is with eve", again.Name)
	}
	if err := g.DeleteAccount(ctx, g.cleo, g.cleo.User.ID, false); err != nil {
		t.Fatal(err)
	}
	if got := g.log(g.bob, r.Name); got != "Former member added eve | Former member left" {
		t.Errorf("bob reads %q", got)
	}
	people, err := g.PeopleIn(ctx, r.ID)
	if title := GroupTitle(locale.Of("en"), people[r.ID], g.bob.User.ID); err != nil || title != "dan, eve" {
		t.Errorf("the title is %q, %v", title, err)
	}
}

// A person cannot look like several people in a title.
func TestGroupTitles(t *testing.T) {
	t.Parallel()
	user := func(id int64, name, display string) *User { return &User{ID: id, Name: name, DisplayName: display} }
	me, bob, cleo, dan, eve := user(1, "me", ""), user(2, "bob", "Bob"), user(3, "cleo", "Cléo d’Arc"), user(4, "dan", ""), user(5, "eve", "Ева Иванова-Ли")
	for want, people := range map[string][]*User{
		"Only you":                         {me},
		"Bob (group)":                      {bob, me},
		"Bob, Cléo d’Arc":                  {bob, cleo, me},
		"Bob, Cléo d’Arc, dan":             {bob, cleo, dan, me},
		"Bob, Cléo d’Arc and 2 more":       {bob, cleo, dan, eve, me},
		"Bob, Ева Иванова-Ли":              {bob, eve, me},
		"Ada, Bob (@mallory), dan":         {user(6, "mallory", "Ada, Bob"), dan, me},
		"Bob and 4 more (@mallory), dan":   {user(6, "mallory", "Bob and 4 more"), dan, me},
		"Ada and Bob (@mallory), dan":      {user(6, "mallory", "Ada and Bob"), dan, me},
		strings.Repeat("x", 39) + "…, dan": {user(6, "long", strings.Repeat("x", 150)), dan, me},
	} {
		if got := GroupTitle(locale.Of("en"), people, me.ID); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
