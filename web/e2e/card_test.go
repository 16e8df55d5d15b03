package e2e

import (
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

const openCard = ".user-card:popover-open"

// seesCard waits until the card of a person is open.
func (p *page) seesCard(user string) {
	p.t.Helper()
	p.sees(openCard + ` .card[data-user="` + user + `"]`)
}

// closesCard presses Escape, and waits until the card has closed and the focus is on an element.
func (p *page) closesCard(focus string) {
	p.t.Helper()
	p.escape()
	p.missing(openCard)
	p.until("the focus on "+focus, `document.activeElement?.matches(`+quote(focus)+`)`)
}

// A name or an avatar opens the card, wherever it stands. Escape closes only the card, and the focus returns to the name.
func TestEveryNameOpensTheCard(t *testing.T) {
	s := start(t)
	b, c := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	c.Post("/profile/", "action", "details", "name", "Tom Berg")
	c.Post("/profile/", "action", "status", "emoji", "🔧", "text", "Soldering class")
	c.Post("/profile/", "action", "times", "zone", "Asia/Ho_Chi_Minh")
	write(t, c, "garden", 1, 2)
	readTo(t, b, "garden")
	ada, tom := signedIn(t, s, b), signedIn(t, s, c)
	tom.open("/chat/garden/")
	ada.open("/chat/garden/")
	ada.fill(composer, "thank you @tom")
	ada.enter()
	ada.hears("thank you @Tom Berg")

	ada.click("#log .message[data-user=tom] .byline .who")
	ada.seesCard("tom")
	ada.reads(openCard+" h2", "Tom Berg")
	ada.reads(openCard, "Soldering class")
	ada.until("the local time", `/^\d/.test(document.querySelector(".card-time")?.textContent)`)
	ada.until("the focus on Message", `document.activeElement?.matches(".user-card a[href='/chat/@tom/']")`)
	ada.until("a place beside the name", `(() => { const card = document.querySelector(".user-card").getBoundingClientRect(); return card.left >= 0 && card.right <= innerWidth && card.bottom <= innerHeight; })()`)
	ada.do(axe)
	for _, scheme := range []string{"light", "dark"} {
		ada.colours(scheme)
		ada.inspect(scheme)
		ada.shoot("card-" + scheme + ".png")
	}
	ada.closesCard("#log .message[data-user=tom] .byline .who")

	for _, name := range []string{"#log .message[data-user=tom] > .avatar", "#log a.mention", `#here .person[data-user="tom"] .side-link`} {
		ada.click(name)
		ada.seesCard("tom")
		ada.escape()
		ada.missing(openCard)
	}
	ada.do(`document.querySelector("#log .message[data-user=tom] .byline .who").focus()`)
	ada.enter()
	ada.seesCard("tom")
	ada.click(openCard + " [data-mention]")
	ada.missing(openCard)
	ada.until("a mention in the composer", `document.querySelector(".composer-text").value === "@tom " && document.activeElement.matches(".composer-text")`)
	ada.fill(composer, "never sent")
	ada.click(`.sidebar-foot .me`)
	ada.seesCard("ada")
	ada.sees(openCard + ` a[href="/profile/#status"]`)
	ada.missing(openCard + ` a[href^="/chat/"]`)
	ada.do(`document.querySelector("#log").dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }))`)
	ada.closesCard(".sidebar-foot .me")
	ada.click("#log a.mention")
	ada.seesCard("tom")
	ada.click(openCard + ` a[href="/chat/@tom/"]`)
	ada.at("/chat/@tom/")
	ada.missing(openCard)
	ada.click("h1 .who")
	ada.seesCard("tom")
	ada.missing(openCard + " [data-mention]")

	ada.open("/")
	ada.click(row("tom", ".person-name"))
	ada.seesCard("tom")
	ada.closesCard(row("tom", ".person-name"))

	ada.resize(320, 640)
	ada.open("/chat/garden/")
	ada.do(`document.querySelector("#log .message[data-user=tom] .byline .who").click()`) // as a tap does, without a pointer that hovers
	ada.seesCard("tom")
	ada.until("a sheet at the bottom", `(() => { const card = document.querySelector(".user-card").getBoundingClientRect(); return card.left === 0 && card.right === innerWidth && card.bottom === innerHeight; })()`)
	ada.until("large targets", `Array.from(document.querySelectorAll(".user-card :is(a, button):not([hidden])")).every((e) => e.getBoundingClientRect().height >= 44)`)
	ada.do(axe)
	ada.inspect("dark")
	ada.shoot("card-phone.png")

	plain := signedIn(t, s, b)
	plain.withoutScript()
	plain.open("/chat/garden/")
	plain.submit("#log .message[data-user=tom] .byline .who")
	plain.at("/people/tom/")
	plain.reads("main .card", "Soldering class")
	plain.shoot("card-page.png")
}

// A new name is shown at once in messages, quotes, mentions, tooltips, lists and titles, also in rooms that were open before.
func TestANewNameIsLiveEverywhere(t *testing.T) {
	s := start(t)
	b, c := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	c.PostJSON("/api/rooms/@ada/messages", map[string]string{"message": "psst"})
	write(t, c, "garden", 1, 1)
	write(t, c, "kitchen", 2, 2)
	readTo(t, b, "garden")
	readTo(t, b, "kitchen")
	readTo(t, b, "@tom")
	ada, tom := signedIn(t, s, b), signedIn(t, s, c)
	tom.open("/chat/garden/")
	ada.open("/chat/garden/")
	ada.sees(`#here [data-user="tom"]`)
	ada.say("hello @tom")
	tom.hears("hello @tom")
	tom.do(`fetch("/api/rooms/garden/messages", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ message: "/me waves" }) })`)
	ada.hears("waves")
	ada.do(`fetch("/api/rooms/garden/messages?limit=3").then((answer) => answer.json()).then(({ messages: [first] }) =>
		fetch("/api/rooms/garden/messages", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ message: "an answer", reply_to: first.id }) }))`)
	ada.hears("an answer")
	c.Post("/profile/", "action", "details", "name", "Tom Berg")
	for place, name := range map[string]string{
		"#log .message[data-user=tom]:not(.action) .byline .name": "Tom Berg",
		"#log .message[data-user=tom] .avatar":                    "TB",
		"#log .message.action .action-name":                       "Tom Berg",
		"#log .reply:not([hidden]) .reply-name":                   "Tom Berg",
		"#log a.mention":                                          "@Tom Berg",
		`#here [data-user="tom"] .side-name`:                      "Tom Berg",
		`#direct-links [data-user="tom"] .side-name`:              "Tom Berg",
	} {
		ada.reads(place, name)
	}
	ada.until("the username in the tooltip", `document.querySelector("#log a.mention").title === "tom"`)
	tom.reads(".sidebar-foot .name", "Tom Berg") // one's own name too

	ada.changes("kitchen")
	ada.reads("#log .message[data-user=tom] .byline .name", "Tom Berg")
	ada.changes("@tom")
	ada.reads("h1", "Tom Berg")
	c.Post("/profile/", "action", "details", "name", "Thomas Berg")
	ada.reads("h1", "Thomas Berg")
	ada.until("the title", `document.title.includes("Thomas Berg")`)
	ada.until("the label of the composer", `document.querySelector(".composer-text").getAttribute("aria-label").includes("Thomas Berg")`)
	ada.changes("garden") // kept as it was left
	ada.reads("#log .message[data-user=tom] .byline .name", "Thomas Berg")
	ada.reads("#log a.mention", "@Thomas Berg")

	lobby := signedIn(t, s, b)
	lobby.open("/")
	lobby.reads(row("tom", ".full-name"), "Thomas Berg")
	c.Post("/profile/", "action", "details", "name", "T. Berg")
	lobby.reads(row("tom", ".full-name"), "T. Berg")
}

// shortenTimers makes the ten minutes without input half a second in all pages of p.
func (p *page) shortenTimers() {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: `{
		const real = window.setTimeout;
		window.setTimeout = (call, after, ...args) => real(call, after === 600000 && !window.patient ? 500 : after, ...args);
	}`})
	p.check("shorten timers", err)
}

// A status set in the profile, and being away, are live in lists, the sidebar and an open card.
func TestStatusAndPresenceAreLive(t *testing.T) {
	s := start(t)
	b, c := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	c.PostJSON("/api/rooms/@ada/messages", map[string]string{"message": "psst"})
	write(t, c, "garden", 1, 1)
	ada, tom := signedIn(t, s, b), signedIn(t, s, c)
	ada.open("/chat/garden/")
	ada.sees(`#offline [data-user="tom"] .dot.offline`)
	tom.open("/profile/")
	ada.sees(`#elsewhere [data-user="tom"] .dot.online`)
	ada.click(`#elsewhere [data-user="tom"] .side-link`)
	ada.seesCard("tom")

	tom.fill("#status-emoji", ":hammer:")
	tom.fill("#status-text", "In the workshop")
	tom.click("#status [value=dnd]")
	tom.submit("#status .button:not(.quiet)")
	tom.sees(".flash")
	ada.sees(`#elsewhere [data-user="tom"] .dot.dnd`)
	ada.reads(`#elsewhere [data-user="tom"] .status-note`, "🔨")
	ada.sees(`#direct-links [data-user="tom"] .dot.dnd`)
	ada.reads(`#direct-links [data-user="tom"] .status-note`, "🔨")
	ada.reads(openCard, "In the workshop")
	ada.reads(openCard+" .status-word", "Do not disturb")
	tom.submit("#status [name=clear]")
	ada.sees(`#elsewhere [data-user="tom"] .dot.online`)
	ada.missing(`#elsewhere [data-user="tom"] .status-note`)
	ada.missing(openCard + " .card-status")

	tom.shortenTimers()
	tom.open("/chat/garden/")
	ada.sees(`#here [data-user="tom"] .dot.away`)
	ada.reads(`#here [data-user="tom"] .status-word`, "Away")
	ada.sees(`#direct-links [data-user="tom"] .dot.away`)
	tom.do(`window.patient = true`) // the next ten minutes are not shortened
	tom.press("Shift")
	ada.sees(`#here [data-user="tom"] .dot.online`)
}

// Times follow the clock and the zone of the profile; the zone is that of the browser until the person chooses one.
func TestTimesFollowTheProfile(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	write(t, b, "garden", 1, 1)
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	time := `document.querySelector("#log .byline time").textContent`
	zone := `Intl.DateTimeFormat().resolvedOptions().timeZone`
	shown := func(options string) string {
		return `new Intl.DateTimeFormat("en", { minute: "2-digit", ` + options + ` }).format(new Date(document.querySelector("#log .byline time").dateTime))`
	}
	ada.until("the time of the browser", time+` === `+shown(`hour: "numeric"`))
	ada.until("the zone of the browser in the profile", `fetch("/profile/").then((answer) => answer.text()).then((text) => text.includes(`+zone+`.split("/").at(-1)))`)
	ada.open("/profile/")
	ada.do(`document.getElementById("zone").value = "Asia/Kathmandu"`)
	ada.click(`[name=clock][value="24"]`)
	ada.submit(`section:has(#zone) button`)
	ada.open("/chat/garden/")
	ada.until("the time in Nepal", time+` === `+shown(`hour: "2-digit", hourCycle: "h23", timeZone: "Asia/Kathmandu"`))
}
