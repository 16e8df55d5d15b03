package e2e

import (
	"fmt"
	"testing"

	"hearth/web/hearthtest"
)

// Everything but the live parts works in a browser that runs no scripts.
func TestWithoutScript(t *testing.T) {
	s := start(t)
	ada := visitor(t, s, "ada")
	ada.withoutScript()
	ada.open("/sign_up/")
	ada.signUp("ada", "Ada")
	ada.at("/")
	ada.click(logOutButton)
	ada.at("/login/")
	ada.expect("status of 401")
	ada.logIn("ada", "not the password")
	ada.sees(".alert")
	ada.logIn("ada", hearthtest.Password)
	ada.at("/")

	ada.fill(`.inline-form[action="/rooms/"] input`, "garden")
	ada.click(`.inline-form[action="/rooms/"] button`)
	ada.at("/chat/garden/")
	ada.fill(composer, "said\nwithout script")
	ada.submit("#composer button.button")
	ada.hears("said\nwithout script")
	ada.heard("said\nwithout script")
	ada.missing("#new-line") // one's own words are not news

	ada.click(".language-menu summary")
	ada.click(`.language-menu button[lang="ru"]`)
	ada.until("Russian", `document.documentElement.lang === "ru"`)
	ada.open("/logout/")
	ada.click(`main form[action="/logout/"] button`)
	ada.at("/login/")
}

func TestLongListsWithoutScript(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	for i := range 101 {
		s.SignUp(t, fmt.Sprintf("member%03d", i))
	}
	for i := range 70 {
		b.PostJSON("/api/rooms/garden/messages", map[string]string{"message": fmt.Sprint("message ", i)})
	}
	ada := signedIn(t, s, b)
	ada.withoutScript()
	ada.open("/")
	ada.until("fifty rows", `document.querySelectorAll("#people-rows tr").length === 50`)
	ada.click(".pager [rel=next]")
	ada.reads(".pager", "2")
	ada.click(".pager [rel=next]")
	ada.until("the other two", `document.querySelectorAll("#people-rows tr").length === 2`)
	ada.fill("#people-filter input", "member05")
	ada.submit("#people-filter button")
	ada.until("ten of them", `document.querySelectorAll("#people-rows tr").length === 10`)

	ada.open("/chat/garden/")
	ada.hears("message 69")
	ada.click("#older a")
	ada.hears("message 0")
	ada.hears("message 19")
}

func TestAdminWithoutScript(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	s.SignUp(t, "tom")
	b.PostJSON("/api/rooms/garden/messages", map[string]string{"message": "a needle in the hay"})
	ada := signedIn(t, s, b)
	ada.withoutScript()
	ada.open("/")
	ada.click(`.sidebar a[href="/admin/"]`)
	ada.at("/admin/users/")
	ada.fill("main input[name=q]", "tom")
	ada.submit("main form:has(input[name=q]) button")
	ada.until("tom alone", `document.querySelectorAll("main tbody tr").length === 1`)
	ada.click("main tbody a")
	ada.until("tom's page", `/^\/admin\/users\/\d+\/$/.test(location.pathname)`)
	ada.fill("#first_name", "Thomas")
	ada.submit("main form:has(#first_name) button")
	ada.sees(".flash")

	ada.open("/admin/messages/")
	ada.fill("main input[name=q]", "needle")
	ada.submit("main form:has(input[name=q]) button")
	ada.reads("main", "a needle in the hay")
	ada.open("/admin/settings/")
	ada.fill("main input[name=place]", "The Kitchen")
	ada.submit("main form:has(input[name=place]) button")
	ada.reads(".place", "The Kitchen")
	ada.open("/admin/log/")
	ada.reads("main", "tom")
}
