package e2e

import "testing"

// An admin chooses the rooms that newcomers see first. Somebody who signs up then starts in the first one, and the lobby of another
// person shows what is written there.
func TestNewcomersStartInTheFirstRoom(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	b := s.SignUp(t, "tom")
	for _, name := range []string{"attic", "hall", "welcome"} {
		b.Post("/rooms/", "name", name)
	}
	ada.open("/admin/settings/")
	for _, name := range []string{"hall", "welcome"} {
		ada.fill("#first-room", name)
		ada.submit(`.first-rooms button[value="first_add"]`)
		ada.reads(".first-rooms ol", name)
	}
	ada.submit(`.first-rooms li:last-child button[value="first_up"]`)
	ada.reads(".first-rooms li:first-child", "welcome")
	ada.open("/")

	mai := visitor(t, s, "mai")
	mai.open("/sign_up/")
	mai.fill("#username", "mai")
	mai.fill("#password1", "a quiet fire 7")
	mai.fill("#password2", "a quiet fire 7")
	mai.submit(`form[action="/sign_up/"] button`)
	mai.at("/chat/welcome/")
	mai.until("the first rooms at the top", `Array.from(document.querySelectorAll("#room-links [data-room]"), (link) => link.dataset.room).join() === "welcome,hall,attic"`)
	mai.fill(composer, "Hello, I am **new** & 3 < 4")
	mai.enter()
	mai.hears("Hello, I am new & 3 < 4")
	ada.reads(`.room-card:first-child .last`, "Hello, I am new & 3 < 4")
	ada.reads(`.room-card:first-child .last-by`, "mai")
	ada.reads(`.room-card:first-child .last-at`, "just now")
	mai.fill(composer, "/me waves")
	mai.enter()
	ada.reads(`.room-card:first-child .last`, "waves")
	ada.sees(`.room-card:first-child .last-text.action`)
}
