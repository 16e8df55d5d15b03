package e2e

import (
	"fmt"
	"testing"

	"hearth/web/hearthtest"
)

// Many who come to a room at about the same time are listed beside it, each under the name that people call them by, and nothing of it is
// in the log; the lobby counts them, and lists somebody who has just signed up.
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
	var socks []*hearthtest.Socket
	for _, b := range crowd {
		socks = append(socks, b.Dial("/ws/chat/garden/"))
	}
	ada.until("all of them", `document.querySelectorAll("#here .person").length === 9`)
	ada.until("their names", `[...document.querySelectorAll("#here .person")].filter((row) => row.textContent.includes("Person Number")).length === 8`)
	lobby.reads("#here-summary", "9 of 10")
	lobby.until("their status", `document.querySelectorAll("#people tr[data-here]").length === 9`)
	ada.shoot("crowd-room.png")
	lobby.shoot("crowd-lobby.png")
	for _, sock := range socks {
		_ = sock.Close()
	}
	ada.until("that they have gone", `document.querySelectorAll("#here .person").length === 1`)
	ada.missing("#elsewhere-section") // they have written nothing here
	ada.missing("#offline-section")
	ada.until("nothing in the log", `!document.querySelector("#log > *")`)
	lobby.reads("#here-summary", "1 of 10")
	s.SignUp(t, "late")
	lobby.sees(`#people tr[data-user="late"]`)
	lobby.reads("#here-summary", "1 of 11")
}

// Beside an open room are those who are here, and those who have written there: online elsewhere, or offline, 50 at a time.
func TestPeopleBesideARoom(t *testing.T) {
	s := start(t)
	b, tom, mai := s.SignUp(t, "ada"), s.SignUp(t, "tom"), s.SignUp(t, "mai")
	for _, who := range []*hearthtest.Browser{b, tom, mai} {
		write(t, who, "garden", 1, 1)
	}
	for i := range 51 {
		write(t, s.SignUp(t, fmt.Sprintf("member%02d", i)), "garden", 1, 1)
	}
	s.SignUp(t, "silent").Get("/chat/garden/")
	ada, elsewhere := signedIn(t, s, b), signedIn(t, s, tom)
	elsewhere.open("/")
	elsewhere.reads("#here-summary", "1 of") // tom is online before ada's page lists the first of those who are not
	ada.open("/chat/garden/")
	ada.reads("#here-count", "1")
	ada.sees(`#elsewhere [data-user="tom"]`)
	ada.reads("#offline-count", "52")
	ada.until("a page of them", `document.querySelectorAll("#offline .person").length === 50`)
	ada.click(`.more-people[data-group="offline"]`)
	ada.until("all of them", `document.querySelectorAll("#offline .person").length === 52`)
	ada.missing(`.more-people[data-group="offline"]`)
	ada.missing(`.person[data-user="silent"]`)
	ada.shoot("people.png")

	elsewhere.open("/chat/garden/")
	ada.sees(`#here [data-user="tom"]`)
	ada.missing("#elsewhere-section")
	ada.reads("#here-count", "2")
	elsewhere.open("/")
	ada.sees(`#elsewhere [data-user="tom"]`)
	elsewhere.leave()
	ada.sees(`#offline .person:first-child[data-user="tom"]`)
	ada.reads("#offline-count", "53")
	visit := signedIn(t, s, mai)
	visit.open("/")
	ada.sees(`#elsewhere [data-user="mai"]`)
	ada.reads("#offline-count", "52")
	ada.until("an empty log of events", `!document.querySelector("#log .event")`)

	plain := signedIn(t, s, b)
	plain.withoutScript()
	plain.resize(1280, 2400)
	plain.open("/chat/garden/?newest=1")
	plain.until("a page of them", `document.querySelectorAll("#offline .person").length === 50`)
	plain.submit("#offline-section [rel=next]")
	plain.until("the rest", `document.querySelectorAll("#offline .person").length === 2`)
}
