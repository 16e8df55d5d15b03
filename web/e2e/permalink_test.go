package e2e

import (
	"fmt"
	"testing"
)

// A link to a message, or a quote, opens the room at that message, loaded or not. A deleted one says so.
func TestLinksToMessages(t *testing.T) {
	s := start(t)
	b, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, tom, "garden", 1, 300)
	id := func(n int) int64 { return 1<<32 + int64(n) }
	ada := signedIn(t, s, b)
	found := func(text string) {
		t.Helper()
		ada.until("finding "+text, `document.querySelector("#log .found")?.textContent.includes(`+quote(text)+`) && `+inView(`document.querySelector("#log .found")`))
		ada.until("the focus there", `document.activeElement === document.querySelector("#log .found")`)
	}
	ada.open(fmt.Sprint("/chat/garden/#m", id(20)))
	found("message 20")
	ada.hears("message 10")
	ada.hears("message 30")
	ada.shoot("permalink.png")
	ada.do(fmt.Sprintf(`location.hash = "#m%d"`, id(280)))
	found("message 280")
	ada.do(`history.back()`)
	found("message 20")

	// Copy link gives that address.
	ada.do(`(() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; })()`)
	ada.point("#log .found")
	ada.click("[data-tool=link]")
	ada.until("the link", fmt.Sprintf(`window.copied === location.origin + "/chat/garden/#m%d"`, id(20)))
	ada.reads(".flash", "Link copied")

	// A quote leads to an original that is not loaded, and changes with it.
	tom.PostJSON("/api/rooms/garden/messages", map[string]any{"message": "as I said", "reply_to": id(5)})
	b.PostJSON("/api/rooms/garden/read", map[string]any{"id": id(301)})
	ada.open("/chat/garden/")
	ada.reads("#log .reply:not([hidden])", "message 5")
	ada.click("#log .reply:not([hidden]) .reply-link")
	found("message 5")
	ada.do(`history.back()`)
	ada.open("/chat/garden/")
	room := tom.DialBatched("/ws/chat/garden/")
	room.Send(map[string]any{"type": "edit", "id": id(5), "message": "something\nelse"})
	ada.reads("#log .reply:not([hidden])", "something else")
	room.Send(map[string]any{"type": "delete", "id": id(5)})
	ada.reads("#log .reply:not([hidden])", "original message was deleted")
	ada.missing("#log .reply:not([hidden]) .reply-link")
	ada.open("/chat/garden/")
	ada.sees("#log .reply:not([hidden]) .reply-gone")
	ada.missing("#log .reply:not([hidden]) .reply-link")

	ada.do(fmt.Sprintf(`location.hash = "#m%d"`, id(5)))
	found("This message was deleted")
	ada.hears("message 4")
	ada.hears("message 6")
	ada.expect("status of 404")
	ada.do(`location.hash = "#m7"`)
	ada.reads(".flash", "isn’t here")

	ada.withoutScript()
	ada.open(fmt.Sprintf("/chat/garden/?around=%d#m%d", id(20), id(20)))
	ada.hears("message 20")
}
