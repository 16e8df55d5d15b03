package chat

import (
	"context"
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"

	"hearth/web/db/migrate"
)

// oldDatabase returns a database with the migrations whose names are lower than end, and a function that runs the others.
func oldDatabase(t *testing.T, end string) (db *sql.DB, migrateRest func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "old.db")+"?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	before := fstest.MapFS{}
	names, err := fs.Glob(Migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name >= end {
			break
		}
		text, err := fs.ReadFile(Migrations(), name)
		if err != nil {
			t.Fatal(err)
		}
		before[name] = &fstest.MapFile{Data: text}
	}
	run := func(steps fs.FS) {
		t.Helper()
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := migrate.Run(t.Context(), conn, steps); err != nil {
			t.Fatal(err)
		}
	}
	run(before)
	return db, func() { t.Helper(); run(Migrations()) }
}

// The migrations keep a message that was stored with the oldest schema, and the sequence of its room continues.
func TestMigrationsFromTheOldest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, run := oldDatabase(t, "0002")
	for _, row := range []string{
		"INSERT INTO user (id, name, name_key, name_look, first_name, last_name, search, password, created_at) VALUES (1, 'ada', 'ada', 'ada', 'Ada', 'Lünd', 'ada ada lünd', '', 0)",
		"INSERT INTO room (id, name, name_key, access, created_at) VALUES (1, 'r', 'r', 'open', 0)",
		"INSERT INTO message (id, sender, text, created_at) VALUES (1 << 32 | 1, 1, 'hello', 0)",
	} {
		if _, err := db.Exec(row); err != nil {
			t.Fatal(err)
		}
	}
	run()
	c := New(&plainDisk{db: db}, &nowhere{}, Options{})
	ada, err := c.User(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if ada.Display() != "Ada Lünd" {
		t.Errorf("ada is called %q", ada.Display())
	}
	if found, _, err := c.Users(ctx, UserQuery{Text: "lund"}); err != nil || len(found) != 1 {
		t.Errorf("a search without the mark finds %v, %v", found, err)
	}
	said := make(chan *Message, 1)
	c.Say(ctx, Caller{User: ada}, "r", Draft{Text: "still here"}, func(m *Message, _ *Room, _ bool, err error) {
		if err != nil {
			t.Error(err)
		}
		said <- m
	})
	if m := <-said; m == nil || m.Seq != 2 {
		t.Errorf("said %+v", m)
	}
	r, err := c.Enter(ctx, Caller{User: ada}, "r")
	if err != nil {
		t.Fatal(err)
	}
	if found, seq, err := c.History(ctx, r, Page{Limit: 9}); err != nil || seq != 2 || len(found) != 2 || found[0].Text != "hello" || found[0].User != "ada" {
		t.Errorf("%d messages up to %d, %v", len(found), seq, err)
	}
	c.Close()
}

// An existing database keeps its conversations: read positions, unread counts, and the members of rooms. Group conversations can be
// opened in it.
func TestMigrationToGroups(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, run := oldDatabase(t, "0013")
	for _, row := range []string{
		"INSERT INTO user (id, name, name_key, name_look, password, created_at) VALUES (1, 'ada', 'ada', 'ada', '', 0), (2, 'bob', 'bob', 'bob', '', 0), (3, 'cleo', 'cleo', 'cleo', '', 0)",
		"INSERT INTO room (id, name, name_key, access, created_at) VALUES (1, '@1:2', '@1:2', 'direct', 0), (2, 'plans', 'plans', 'closed', 0)",
		"INSERT INTO membership (user_id, room_id, read, member) VALUES (1, 1, 1, 1), (2, 1, 0, 1), (2, 2, 0, 1)",
		"INSERT INTO message (id, sender, text, created_at) VALUES (1 << 32 | 1, 1, 'hello bob', 1), (1 << 32 | 2, 1, 'still there?', 2), (2 << 32 | 1, 1, 'a plan', 1)",
	} {
		if _, err := db.Exec(row); err != nil {
			t.Fatal(err)
		}
	}
	run()
	c := New(&plainDisk{db: db}, &nowhere{}, Options{})
	defer c.Close()
	bob, err := c.User(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	by := Caller{User: bob}
	if unread, err := c.Unread(ctx, bob); err != nil || unread[1].Count != 2 || unread[2].Count != 1 {
		t.Errorf("bob has not read %v, %v", unread, err)
	}
	if talks, total, err := c.Conversations(ctx, 2, 9, 0); err != nil || total != 1 || talks[0].With == nil || talks[0].With.Name != "ada" || talks[0].Unread != 2 {
		t.Errorf("bob has the conversations %+v, %v", talks, err)
	}
	if waiting, err := c.Waiting(ctx, 2, false); err != nil || len(waiting) != 2 {
		t.Errorf("%d messages wait for bob, %v", len(waiting), err)
	}
	for _, name := range []string{"@ada", "plans"} {
		r, err := c.Enter(ctx, by, name)
		if err != nil {
			t.Fatal(err)
		}
		if found, _, err := c.History(ctx, r, Page{Limit: 9}); err != nil || len(found) == 0 {
			t.Errorf("%s has %v, %v", name, found, err)
		}
	}
	if r, made, err := c.OpenGroup(ctx, by, []string{"ada", "cleo"}); err != nil || !made || r.Access != Group {
		t.Errorf("a group: %+v, %v, %v", r, made, err)
	}
}
