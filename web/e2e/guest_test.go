package e2e

import "testing"

// What guests may do changes while a guest has a page open.
func TestGuestsFollowTheSettingAtOnce(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	set := func(may string) {
		t.Helper()
		ada.open("/admin/settings/")
		ada.click(`input[name="guests"][value="` + may + `"]`)
		ada.submit(`form.narrow .button`)
	}
	set("write")
	wanda := visitor(t, s, "wanda")
	wanda.open("/guest/?next=/chat/garden/")
	wanda.fill("#guest_name", "Wanda Wood")
	wanda.submit("form .button.wide")
	wanda.at("/chat/garden/")
	wanda.say("hello from outside")
	wanda.fill(composer, "half a sentence")
	set("read")
	wanda.missing(composer)
	wanda.reads(".composer-closed", "Guests can only read")
	set("write")
	wanda.until("the half sentence back", `document.querySelector(".composer-text")?.value === "half a sentence"`)

	ada.open("/admin/guests/")
	ada.reads("tbody th", "Wanda Wood")
	ada.submit(`tbody button[name="guest"]`)
	ada.reads(".empty", "No guests")
	wanda.at("/guest/ended/")
	wanda.reads("h1", "ended")
	wanda.click(`a[href^="/guest/?next="]`)
	wanda.fill("#guest_name", "Wanda Wood")
	wanda.submit("form .button.wide")
	wanda.at("/chat/garden/")
	wanda.hears("hello from outside")
	set("off")
	wanda.at("/guest/ended/")
	wanda.reads("main", "Only people with an account")
	wanda.missing(`a[href^="/guest/?next="]`)
}
