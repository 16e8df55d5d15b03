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
