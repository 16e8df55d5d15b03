package e2e

import (
	"fmt"
	"testing"
)

// sideLink is the link of a room in the sidebar.
func sideLink(room string) string { return `.sidebar [data-room="` + room + `"]` }

// changes clicks a room in the sidebar, and waits until the page shows it. The page must not be loaded for that.
func (p *page) changes(room string) {
	p.t.Helper()
	p.do(`window.samePage = true`)
	p.click(sideLink(room))
	p.shows(room)
	if !value[bool](p, `window.samePage === true`) {
		p.t.Fatalf("%s loads the page of %s", p.who, room)
	}
}

// shows waits until the page shows a room.
func (p *page) shows(room string) {
	p.t.Helper()
	p.until("the room "+room, fmt.Sprintf(`document.getElementById("main").dataset.room === %s && decodeURIComponent(location.pathname) === "/chat/" + %[1]s + "/"`, quote(room)))
}

// One page, one socket: ada goes from room to room by links, back and forward, talks in each, and is present where she is.
func TestRoomsChangeWithoutAPageLoad(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), member(t, s, "tom")
	write(t, b, "garden", 1, 3)
	write(t, b, "kitchen", 4, 5)
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.hears("message 3")
	ada.sees(`#here [data-user="ada"]`)
	ada.countTries()
	tom.open("/chat/kitchen/")

	ada.changes("kitchen")
	ada.heard("message 4", "message 5")
	ada.until("the title", `document.title.startsWith("#kitchen")`)
	ada.until("the link", `document.querySelector(".sidebar [aria-current=page]").dataset.room === "kitchen"`)
	ada.until("the focus in the composer", `document.activeElement?.matches(".composer-text")`)
	tom.sees(`#here [data-user="ada"]`)
	ada.sees(`#here [data-user="tom"]`)
	ada.say("hello kitchen")
	tom.hears("hello kitchen")
	tom.say("hello ada")
	ada.hears("hello ada")

	ada.do(`history.back()`)
	ada.shows("garden")
	ada.heard("message 1", "message 2", "message 3")
	tom.missing(`#here [data-user="ada"]`)
	ada.say("hello garden")
	ada.do(`history.forward()`)
	ada.shows("kitchen")
	ada.heard("message 4", "message 5", "hello kitchen", "hello ada")
	tom.say("and again")
	ada.hears("and again")
	if n := value[int](ada, `performance.getEntriesByType("navigation").length`); n != 1 {
		t.Errorf("%d pages were loaded", n)
	}
	ada.until("no new socket", `window.tries <= 3`) // the kitchen's page, and read marks over HTTP
	ada.do(`location.reload()`)
	ada.until("a new page", `document.readyState === "complete" && !window.samePage`)
	ada.hears("and again")
	ada.do(`history.back()`)
	ada.shows("garden")
	ada.hears("hello garden")
}

// A room comes back as it was left: the draft, the reply, an edit, the place in the log. What came meanwhile is below the line "New".
func TestARoomComesBackAsItWasLeft(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, b, "garden", 1, 120)
	write(t, b, "kitchen", 1, 1)
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.hears("message 120")
	ada.do(`scroller.scrollTop = -1200`)
	ada.until("older messages", `document.querySelectorAll("#log .message").length >= 100`)
	place := value[float64](ada, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(scroller.scrollTop))))`)
	ada.fill(composer, "half a thou")
	ada.changes("kitchen")
	ada.until("no draft here", `document.querySelector(".composer-text").value === ""`)
	ada.changes("garden")
	ada.until("the draft", `document.querySelector(".composer-text").value === "half a thou"`)
	if now := value[float64](ada, `scroller.scrollTop`); now < place-1 || now > place+1 {
		t.Errorf("the log is scrolled to %v, was %v", now, place)
	}

	ada.do(`scroller.scrollTop = 0`)
	ada.changes("kitchen")
	write(t, tom, "garden", 121, 150)
	ada.until("news", `document.querySelector('.sidebar [data-room="garden"]').classList.contains("unread")`)
	ada.changes("garden")
	ada.belowNew("message 121")
	ada.until("the first one in view", inView(`document.getElementById("new-line")`))
	ada.until("the rest below", `scroller.scrollTop < 0`)
	ada.do(`scroller.scrollTop = 0`)

	ada.fill(composer, "")
	ada.press("ArrowUp")
	ada.until("the edit", `!document.getElementById("editing").hidden`)
	ada.fill(composer, "a better text")
	ada.changes("kitchen")
	ada.changes("garden")
	ada.until("the edit", `!document.getElementById("editing").hidden && document.querySelector(".composer-text").value === "a better text"`)
	ada.enter()
	ada.hears("a better text")
}

// What is unread in a room that is left stays unread, in the sidebar too. What was seen there is read.
func TestUnreadMessagesOfARoomThatIsLeft(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, b, "garden", 1, 1)
	write(t, b, "kitchen", 1, 1)
	write(t, tom, "garden", 2, 90)
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.belowNew("message 2")
	untilUnread(t, b, "garden", func(n int) bool { return n < 89 })
	ada.changes("kitchen")
	ada.until("news in the sidebar", `document.querySelector('.sidebar [data-room="garden"]').classList.contains("unread")`)
	if n := unread(t, b, "garden"); n < 50 {
		t.Errorf("%d messages are unread", n)
	}
	ada.changes("garden")
	ada.until("no news of the open room", `!document.querySelector('.sidebar [data-room="garden"]').classList.contains("unread")`)
	ada.sees("#unread-bar")
	ada.click("#mark-read")
	ada.hasRead("garden")
	ada.changes("kitchen")
	ada.until("no news", `!document.querySelector('.sidebar [data-room="garden"]').classList.contains("unread")`)
}

// Messages that are written just before the room changes, or without a connection, go to the room where they were written, once.
func TestMessagesGoToTheRoomWhereTheyWereWritten(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), member(t, s, "tom")
	write(t, b, "garden", 1, 1)
	write(t, b, "kitchen", 2, 2)
	ada := signedIn(t, s, b)
	tom.open("/chat/garden/")
	ada.open("/chat/garden/")
	ada.hears("message 1")
	ada.changes("kitchen")
	ada.changes("garden")
	for i := range 5 {
		ada.do(fmt.Sprintf(`(() => {
			const field = document.querySelector(".composer-text");
			field.value = "in the garden %d";
			field.form.requestSubmit();
			document.querySelector('.sidebar [data-room="kitchen"]').click();
			document.querySelector(".composer-text").value = "in the kitchen %[1]d";
			document.querySelector(".composer-text").form.requestSubmit();
			document.querySelector('.sidebar [data-room="garden"]').click();
		})()`, i))
	}
	garden, kitchen := []string{"message 1"}, []string{"message 2"}
	for i := range 5 {
		garden, kitchen = append(garden, fmt.Sprint("in the garden ", i)), append(kitchen, fmt.Sprint("in the kitchen ", i))
		tom.hears(garden[i+1])
	}
	ada.hears("in the garden 4")
	ada.missing("#pending .message")
	tom.heard(garden...)
	ada.changes("kitchen")
	ada.hears("in the kitchen 4")
	ada.missing("#pending .message")
	ada.heard(kitchen...)
	tom.open("/chat/kitchen/")
	tom.heard(kitchen...)
}

// A room that cannot be reached leaves the page where it is. Rooms that are kept can be opened.
func TestChangingRoomsWithoutAConnection(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	write(t, b, "garden", 1, 1)
	write(t, b, "kitchen", 2, 2)
	write(t, b, "attic", 3, 3)
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.changes("kitchen")
	ada.expect("ERR_CONNECTION_REFUSED|WebSocket connection to|status of 426")
	s.Stop(t)
	ada.click(sideLink("attic"))
	ada.reads(".flash:not([hidden])", "not connected")
	ada.shows("kitchen")
	ada.changes("garden")
	ada.heard("message 1")
	ada.fill(composer, "written without a server")
	ada.enter()
	ada.changes("kitchen")
	s.RestartThere(t)
	ada.until("a connection", `document.getElementById("line-state").hidden`)
	ada.changes("garden")
	ada.hears("written without a server")
	ada.missing("#pending .message")
}

// A room that is closed to the reader while another one is open says so when the reader returns.
func TestAKeptRoomIsClosed(t *testing.T) {
	s := start(t)
	admin, b := s.SignUp(t, "boss"), s.SignUp(t, "ada")
	admin.Post("/rooms/", "name", "den", "access", "closed")
	admin.Post("/chat/den/members/", "name", "ada", "action", "add")
	write(t, b, "garden", 1, 1)
	ada := signedIn(t, s, b)
	ada.open("/chat/den/")
	ada.changes("garden")
	admin.Post("/chat/den/members/", "name", "ada", "action", "remove")
	ada.expect("403|WebSocket connection to")
	ada.until("no link", `!document.querySelector('.sidebar [data-room="den"]')`)
	ada.do(`history.back()`)
	ada.until("the reason", `document.querySelector("h1")?.textContent.includes("member") || document.body.textContent.includes("not a member")`)
}

// Links to messages of other rooms open them in place, and a private conversation opens like a room.
func TestLinksToOtherRooms(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, b, "garden", 1, 120)
	write(t, b, "kitchen", 1, 1)
	var page struct {
		Messages []struct {
			ID      int64
			Message string
		}
	}
	b.Get("/api/rooms/garden/messages?limit=100").JSON(t, &page)
	wanted := page.Messages[10]
	if r := b.PostJSON("/api/rooms/kitchen/messages", map[string]any{"message": fmt.Sprintf("see %s/chat/garden/#m%d", s.URL, wanted.ID)}); r.Status != 201 {
		t.Fatal(r.Status, r.Body)
	}
	tom.PostJSON("/api/rooms/@ada/messages", map[string]any{"message": "psst"})
	ada := signedIn(t, s, b)
	ada.open("/chat/kitchen/")
	ada.do(`window.samePage = true`)
	ada.do(`document.querySelectorAll("#log .text a").forEach((link) => link.removeAttribute("target"))`)
	ada.click("#log .text a")
	ada.shows("garden")
	ada.reads(".message.found .text", wanted.Message)
	if !value[bool](ada, `window.samePage === true`) {
		t.Error("the page was loaded")
	}
	ada.changes("@tom")
	ada.heard("psst")
	ada.until("the title", `document.title.startsWith("tom")`)
	ada.say("what is it?")
	ada.resize(360, 700)
	ada.click(".drawer-button")
	ada.click(sideLink("kitchen"))
	ada.shows("kitchen")
	ada.missing(".drawer.open")
	ada.do(`history.back()`)
	ada.shows("@tom")
}

// On a phone, Back closes a drawer.
func TestBackClosesADrawer(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	write(t, b, "garden", 1, 1)
	ada := signedIn(t, s, b)
	ada.resize(360, 700)
	ada.open("/chat/garden/")
	for _, button := range []string{".drawer-button", ".people-button"} {
		ada.click(button)
		ada.sees(".drawer.open")
		ada.do(`history.back()`)
		ada.missing(".drawer.open")
		ada.shows("garden")
		ada.until("the focus back", `document.activeElement === document.querySelector(`+quote(button)+`)`)
		ada.click(button)
		ada.sees(".drawer.open")
		ada.escape()
		ada.missing(".drawer.open")
		ada.until("no entry left", `!history.state?.drawer`)
	}
}
