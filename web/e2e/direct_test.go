package e2e

import (
	"testing"
)

func TestPrivateMessagesInThePage(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	ada.open("/chat/garden/")
	tom.open("/chat/garden/")
	ada.sees(`#here [data-user="tom"] .side-link[href="/people/tom/"]`)
	ada.fill(composer, "/pm tom between us")
	ada.enter()
	ada.reads("#log .whisper", "between us")
	tom.reads("#log .whisper", "between us")
	tom.reads(`.sidebar [data-room="@ada"] .badge .number`, "1")

	tom.click(`.sidebar [data-room="@ada"]`)
	tom.at("/chat/@ada/")
	tom.hears("between us")
	tom.missing(`.sidebar [data-room="@ada"] .badge`)
	tom.say("answered")
	ada.reads(`.sidebar [data-room="@tom"] .badge .number`, "1")
	tom.open("/chat/garden/")
	tom.missing(`.sidebar [data-room="@ada"] .badge`)

	// Nobody else has seen any of it, and nothing of it is in the room.
	for _, p := range []*page{ada, tom} {
		p.open("/chat/garden/")
		p.heard()
	}
}

func TestPrivateMessagesWaitForTheRecipient(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	ada.open("/chat/garden/")
	ada.fill(composer, "/pm tom for when you are back")
	ada.enter()
	ada.sees("#log .whisper")
	ada.fill(composer, "/pm nobody-here hello")
	ada.enter()
	ada.reads("#pending .failed .state", "nobody-here")
	ada.click("#pending .failed [data-choice=edit]")
	ada.until("the words back in the field", `document.querySelector(".composer-text").value === "/pm nobody-here hello"`)

	tom.open("/")
	tom.reads(`.sidebar [data-room="@ada"] .badge .number`, "1")
	tom.open("/chat/elsewhere/")
	tom.reads(`.sidebar [data-room="@ada"] .badge .number`, "1")
	tom.open("/chat/@ada/")
	tom.hears("for when you are back")
	tom.hasRead("@ada")
	for _, path := range []string{"/", "/profile/"} {
		tom.open(path)
		tom.missing(`.sidebar [data-room="@ada"] .badge`)
		ada.fill(composer, "/pm tom are you at "+path)
		ada.enter()
		tom.reads(`.sidebar [data-room="@ada"] .badge .number`, "1")
		tom.click(`.sidebar [data-room="@ada"]`)
		tom.hears("are you at " + path)
		tom.hasRead("@ada")
	}
}

func TestNewSinceYouLeft(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	ada.open("/chat/garden/")
	tom.open("/chat/garden/")
	tom.say("I am off")
	ada.hears("I am off")
	tom.open("/chat/elsewhere/")
	ada.say("one")
	ada.say("@tom, two")
	tom.reads(`.sidebar [data-room="garden"].unread .badge .number`, "1")
	tom.click(`.sidebar [data-room="garden"]`)
	tom.at("/chat/garden/")
	tom.heard("I am off", "one", "@tom, two")
	tom.reads("#new-line", "New")
	if got := value[string](tom, `document.getElementById("new-line").nextElementSibling.querySelector(".text").textContent`); got != "one" {
		t.Errorf("the line stands above %q", got)
	}
	tom.hasRead("garden")
	tom.open("/chat/garden/")
	tom.missing("#new-line")
}
