package chat

import (
	"context"
	"fmt"
	"testing"
)

func (p *testChat) rename(by Caller, r *Room, name string) *Room {
	p.t.Helper()
	if err := p.ChangeRoom(context.Background(), by, r, RoomDraft{Name: name, Topic: r.Topic, Access: r.Access}); err != nil {
		p.t.Fatal(err)
	}
	return p.find(name)
}

func TestARenamedRoomKeepsItsOldName(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	bob := Caller{User: p.user("bob")}
	r := p.room("Tea", Open)
	first := p.say(bob, "tea", "before")
	now := p.rename(p.admin, r, "Coffee")
	if old := p.find("tea"); old.ID != r.ID || old.Name != "Coffee" || old.Group() != r.Group() || now.Group() != r.Group() {
		t.Errorf("the old name leads to %+v, the new one to %+v", old, now)
	}
	if m := p.say(bob, "TEA", "after"); m.RoomID != r.ID || m.Seq <= first.Seq {
		t.Errorf("a message under the old name is %v", m)
	}
	_, err := p.CreateRoom(ctx, bob, RoomDraft{Name: "tea"})
	wantCode(t, err, "room_taken", "name")

	other, err := p.CreateRoom(ctx, p.admin, RoomDraft{Name: "tea"})
	if err != nil {
		t.Fatal(err)
	}
	if other.ID == r.ID || other.Group() == r.Group() || p.find("tea").ID != other.ID || p.find("coffee").ID != r.ID {
		t.Errorf("the new room is %+v", other)
	}
	if m := p.say(bob, "tea", "in the new one"); m.RoomID != other.ID || m.Seq <= first.Seq+1 {
		t.Errorf("the first message of the new room is %v", m)
	}
	wantCode(t, p.ChangeRoom(ctx, p.admin, now, RoomDraft{Name: "tea", Access: Open}), "room_taken", "name")
	if err := p.DeleteRoom(ctx, p.admin, other, "tea"); err != nil {
		t.Fatal(err)
	}
	unmade, err := p.Enter(ctx, bob, "tea")
	if err != nil || unmade.ID != 0 || unmade.Group() == r.Group() {
		t.Errorf("after it was deleted: %+v, %v", unmade, err)
	}
	made := p.say(bob, "tea", "once more")
	if found := p.find("tea"); found.ID != made.RoomID || found.Group() != unmade.Group() {
		t.Errorf("the sockets are in %s, the room in %s", unmade.Group(), found.Group())
	}
	if p.rename(p.admin, now, "coffee").Name != "coffee" || p.rename(p.admin, now, "Espresso").ID != r.ID || p.find("coffee").ID != r.ID {
		t.Error("not renamed again")
	}
	if back := p.rename(p.admin, p.find("espresso"), "Coffee"); back.ID != r.ID || p.find("espresso").ID != r.ID {
		t.Errorf("back to its former name: %+v", back)
	}
}

func TestFormerNamesAreFew(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	r := p.room("name-0", Open)
	for i := range maxAliases + 1 {
		p.clock = p.clock.Add(1e9)
		r = p.rename(p.admin, r, fmt.Sprint("name-", i+1))
	}
	if first := p.find("name-0"); first.ID != 0 || first.Group() == r.Group() {
		t.Errorf("the first name leads to %+v", first)
	}
	if second := p.find("name-1"); second.ID != r.ID {
		t.Errorf("the second name leads to %+v", second)
	}
	if m := p.say(p.admin, "name-0", "free again"); m.RoomID == r.ID {
		t.Errorf("a message under it is in room %d", m.RoomID)
	}
}

// The owner may do with a room what an admin may do.
func TestOwnersManageTheirRooms(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	bob, mai := Caller{User: p.user("bob")}, Caller{User: p.user("mai")}
	r, err := p.CreateRoom(ctx, bob, RoomDraft{Name: "tea"})
	if err != nil {
		t.Fatal(err)
	}
	p.say(mai, "tea", "hello")
	for who, by := range map[string]Caller{"another person": mai, "a visitor": {}} {
		for what, err := range map[string]error{
			"rename": p.ChangeRoom(ctx, by, r, RoomDraft{Name: "coffee", Access: Open}), "archive": p.SetArchived(ctx, by, r, true), "delete": p.DeleteRoom(ctx, by, r, "tea"),
		} {
			t.Log(who, what)
			wantCode(t, err, "not_allowed", "")
		}
	}
	wantCode(t, p.ChangeRoom(ctx, bob, r, RoomDraft{Name: "a/b", Access: Open}), "room_name_characters", "name")
	r = p.rename(bob, r, "coffee")
	for _, on := range []bool{true, false, true} {
		if err := p.SetArchived(ctx, bob, r, on); err != nil || p.find("coffee").Archived != on {
			t.Errorf("archive %v: %v", on, err)
		}
	}
	if err := p.DeleteRoom(ctx, bob, r, "coffee"); err != nil || p.find("coffee").ID != 0 || p.find("tea").ID != 0 {
		t.Errorf("delete: %v", err)
	}
}
