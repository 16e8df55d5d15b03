package chat

import (
	"context"
	"testing"
)

// lateDisk is a Disk that calls a function at the start of the next write. By then, the caller of Write has read what it needs.
type lateDisk struct {
	Disk
	before func()
}

func (d *lateDisk) meanwhile() {
	if f := d.before; f != nil {
		d.before = nil
		f()
	}
}

func (d *lateDisk) Write(ctx context.Context, job func(Tx) error) error {
	d.meanwhile()
	return d.Disk.Write(ctx, job)
}

func (d *lateDisk) Submit(job func(Tx) error, done func(error)) {
	d.meanwhile()
	d.Disk.Submit(job, done)
}

// meanwhile schedules f to be called just before the next write.
func (p *testChat) meanwhile(f func()) { p.disk = &lateDisk{p.disk, f} }

func (p *testChat) count(query string, args ...any) (n int) {
	p.t.Helper()
	if err := p.disk.Reader().QueryRow(query, args...).Scan(&n); err != nil {
		p.t.Fatal(err)
	}
	return n
}

// A message can be deleted between the time when a call reads it and the time when the call writes.
func TestAMessageIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		act  func(*testChat, MessageID) error
		code string // "": no error
	}{
		"react":  {func(p *testChat, id MessageID) error { return p.React(context.Background(), p.admin, id, "🎉", true) }, "no_such_message"},
		"edit":   {func(p *testChat, id MessageID) error { return p.Edit(context.Background(), p.admin, id, "too late") }, "no_such_message"},
		"delete": {func(p *testChat, id MessageID) error { return p.Delete(context.Background(), p.admin, id) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newTestChat(t)
			m := p.say(p.admin, "r", "soon gone")
			p.meanwhile(func() {
				if err := p.Delete(context.Background(), p.admin, m.ID); err != nil {
					t.Fatal(err)
				}
			})
			if err := c.act(p, m.ID); c.code != "" {
				wantCode(t, err, c.code, "")
			} else if err != nil {
				t.Error(err)
			}
			if n := p.count("SELECT count(*) FROM change"); n != 1 {
				t.Errorf("%d changes are told, not one", n)
			}
			if n := p.count("SELECT count(*) FROM reaction"); n != 0 {
				t.Errorf("what is gone has %d reactions", n)
			}
		})
	}
}

// A message that is written while its room is deleted is refused. Otherwise nobody could read or delete it.
func TestARoomIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	r := p.room("r", Open)
	m := p.say(p.admin, "r", "soon gone")
	gone := func() {
		if err := p.DeleteRoom(context.Background(), p.admin, r, "r"); err != nil {
			t.Fatal(err)
		}
	}
	p.meanwhile(gone)
	p.Say(context.Background(), p.admin, "r", Draft{Text: "too late", Nonce: "n"}, func(_ *Message, _ *Room, _ bool, err error) {
		wantCode(t, err, "not_allowed", "")
	})
	wantCode(t, p.React(context.Background(), p.admin, m.ID, "🎉", true), "no_such_message", "")
	if n := p.count("SELECT count(*) FROM message"); n != 0 {
		t.Errorf("%d messages are in no room", n)
	}
	if again := p.say(p.admin, "r", "a new room"); again.RoomID == r.ID {
		t.Error("the new room has the old one's id")
	}
}
