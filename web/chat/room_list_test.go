package chat

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestConversationsAndMembersHavePages(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	t.Cleanup(p.Close)
	cellar := p.room("cellar", Closed)
	for i := range 30 {
		u := p.user(fmt.Sprintf("user%02d", i))
		p.say(Caller{User: u}, "r", "/pm ada hello")
		if err := p.AddMember(context.Background(), p.admin, cellar, u.Name); err != nil {
			t.Fatal(err)
		}
	}
	found, total, err := p.Conversations(context.Background(), p.admin.User.ID, 10, 5)
	if err != nil || total != 30 || len(found) != 10 || found[0].With.Name != "user24" || found[9].With.Name != "user15" || found[0].Unread != 1 {
		t.Errorf("conversations: %d of %d, %+v, %v", len(found), total, found[0], err)
	}
	members, total, err := p.Members(context.Background(), cellar, "en", 10, 25)
	if err != nil || total != 31 || len(members) != 6 || members[0].Name != "user24" {
		t.Errorf("members: %d of %d, %v", len(members), total, err)
	}
	var tokens int
	for i := range 12 {
		p.clock = p.clock.Add(time.Minute)
		if _, _, err := p.OpenSession(context.Background(), p.admin.User.ID, Browser{Agent: fmt.Sprint(i)}, 0); err != nil {
			t.Fatal(err)
		}
		tokens++
	}
	sessions, total, err := p.Sessions(context.Background(), p.admin.User.ID, 5, 10)
	if err != nil || total != tokens || len(sessions) != 2 || sessions[1].Agent != "0" {
		t.Errorf("sessions: %d of %d, %v", len(sessions), total, err)
	}
}

// BenchmarkRoomsFor loads a page of 50 rooms of a lobby with 1000 rooms.
func BenchmarkRoomsFor(b *testing.B) {
	p := newTestChat(b)
	for i := range 1000 {
		p.room(fmt.Sprint("room", i), Open)
	}
	bob := Caller{User: p.user("bob")}
	for b.Loop() {
		if _, _, err := p.RoomsFor(context.Background(), bob, RoomQuery{Limit: 50}); err != nil {
			b.Fatal(err)
		}
	}
}

// A room that has just been stored is listed once, although it is still in the list of unmade rooms for a moment.
func TestARoomIsListedOnceWhileItIsMade(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	p.room("garden", Open)
	p.unmade.rooms = map[string]unmadeRoom{"garden": {&Room{Name: "garden", Key: "garden", Access: Open}, "ada"}, "shed": {&Room{Name: "shed", Key: "shed", Access: Open}, "ada"}}
	found, total, err := p.RoomsFor(context.Background(), p.admin, RoomQuery{Unmade: true})
	if err != nil || total != 2 || len(found) != 2 || found[0].Name != "garden" || found[0].ID == 0 || found[1].Name != "shed" {
		t.Errorf("%d of %d: %v, %v", len(found), total, found, err)
	}
}
