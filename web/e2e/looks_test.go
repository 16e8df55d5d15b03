package e2e

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"hearth/web/hearthtest"
	"hearth/web/locale"
)

//go:embed testdata/axe/axe.min.js
var axe string

// shots is the folder that pictures of all pages are written to; "" for none.
var shots = os.Getenv("HEARTH_SHOTS")

// thorough checks every combination. Otherwise only English is checked in all of them, and the other languages on a dark
// phone: colours and sizes are the same in all.
var thorough = shots != "" || os.Getenv("CI") == "true"

// A look is a page of the site as one of two people sees it.
type look struct {
	name, path string
	inside     bool // by the admin, else by a visitor
	prepare    func(*page)
}

var looks = []look{
	{name: "login", path: "/login/"},
	{name: "signup", path: "/sign_up/"},
	{name: "signup-errors", path: "/sign_up/", prepare: (*page).refusedSignUp},
	{name: "error", path: "/no/such/page"},
	{name: "guest", path: "/guest/?next=/"},
	{name: "visitor", path: "/"},
	{name: "lobby", path: "/", inside: true},
	{name: "lobby-empty", path: "/?q=nobody+at+all", inside: true},
	{name: "new-room", path: "/rooms/new/", inside: true},
	{name: "new-room-dialog", path: "/", inside: true, prepare: func(p *page) { p.do(`document.getElementById("new-room").showModal()`) }},
	{name: "room", path: "/chat/garden/", inside: true},
	{name: "room-date", path: "/chat/garden/", inside: true, prepare: func(p *page) { p.do(`document.getElementById("jump-date").showModal()`) }},
	{name: "room-found", path: "/chat/garden/", inside: true, prepare: (*page).foundMessage},
	{name: "room-unread", path: "/chat/garden/", inside: true, prepare: (*page).markedUnread},
	{name: "room-menu", path: "/chat/garden/", inside: true, prepare: func(p *page) { p.do(`document.querySelector(".pane-head details.menu").open = true`) }},
	{name: "room-commands", path: "/chat/garden/", inside: true, prepare: (*page).listedCommands},
	{name: "mentions", path: "/mentions/", inside: true},
	{name: "room-empty", path: "/chat/nobody-has-spoken-here/", inside: true},
	{name: "room-settings", path: "/chat/garden/settings/", inside: true},
	{name: "room-members", path: "/chat/secrets/settings/", inside: true},
	{name: "room-delete", path: "/chat/garden/settings/", inside: true, prepare: func(p *page) { p.do(`document.getElementById("room-delete").showModal()`) }},
	{name: "room-who-stays", path: "/chat/garden/settings/", inside: true, prepare: (*page).askedWhoStays},
	{name: "admin-who-stays", path: "/admin/rooms/1/", inside: true, prepare: (*page).askedWhoStays},
	{name: "private", path: "/chat/@mai/", inside: true},
	{name: "group", path: "/conversations/", inside: true, prepare: (*page).openedGroup},
	{name: "group-dialog", path: "/", inside: true, prepare: (*page).choosingPeople},
	{name: "group-leave", path: "/conversations/", inside: true, prepare: func(p *page) { p.openedGroup(); p.do(`document.getElementById("group-leave").showModal()`) }},
	{name: "group-page", path: "/groups/new/?q=m&people=tom", inside: true},
	{name: "conversations", path: "/conversations/", inside: true},
	{name: "profile", path: "/profile/", inside: true},
	{name: "person", path: "/people/mai/", inside: true},
	{name: "person-guest", path: "/people/Wanda%20%28guest%29/", inside: true},
	{name: "person-self", path: "/people/ada/", inside: true},
	{name: "room-card", path: "/chat/garden/", inside: true, prepare: (*page).openedCard},
	{name: "profile-delete", path: "/profile/", inside: true, prepare: func(p *page) { p.do(`document.getElementById("delete-account").showModal()`) }},
	{name: "private-menu", path: "/chat/@mai/", inside: true, prepare: func(p *page) { p.do(`document.querySelector(".pane-head details.menu").open = true`) }},
	{name: "private-block", path: "/chat/@mai/", inside: true, prepare: func(p *page) { p.do(`document.getElementById("block").showModal()`) }},
	{name: "private-blocked", path: "/chat/@li/", inside: true},
	{name: "private-former", path: "/chat/@Former%20member%206/", inside: true},
	{name: "guest-room", path: "/chat/garden/"},
	{name: "guest-ended", path: "/guest/ended/?next=/"},
	{name: "admin-guests", path: "/admin/guests/", inside: true},
	{name: "admin-delete", path: "/admin/users/5/", inside: true, prepare: (*page).askedToDelete},
	{name: "logout", path: "/logout/", inside: true},
	{name: "admin-users", path: "/admin/users/", inside: true},
	{name: "admin-new-user", path: "/admin/users/new/", inside: true},
	{name: "private-long", path: "/chat/@somebody.with.a.rather.long.name@example.org/", inside: true},
	{name: "admin-user", path: "/admin/users/5/", inside: true},
	{name: "admin-rooms", path: "/admin/rooms/", inside: true},
	{name: "admin-room", path: "/admin/rooms/1/", inside: true},
	{name: "admin-messages", path: "/admin/messages/?q=garden", inside: true},
	{name: "admin-settings", path: "/admin/settings/", inside: true},
	{name: "admin-first-rooms", path: "/admin/settings/#first-title", inside: true},
	{name: "admin-log", path: "/admin/log/", inside: true},
	{name: "admin-invites", path: "/admin/invites/", inside: true},
	{name: "room-unsent", path: "/chat/garden/", inside: true, prepare: (*page).refusedMessage},
	{name: "lobby-unsent", path: "/", inside: true, prepare: (*page).blocked},
}

// openedCard opens the card of somebody in a room.
func (p *page) openedCard() {
	p.t.Helper()
	p.do(`document.querySelector("#log .message[data-user=mai] .who").click()`)
	p.seesCard("mai")
}

// askedWhoStays sends the form that closes a room, to be asked who stays.
func (p *page) askedWhoStays() {
	p.t.Helper()
	p.do(`(() => { const choice = document.querySelector("main input[name=access][value=closed]"); choice.checked = true; choice.form.submit(); })()`)
	p.sees("#who-stays-list")
}

// askedToDelete sends the form that deletes an account, to be asked for confirmation.
func (p *page) askedToDelete() {
	p.t.Helper()
	p.do(`document.querySelector("section[aria-labelledby=delete-title] .button").click()`)
	p.sees(".confirm")
}

// foundMessage follows the link to a message.
func (p *page) foundMessage() {
	p.t.Helper()
	p.do(`location.hash = "#" + document.querySelector("#log .message").id`)
	p.sees("#log .found")
}

// markedUnread marks some messages as unread.
func (p *page) markedUnread() {
	p.t.Helper()
	p.do(`scroller.scrollTop = 0`)
	p.point("#log .message:nth-last-child(2)")
	p.click("[data-tool=unread]")
	p.sees("#unread-bar")
}

// refusedMessage leaves a message that the server refuses.
func (p *page) refusedMessage() {
	p.t.Helper()
	p.fill(composer, "/pm nobody-of-that-name hello")
	p.enter()
	p.sees("#pending .failed")
	p.fill(composer, "")
}

// blocked looks at the lobby where no socket opens, with a message that was refused in a room.
func (p *page) blocked() {
	p.t.Helper()
	p.expect("status of 426")
	_, err := chromedp.Call(p.ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: `
		WebSocket = class extends EventTarget {
			static OPEN = 1;
			readyState = 0;
			constructor() {
				super();
				setTimeout(() => this.dispatchEvent(new CloseEvent("close", { code: 1006 })));
			}
		};`})
	p.check("let no socket open", err)
	p.open("/chat/garden/")
	p.reads("#line-state", "WebSocket")
	p.refusedMessage()
	p.open("/")
	p.reads("#line-state", "WebSocket")
	p.sees("#unsent")
}

// refusedSignUp waits for the errors of a form that was sent with mistakes.
func (p *page) refusedSignUp() {
	p.t.Helper()
	p.do(`(() => { username.value = "a b"; password1.value = "short"; password2.value = "other"; username.form.submit(); })()`)
	p.sees(".field-error")
}

// TestLooks goes through all pages in all languages, light and dark, on a desk and on the
// smallest phone: axe finds nothing there, and nothing is wider than the screen. With HEARTH_SHOTS
// set to a folder, pictures of them all are left in it.
func TestLooks(t *testing.T) {
	hearthtest.Slow(t, "hundreds of pages")
	for _, l := range locale.All() {
		t.Run(l.Code(), func(t *testing.T) {
			lookAround(t, l.Code())
		})
	}
}

func lookAround(t *testing.T, lang string) {
	s := start(t, "-guests", "write")
	ada, guest := furnish(t, s), visitor(t, s, "guest")
	for _, p := range []*page{ada, guest} {
		p.expect("status of 404|status of 422") // the error page, a refused form
		p.open("/login/")
		p.do(`fetch("/language/", { method: "POST", body: new URLSearchParams({ lang: ` + quote(lang) + `, next: "/healthz" }) })`)
	}
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			p := guest
			if look.inside {
				p = ada
			}
			p.t = t
			p.lookAt(lang, look)
		})
	}
}

func (p *page) lookAt(lang string, look look) {
	p.t.Helper()
	p.resize(1280, 900)
	p.open(look.path)
	if look.prepare != nil {
		look.prepare(p)
	}
	p.do(axe)
	for _, width := range []int64{1280, 320} {
		p.resize(width, map[int64]int64{1280: 900, 320: 640}[width])
		for _, scheme := range []string{"light", "dark"} {
			if !thorough && lang != "en" && (scheme != "dark" || width != 320) { // in another language only the texts differ
				continue
			}
			p.colours(scheme)
			p.inspect(scheme)
			p.shoot(fmt.Sprintf("%s-%s-%s-%d.png", look.name, lang, scheme, width))
		}
		if wide := value[[]string](p, tooWide); len(wide) > 0 {
			p.t.Errorf("too wide for %d px: %q", width, wide)
		}
	}
}

// tooWide are the parts of a page that hold something wider than themselves.
const tooWide = `Array.from(document.querySelectorAll("html, main, .scroller, .sidebar, .room-people, .sheet, dialog[open]"))
	.filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth).map((e) => e.cloneNode().outerHTML + " by " + (e.scrollWidth - e.clientWidth))`

func (p *page) colours(scheme string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	p.check("change colours", err)
}

// inspect has axe look for what keeps somebody from using the page. In the dark nothing but
// colours can differ.
func (p *page) inspect(scheme string) {
	p.t.Helper()
	options := `{ preload: false, resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }`
	if thorough && scheme == "dark" {
		options = `{ preload: false, resultTypes: ["violations"], runOnly: ["color-contrast", "link-in-text-block"] }`
	}
	found := value[[]string](p, `axe.run(document, `+options+`).then(({ violations }) => violations.map(({ id, help, nodes }) =>
		id + ": " + help + "\n" + nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + "\n" + n.failureSummary).join("\n")))`)
	for _, violation := range found {
		p.t.Errorf("%s: %s", scheme, violation)
	}
}

// shoot writes a picture of what is in view.
func (p *page) shoot(file string) {
	p.t.Helper()
	if shots == "" {
		return
	}
	picture, err := chromedp.Call(p.ctx, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{})
	p.check("take a picture", err)
	if err := os.MkdirAll(shots, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(shots, file), picture.Data, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// furnish makes a place with some life in it, and returns its admin's page.
func furnish(t *testing.T, s *hearthtest.Server) *page {
	t.Helper()
	ada := s.SignUp(t, "ada")
	ada.Post("/profile/", "action", "details", "first_name", "Ada", "last_name", "Lund", "email", "ada@example.org")
	others := map[string]*hearthtest.Browser{}
	for _, p := range people {
		others[p.name] = s.SignUp(t, p.name)
		others[p.name].Post("/profile/", "action", "details", "first_name", p.first, "last_name", p.last, "email", p.email)
	}
	ada.Post("/rooms/", "name", "garden", "topic", "What grows, what doesn’t, and who waters it", "access", "open")
	ada.Post("/rooms/", "name", "secrets", "topic", "", "access", "closed")
	ada.Post("/rooms/", "name", "Переговорная", "topic", "Встречи и планы", "access", "admins")
	ada.Post("/rooms/", "name", "a-room-with-a-name-that-is-much-longer-than-any-sidebar-is-wide", "topic", "Long", "access", "open")
	for _, m := range talk {
		by := ada
		if o, ok := others[m[0]]; ok {
			by = o
		}
		if r := by.PostJSON("/api/rooms/garden/messages", map[string]string{"message": m[1]}); r.Status != 201 {
			t.Fatalf("%s: %d %s", m[1], r.Status, r.Body)
		}
	}
	for _, room := range []string{"garden", "a-room-with-a-name-that-is-much-longer-than-any-sidebar-is-wide"} {
		ada.Post("/admin/settings/", "action", "first_add", "room", room)
	}
	ada.PostJSON("/api/rooms/garden/membership", map[string]any{"favourite": true})
	ada.PostJSON("/api/rooms/secrets/membership", map[string]any{"level": "nothing"})
	others["mai"].PostJSON("/api/rooms/@ada/messages", map[string]string{"message": "Have you got a minute?"})
	ada.PostJSON("/api/rooms/@mai/messages", map[string]string{"message": "For you always."})
	others["tom"].PostJSON("/api/rooms/@ada/messages", map[string]string{"message": "The key is under the mat."})
	others["mai"].Post("/profile/", "action", "status", "emoji", "🌴", "text", "On the beach until the tomatoes are ripe", "availability", "dnd", "until", "week")
	others["mai"].Post("/profile/", "action", "times", "zone", "Asia/Ho_Chi_Minh")
	others["li"].Post("/profile/", "action", "status", "text", "在路上，晚点再回复大家的消息", "until", "never")
	ada.Post("/profile/", "action", "times", "zone", "America/St_Johns")
	furnishGroups(t, ada, others["mai"])
	others["mai"].DialBatched("/ws/chat/garden/")
	ada.Post("/admin/invites/", "action", "create", "uses", "5", "days", "7")
	former := s.SignUp(t, "eve")
	former.PostJSON("/api/rooms/garden/messages", map[string]string{"message": "I am moving away. Look after the roses!"})
	former.PostJSON("/api/rooms/@ada/messages", map[string]string{"message": "Thank you for everything."})
	former.Post("/profile/", "action", "delete", "messages", "keep", "delete_password", hearthtest.Password)
	ada.PostJSON("/api/rooms/@li/messages", map[string]string{"message": "Please stop."})
	ada.Post("/blocks/", "name", "li", "blocked", "on")
	s.Visitor(t).Post("/guest/", "guest_name", "Wanda Wood")
	return signedIn(t, s, ada)
}

var people = []struct{ name, first, last, email string }{
	{"mai", "Mai", "Nguyễn", "mai@example.org"},
	{"tom", "", "", ""},
	{"li", "小龙", "李", "li@example.org"},
	{"somebody.with.a.rather.long.name@example.org", "Анастасия Владимировна", "Преображенская-Вознесенская", "anastasia.preobrazhenskaya@a-long-domain.example.org"},
}

var talk = [][2]string{
	{"ada", "Good morning! The tomatoes are up."},
	{"ada", "All of them, even the ones by the wall."},
	{"mai", "Chúc mừng! @ada will we have enough for everybody?"},
	{"li", "早上好，大家今天过得怎么样？"},
	{"tom", "Here is how I water them:\n\n```\nfor bed in garden:\n    water(bed, minutes=10) # and a comment that is long enough to be wider than any phone is\n```"},
	{"tom", "**Important:** not at noon. See https://example.org/a/very/long/path/that/has/to/break/somewhere/or/else/the/page/grows/wider/than/the/phone?and=more"},
	{"mai", "- early\n- late\n- _never_ in between"},
	{"ada", "> not at noon\n\nAgreed."},
	{"somebody.with.a.rather.long.name@example.org", "Доброе утро! Я приеду в субботу и привезу рассаду."},
	{"mai", "@ada can you open the gate for the garden?"},
	{"tom", "/me waters the beds"},
}

// listedCommands shows the result of a command, and the list of commands below it.
func (p *page) listedCommands() {
	p.fill(composer, "/help")
	p.enter()
	p.reads("#composer-notice", "/pm")
	p.fill(composer, "/")
	p.sees("#complete [role=option]")
}
