package e2e

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// rows are the numbers of the messages on the page, which fill and write have numbered.
const rows = `Array.from(document.querySelectorAll("#log .message .text"), (text) => Number(text.textContent.replace("message ", "")))`

// nodes is the number of nodes of the page, of elements and texts.
const nodes = `(() => { const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL); let n = 1; while (walker.nextNode()) n++; return n; })()`

// whole checks that the page has at most 300 messages, without gaps, and at most 20 000 nodes.
func (p *page) whole() {
	p.t.Helper()
	if n := value[int](p, rows+`.length`); n > 300 {
		p.t.Errorf("%d messages are on the page", n)
	}
	if !value[bool](p, rows+`.every((n, i, all) => i === 0 || n === all[i - 1] + 1)`) {
		p.t.Errorf("the messages have gaps: %v", value[[]int](p, rows))
	}
	if n := value[int](p, nodes); n > 20_000 {
		p.t.Errorf("the page has %d nodes", n)
	}
}

// still scrolls to 500 px from an end of the window, and checks that what is read does not move while 50 messages come at that end.
func (p *page) still(what, scroll, edge string, step int) {
	p.t.Helper()
	p.do(`window.edge = ` + edge)
	p.do(scroll)
	mark := value[string](p, `(() => { const { top } = scroller.getBoundingClientRect();
		return Array.from(document.querySelectorAll("#log .message")).find((m) => m.getBoundingClientRect().top >= top + 60).id; })()`)
	place := `document.getElementById(` + quote(mark) + `).getBoundingClientRect().top`
	before := value[float64](p, place)
	p.until(what, fmt.Sprintf("%s === window.edge + %d", edge, step))
	if after := value[float64](p, place); after < before-1 || after > before+1 {
		p.t.Errorf("%s: the message that is read moved from %.1f to %.1f", what, before, after)
	}
	p.whole()
}

// After 100 000 messages, the page holds as much as at first, wherever one reads.
func TestAWindowOfALongRoom(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 40)
	fill(t, s, tom, "garden", 99_960)
	readTo(t, b, "garden")
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.hears("message 100000")
	ada.whole()
	first := rows + `[0]`
	last := rows + `.at(-1)`
	for i := range 9 {
		ada.still(fmt.Sprint("older page ", i), `scroller.scrollTop = 500 - scroller.scrollHeight + scroller.clientHeight`, first, -50)
	}
	ada.until("only a window", last+` === `+first+` + 299`)
	ada.sees("#pill")
	for i := range 3 {
		ada.still(fmt.Sprint("newer page ", i), `scroller.scrollTop = -500`, last, 50)
	}
	tom.PostJSON("/api/rooms/garden/messages", map[string]string{"message": "message 100001"})
	ada.reads("#unread-count", "1 new message")
	ada.click("#jump-newest")
	ada.hears("message 100001")
	ada.whole()
	ada.missing("#unread-bar")
	for i := 2; i <= 10; i++ { // at the end, old messages make room for new ones
		tom.PostJSON("/api/rooms/garden/messages", map[string]string{"message": fmt.Sprint("message ", 100_000+i)})
	}
	ada.hears("message 100010")
	ada.until("the end", `scroller.scrollTop === 0`)
	ada.whole()

	t.Logf("the page has %d nodes", value[int](ada, nodes))
	for _, before := range []int{1<<32 + 60, 1<<32 + 50_000, 1<<32 + 100_000} {
		took := value[float64](ada, fmt.Sprintf(`(async () => {
			const all = [];
			for (let i = 0; i < 21; i++) {
				const began = performance.now();
				await (await fetch("/api/rooms/garden/messages?limit=50&before=%d")).json();
				all.push(performance.now() - began);
			}
			return all.sort((a, b) => a - b)[10];
		})()`, before))
		t.Logf("50 messages before number %d took %.1f ms", before-1<<32, took)
	}

	// The first message is as near as the last one.
	ada.do(`location.hash = "#m" + (2 ** 32 + 1)`)
	ada.hears("message 1")
	ada.sees("#room-start")
	ada.whole()
}

// One can jump to a day of one's own time zone, and sees the day of what one reads.
func TestJumpToADate(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	write(t, b, "garden", 1, 400)
	s.Stop(t)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Data, "hearth.db"))
	if err != nil {
		t.Fatal(err)
	}
	// One message an hour, the first at midnight UTC.
	if _, err := db.Exec(`UPDATE message SET created_at = unixepoch('2026-01-01') * 1000 + ((id & 0xffffffff) - 1) * 3600000`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s.RestartThere(t)
	ada := signedIn(t, s, b)
	_, err = chromedp.Call(ada.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Ho_Chi_Minh"})
	ada.check("move to Vietnam", err)
	ada.open("/chat/garden/")
	ada.click("[data-dialog=jump-date]")
	ada.sees("#jump-date-field")
	ada.do(`document.getElementById("jump-date-field").value = "2026-01-05"`)
	ada.click("#jump-date .actions button")
	// The fifth of January begins there 89 hours after the first message.
	ada.until("the first message of that day", `document.activeElement.querySelector(".text")?.textContent === "message 90"`)
	ada.until("its day above it", `document.activeElement.previousElementSibling.textContent.includes("January 5") &&
		Math.abs(document.activeElement.previousElementSibling.getBoundingClientRect().top - scroller.getBoundingClientRect().top) < 2`)
	ada.do(`scroller.scrollTop += 300`)
	ada.until("the day while one reads on", `(() => { const view = scroller.getBoundingClientRect();
		const at = document.elementFromPoint(view.x + view.width / 2, view.y + 18); return at.closest(".line.day")?.textContent.includes("January 5"); })()`)
	ada.shoot("day.png")
	ada.click("[data-dialog=jump-date]")
	ada.do(`document.getElementById("jump-date-field").value = "2026-01-01"`)
	ada.click("#jump-date .actions button")
	ada.hears("message 1")
	ada.sees("#room-start")

	// Without script, the day is one in UTC.
	ada.withoutScript()
	ada.open("/chat/garden/#jump-date")
	ada.fill("#jump-date-field", "")
	ada.do(`document.getElementById("jump-date-field").value = "2026-01-05"`)
	ada.submit("#jump-date .actions button")
	ada.hears("message 97")
}

// Each message shows its time while the pointer or the focus is on it. Lines are at most 900 px wide.
func TestTimesAndWidth(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	write(t, b, "garden", 1, 3)
	b.PostJSON("/api/rooms/garden/messages", map[string]string{"message": strings.Repeat("many words ", 60)})
	ada := signedIn(t, s, b)
	ada.resize(1900, 900)
	ada.open("/chat/garden/")
	shown := `getComputedStyle(document.querySelector("#log .message.joined time")).opacity === "1"`
	if value[bool](ada, shown) {
		t.Error("the time of a joined message is always shown")
	}
	ada.point("#log .message.joined")
	ada.until("the time", shown)
	ada.moveMouse(5, 5)
	ada.until("no time", "!("+shown+")")
	ada.do(`document.querySelector("#log .message.joined").focus()`)
	ada.until("the time on focus", shown)
	if wide := value[float64](ada, `Math.max(...Array.from(document.querySelectorAll("#log .text"), (text) => text.getBoundingClientRect().width))`); wide > 900 {
		t.Errorf("a line is %.0f px wide", wide)
	}
	if n := value[int](ada, `document.querySelectorAll("[role=toolbar]").length`); n != 1 {
		t.Errorf("there are %d toolbars", n)
	}
}
