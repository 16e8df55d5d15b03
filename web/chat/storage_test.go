package chat

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"modernc.org/sqlite"
)

// brokenDisk is a driver that returns an error for one read, as a disk with a bad sector does.
type brokenDisk struct {
	driver.Driver
	left int // how many reads succeed before the one that fails; negative: none fails
}

var errBroken = errors.New("disk I/O error")

// fails counts a read, and reports whether it is the one that fails.
func (d *brokenDisk) fails() bool {
	d.left--
	return d.left == -1
}

func (d *brokenDisk) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	return &brokenConn{c, d}, err
}

// brokenConn implements only the methods that database/sql requires, so that each read uses a brokenStmt.
type brokenConn struct {
	driver.Conn
	disk *brokenDisk
}

func (c *brokenConn) Prepare(query string) (driver.Stmt, error) {
	s, err := c.Conn.Prepare(query)
	return &brokenStmt{s, c.disk}, err
}

type brokenStmt struct {
	driver.Stmt
	disk *brokenDisk
}

func (s *brokenStmt) Query(args []driver.Value) (driver.Rows, error) {
	if s.disk.fails() {
		return nil, errBroken
	}
	//lint:ignore SA1019 the plain interface is all that brokenConn offers
	return s.Stmt.Query(args)
}

// splitDisk is a Disk with another pool of readers.
type splitDisk struct {
	Disk
	readers *sql.DB
}

func (d *splitDisk) Reader() *sql.DB { return d.readers }

// Every read that fails gives the error storage. It never looks as if the wanted row did not exist.
func TestAFailedReadIsNeverNotFound(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newTestChat(t)
	bob := Caller{User: p.user("bob")}
	p.room("closed", Closed)
	said := map[string]*Message{"r": p.say(bob, "r", "hello"), "@ada": p.say(bob, "@ada", "between us")}
	moderated := p.say(bob, "q", "soon gone")
	var file string
	if err := p.disk.Reader().QueryRow("SELECT file FROM pragma_database_list").Scan(&file); err != nil {
		t.Fatal(err)
	}
	broken := &brokenDisk{Driver: &sqlite.Driver{}, left: -1}
	name := "broken " + t.Name()
	sql.Register(name, broken)
	readers, err := sql.Open(name, "file:"+file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	readers.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = readers.Close() })

	acts := map[string]func(c *Chat) error{
		"enter a room":         func(c *Chat) error { _, err := c.Enter(ctx, bob, "r"); return err },
		"enter a closed room":  func(c *Chat) error { _, err := c.Enter(ctx, p.admin, "closed"); return err },
		"enter a conversation": func(c *Chat) error { _, err := c.Enter(ctx, bob, "@ada"); return err },
		"user":                 func(c *Chat) error { _, err := c.User(ctx, bob.User.ID); return err },
		"user by name":         func(c *Chat) error { _, err := c.UserByName(ctx, "bob"); return err },
		"moderate":             func(c *Chat) error { return c.Moderate(ctx, p.admin, moderated.ID) },
		"answer": func(c *Chat) (err error) {
			c.Say(ctx, bob, "r", Draft{Text: "yes", ReplyTo: said["r"].ID}, func(_ *Message, _ *Room, _ bool, e error) { err = e })
			return err
		},
		"whisper": func(c *Chat) (err error) {
			c.Say(ctx, bob, "r", Draft{Text: "/pm ada yes"}, func(_ *Message, _ *Room, _ bool, e error) { err = e })
			return err
		},
		"search": func(c *Chat) error {
			_, _, err := c.Search(ctx, MessageQuery{Room: "r", Author: "bob", Limit: 9})
			return err
		},
	}
	for room, m := range said {
		acts["edit in "+room] = func(c *Chat) error { return c.Edit(ctx, bob, m.ID, fmt.Sprint("hello ", p.clock.UnixNano())) }
		acts["react in "+room] = func(c *Chat) error { return c.React(ctx, bob, m.ID, "🎉", true) }
		acts["history of "+room] = func(c *Chat) error {
			r, err := c.Enter(ctx, bob, room)
			if err == nil {
				_, _, err = c.History(ctx, r, Page{Limit: 9})
			}
			return err
		}
	}
	check := func(what string, act func(c *Chat) error) {
		t.Helper()
		for n := 0; ; n++ {
			c := New(&splitDisk{p.disk, readers}, &p.hub, Options{}) // a new Chat has empty caches
			broken.left = n
			err := act(c)
			reached := broken.left < 0
			broken.left = -1
			c.Close()
			if !reached {
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Code != "storage" || !errors.Is(err, errBroken) {
				t.Errorf("%s, with read %d failing: %v", what, n+1, err)
			}
		}
	}
	for what, act := range acts {
		check(what, act)
	}
	for room, m := range said {
		check("delete in "+room, func(c *Chat) error { return c.Delete(ctx, bob, m.ID) })
	}
}
