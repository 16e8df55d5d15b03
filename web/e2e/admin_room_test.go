package e2e

import (
	"fmt"
	"testing"
)

// With many rooms, the lobby and the sidebar list some; what is unread comes into the sidebar by itself.
func TestManyRooms(t *testing.T) {
	s := start(t)
	a, b := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	for i := range 60 {
		b.Post("/rooms/", "name", fmt.Sprintf("room%02d", i), "topic", "t")
	}
	ada := signedIn(t, s, a)
	ada.open("/")
	ada.sees(`.room-card[data-room="room49"]`)
	ada.missing(`.sidebar [data-room="room59"]`)
	b.Post("/rooms/", "name", "aaa", "topic", "made while ada looks")
	b.PostJSON("/api/rooms/room59/messages", map[string]string{"message": "hello"})
	ada.sees(`.sidebar [data-room="room59"].unread`)
	ada.missing(`.room-card[data-room="aaa"]`)
	ada.missing(`.sidebar [data-room="aaa"]`)
	ada.click(`section[aria-labelledby="rooms-title"] .pager [rel="next"]`)
	ada.sees(`.room-card[data-room="room58"]`)
	ada.missing(`.room-card[data-room="room20"]`)
}

func TestAdminDeletesManyRooms(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	b := s.SignUp(t, "tom")
	for _, name := range []string{"tea", "junk1", "junk2"} {
		b.Post("/rooms/", "name", name, "topic", "t")
	}
	ada.open("/admin/rooms/?q=junk")
	ada.click(`input[name="all"]`)
	ada.submit(`button[value="delete"]`)
	ada.reads("#confirm-title", "Delete 2 rooms")
	ada.submit(`.confirm button`)
	ada.at("/admin/rooms/")
	ada.reads(".flash", "The rooms are deleted.")
	ada.reads("tbody", "tea")
	ada.missing(`.sidebar [data-room="junk1"]`)
}
