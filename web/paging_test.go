package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// manyRooms makes the rooms first to end, room000 and so on, with -limits off.
func manyRooms(t *testing.T, b *hearthtest.Browser, first, end int) {
	t.Helper()
	for i := first; i < end; i++ {
		through(t, b.Post("/rooms/", "name", fmt.Sprintf("room%03d", i), "topic", fmt.Sprint("topic", i%10)))
	}
}

func TestTheLobbyHasPagesOfRooms(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	manyRooms(t, ada, 0, 40)
	small := ada.Get("/")
	manyRooms(t, bob, 40, 120)
	cards := func(r hearthtest.Reply) int { return strings.Count(r.Body, `<li class="room-card"`) - 1 } // one is a template
	first := ada.Get("/")
	wantReply(t, "the first page", first, http.StatusOK, `data-room="room000"`, "Page 1 of 3", "rooms_page=2", "All rooms", `name="rooms"`)
	if n := cards(first); n != 50 {
		t.Errorf("the first page has %d rooms", n)
	}
	if n := cards(ada.Get("/?rooms_page=3")); n != 20 {
		t.Errorf("the third page has %d rooms", n)
	}
	if n := strings.Count(first.Body, `class="side-link" href="/chat/room`) + strings.Count(first.Body, `class="side-link unread" href="/chat/room`); n > 50 {
		t.Errorf("the sidebar lists %d rooms", n)
	}
	found := ada.Get("/?rooms=topic7")
	wantReply(t, "by topic", found, http.StatusOK, `data-room="room117"`)
	if n := cards(found); n != 12 {
		t.Errorf("%d rooms have the topic", n)
	}
	wantReply(t, "a room beyond the sidebar", ada.Get("/chat/room110/"), http.StatusOK, `href="/chat/room110/" data-room="room110" data-level="mentions" aria-current="page"`)
	wantReply(t, "no match", ada.Get("/?rooms=zebra"), http.StatusOK, "No room matches.")
	t.Logf("a lobby has %d bytes with 40 rooms and %d with 120", len(small.Body), len(first.Body))
}

// A room that a long sidebar does not list appears in it when something is unread in it.
func TestUnreadRoomsAreInALongSidebar(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	manyRooms(t, ada, 0, 60)
	listed := func() bool {
		_, side, _ := strings.Cut(ada.Get("/").Body, `id="room-links"`)
		side, _, _ = strings.Cut(side, "</ul>")
		return strings.Contains(side, `data-room="room059"`)
	}
	if listed() {
		t.Fatal("room059 is in the sidebar without news")
	}
	through(t, bob.PostJSON("/api/rooms/room059/messages", map[string]string{"message": "hello"}))
	if !listed() {
		t.Error("room059 has news and is not in the sidebar")
	}
}

func TestTheAPIHasPagesOfRooms(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	manyRooms(t, ada, 0, 25)
	var page struct {
		Rooms []struct{ Name string }
		Total int
	}
	for query, want := range map[string][3]any{"": {25, "room000", 25}, "?limit=10": {10, "room000", 25}, "?limit=10&offset=20": {5, "room020", 25}, "?q=ROOM01": {10, "room010", 10}} {
		page.Rooms, page.Total = nil, 0
		ada.Get("/api/rooms"+query).JSON(t, &page)
		if len(page.Rooms) != want[0] || page.Rooms[0].Name != want[1] || page.Total != want[2] {
			t.Errorf("%s: %d of %d from %v on, want %v", query, len(page.Rooms), page.Total, page.Rooms[:1], want)
		}
	}
	wantReply(t, "a bad offset", ada.Get("/api/rooms?offset=x"), http.StatusUnprocessableEntity, "bad_number")
}

func TestInvitationsHavePages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	for range 105 {
		through(t, ada.Post("/admin/invites/", "uses", "1", "days", "1"))
	}
	for path, want := range map[string]int{"/admin/invites/": 100, "/admin/invites/?page=2": 5} {
		if n := strings.Count(ada.Get(path).Body, `value="revoke"`); n != want {
			t.Errorf("%s has %d invitations", path, n)
		}
	}
}

// A room's page lists 50 of those who are in it, its reader among them, and counts all. Without script, further pages have the others.
func TestARoomListsSomeOfManyPeople(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	zoe := s.SignUp(t, "zoe")
	for i := range 205 {
		b := s.Visitor(t)
		through(t, b.Post("/guest/", "guest_name", fmt.Sprintf("Guest%03d", i)))
		b.Dial("/ws/chat/r/").Until("user_list")
	}
	page := zoe.Get("/chat/r/")
	wantReply(t, "the room", page, http.StatusOK, `<span id="here-count" data-count="206">206</span>`, `href="/chat/r/?here=2"`, `data-user="zoe"`)
	_, here, _ := strings.Cut(page.Body, `<ul id="here">`)
	here, _, _ = strings.Cut(here, "</ul>")
	if n := strings.Count(here, `<li class="person"`); n != 50 {
		t.Errorf("%d people are listed", n)
	}
	if n := strings.Count(zoe.Get("/chat/r/?here=5").Body, `<li class="person"`); n != 6+1 { // one is the script's template
		t.Errorf("%d people are on the last page", n)
	}
}
