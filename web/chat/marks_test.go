package chat

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A new read position takes effect at once. It is written later, and only the newest position is written.
func TestReadPositionsAreMerged(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	bob := Caller{User: p.user("bob")}
	r := p.room("r", Open)
	if read, err := p.Visit(ctx, bob, r); read != 0 || err != nil {
		t.Fatal(read, err)
	}
	rows := func() (n int) {
		t.Helper()
		if err := p.read.QueryRow(ctx, "SELECT count(*) FROM membership WHERE user_id = ? AND read > 0", []any{bob.User.ID}, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for i := range int64(20) {
		p.say(p.admin, "r", "hello")
		if unread, err := p.Unread(ctx, bob.User); err != nil || unread[r.ID].Count != 1 {
			t.Fatalf("%v, %v", unread, err)
		}
		if err := p.Read(ctx, bob, r, i+1); err != nil {
			t.Fatal(err)
		}
		if unread, err := p.Unread(ctx, bob.User); err != nil || len(unread) > 0 {
			t.Fatalf("what was read is unread: %v, %v", unread, err)
		}
	}
	if n := rows(); n != 0 {
		t.Errorf("%d rows are written at once", n)
	}
	if b := p.marks.take(); len(b.read) != 1 || b.read[0].n != 20 {
		t.Errorf("to be written are %v", b.read)
	}
	if err := p.FlushMarks(ctx); err != nil || rows() != 1 {
		t.Errorf("afterwards there are %d rows, %v", rows(), err)
	}
	if read, known, err := p.readTo(ctx, bob.User.ID, r.ID); read != 20 || !known || err != nil {
		t.Errorf("read up to %d, %v, %v", read, known, err)
	}
	if p.marks.reads != 0 || len(p.marks.read) != 0 {
		t.Error("what is on disk is still waiting")
	}
}

// fullDisk is a Disk whose Write fails while full is set.
type fullDisk struct {
	Disk
	full bool
}

func (d *fullDisk) Write(ctx context.Context, job func(Tx) error) error {
	if d.full {
		return errors.New("the disk is full")
	}
	return d.Disk.Write(ctx, job)
}

func TestMarksOutlastAFullDisk(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	r := p.room("r", Open)
	p.say(p.admin, "r", "hello")
	p.clock = p.clock.Add(time.Second)
	bob := Caller{User: p.user("bob")}
	disk := &fullDisk{Disk: p.disk, full: true}
	p.disk = disk
	if read, err := p.Visit(ctx, bob, r); read != 1 || err != nil {
		t.Fatal(read, err)
	}
	p.Seen(bob.User.ID, p.clock)
	if err := p.FlushMarks(ctx); !errors.Is(err, Errorf("storage")) {
		t.Errorf("flushing to a full disk: %v", err)
	}
	disk.full = false
	if err := p.FlushMarks(ctx); err != nil {
		t.Fatal(err)
	}
	p.users.Clear()
	if u, err := p.User(ctx, bob.User.ID); err != nil || !u.LastSeen.Equal(p.clock) {
		t.Errorf("bob was seen at %v, %v", u.LastSeen, err)
	}
	if read, _, err := p.readTo(ctx, bob.User.ID, r.ID); read != 1 || err != nil {
		t.Errorf("bob has read up to %d, %v", read, err)
	}
}

// The messages of a room that a user may no longer enter are not counted, even while the user's read position waits to be
// written.
func TestWhatIsReadInALostRoomIsNotCounted(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	r := p.room("plans", Closed)
	bob := Caller{User: p.user("bob")}
	if err := p.AddMember(ctx, p.admin, r, "bob"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Visit(ctx, bob, r); err != nil {
		t.Fatal(err)
	}
	p.say(p.admin, "plans", "hello")
	p.mark(bob.User.ID, r.ID, 0)
	want := func(n int) {
		t.Helper()
		unread, err := p.Unread(ctx, bob.User)
		if err != nil || len(unread) != n {
			t.Errorf("unread is %v, %v, want %d rooms", unread, err, n)
		}
	}
	want(1)
	if err := p.RemoveMember(ctx, p.admin, r, "bob"); err != nil {
		t.Fatal(err)
	}
	want(0)
}

// A position that was moved back counts at once, replaces the stored one, and can rise again before it is written.
func TestReadPositionsMoveBack(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	bob := Caller{User: p.user("bob")}
	for range 5 {
		p.say(p.admin, "r", "hello")
		p.say(p.admin, "@bob", "hello")
	}
	for _, name := range []string{"r", "@ada"} {
		r, err := p.Enter(ctx, bob, name)
		if err != nil {
			t.Fatal(err)
		}
		want := func(when string, unread int) {
			t.Helper()
			if _, n, err := p.Position(ctx, bob, r); n != unread || err != nil {
				t.Errorf("%s, %s: %d are unread, %v, want %d", name, when, n, err, unread)
			}
			if all, err := p.Unread(ctx, bob.User); all[r.ID].Count != unread || err != nil {
				t.Errorf("%s, %s: %v in the list, %v, want %d", name, when, all, err, unread)
			}
			talks, _, err := p.Conversations(ctx, bob.User.ID, 10, 0)
			if err != nil || name == "@ada" && talks[0].Unread != unread {
				t.Errorf("%s, %s: %v in the sidebar, %v, want %d", name, when, talks, err, unread)
			}
		}
		flush := func() {
			t.Helper()
			if err := p.FlushMarks(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Read(ctx, bob, r, 5); err != nil {
			t.Fatal(err)
		}
		flush()
		want("read", 0)
		if err := p.ReadBack(ctx, bob, r, 2); err != nil {
			t.Fatal(err)
		}
		want("moved back", 3)
		if err := p.Read(ctx, bob, r, 3); err != nil {
			t.Fatal(err)
		}
		want("one more", 2)
		flush()
		want("on disk", 2)
		wantCode(t, p.ReadBack(ctx, bob, r, 6), "no_such_message", "")
		if err := p.ReadBack(ctx, bob, r, 0); err != nil {
			t.Fatal(err)
		}
		want("from the beginning", 5)
	}
	if err := p.ReadAll(ctx, bob); err != nil {
		t.Fatal(err)
	}
	if all, err := p.Unread(ctx, bob.User); len(all) > 0 || err != nil {
		t.Errorf("after all were marked: %v, %v", all, err)
	}
}

// A day is found without reading the messages before it.
func TestFirstSince(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	var said []*Message
	for range 20 {
		p.clock = p.clock.Add(time.Hour)
		said = append(said, p.say(p.admin, "r", "hello"))
	}
	r, err := p.Enter(ctx, p.admin, "r")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Delete(ctx, p.admin, said[7].ID); err != nil { // its time stays
		t.Fatal(err)
	}
	for i, m := range said {
		for _, at := range []time.Time{m.At, m.At.Add(-time.Minute)} {
			if id, err := p.FirstSince(ctx, r, at); id >= m.ID || i > 0 && id < said[i-1].ID || err != nil {
				t.Errorf("before message %d is %d, %v", m.Seq, id.Seq(), err)
			}
		}
	}
	if id, err := p.FirstSince(ctx, r, p.clock.Add(time.Hour)); id < said[19].ID || err != nil {
		t.Errorf("the end is at %d, %v", id.Seq(), err)
	}
}
