package e2e

import "testing"

func TestBlockInAConversation(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	tom.open("/chat/@ada/")
	tom.say("buy my boat")
	ada.open("/chat/@tom/")
	ada.hears("buy my boat")
	ada.click(".head-tools details.menu summary")
	ada.click(`.menu-list a[data-dialog="block"]`)
	ada.sees("#block")
	ada.submit("#block .button.danger")
	ada.at("/chat/@tom/")
	ada.reads(".composer-closed", "You have blocked")

	tom.fill(composer, "please, buy my boat")
	tom.enter()
	tom.reads("#pending .failed .state", "direct messages")
	tom.click("#pending .failed [data-choice=edit]")
	tom.until("the words back in the field", `document.querySelector(".composer-text").value === "please, buy my boat"`)
	tom.open("/chat/garden/")
	tom.say("who wants a boat?")
	ada.open("/chat/garden/")
	ada.hears("who wants a boat?") // rooms are not affected

	ada.open("/profile/")
	ada.reads("#blocked li", "tom")
	ada.submit(`#blocked button[value="off"]`)
	ada.at("/profile/")
	ada.reads("#blocked .empty", "blocked")
	tom.open("/chat/@ada/")
	tom.say("a smaller boat?")
	ada.open("/chat/@tom/")
	ada.hears("a smaller boat?")
}
