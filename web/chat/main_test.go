package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"hearth/web/db/migrate"
)

// plainDisk is a Disk without group commit: each job is a transaction of its own.
type plainDisk struct {
	db *sql.DB
	mu sync.Mutex
}

type plainTx struct {
	*sql.Tx
	undo []func()
}

func (t *plainTx) Announce(string, Event) {}
func (t *plainTx) Erase()                 {}
func (t *plainTx) OnRollback(undo func()) { t.undo = append(t.undo, undo) }

func (d *plainDisk) Reader() *sql.DB { return d.db }

func (d *plainDisk) Submit(job func(Tx) error, done func(error)) {
	done(d.Write(context.Background(), job))
}

func (d *plainDisk) SubmitSoon(job func(Tx) error, done func(error)) { d.Submit(job, done) }

func (d *plainDisk) Write(_ context.Context, job func(Tx) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	tx, err := d.db.Begin()
	if err != nil {
		return err
	}
	t := &plainTx{Tx: tx}
	if err := job(t); err != nil {
		for _, undo := range t.undo {
			undo()
		}
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// nowhere is a Hub without sockets. It records the calls that end sockets or announce a change of a user.
type nowhere struct {
	sessions, users []int64
	groups          []string // the arguments of EndRoom
	people          []string // the calls of UserChanged and UserCreated
}

func (n *nowhere) EndSessions(ids ...int64)          { n.sessions = append(n.sessions, ids...) }
func (n *nowhere) EndUser(id int64)                  { n.users = append(n.users, id) }
func (n *nowhere) EndRoom(group string)              { n.groups = append(n.groups, group) }
func (*nowhere) Recheck(string)                      {}
func (*nowhere) Online(int64) bool                   { return false }
func (*nowhere) Idle(int64) bool                     { return false }
func (*nowhere) OnlineUsers() []int64                { return nil }
func (*nowhere) OnlineCount() int                    { return 0 }
func (*nowhere) Here(string) []string                { return nil }
func (*nowhere) HereCount(string) int                { return 0 }
func (*nowhere) Listening(string) map[int64]bool     { return nil }
func (*nowhere) ListensElsewhere(int64, string) bool { return false }
func (*nowhere) Publish(string, ...Event)            {}
func (*nowhere) PublishSoon(string, Event)           {}
func (*nowhere) Watch(Watcher)                       {}
func (n *nowhere) UserChanged(id int64, _ bool) {
	n.people = append(n.people, fmt.Sprint(id, " changed"))
}
func (n *nowhere) UserCreated(id int64) { n.people = append(n.people, fmt.Sprint(id, " created")) }

// emptyChat is a chat without accounts. The test sets its clock.
type emptyChat struct {
	*Chat
	t     testing.TB
	clock time.Time
	hub   nowhere
}

func newEmptyChat(t testing.TB) *emptyChat {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "test.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(OFF)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(migrate.Run(context.Background(), conn, Migrations()), conn.Close()); err != nil {
		t.Fatal(err)
	}
	h := &emptyChat{t: t, clock: time.Date(2026, 5, 12, 18, 0, 0, 0, time.UTC)}
	h.Chat = New(&plainDisk{db: db}, &h.hub, Options{})
	h.now = func() time.Time { return h.clock }
	t.Cleanup(h.removals.close)
	return h
}

func (h *emptyChat) user(name string) *User {
	h.t.Helper()
	u, err := h.CreateUser(context.Background(), Caller{}, NewUser{Name: name, Password: "hash of " + name})
	if err != nil {
		h.t.Fatalf("create %s: %v", name, err)
	}
	return u
}

// testChat is a chat with an admin.
type testChat struct {
	*emptyChat
	admin Caller
}

func newTestChat(t testing.TB) *testChat {
	h := newEmptyChat(t)
	return &testChat{emptyChat: h, admin: Caller{User: h.user("ada")}}
}

func (p *testChat) room(name string, access Access) *Room {
	p.t.Helper()
	r, err := p.CreateRoom(context.Background(), p.admin, RoomDraft{Name: name, Access: access})
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// say posts a message, one second after the previous one.
func (p *testChat) say(by Caller, room, text string) *Message {
	p.t.Helper()
	p.clock = p.clock.Add(time.Second)
	return p.sayDraft(by, room, Draft{Text: text})
}

func (p *testChat) sayDraft(by Caller, room string, d Draft) *Message {
	p.t.Helper()
	var said *Message
	p.Say(context.Background(), by, room, d, func(m *Message, _ *Room, _ bool, err error) {
		if err != nil {
			p.t.Fatalf("%s in %s: %v", d.Text, room, err)
		}
		said = m
	})
	return said
}

func wantCode(t *testing.T, err error, code, field string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code || e.Field != field {
		t.Errorf("got %v, want %s on %q", err, code, field)
	}
}
