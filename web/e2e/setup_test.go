package e2e

import (
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// A new place, until its admin has chosen who may sign up: without scripts, and in the languages with
// the shortest and the longest texts, axe finds nothing and nothing is too wide.
func TestANewPlace(t *testing.T) {
	s := start(t, "-signup", "")
	ada := visitor(t, s, "ada")
	inspect := func(looks ...look) {
		t.Helper()
		for _, lang := range []string{"en", "ru"} {
			ada.open("/login/")
			ada.do(`fetch("/language/", { method: "POST", body: new URLSearchParams({ lang: ` + quote(lang) + `, next: "/healthz" }) })`)
			for _, l := range looks {
				ada.lookAt(lang, l)
			}
		}
		ada.do(`fetch("/language/", { method: "POST", body: new URLSearchParams({ lang: "en", next: "/healthz" }) })`)
	}
	ada.expect("status of 404")
	inspect(look{name: "first-login", path: "/login/"}, look{name: "first-signup", path: "/sign_up/"}, look{name: "first-wrong-link", path: "/setup/x/"})

	plain := visitor(t, s, "ada without script")
	plain.withoutScript()
	plain.resize(1280, 900)
	plain.open("/")
	plain.at("/login/")
	plain.click(`.note a[href^="/sign_up/"]`)
	plain.at("/sign_up/")
	plain.signUp("ada", "Ada")
	plain.at("/")
	plain.reads(".signup-choice", "Nobody can sign up until you choose")

	ada.open("/login/")
	ada.logIn("ada", hearthtest.Password)
	ada.at("/")
	elsewhere := s.Visitor(t)
	elsewhere.Host = "a-name-that-is-long.for-a-phone.chat.example.org"
	elsewhere.Post("/login/", "username", "ada", "password", hearthtest.Password)
	inspect(look{name: "lobby-choice", path: "/"}, look{name: "invites-closed", path: "/admin/invites/"}, look{name: "settings-hosts", path: "/admin/settings/"})

	plain.click(`.signup-choice button[value="invite"]`)
	plain.at("/")
	plain.missing(".signup-choice")
	ada.open("/admin/settings/")
	ada.sees(`input[name=signup][value=invite]:checked`)
}

// On plain HTTP, as in a house, browsers do not say which site a form is from but by its Origin, which
// they leave out for pages that send no Referer. The one-time links work there all the same.
func TestLinksToThisServer(t *testing.T) {
	s := start(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	s.URL = "http://" + net.JoinHostPort(houseHost, port)
	link := regexp.MustCompile(`/setup/\w+/`)
	for deadline := time.Now().Add(time.Minute); !link.MatchString(s.Log()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(s.Log())
		}
	}
	ada := visitor(t, s, "ada")
	ada.expect("Cross-Origin-Opener-Policy") // which counts only under HTTPS
	ada.open(link.FindString(s.Log()))
	ada.fill("#username", "ada")
	ada.fill("#password1", hearthtest.Password)
	ada.fill("#password2", hearthtest.Password)
	ada.submit("main form button.wide")
	ada.at("/")

	out, status := s.Command(t, "", "user", "link", "ada")
	signin := regexp.MustCompile(`/signin/[\w-]+/`).FindString(out)
	if status != 0 || signin == "" {
		t.Fatal(out)
	}
	phone := visitor(t, s, "ada's phone")
	phone.expect("Cross-Origin-Opener-Policy")
	phone.open(signin)
	phone.fill("#password1", "a louder fire 8")
	phone.fill("#password2", "a louder fire 8")
	phone.submit("main form button.wide")
	phone.at("/")
}
