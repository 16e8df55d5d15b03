package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"hearth/web/hearthtest"
	"hearth/web/locale"
)

// signUp fills the form in as a newcomer does.
func (p *page) signUp(name, display string) {
	p.t.Helper()
	p.fill("#username", name)
	p.fill("#password1", hearthtest.Password)
	p.fill("#password2", hearthtest.Password)
	p.fill("#name", display)
	p.submit(`form[action="/sign_up/"] button`)
}

func (p *page) logIn(name, password string) {
	p.t.Helper()
	p.fill("#username", name)
	p.fill("#password", password)
	p.submit(`form[action="/login/"] button`)
}

const logOutButton = `.sidebar form[action="/logout/"] button`

func TestSignUpAndLogIn(t *testing.T) {
	s := start(t)
	ada := visitor(t, s, "ada")
	ada.open("/chat/garden/")
	ada.at("/login/")
	ada.click(`a[href^="/sign_up/"]`)
	ada.at("/sign_up/")
	ada.signUp("ada", "Ada")
	ada.at("/chat/garden/") // where she wanted to go in the first place
	ada.sees(`.sidebar a[href="/admin/"]`)
	ada.click(".brand")
	ada.reads("h1", "Ada")

	mai := visitor(t, s, "mai")
	mai.open("/sign_up/")
	mai.expect("status of 422")
	mai.signUp("ADA", "Mai")
	mai.sees("#username-error")
	if got := value[string](mai, `document.getElementById("name").value`); got != "Mai" {
		t.Errorf("the name is %q after an error elsewhere", got)
	}
	mai.signUp("mai", "Mai")
	mai.at("/")
	mai.missing(`.sidebar a[href="/admin/"]`)

	ada.click(logOutButton)
	ada.at("/login/")
	ada.expect("status of 401")
	for _, name := range []string{"ada", "nobody"} {
		ada.logIn(name, "not the password")
		ada.reads(".alert", "Wrong username or password")
		if got := value[[]string](ada, `[username.value, password.value]`); got[0] != name || got[1] != "" {
			t.Errorf("after a wrong password the form has %q", got)
		}
	}
	ada.logIn("Ada", hearthtest.Password)
	ada.at("/")
}

func TestLogOutEndsOtherTabs(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	ada.open("/chat/garden/")
	ada.say("still here")
	third, other := ada.tab(), ada.tab()
	third.open("/")
	other.open("/profile/")
	other.click(logOutButton)
	other.at("/login/")
	third.at("/login/")
	ada.click(`#line-state a[href^="/login/"]`)
	ada.at("/login/")
	ada.logIn("ada", hearthtest.Password)
	ada.at("/chat/garden/")
	ada.hears("still here")
}

func TestSignOutElsewhere(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	phone := signedIn(t, s, s.LogIn(t, "ada"))
	phone.open("/chat/garden/")
	phone.say("from the train")
	ada.open("/profile/")
	ada.until("two browsers", `document.querySelectorAll(".sessions li").length === 2`)
	ada.submit(`.sessions form button`)
	ada.until("one browser", `document.querySelectorAll(".sessions li").length === 1`)
	phone.sees(`#line-state a[href^="/login/"]`)
	phone.open("/")
	phone.at("/login/")
}

func TestLanguage(t *testing.T) {
	s := start(t)
	s.SignUp(t, "ada")
	ada := visitor(t, s, "ada")
	ada.open("/login/")
	ada.click(`.language button[lang="ru"]`)
	ada.until("Russian", `document.documentElement.lang === "ru"`)
	ada.logIn("ada", hearthtest.Password)
	ada.at("/")
	ada.until("Russian after log-in", `document.documentElement.lang === "ru"`)
	ada.click(".language-menu summary")
	ada.click(`.language-menu button[lang="vi"]`)
	ada.until("Vietnamese", `document.documentElement.lang === "vi"`)
	ada.open("/profile/")
	if got := value[string](ada, `lang.value`); got != "vi" {
		t.Errorf("the profile says %q", got)
	}
}

// A page's script writes times anew in the reader's time zone. In the server's they are the same,
// to the letter: nothing jumps while the page loads.
func TestTimesAgree(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	b.PostJSON("/api/rooms/garden/messages", map[string]string{"message": "what time is it?"})
	b.Post("/admin/invites/", "action", "create", "uses", "1", "days", "7")
	ada := signedIn(t, s, b)
	_, err := chromedp.Call(ada.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"})
	ada.check("set the time zone", err)
	for _, l := range locale.All() {
		b.Post("/language/", "lang", l.Code(), "next", "/")
		for path, which := range map[string]string{"/chat/garden/": "#log time[data-clock]", "/admin/invites/": "time[data-when]"} {
			ada.open(path)
			now := value[[]string](ada, `fetch(location.href).then((answer) => answer.text()).then((html) =>
				[new DOMParser().parseFromString(html, "text/html"), document].map((page) => page.querySelector(`+quote(which)+`).textContent))`)
			if now[0] != now[1] {
				t.Errorf("%s, %s: the server writes %q, the page %q", l.Code(), path, now[0], now[1])
			}
		}
	}
}
