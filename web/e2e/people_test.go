package e2e

import (
	"fmt"
	"testing"

	"hearth/web/hearthtest"
)

// Many who come to a room at about the same time are shown in one line, each under the name that people call them by;
// the lobby counts them, and lists somebody who has just signed up.
func TestManyPeopleEnterARoom(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	lobby := ada.tab()
	var crowd []*hearthtest.Browser
	for i := range 8 {
		b := s.SignUp(t, fmt.Sprint("person", i))
		b.Post("/profile/", "form", "details", "first_name", "Person", "last_name", fmt.Sprint("Number ", i))
		crowd = append(crowd, b)
	}
	s.SignUp(t, "early")
	ada.open("/chat/garden/")
	lobby.open("/")
	lobby.reads("#here-summary", "1 of 10")
	for together := false; !together; { // a machine may be so slow that they come one by one
		var socks []*hearthtest.Socket
		for _, b := range crowd {
			socks = append(socks, b.Dial("/ws/chat/garden/"))
		}
		ada.until("all of them", `document.querySelectorAll("#here .person").length === 9`)
		ada.until("their names", `[...document.querySelectorAll("#here .person")].filter((row) => row.textContent.includes("Person Number")).length === 8`)
		together = value[bool](ada, `[...document.querySelectorAll("#log .line.event")].some((line) => / people joined/.test(line.textContent))`)
		lobby.reads("#here-summary", "9 of 10")
		lobby.until("their status", `document.querySelectorAll("#people tr[data-here]").length === 9`)
		ada.shoot("crowd-room.png")
		lobby.shoot("crowd-lobby.png")
		for _, sock := range socks {
			_ = sock.Close()
		}
		ada.until("that they have gone", `document.querySelectorAll("#here .person").length === 1`)
		lobby.reads("#here-summary", "1 of 10")
	}
	s.SignUp(t, "late")
	lobby.sees(`#people tr[data-user="late"]`)
	lobby.reads("#here-summary", "1 of 11")
}
