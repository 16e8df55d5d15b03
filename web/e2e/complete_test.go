package e2e

import (
	"testing"
)

func (p *page) fieldIs(text string) {
	p.t.Helper()
	p.until("the text "+text, `document.querySelector(".composer-text").value === `+quote(text))
}

// A name, a room and a command are completed while they are typed, by keyboard alone.
func TestCompletion(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	for user, name := range map[string]string{"joao": "João Sá", "tom": "Tom"} {
		b := s.SignUp(t, user)
		b.Post("/profile/", "form", "details", "name", name)
	}
	tom := s.LogIn(t, "tom")
	tom.PostJSON("/api/rooms/garden/messages", map[string]string{"message": "hello"})
	tom.PostJSON("/api/rooms/Küche/messages", map[string]string{"message": "hello"})
	ada.open("/chat/garden/")
	ada.until("the composer has the focus", `document.activeElement === document.querySelector(".composer-text")`)

	ada.write("hi @joa")
	ada.reads("#complete [role=option]", "João Sá")
	ada.press("Enter")
	ada.fieldIs("hi @joao ")
	ada.missing("#complete")
	ada.write("@Sa") // a part of the display name, which the server knows
	ada.reads("#complete [aria-selected=true]", "João Sá")
	ada.press("Escape")
	ada.missing("#complete")
	ada.fieldIs("hi @joao @Sa")

	ada.fill(composer, "see #kuc")
	ada.reads("#complete [role=option]", "#Küche")
	ada.press("Tab")
	ada.fieldIs("see #Küche ")

	ada.fill(composer, "well done :tad")
	ada.reads("#complete [aria-selected=true]", ":tada:")
	ada.press("Enter")
	ada.fieldIs("well done 🎉 ")
	ada.fill(composer, "see you at 10:30 :)")
	ada.missing("#complete")

	ada.fill(composer, "/")
	ada.until("all commands", `document.querySelectorAll("#complete [role=option]").length === 8`)
	ada.shoot("commands.png")
	ada.press("ArrowDown")
	ada.reads("#complete [aria-selected=true]", "/me TEXT")
	ada.press("ArrowUp")
	ada.press("ArrowUp")
	ada.reads("#complete [aria-selected=true]", "/help")
	ada.press("Enter")
	ada.fieldIs("/help ")
	ada.enter()
	ada.reads("#composer-notice", "/pm NAME TEXT – Send a private message")

	ada.fill(composer, "bye @tom")
	ada.reads("#complete [role=option]", "Tom")
	ada.enter()
	ada.hears("bye @Tom")
	ada.missing("#complete")
	ada.fieldIs("")
	ada.fill(composer, "/me waves")
	ada.enter()
	ada.hears("waves")
	ada.missing("#composer-notice")
	ada.sees(`#log .message.action .action-name`)
	for _, text := range []string{"ada@joa", "src/#kuc", "a /m"} {
		ada.fill(composer, text)
		ada.fieldIs(text)
		ada.missing("#complete")
	}

	ada.fill(composer, "")
	ada.do(`document.activeElement.blur()`)
	ada.press("x")
	ada.until("the focus goes to the composer", `document.activeElement === document.querySelector(".composer-text")`)
}
