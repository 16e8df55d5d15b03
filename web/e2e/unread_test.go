package e2e

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"hearth/web/hearthtest"
)

// write posts numbered messages.
func write(t *testing.T, b *hearthtest.Browser, room string, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		if r := b.PostJSON("/api/rooms/"+room+"/messages", map[string]string{"message": fmt.Sprint("message ", i)}); r.Status != 201 {
			t.Fatalf("post: %d %s", r.Status, r.Body)
		}
	}
}

// fill adds messages of b to an existing room in the database, numbered after the messages that it has, while the server is stopped.
func fill(t *testing.T, s *hearthtest.Server, b *hearthtest.Browser, room string, n int) {
	t.Helper()
	s.Stop(t)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Data, "hearth.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`WITH RECURSIVE last(id) AS (SELECT max(m.id) FROM message m JOIN room r ON m.id >> 32 = r.id WHERE r.name = ?2),
		number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?3)
		INSERT INTO message (id, sender, text, created_at)
		SELECT last.id + n, u.id, 'message ' || ((last.id & 0xffffffff) + n), (SELECT created_at FROM message WHERE id = last.id) + n FROM number, last, user u WHERE u.name = ?1`, b.Name, room, n)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s.RestartThere(t)
}

// unread returns how many messages of a room the server has as unread.
func unread(t *testing.T, b *hearthtest.Browser, room string) int {
	t.Helper()
	var position struct{ Unread int }
	b.Get("/api/rooms/"+room+"/read").JSON(t, &position)
	return position.Unread
}

// readTo marks all messages of a room as read.
func readTo(t *testing.T, b *hearthtest.Browser, room string) {
	t.Helper()
	var last struct{ Messages []struct{ ID int64 } }
	b.Get("/api/rooms/"+room+"/messages?limit=1").JSON(t, &last)
	if r := b.PostJSON("/api/rooms/"+room+"/read", map[string]any{"id": last.Messages[0].ID}); r.Status != 200 {
		t.Fatalf("read %s: %d %s", room, r.Status, r.Body)
	}
}

// untilUnread waits until the server has the right number of messages as unread.
func untilUnread(t *testing.T, b *hearthtest.Browser, room string, right func(n int) bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for n := unread(t, b, room); !right(n); n = unread(t, b, room) {
		if time.Now().After(deadline) {
			t.Fatalf("%d messages stay unread in %s", n, room)
		}
		time.Sleep(beat)
	}
}

// hasRead waits until the server knows that the person of the page has read a room.
func (p *page) hasRead(room string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for value[int](p, `fetch("/api/rooms/`+room+`/read").then((answer) => answer.json()).then((position) => position.unread)`) > 0 {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s has not read %s", p.who, room)
		}
		time.Sleep(beat)
	}
}

// belowNew waits until the line "New" is right above a message.
func (p *page) belowNew(text string) {
	p.t.Helper()
	p.until("New above "+text, `document.getElementById("new-line")?.nextElementSibling.querySelector(".text")?.textContent === `+quote(text))
}

// escape presses the Escape key. With its code, the browser closes dialogs too.
func (p *page) escape() {
	p.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: "Escape", Code: "Escape", WindowsVirtualKeyCode: 27})
		p.check("press Escape", err)
	}
}

// hide hides or shows the tab, as far as scripts can see.
func (p *page) hide(hidden bool) {
	p.t.Helper()
	p.do(fmt.Sprintf(`(() => { Object.defineProperty(document, "hidden", { value: %t, configurable: true }); void document.dispatchEvent(new Event("visibilitychange")); })()`, hidden))
}

// inView reports whether an element is in the view of the log.
func inView(element string) string {
	return `(() => { const box = ` + element + `.getBoundingClientRect(), view = scroller.getBoundingClientRect(); return box.top >= view.top - 1 && box.bottom <= view.bottom + 1; })()`
}

// A room with a few new messages opens at the first of them. They are on the screen, so they are read.
func TestAFewUnreadMessages(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 40)
	readTo(t, b, "garden")
	write(t, tom, "garden", 41, 43)
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.belowNew("message 41")
	ada.missing("#unread-bar")
	ada.until("the end", `scroller.scrollTop === 0`)
	untilUnread(t, b, "garden", func(n int) bool { return n == 0 })
	ada.sees("#new-line") // until the room is left
	ada.open("/chat/garden/")
	ada.missing("#new-line")
}

// A room with thousands of new messages opens at the first of them, a quarter down the view.
func TestThousandsOfUnreadMessages(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 40)
	readTo(t, b, "garden")
	fill(t, s, tom, "garden", 3000)
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.belowNew("message 41")
	ada.sees("#unread-bar")
	ada.until("New a quarter down", `(() => { const view = scroller.getBoundingClientRect(), { top } = document.getElementById("new-line").getBoundingClientRect();
		return Math.abs((top - view.top) / view.height - 0.25) < 0.02; })()`)
	ada.until("their number", `Number(document.getElementById("unread-count").textContent.replace(/\D/g, "")) > 2900`)
	ada.shoot("unread-bar.png")
	seen := value[int](ada, `Array.from(document.querySelectorAll("#log .message")).filter((m) => m.getBoundingClientRect().bottom <= scroller.getBoundingClientRect().bottom && m.id > document.getElementById("new-line").nextElementSibling.id).length`)
	untilUnread(t, b, "garden", func(n int) bool { return n < 3000 })
	if n := unread(t, b, "garden"); n < 3000-seen-3 {
		t.Errorf("%d are unread, although only about %d were on the screen", n, seen)
	}

	// Jumping to the end and back leaves the position where it is. What is seen there counts once the gap is closed.
	ada.click("#jump-newest")
	ada.hears("message 3040")
	ada.sees("#jump-first")
	ada.until("the end", `scroller.scrollTop === 0`)
	if n := unread(t, b, "garden"); n < 2900 {
		t.Errorf("%d are unread after a jump", n)
	}
	ada.click("#jump-first")
	ada.sees("#jump-newest")
	ada.until("New in view", inView(`document.getElementById("new-line")`))

	// Escape moves it.
	ada.escape()
	ada.missing("#unread-bar")
	untilUnread(t, b, "garden", func(n int) bool { return n == 0 })
}

// Messages that were seen after a gap are read when the messages between were seen too.
func TestTheGapIsClosed(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 40)
	readTo(t, b, "garden")
	write(t, tom, "garden", 41, 140)
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.sees("#unread-bar")
	ada.click("#jump-newest")
	ada.hears("message 140")
	ada.until("the end", `scroller.scrollTop === 0`)
	ada.sees("#jump-first")
	write(t, tom, "garden", 141, 141)
	ada.hears("message 141")
	ada.click("#jump-first")
	ada.until("New in view", inView(`document.getElementById("new-line")`))
	ada.until("everything read", `(() => { scroller.scrollTop += 100; return document.getElementById("unread-bar").hidden; })()`)
	untilUnread(t, b, "garden", func(n int) bool { return n == 0 })
}

// The button, sending a message and Escape mark the room as read. Escape first closes what is open, and cancels an edit.
func TestMarkAsRead(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, b, "garden", 1, 1)
	readTo(t, b, "garden")
	ada := signedIn(t, s, b)
	next := 2
	more := func() {
		t.Helper()
		write(t, tom, "garden", next, next+79)
		next += 80
		ada.open("/chat/garden/")
		ada.sees("#unread-bar")
	}
	read := func() {
		t.Helper()
		ada.missing("#unread-bar")
		untilUnread(t, b, "garden", func(n int) bool { return n == 0 })
	}
	more()
	ada.click("#mark-read")
	read()
	more()
	ada.say("thank you")
	read()
	ada.until("the end", `scroller.scrollTop === 0`)
	more()
	ada.click("[data-dialog=jump-date]")
	ada.escape()
	ada.missing("#jump-date")
	ada.sees("#unread-bar")
	ada.do(`document.querySelector(".composer-text").focus()`)
	ada.escape()
	read()

	ada.say("a word of mine")
	write(t, tom, "garden", next, next)
	ada.hears(fmt.Sprint("message ", next))
	ada.fill(composer, "")
	ada.press("ArrowUp")
	ada.sees("#editing")
	ada.hide(true)
	write(t, tom, "garden", next+1, next+80)
	ada.hears(fmt.Sprint("message ", next+80))
	ada.hide(false)
	ada.sees("#unread-bar")
	ada.escape()
	ada.missing("#editing")
	ada.sees("#unread-bar")
	ada.escape()
	read()
}

// What is on the screen of a hidden page is not read. When the page is shown again, "New" stands above what came meanwhile.
func TestAHiddenTab(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 2)
	readTo(t, b, "garden")
	write(t, tom, "garden", 3, 4)
	ada := signedIn(t, s, b)
	_, err := chromedp.Call(ada.ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{
		Source: `Object.defineProperty(document, "hidden", { value: true, configurable: true });`})
	ada.check("open in the background", err)
	ada.open("/chat/garden/")
	ada.belowNew("message 3")
	write(t, tom, "garden", 5, 5)
	ada.hears("message 5")
	if n := unread(t, b, "garden"); n != 3 {
		t.Errorf("%d are unread, want 3", n)
	}
	ada.hide(false)
	ada.belowNew("message 3")
	ada.missing("#unread-bar")
	untilUnread(t, b, "garden", func(n int) bool { return n == 0 })
	ada.hide(true)
	write(t, tom, "garden", 6, 60)
	ada.hears("message 60")
	if n := unread(t, b, "garden"); n != 55 {
		t.Errorf("%d are unread, want 55", n)
	}
	ada.hide(false)
	ada.belowNew("message 6")
	ada.until("New in view", inView(`document.getElementById("new-line")`))
	ada.sees("#unread-bar")
	ada.sees("#jump-newest")
}

// Who was reading further up stays there when the page is shown again. A deleted message is not counted any more.
func TestAHiddenTabKeepsItsPlace(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 50)
	readTo(t, b, "garden")
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.do(`scroller.scrollTop = -400`)
	ada.sees("#pill")
	place := value[float64](ada, `document.querySelector("#log .message:last-child").getBoundingClientRect().top`)
	ada.hide(true)
	write(t, tom, "garden", 51, 53)
	ada.hears("message 53")
	ada.hide(false)
	ada.belowNew("message 51")
	ada.reads("#unread-count", "3 new messages")
	ada.sees("#jump-newest")
	room := tom.DialBatched("/ws/chat/garden/")
	room.Send(map[string]any{"type": "delete", "id": 1<<32 + 52})
	ada.reads("#unread-count", "2 new messages")
	if now := value[float64](ada, fmt.Sprintf(`document.getElementById("m%d").getBoundingClientRect().top`, 1<<32+50)); now < place-1 || now > place+1 {
		t.Errorf("the log moved from %.1f to %.1f", place, now)
	}
	ada.click("#jump-newest")
	ada.missing("#unread-bar")
	ada.hasRead("garden")
}

// A mark that is lost with the connection is sent again on the next one.
func TestMarksSurviveABrokenConnection(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 3)
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.hears("message 3")
	ada.swallow(`"read"`)
	write(t, tom, "garden", 4, 4)
	ada.hears("message 4")
	ada.hasRead("garden")

	ada.swallow(`"back"`)
	ada.point("#log .message:nth-last-child(2)")
	ada.click("[data-tool=unread]")
	untilUnread(t, b, "garden", func(n int) bool { return n == 2 })

	// What was marked as read elsewhere meanwhile is read here too.
	ada.expect("WebSocket connection to|ERR_|status of 426")
	ada.sees("#unread-bar")
	s.Stop(t)
	ada.sees("#line-state")
	ada.do(`WebSocket.prototype.send = () => {}`) // nothing of this page reaches the server
	s.RestartThere(t)
	b.PostJSON("/api/rooms/garden/read", map[string]any{"id": 1<<32 + 4})
	ada.missing("#line-state")
	ada.missing("#unread-bar")
}

// "Mark unread from here" moves the position back in all windows of the person, and stays until the person marks the room as read.
func TestMarkUnreadFromHere(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 9)
	ada := signedIn(t, s, b)
	second, lobby := ada.tab(), ada.tab()
	for _, p := range []*page{ada, second} {
		p.open("/chat/garden/")
		p.missing("#unread-bar")
	}
	lobby.open("/")
	lobby.missing("#mark-all")
	ada.point("#log .message:nth-last-child(3)")
	ada.click("[data-tool=unread]")
	for _, p := range []*page{ada, second} {
		p.belowNew("message 7")
		p.reads("#unread-count", "3 new messages")
	}
	lobby.sees(`.sidebar [data-room="garden"].unread`)
	lobby.sees("#mark-all")
	if n := unread(t, b, "garden"); n != 3 {
		t.Errorf("%d are unread, want 3", n)
	}
	write(t, tom, "garden", 10, 10)
	second.reads("#unread-count", "4 new messages")
	second.click("#mark-read")
	for _, p := range []*page{ada, second} {
		p.missing("#unread-bar")
	}
	lobby.missing(`.sidebar [data-room="garden"].unread`)
	lobby.missing("#mark-all")
}

// One button marks all rooms and conversations as read.
func TestMarkAllAsRead(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	for _, room := range []string{"garden", "kitchen"} {
		write(t, tom, room, 1, 1)
		readTo(t, b, room)
		write(t, tom, room, 2, 3)
	}
	write(t, tom, "@ada", 1, 1)
	ada := signedIn(t, s, b)
	ada.open("/profile/")
	ada.sees(`.sidebar [data-room="garden"].unread`)
	ada.click("#mark-all button")
	ada.missing("#mark-all")
	ada.missing(".sidebar .side-link.unread")
	for _, room := range []string{"garden", "kitchen", "@tom"} {
		if n := unread(t, b, room); n != 0 {
			t.Errorf("%d are unread in %s", n, room)
		}
	}
}

// While the page does not have the end of the room, new messages are counted in the bar. One's own message leads to the end.
func TestNewMessagesBeyondTheWindow(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 40)
	readTo(t, b, "garden")
	fill(t, s, tom, "garden", 400)
	b.PostJSON("/api/rooms/garden/read", map[string]any{"id": 1<<32 + 60})
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.belowNew("message 61")
	ada.escape()
	ada.missing("#unread-bar")
	tom.PostJSON("/api/rooms/garden/messages", map[string]string{"message": "far below"})
	ada.reads("#unread-count", "1 new message")
	if value[bool](ada, texts+`.includes("far below")`) {
		t.Error("a message beyond the window is on the page")
	}
	ada.say("here I am")
	ada.hears("far below")
	ada.missing("#unread-bar")
	ada.until("the end", `scroller.scrollTop === 0 && `+texts+`.at(-1) === "here I am"`)
}

// After many messages were missed, the page shows the first of them. Those that come in between and do not fit on the screen are above it,
// and the bar says so.
func TestUnreadAfterALostConnection(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 40)
	readTo(t, b, "garden")
	ada := signedIn(t, s, b)
	ada.expect("WebSocket connection to|ERR_|status of 426")
	ada.open("/chat/garden/")
	ada.hears("message 40")
	ada.resize(1280, 320) // fewer than 20 messages, which come at a time, fit on the screen
	fill(t, s, tom, "garden", 100)
	ada.hears("message 140")
	ada.until("the end", `scroller.scrollTop === 0`)
	ada.sees("#jump-first")
	ada.click("#jump-first")
	ada.belowNew("message 41")
	ada.click("#mark-read")
	ada.missing("#unread-bar")

	fill(t, s, tom, "garden", 600)
	ada.belowNew("message 141")
	ada.sees("#jump-newest")
	ada.until("New in view", inView(`document.getElementById("new-line")`))
	ada.until("their number", `Number(document.getElementById("unread-count").textContent.replace(/\D/g, "")) > 500`)
	ada.say("good morning")
	ada.missing("#unread-bar")
	ada.hears("message 740")
	ada.until("the end", `scroller.scrollTop === 0`)
}

// Whatever is seen in whichever order, the position is before the first message that was not seen, and each message counts once.
func TestSeenRanges(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	ada.open("/chat/garden/")
	wrong := value[string](ada, `(async () => {
		const { SeenRanges } = await import(document.querySelector("script[src$='/room.js']").src.replace("room.js", "seen-ranges.js"));
		const random = (n) => Math.floor(Math.random() * n);
		for (let round = 0; round < 300; round++) {
			const n = 1 + random(40), ids = [], seen = new Set(), log = [];
			for (let i = 0, id = 0; i < n; i++) ids.push(id += 1 + random(4)); // ids skip numbers
			const ranges = new SeenRanges(0);
			let counted = 0;
			for (let step = 0; step < 2 * n; step++) {
				const i = random(n), after = ids[i - 1] ?? 0;
				if (random(2)) ranges.add(ids[i] - 1, ids[i], 1); // the one before is not loaded
				ranges.add(after, ids[i], 1);
				seen.add(ids[i]);
				log.push(ids[i]);
				counted += ranges.advance();
				const first = ids.findIndex((id) => !seen.has(id));
				const passed = first < 0 ? n : first;
				if (ranges.position !== (ids[passed - 1] ?? 0) || counted !== passed) return JSON.stringify({ ids, log, position: ranges.position, counted });
			}
		}
		return "";
	})()`)
	if wrong != "" {
		t.Error(wrong)
	}
}

// Without script, a page with unread messages has a button that marks them as read, and links to the ends.
func TestUnreadWithoutScript(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 40)
	readTo(t, b, "garden")
	write(t, tom, "garden", 41, 140)
	ada := signedIn(t, s, b)
	ada.withoutScript()
	ada.open("/chat/garden/")
	ada.belowNew("message 41")
	ada.reads("#unread-count", "100 new messages")
	ada.until("New in view", inView(`document.getElementById("new-line")`))
	ada.submit("#jump-newest")
	ada.hears("message 140")
	ada.submit("#jump-first")
	ada.belowNew("message 41")
	ada.click("#newer a")
	ada.hears("message 120")
	if n := unread(t, b, "garden"); n != 100 {
		t.Errorf("%d are unread, want 100", n)
	}
	ada.submit("#mark-read")
	ada.missing("#unread-bar")
	if n := unread(t, b, "garden"); n != 0 {
		t.Errorf("%d are unread", n)
	}
}
