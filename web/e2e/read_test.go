package e2e

import (
	"fmt"
	"testing"
)

// A page marks what it shows as read at once, then at most every three seconds, and when it is hidden or left.
func TestMarksAreSentTogether(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), s.SignUp(t, "tom")
	room := tom.DialBatched("/ws/chat/garden/")
	room.Say("hello")
	ada.open("/chat/garden/")
	ada.do(`(() => {
		window.marks = [];
		window.began = performance.now();
		const send = WebSocket.prototype.send;
		WebSocket.prototype.send = function (data) {
			const frame = JSON.parse(data);
			if (frame.type === "read") window.marks.push(frame.id);
			return send.call(this, data);
		};
	})()`)
	said := 0
	say := func() {
		t.Helper()
		said++
		room.Say(fmt.Sprint("number ", said))
		ada.hears(fmt.Sprint("number ", said))
	}
	for value[int](ada, `window.marks.length`) < 3 {
		say()
	}
	ada.until("no more marks than one in three seconds", `window.marks.length <= 2 + (performance.now() - window.began) / 3000`)
	if value[int](ada, `window.marks.length`) >= said {
		t.Errorf("each of %d messages is marked", said)
	}
	for _, leave := range []string{
		`Object.defineProperty(document, "hidden", { value: true, configurable: true }); void document.dispatchEvent(new Event("visibilitychange"))`,
		`void dispatchEvent(new PageTransitionEvent("pagehide"))`,
	} {
		say()
		ada.do(`new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))`) // it is on the screen now
		ada.do(leave)
		if !value[bool](ada, `window.marks.at(-1) === Number([...document.querySelectorAll("#log [data-id]")].at(-1).dataset.id)`) {
			t.Errorf("the last message is not marked after %s", leave)
		}
		ada.do(`delete document.hidden; void document.dispatchEvent(new Event("visibilitychange"))`)
	}
}
