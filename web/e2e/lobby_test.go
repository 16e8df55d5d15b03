package e2e

import (
	"fmt"
	"testing"
)

// row is somebody's in the lobby's table.
func row(name, rest string) string {
	return fmt.Sprintf(`#people-rows tr[data-user=%q] %s`, name, rest)
}

func TestLobbyIsLive(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	ada.open("/")
	ada.reads(row("ada", ".status-word"), "Online")
	ada.reads(row("tom", ".status-word"), "Offline")

	tom.open("/profile/")
	tom.open("/")
	ada.reads(row("tom", ".status-word"), "Online")
	ada.reads("#here-summary", "2 of 2")

	s.SignUp(t, "mai")
	ada.reads(row("mai", ".status-word"), "Offline")
	ada.reads(row("mai", ".since"), "Today")
	ada.reads(row("tom", ".since"), "Today")
	ada.reads("#here-summary", "2 of 3")

	tom.click(`.sidebar-foot a[href="/profile/"]`)
	tom.at("/profile/")
	tom.fill("#first_name", "Thomas (Ops)")
	tom.submit(`form:has(#first_name) button`)
	tom.sees(".flash")
	ada.reads(row("tom", ".full-name"), "Thomas (Ops)")
	ada.reads(row("tom", ".avatar"), "TO")
	ada.reads(row("tom", ".status-word"), "Online") // wherever one is on the site

	tom.open("/chat/garden/")
	tom.say("first words make the room")
	ada.reads(`.room-card[data-room="garden"] .here-text`, "1")
	ada.sees(`.room-card[data-room="garden"] .faces .avatar`)
	ada.sees(`.sidebar [data-room="garden"]`)
	tom.leave()
	ada.reads(row("tom", ".status-word"), "Offline")
	ada.reads("#here-summary", "1 of 3")
}

// The table shows no name that only repeats the username: neither as the page comes nor after a change.
func TestLobbyDoesNotRepeatTheUsername(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	tom, mai := s.SignUp(t, "tom"), s.SignUp(t, "mai")
	s.SignUp(t, "mallory").Post("/profile/", "name", "Tom")
	mai.Post("/profile/", "name", "mai")
	for _, when := range []string{"before", "after"} {
		ada.open("/")
		ada.reads(row("mallory", ".full-name"), "Tom")
		if when == "after" {
			tom.Dial("/ws/chat/garden/")
			mai.Dial("/ws/chat/garden/")
			ada.reads(row("tom", ".status-word"), "Online")
			ada.reads(row("mai", ".status-word"), "Online")
		}
		const cells = `Array.from(document.querySelectorAll("#people-rows tr:not([data-user=mallory]) .full-name"), (cell) => cell.textContent).join()`
		if got := value[string](ada, cells); got != ",," {
			t.Errorf("%s somebody came: %q", when, got)
		}
	}
}

func TestLobbyFilter(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	s.SignUp(t, "tom")
	ada.open("/")
	ada.fill("#people-filter input", "to")
	ada.missing(row("ada", ""))
	ada.sees(row("tom", ""))
	ada.fill("#people-filter input", "nobody at all")
	ada.sees("#people-list .empty")
	ada.fill("#people-filter input", "ada")
	ada.sees(row("ada", ""))
}

func TestRoomForTheInvited(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	tom.expect("status of 403")
	ada.open("/")
	ada.click(`.inline-form [data-dialog="new-room"]`)
	ada.fill("#new-room-name", "secrets")
	ada.fill("#new-room-topic", "For two")
	ada.click(`#new-room input[value=closed]`)
	ada.submit(`#new-room form > .actions button`)
	ada.at("/chat/secrets/")
	ada.reads(".topic", "For two")

	tom.open("/")
	tom.missing(`.room-card[data-room="secrets"]`)
	tom.open("/chat/secrets/")
	tom.reads(".error-status", "403")

	ada.openSettings()
	ada.fill("#member-name", "tom")
	ada.submit("#members form > button")
	tom.open("/chat/secrets/")
	tom.say("let in")

	ada.submit(`#member-list li:has(input[value="tom"]) button`)
	tom.reads(".error-status", "403") // by itself
}

// Closing a room asks who stays. Whoever was not chosen is shown out, and the room leaves the lists.
func TestWhoStays(t *testing.T) {
	s := start(t)
	ada, tom, mai := member(t, s, "ada"), member(t, s, "tom"), member(t, s, "mai")
	ada.expect("status of 422")
	mai.expect("status of 403")
	tom.open("/")
	ada.open("/rooms/new/")
	ada.fill("#name", "tea")
	ada.submit(`main form[action="/rooms/"] button`)
	ada.at("/chat/tea/")
	tom.sees(`.room-card[data-room="tea"]`)
	for _, p := range []*page{tom, mai} {
		p.open("/chat/tea/")
		p.say("hello from " + p.who)
		p.missing(`.menu [href$="/settings/"]`) // ada owns it
	}
	tom.open("/")
	ada.openSettings()
	ada.click(`main input[value=closed]`)
	ada.submit(`[aria-labelledby="settings-title"] form > button`)
	ada.until("both are proposed", `document.querySelectorAll("#who-stays-list input[name=stay]:checked").length === 2`)
	ada.do(`[...document.querySelectorAll("#who-stays-list li")].find((li) => li.textContent.includes("mai")).querySelector("input").click()`)
	ada.submit(`[aria-labelledby="who-stays-title"] .actions button`)
	ada.reads(".flash", "Saved")
	ada.open("/chat/tea/")
	mai.reads(".error-status", "403") // by itself
	tom.sees(`.room-card[data-room="tea"]`)
	tom.open("/chat/tea/")
	tom.say("still here")
	ada.hears("still here")
}

// openSettings follows the menu of the open room to the room's settings.
func (p *page) openSettings() {
	p.t.Helper()
	p.click(".pane-head details.menu summary")
	p.click(`.menu [href$="/settings/"]`)
	p.sees("#settings-title")
}

func TestGuestsRead(t *testing.T) {
	s := start(t, "-guests", "read")
	ada := member(t, s, "ada")
	ada.open("/chat/garden/")
	ada.say("before")
	guest := visitor(t, s, "guest")
	guest.open("/")
	guest.missing("#people-rows .email")
	guest.click(`.room-card[data-room="garden"] a`)
	guest.at("/chat/garden/")
	guest.hears("before")
	ada.say("live")
	guest.hears("live")
	guest.missing(composer)
	ada.until("nobody else", `document.querySelectorAll("#here .person").length === 1`)
}

func TestGuestsWrite(t *testing.T) {
	s := start(t, "-guests", "write")
	ada := member(t, s, "ada")
	ada.open("/chat/garden/")
	ada.say("come in")
	guest := visitor(t, s, "guest")
	guest.expect("status of 422")
	guest.open("/chat/garden/")
	guest.click(`.composer-closed a[href^="/guest/"]`)
	guest.at("/guest/")
	guest.fill("#guest_name", "Ada")
	guest.click(`form[action="/guest/"] button`)
	guest.sees("#guest_name-error") // that is somebody's name
	guest.fill("#guest_name", "Wanda")
	guest.click(`form[action="/guest/"] button`)
	guest.at("/chat/garden/")
	guest.say("thank you")
	ada.hears("thank you")
	ada.sees("#log .guest:not([hidden])")
	ada.reads("#here", "Wanda")
}
