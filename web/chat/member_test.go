package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// before0004 returns a database with people and rooms, of the version before rooms had members, and the text of the next
// migration.
func before0004(t *testing.T) (db *sql.DB, step string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "old.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	names, err := fs.Glob(Migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	run := func(text string) {
		t.Helper()
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		text, err := fs.ReadFile(Migrations(), name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, "0004") {
			step = string(text)
			break
		}
		run(string(text))
	}
	run(`INSERT INTO user (id, name, name_key, name_look, password, admin, created_at) VALUES
		(1, 'ada', 'ada', 'ada', '', 1, 1), (2, 'bob', 'bob', 'bob', '', 0, 1), (3, 'eve', 'eve', 'eve', '', 1, 1)`)
	run(`INSERT INTO room (id, name, name_key, access, created_by, created_at) VALUES
		(1, 'spoken', 'spoken', 'open', 2, 10000), (2, 'made', 'made', 'open', 2, 10000), (3, 'cellar', 'cellar', 'closed', 1, 10000),
		(4, '@2:3', '@2:3', 'direct', 2, 10000), (5, 'other', 'other', 'open', 2, 10000)`)
	run(`INSERT INTO message (id, sender, text, created_at) VALUES (1 << 32 | 1, 2, 'x', 10001), (2 << 32 | 1, 2, 'x', 11000),
		(4 << 32 | 1, 2, 'x', 10000), (5 << 32 | 1, 3, 'x', 10000), (5 << 32 | 2, 2, 'x', 10001)`)
	run(`INSERT INTO membership (user_id, room_id, read) VALUES (1, 1, 1), (2, 1, 1), (1, 3, 0), (2, 3, 5), (3, 3, 0), (2, 4, 1), (3, 4, 0)`)
	return db, step
}

// column returns the values of the only column of a query.
func column(t *testing.T, db *sql.DB, query string) (found []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		found = append(found, s)
	}
	return found
}

// In a migrated database, a person who has only opened a room is not a member, and a room that was created by its first message
// has no owner.
func TestMembersOfAnOldDatabase(t *testing.T) {
	t.Parallel()
	db, step := before0004(t)
	if _, err := db.Exec(step); err != nil {
		t.Fatal(err)
	}
	// eve, an admin, has only opened the cellar.
	members := column(t, db, "SELECT r.name || ' ' || u.name FROM membership s JOIN room r ON r.id = s.room_id JOIN user u ON u.id = s.user_id WHERE s.member = 1 ORDER BY 1")
	if want := []string{"@2:3 bob", "@2:3 eve", "cellar ada", "cellar bob"}; !reflect.DeepEqual(members, want) {
		t.Errorf("members are %v, want %v", members, want)
	}
	owned := column(t, db, "SELECT name FROM room WHERE created_by IS NOT NULL ORDER BY id")
	if want := []string{"made", "cellar", "@2:3", "other"}; !reflect.DeepEqual(owned, want) {
		t.Errorf("rooms with an owner are %v, want %v", owned, want)
	}
	if read := column(t, db, "SELECT read FROM membership WHERE user_id = 2 AND room_id = 3"); !reflect.DeepEqual(read, []string{"5"}) {
		t.Errorf("the read position is now %v", read)
	}
}

// Only CreateRoom gives a room an owner.
func TestWhoOwnsARoom(t *testing.T) {
	t.Parallel()
	p, ctx := newTestChat(t), context.Background()
	mai, bob := Caller{User: p.user("mai")}, Caller{User: p.user("bob")}
	if _, err := p.CreateRoom(ctx, mai, RoomDraft{Name: "Made"}); err != nil {
		t.Fatal(err)
	}
	p.say(mai, "spoken", "first")
	p.say(bob, "made", "first")
	for _, c := range []struct {
		room string
		by   Caller
		may  bool
	}{
		{"spoken", mai, false}, {"spoken", bob, false}, {"spoken", p.admin, true},
		{"made", mai, true}, {"made", bob, false}, {"made", p.admin, true}, {"nowhere", p.admin, false},
	} {
		r, err := p.Enter(ctx, c.by, c.room)
		if err != nil {
			t.Fatal(err)
		}
		if may, err := p.MayManage(ctx, c.by, r); may != c.may || err != nil {
			t.Errorf("%s manages %s: %v, %v", c.by.User.Name, c.room, may, err)
		}
		err = p.ChangeRoom(ctx, c.by, r, RoomDraft{Topic: "mine"})
		var e *Error
		if refused := errors.As(err, &e) && e.Code == "not_allowed"; refused == c.may {
			t.Errorf("%s changes %s: %v", c.by.User.Name, c.room, err)
		}
	}
}

// An admin who opens a closed room does not become a member.
func TestAVisitIsNoMembership(t *testing.T) {
	t.Parallel()
	p, ctx := newTestChat(t), context.Background()
	eve := Caller{User: p.user("eve")}
	if err := p.SetAdmin(ctx, p.admin, eve.User.ID, true); err != nil {
		t.Fatal(err)
	}
	cellar := p.room("cellar", Closed)
	if _, err := p.Visit(ctx, eve, cellar); err != nil {
		t.Fatal(err)
	}
	if err := p.SetAdmin(ctx, p.admin, eve.User.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Enter(ctx, eve, "cellar"); err == nil {
		t.Error("eve enters the cellar, having looked at it once")
	}
	if found, _, err := p.RoomsFor(ctx, eve, RoomQuery{}); err != nil || len(found) > 0 {
		t.Errorf("eve's rooms are %v, %v", found, err)
	}
	if found, err := p.Readers(ctx, cellar, -1); err != nil || len(found) != 1 || found[0].Name != "ada" {
		t.Errorf("the cellar tells %v of what is unread (%v)", found, err)
	}
	if found, _, err := p.Members(ctx, cellar, "en", 10, 0); err != nil || len(found) != 1 || found[0].Name != "ada" {
		t.Errorf("members are %v, %v", found, err)
	}
}

// A room can be closed only with a list of the people who stay. The people who wrote there in the last 90 days are proposed.
func TestWhoStaysInARoomThatIsClosed(t *testing.T) {
	t.Parallel()
	p, ctx := newTestChat(t), context.Background()
	mai, bob, tom, eve := Caller{User: p.user("mai")}, Caller{User: p.user("bob")}, Caller{User: p.user("tom")}, Caller{User: p.user("eve")}
	p.say(mai, "tea", "long ago")
	p.clock = p.clock.Add(91 * 24 * time.Hour)
	p.say(tom, "tea", "lately")
	p.say(bob, "tea", "more lately")
	p.say(p.admin, "tea", "now")
	p.say(eve, "other", "elsewhere")
	tea := p.find("tea")
	if _, err := p.Visit(ctx, eve, tea); err != nil {
		t.Fatal(err)
	}
	found, err := p.Writers(ctx, p.admin, tea)
	if err != nil || len(found) != 2 || found[0].Name != "bob" || found[1].Name != "tom" {
		t.Errorf("proposed are %v, %v", found, err)
	}
	_, err = p.Writers(ctx, bob, tea)
	wantCode(t, err, "not_allowed", "")
	wantCode(t, p.ChangeRoom(ctx, p.admin, tea, RoomDraft{Access: Closed}), "who_stays", "stay")
	if err := p.ChangeRoom(ctx, p.admin, tea, RoomDraft{Access: Closed, Stay: []int64{bob.User.ID, 99}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		by Caller
		in bool
	}{{p.admin, true}, {bob, true}, {tom, false}, {mai, false}, {eve, false}} {
		if _, err := p.Enter(ctx, c.by, "tea"); (err == nil) != c.in {
			t.Errorf("%s enters: %v", c.by.User.Name, err)
		}
	}
	if found, _, err := p.Members(ctx, tea, "en", 10, 0); err != nil || len(found) != 2 || found[0].Name != "ada" || found[1].Name != "bob" {
		t.Errorf("members are %v, %v", found, err)
	}
	// A change of the topic needs no such list. Opening the room removes all members.
	if err := p.ChangeRoom(ctx, p.admin, p.find("tea"), RoomDraft{Topic: "leaves", Access: Closed}); err != nil {
		t.Error(err)
	}
	if err := p.ChangeRoom(ctx, p.admin, p.find("tea"), RoomDraft{Access: Open}); err != nil {
		t.Error(err)
	}
	wantCode(t, p.ChangeRoom(ctx, p.admin, p.find("tea"), RoomDraft{Access: Closed}), "who_stays", "stay")
	if err := p.ChangeRoom(ctx, p.admin, p.find("tea"), RoomDraft{Access: Closed, Stay: []int64{}}); err != nil {
		t.Error(err)
	}
	if _, err := p.Enter(ctx, bob, "tea"); err == nil {
		t.Error("bob, not chosen the second time, still enters")
	}
}

// To an open room those belong who have written in it, to a closed one its members. Who has written once is not stored again.
func TestAbsentPeople(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	bob, eve := Caller{User: p.user("bob")}, Caller{User: p.user("eve")}
	open, closed := p.room("open", Open), p.room("closed", Closed)
	if err := p.AddMember(ctx, p.admin, closed, "eve"); err != nil {
		t.Fatal(err)
	}
	p.say(bob, "open", "hello")
	p.say(bob, "open", "again")
	p.say(bob, "@eve", "in private")
	if _, err := p.Visit(ctx, eve, open); err != nil {
		t.Fatal(err)
	}
	if !p.wrote.has(open.ID, bob.User.ID) || p.wrote.has(open.ID, eve.User.ID) {
		t.Error("it is not known who has written")
	}
	for _, c := range []struct {
		room *Room
		by   Caller
		want string
	}{{open, p.admin, "[bob] 1"}, {open, eve, "[bob] 1"}, {open, bob, "[] 0"}, {closed, p.admin, "[eve] 1"}, {closed, eve, "[ada] 1"}} {
		found, total, err := p.Absent(ctx, c.by, c.room, Offline, 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, u := range found {
			names = append(names, u.Name)
		}
		if got := fmt.Sprint(names, " ", total); got != c.want {
			t.Errorf("%s sees in %s: %s, want %s", c.by.Name(), c.room.Name, got, c.want)
		}
		if found, total, err := p.Absent(ctx, c.by, c.room, Elsewhere, 10, 0); len(found) > 0 || total > 0 || err != nil {
			t.Errorf("%v, %d, %v are online", found, total, err)
		}
	}
	belong, err := p.Belongs(ctx, open, []*User{bob.User, eve.User})
	if err != nil || !belong[bob.User.ID] || belong[eve.User.ID] {
		t.Errorf("%v, %v", belong, err)
	}
}
