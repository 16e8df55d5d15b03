package web_test

import (
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// roomFrame finds the next frame about one of rooms, by name.
func roomFrame(s *hearthtest.Socket, rooms string) hearthtest.Frame {
	return s.Find("a frame about "+rooms, func(f hearthtest.Frame) bool {
		return f.Type() == "room" && strings.Contains(rooms, f.Text("room"))
	})
}

// listedRooms returns the rooms of /api/rooms.
func listedRooms(t *testing.T, b *hearthtest.Browser) map[string]int {
	t.Helper()
	var list struct {
		Rooms []struct {
			Name string
			Here int
		}
		Total int
	}
	b.Get("/api/rooms").JSON(t, &list)
	found := map[string]int{}
	for _, r := range list.Rooms {
		found[r.Name] = r.Here
	}
	if list.Total != len(found) {
		t.Errorf("total is %d of %v", list.Total, found)
	}
	return found
}

// A room in which nobody has spoken is listed while somebody with an account is in it, for lobby pages alone.
func TestARoomThatNobodySpokeInIsListed(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	ada, bob, visitor := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.Visitor(t)
	visitor.Post("/guest/", "guest_name", "Gus")
	lobbies := []*hearthtest.Socket{bob.DialBatched("/users/?rooms=all"), visitor.DialBatched("/users/?rooms=all")}
	others := []*hearthtest.Socket{bob.DialBatched("/users/"), bob.Dial("/users/?rooms=all"), bob.DialBatched("/ws/chat/elsewhere/"), bob.Dial("/ws/chat/elsewhere/")}
	for _, sock := range append(lobbies, others...) {
		rest(t, sock) // greeted
	}
	in := ada.Dial("/ws/chat/Passing/")
	for _, lobby := range lobbies {
		if f := roomFrame(lobby, "Passing"); f.Int("here") != 1 || f["unmade"] != true || f["access"] != "open" {
			t.Errorf("the lobby hears %v", f)
		}
	}
	if found := listedRooms(t, bob); found["Passing"] != 1 {
		t.Errorf("/api/rooms has %v", found)
	}
	for _, who := range []*hearthtest.Browser{bob, visitor} {
		if page := who.Get("/").Body; !strings.Contains(page, `data-room="Passing"`) {
			t.Errorf("the lobby of %s doesn't have the room", who.Name)
		}
	}
	for i, sock := range others {
		frames, _ := rest(t, sock)
		for _, f := range frames {
			if f.Type() == "room" && f.Text("room") == "Passing" {
				t.Errorf("socket %d, which is no lobby, hears %v", i, f)
			}
		}
	}
	_ = in.Close()
	for _, lobby := range lobbies {
		if f := roomFrame(lobby, "Passing"); f["gone"] != true {
			t.Errorf("the lobby hears %v after the last one has left", f)
		}
	}
	if found := listedRooms(t, bob); len(found) != 1 { // elsewhere, where bob is
		t.Errorf("/api/rooms has %v after the last one has left", found)
	}
	in = ada.Dial("/ws/chat/Passing/")
	roomFrame(lobbies[0], "Passing")
	in.Settled() // she speaks
	for _, sock := range append(lobbies[:1], others[0]) {
		if f := roomFrame(sock, "Passing"); f["unmade"] != nil || f["gone"] != nil {
			t.Errorf("once somebody has spoken, a lobby hears %v", f)
		}
	}
	if found := listedRooms(t, bob); len(found) != 2 {
		t.Errorf("/api/rooms has %v once somebody has spoken", found)
	}
}

// One person can have three rooms listed in which nobody has spoken; visitors have none.
func TestThreeUnmadeRoomsAPerson(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	ada, bob, visitor := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.Visitor(t)
	visitor.Post("/guest/", "guest_name", "Gus")
	lobby := bob.DialBatched("/users/?rooms=all")
	rest(t, lobby)
	var socks []*hearthtest.Socket
	rooms := []string{"one", "two", "three", "four", "five"}
	for i, room := range rooms {
		sock := ada.Dial("/ws/chat/" + room + "/")
		sock.Until("user_join")
		socks = append(socks, sock)
		if i < 3 {
			roomFrame(lobby, room)
		}
	}
	visitor.Dial("/ws/chat/alone/").Until("user_join")
	// bob's coming is told after the visitor's, and the fourth's.
	bob.Dial("/ws/chat/alone/").Until("user_join")
	if f := roomFrame(lobby, "one two three four five alone"); f["room"] != "alone" || f.Int("here") != 2 {
		t.Errorf("the lobby hears %v", f)
	}
	if found := listedRooms(t, bob); len(found) != 4 || found["four"]+found["five"] != 0 {
		t.Errorf("listed are %v", found)
	}
	_ = socks[1].Close()
	free := map[string]bool{}
	for range 2 {
		f := roomFrame(lobby, "one two three four five")
		free[f.Text("room")] = f["gone"] == true
	}
	if gone, ok := free["two"]; !ok || !gone || len(free) != 2 || free["four"] || free["five"] {
		t.Errorf("once a place is free the lobby hears of %v", free)
	}
	if found := listedRooms(t, bob); len(found) != 4 || found["four"]+found["five"] != 1 {
		t.Errorf("listed are then %v", found)
	}
	socks[4].Say("it works")
	if f := socks[4].Until("chat_message"); f["message"] != "it works" {
		t.Errorf("the fifth room: %v", f)
	}
}

// Whoever is in a room that somebody makes for others is shown out, like everybody who saw it listed.
func TestAnUnmadeRoomIsClosed(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	s.SignUp(t, "ada")
	bob, eve := s.SignUp(t, "bob"), s.SignUp(t, "eve")
	lobby, list := eve.DialBatched("/users/?rooms=all"), eve.DialBatched("/users/")
	in := eve.DialBatched("/ws/chat/plans/")
	roomFrame(lobby, "plans")
	rest(t, list)
	wantGone(t, "make", bob.Post("/rooms/", "name", "plans", "access", "closed"), "/chat/plans/")
	frames, code := rest(t, in)
	if last := frames[len(frames)-1]; last["gone"] != true || code != 1008 {
		t.Errorf("eve is shown out with %v, %d", last, code)
	}
	if f := roomFrame(lobby, "plans"); f["gone"] != true {
		t.Errorf("her lobby hears %v", f)
	}
	bob.Dial("/ws/chat/plans/").Settled()
	for _, sock := range []*hearthtest.Socket{lobby, list} {
		frames, _ := rest(t, sock)
		for _, f := range frames {
			if f.Type() == "room" {
				t.Errorf("then she hears %v", f)
			}
		}
	}
}
