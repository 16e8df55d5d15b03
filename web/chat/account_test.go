package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hearth/web/locale"
)

// removed waits until nothing is left to be removed.
func (p *testChat) removed() {
	p.t.Helper()
	if err := p.remove(context.Background()); err != nil {
		p.t.Fatal(err)
	}
}

// full creates a person about whom there is a row in every table.
func (p *testChat) full(name string) Caller {
	p.t.Helper()
	ctx := context.Background()
	by := Caller{User: p.user(name)}
	check := func(err error) {
		p.t.Helper()
		if err != nil {
			p.t.Fatal(err)
		}
	}
	check(p.UpdateProfile(ctx, by, by.User.ID, Profile{DisplayName: "The Name", FirstName: "First", LastName: "Last", Email: name + "@example.org"}))
	_, s, err := p.OpenSession(ctx, by.User.ID, Browser{}, 0)
	check(err)
	by.SessionID = s.ID
	_, err = p.CreateSigninLink(ctx, by, by.User, false)
	check(err)
	check(p.SetAdmin(ctx, p.admin, by.User.ID, true))
	admin := by
	admin.User, err = p.User(ctx, by.User.ID)
	check(err)
	_, err = p.CreateInvite(ctx, admin, 3, 3)
	check(err)
	check(p.SetAdmin(ctx, p.admin, by.User.ID, false))
	_, err = p.CreateRoom(ctx, by, RoomDraft{Name: name + "s", Access: Closed})
	check(err)
	p.say(by, name+"s", "mine")
	m := p.say(by, "hall", "hello")
	p.say(by, "@ada", "a private word")
	p.sayDraft(p.admin, "hall", Draft{Text: "@" + name + " hi", ReplyTo: m.ID})
	check(p.React(ctx, p.admin, m.ID, "🎉", true))
	check(p.React(ctx, by, p.say(p.admin, "hall", "look").ID, "👍", true))
	check(p.SetBlocked(ctx, by, p.admin.User, true))
	check(p.SetBlocked(ctx, p.admin, by.User, true))
	r, err := p.Enter(ctx, by, "hall")
	check(err)
	check(p.Read(ctx, by, r, 1))
	p.Seen(by.User.ID, p.clock)
	return by
}

func TestADeletedAccountLeavesAFormerMember(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	by := p.full("carol")
	id := by.User.ID
	if err := p.DeleteAccount(ctx, p.admin, id, false); err != nil {
		t.Fatal(err)
	}
	p.removed()
	if err := p.FlushMarks(ctx); err != nil {
		t.Fatal(err)
	}
	for table, column := range map[string]string{"session": "user_id", "signin_link": "user_id", "invite": "created_by", "room": "created_by", "membership": "user_id",
		"room_writer": "user_id", "mention": "user_id", "block": "user_id"} {
		if n := p.count("SELECT count(*) FROM "+table+" WHERE "+column+" = ?", id); n != 0 {
			t.Errorf("%d rows of the person are left in %s", n, table)
		}
	}
	if n := p.count("SELECT count(*) FROM block WHERE blocked_id = ?", id) + p.count("SELECT count(*) FROM removal"); n != 0 {
		t.Errorf("%d rows are left in block and removal", n)
	}
	if n := p.count("SELECT count(*) FROM user WHERE id = ? AND first_name || last_name || display_name || email || search || password || lang || theme || zone || clock || status_emoji || status_text || availability = '' AND created_at = 0 AND last_seen = 0", id); n != 1 {
		t.Error("the row of the user is not empty")
	}
	x, err := p.Around(ctx, must(p.Enter(ctx, p.admin, "hall")), 0, 50, 50)
	if err != nil {
		t.Fatal(err)
	}
	first, answer, look := x.Messages[0], x.Messages[1], x.Messages[2]
	if first.Text != "hello" || !first.Former || first.User != formerName(id) || len(first.Reactions) != 1 {
		t.Errorf("the message is %+v", first)
	}
	if !answer.Answers.Former || strings.Contains(answer.HTML(), "mention") {
		t.Errorf("the answer to it is %s, to %+v", answer.HTML(), answer.Answers)
	}
	if got := look.Reactions[0]; got.Count != 1 || !slices.Equal(got.Users, []string{formerName(id)}) {
		t.Errorf("the reaction is %+v", got)
	}
	f := p.Frame(first, "hall").In("pt-BR")
	if !f.Former || f.Display != "Ex-membro" {
		t.Errorf("the frame is %s", f.AppendJSON(nil))
	}
	talks, _, err := p.Conversations(ctx, p.admin.User.ID, 10, 0)
	if err != nil || len(talks) != 1 || !talks[0].With.Deleted {
		t.Fatalf("the conversations of the other are %+v, %v", talks, err)
	}
	with := must(p.Enter(ctx, p.admin, "@"+talks[0].With.Name))
	if found, _, err := p.History(ctx, with, Page{Limit: 10}); err != nil || len(found) != 1 || found[0].Text != "a private word" {
		t.Errorf("the other sees %v, %v", found, err)
	}
	if err := p.MaySpeak(ctx, p.admin, with); !errors.Is(err, Errorf("not_allowed")) {
		t.Errorf("writing to a former member: %v", err)
	}
	if users, total, err := p.Users(ctx, UserQuery{}); err != nil || total != 1 || len(users) != 1 {
		t.Errorf("%d users are listed, %v", total, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestTheNameOfADeletedAccountIsNeverGivenOutAgain(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	by := p.full("carol")
	if err := p.DeleteAccount(ctx, by, by.User.ID, false); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"carol", "CAROL", "сarol"} { // the last one begins with a Cyrillic letter
		_, err := p.CreateUser(ctx, p.admin, NewUser{Name: name, Password: "x"})
		wantCode(t, err, "name_taken", "username")
		wantCode(t, p.CheckName(ctx, name), "name_taken", "username")
		_, _, err = p.OpenGuest(ctx, name, Browser{}, 0)
		wantCode(t, err, "name_taken", "guest_name")
	}
	_, _, err := p.OpenGuest(ctx, "Former member", Browser{}, 0)
	wantCode(t, err, "name_taken", "guest_name")
	tom := Caller{User: p.user("tom")}
	if err := p.UpdateProfile(ctx, tom, tom.User.ID, Profile{DisplayName: "Former  Member"}); err != nil {
		t.Fatal(err)
	}
	if got := must(p.User(ctx, tom.User.ID)).Display(); got != "Former Member (@tom)" {
		t.Errorf("somebody who takes the name of former members is called %q", got)
	}
	if _, err := p.UserByName(ctx, "carol"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the user carol: %v", err)
	}
}

func TestWhoMayDeleteAnAccount(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	bob, tom := Caller{User: p.user("bob")}, Caller{User: p.user("tom")}
	wantCode(t, p.DeleteAccount(ctx, bob, tom.User.ID, true), "not_allowed", "")
	wantCode(t, p.DeleteAccount(ctx, p.admin, p.admin.User.ID, true), "last_admin", "")
	if err := p.DeleteAccount(ctx, bob, bob.User.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := p.DeleteAccount(ctx, p.admin, bob.User.ID, false); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleting it again: %v", err)
	}
	for what, err := range map[string]error{
		"a change of the profile": p.UpdateProfile(ctx, p.admin, bob.User.ID, Profile{DisplayName: "Bob"}),
		"an activation":           p.SetDisabled(ctx, p.admin, bob.User.ID, false),
		"a new admin":             p.SetAdmin(ctx, p.admin, bob.User.ID, true),
		"a password":              p.SetPassword(ctx, p.admin, bob.User.ID, "hash"),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	entries, _, err := p.AuditEntries(ctx, 1, 0)
	if err != nil || len(entries) != 1 || entries[0].What != "account_deleted" || entries[0].By != "bob" {
		t.Errorf("the log has %v, %v", entries, err)
	}
	late := bob // resolved before the deletion
	p.Say(ctx, late, "hall", Draft{Text: "late"}, func(_ *Message, _ *Room, _ bool, err error) { wantCode(t, err, "sign_in", "") })
}

// A failing disk ends the removal in the middle of a room; the next start of the server continues it.
func TestRemovalSurvivesACrash(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	by := p.full("carol")
	const many = 3*rowsAtOnce + 7
	for i := range many {
		p.say(by, "lab", fmt.Sprint("carol says ", i))
		if i%50 == 0 {
			p.say(p.admin, "lab", fmt.Sprint("ada says ", i))
		}
	}
	lab := must(p.Enter(ctx, p.admin, "lab"))
	before := must(p.Seq(ctx, lab))
	disk := p.disk.(*plainDisk)
	broken := &killedDisk{plainDisk: disk, left: 8}
	p.disk = broken
	if err := p.DeleteAccount(ctx, p.admin, by.User.ID, true); err != nil {
		t.Fatal(err)
	}
	p.removals.done.Wait()
	p.removals.close() // the process ends
	const left = "SELECT count(*) FROM message WHERE sender = ? AND deleted_at IS NULL"
	if n := p.count(left, by.User.ID); n == 0 || broken.left > 0 {
		t.Fatalf("the removal ended with %d messages and %d writes left", n, broken.left)
	}
	again := New(disk, &p.hub, Options{})
	if err := again.remove(ctx); err != nil {
		t.Fatal(err)
	}
	if n := p.count(left, by.User.ID) + p.count("SELECT count(*) FROM removal") + p.count("SELECT count(*) FROM reaction WHERE user_id = ?", by.User.ID); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if n := p.count("SELECT count(*) FROM message WHERE sender = ? AND text <> ''", p.admin.User.ID); n != 13+2 {
		t.Errorf("the other person has %d messages", n)
	}
	lab = must(again.Enter(ctx, p.admin, "lab"))
	replay, err := again.Since(ctx, lab, before)
	if err != nil {
		t.Fatal(err)
	}
	if events := must(replay.Next(ctx)); len(events) != 1 || events[0].Type != "reset" {
		t.Errorf("a client that comes back gets %v", events)
	}
}

// killedDisk fails after some writes, as a process that was killed.
type killedDisk struct {
	*plainDisk
	left int
}

func (d *killedDisk) Write(ctx context.Context, job func(Tx) error) error {
	if d.left--; d.left < 0 {
		return errors.New("the process was killed")
	}
	return d.plainDisk.Write(ctx, job)
}

// Whoever deletes the account leaves the group conversations. The line that says so stays when the messages go.
func TestADeletedAccountLeavesGroups(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	carol := Caller{User: p.user("carol")}
	p.user("tom")
	r, _, err := p.OpenGroup(ctx, p.admin, []string{"carol", "tom"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range fewTakenBack + 5 {
		p.say(carol, r.Name, fmt.Sprint("carol says ", i))
	}
	p.say(p.admin, r.Name, "mine stays")
	if err := p.DeleteAccount(ctx, carol, carol.User.ID, true); err != nil {
		t.Fatal(err)
	}
	p.removed()
	people, err := p.PeopleIn(ctx, r.ID)
	if err != nil || len(people[r.ID]) != 2 {
		t.Errorf("in the group are %v, %v", people[r.ID], err)
	}
	found, _, err := p.History(ctx, must(p.Enter(ctx, p.admin, r.Name)), Page{Limit: 50})
	if err != nil || len(found) != 2 || found[0].Text != "mine stays" || found[1].Notice == nil {
		t.Fatalf("left are %v, %v", found, err)
	}
	if got := found[1].NoticeText(locale.Of("en")); got != "Former member left" {
		t.Errorf("the line is %q", got)
	}
}

// Every column that refers to a user, and every column of the user itself, is in the list at the beginning of account.go.
func TestEveryColumnAboutAPersonIsDecided(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	decided := map[string]string{
		"user":    "id name name_key name_look first_name last_name email search password admin disabled lang theme created_at last_seen display_name deleted_at zone zone_chosen clock status_emoji status_text availability status_until",
		"session": "user_id", "invite": "created_by", "room": "created_by", "membership": "user_id", "message": "sender", "change": "user_id", "reaction": "user_id",
		"deed": "user_id user_name", "user_look": "user_id", "signin_link": "user_id", "mention": "user_id", "room_writer": "user_id", "removal": "sender", "block": "user_id blocked_id",
	}
	rows, err := p.read.Query(context.Background(), `SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'
		AND (t.name = 'user' OR c.name LIKE '%user%' OR c.name IN ('sender', 'created_by', 'blocked_id')
			OR EXISTS (SELECT 1 FROM pragma_foreign_key_list(t.name) f WHERE f."table" = 'user' AND f."from" = c.name))`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(strings.Fields(decided[table]), column) {
			t.Errorf("what becomes of %s.%s when an account is deleted? Say it in account.go", table, column)
		}
	}
}
