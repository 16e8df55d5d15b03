package e2e

import "testing"

// The username is one hover, tap or step by keyboard away from a display name, in what the server renders
// and in what scripts add.
func TestTheUsernameIsOneStepAway(t *testing.T) {
	s := start(t)
	a, m := s.SignUp(t, "ada"), s.SignUp(t, "mallory")
	a.Post("/profile/", "action", "details", "first_name", "Ada", "last_name", "Lund")
	m.Post("/profile/", "action", "details", "first_name", "Mal", "last_name", "Lory")
	m.PostJSON("/api/rooms/kitchen/messages", map[string]string{"message": "before"})
	m.PostJSON("/api/rooms/@ada/messages", map[string]string{"message": "psst"})
	ada, mallory := signedIn(t, s, a), signedIn(t, s, m)
	ada.open("/chat/kitchen/")
	mallory.open("/chat/kitchen/")
	ada.sees(`#here .person[data-user="mallory"]`)
	mallory.say("live")
	ada.hears("live")

	const handles = `Array.from(document.querySelectorAll("#log .message:not(.joined)[data-user=mallory] .handle"), (h) => [h.checkVisibility(), h.textContent.trim()].join(" "))`
	if got := value[[]string](ada, handles); len(got) == 0 || got[0] != "false @mallory" {
		t.Errorf("at first: %q", got)
	}
	for _, place := range []string{`#log .message:not(.joined)[data-user=mallory]`, `#here .person[data-user="mallory"] .side-link`, `#direct-links [data-user="mallory"]`} {
		ada.do(`document.querySelector(` + quote(place) + `).focus()`)
		ada.until("the username in "+place, `(() => { const h = document.querySelector(`+quote(place+" .handle")+`); return h.checkVisibility() && h.textContent.includes("@mallory"); })()`)
	}
	ada.open("/chat/@mallory/")
	ada.reads(".pane-head", "@mallory")
}

// Two people of one name are told apart wherever their names stand, and have initials of their names.
func TestNamesakesInThePage(t *testing.T) {
	s := start(t)
	a, m := s.SignUp(t, "ada"), s.SignUp(t, "mallory")
	a.Post("/profile/", "action", "details", "first_name", "Ada", "last_name", "Lund")
	m.Post("/profile/", "action", "details", "first_name", "Ada", "last_name", "Lund")
	ada, mallory := signedIn(t, s, a), signedIn(t, s, m)
	ada.open("/chat/kitchen/")
	mallory.open("/chat/kitchen/")
	ada.reads(`#here .person[data-user="mallory"] .side-name`, "Ada Lund (@mallory)")
	mallory.say("hello")
	ada.reads(`#log .message[data-user="mallory"] .name`, "Ada Lund (@mallory)")
	ada.reads(`#log .message[data-user="mallory"] .avatar`, "AL")
	ada.open("/chat/kitchen/")
	ada.reads(`#log .message[data-user="mallory"] .name`, "Ada Lund (@mallory)")
	ada.reads(`#log .message[data-user="mallory"] .avatar`, "AL")
}
