package e2e

import (
	"testing"

	"hearth/web/hearthtest"
)

// Tom deletes the account in the profile. Pages that show him show a former member from then on, without being loaded again.
func TestDeletedAccountInOpenPages(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	ada.open("/chat/garden/")
	tom.open("/chat/garden/")
	tom.say("my last words")
	ada.hears("my last words")
	ada.say("goodbye @tom")
	tom.hears("goodbye @tom")
	tom.fill(composer, "/pm ada a secret")
	tom.enter()
	ada.reads("#log .whisper", "a secret")
	ada.sees(`.sidebar [data-room="@tom"]`)
	ada.sees(`#log a.mention[href="/chat/@tom/"]`)
	lobby := ada.tab()
	lobby.open("/")
	lobby.sees(`#people-rows tr[data-user="tom"]`)

	other := tom.tab()
	other.open("/chat/garden/")
	tom.open("/profile/")
	tom.do(`document.querySelector("a[data-dialog=delete-account]").click()`) // scripts may still move what is above it
	tom.sees("#delete-account")
	tom.expect("status of 422")
	tom.fill("#delete_password", "not my password")
	tom.submit("#delete-account .button.danger")
	tom.sees("#delete-account #delete_password-error")
	tom.fill("#delete_password", hearthtest.Password)
	tom.submit("#delete-account .button.danger")
	tom.at("/login/")
	tom.reads(".note", "deleted")

	ada.reads(`#log .message .name`, "Former member")
	ada.missing(`#log .message[data-user="tom"]`)
	ada.missing(`#log a.mention`)
	ada.reads("#log", "goodbye @tom")
	ada.missing(`.person[data-user="tom"]`)
	ada.reads(`.sidebar [data-room^="@Former member"] .side-name`, "Former member")
	ada.reads(".flash", "tom")
	lobby.missing(`#people-rows tr[data-user="tom"]`)
	other.reads("#line-state", "signed out")

	ada.click(`.sidebar [data-room^="@Former member"]`)
	ada.reads("h1", "Former member")
	ada.hears("a secret")
	ada.missing(composer)
	ada.reads(".composer-closed", "deleted")

}

// An admin deletes an account with its messages. They go from open pages, many of them at once.
func TestMessagesOfADeletedAccountGo(t *testing.T) {
	s := start(t)
	ada, mai := member(t, s, "ada"), member(t, s, "mai")
	tom := s.SignUp(t, "tom")
	post := func(room, text string) {
		t.Helper()
		if r := tom.PostJSON("/api/rooms/"+room+"/messages", map[string]string{"message": text}); r.Status != 201 {
			t.Fatalf("%s: %d %s", text, r.Status, r.Body)
		}
	}
	for range 30 {
		post("garden", "weeds")
	}
	post("hall", "one weed")
	mai.open("/chat/garden/")
	mai.say("flowers")
	hall := mai.tab()
	hall.open("/chat/hall/")
	hall.hears("one weed")
	mai.fill(composer, "half a sentence")

	ada.open("/admin/users/3/")
	ada.click(`input[name="messages"][value="delete"]`)
	ada.submit(`section[aria-labelledby="delete-title"] .button.danger`)
	ada.reads(".confirm", "tom")
	ada.submit(".confirm .button.danger")
	ada.at("/admin/users/")
	ada.missing(`a[href="/admin/users/3/"]`)
	mai.until("the weeds gone", `![...document.querySelectorAll("#log .message")].some((m) => m.textContent.includes("weeds"))`)
	mai.hears("flowers")
	mai.until("the half sentence still there", `document.querySelector(".composer-text").value === "half a sentence"`)
	hall.sees("#log .message.deleted")
}
