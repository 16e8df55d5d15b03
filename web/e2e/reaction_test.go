package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// press presses a key that writes nothing.
func (p *page) press(key string) {
	p.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: key, Code: key})
		p.check("press "+key, err)
	}
}

// cake is ada and tom in a room in which ada has said something.
func cake(t *testing.T) (ada, tom *page) {
	t.Helper()
	s := start(t)
	ada, tom = member(t, s, "ada"), member(t, s, "tom")
	ada.open("/chat/garden/")
	tom.open("/chat/garden/")
	ada.say("there is cake")
	tom.hears("there is cake")
	return ada, tom
}

func TestReactions(t *testing.T) {
	ada, tom := cake(t)

	tom.point("#log .message")
	tom.click("[data-tool=react]")
	tom.sees("#reaction-picker:popover-open")
	tom.do(axe)
	tom.inspect("light")
	tom.press("ArrowRight")
	tom.enter()
	tom.sees(`#log .reaction[aria-pressed="true"]`)
	ada.reads("#log .reaction", "❤️ 1")
	ada.click("#log .reaction")
	tom.reads("#log .reaction", "❤️ 2")
	tom.until("who it was", `document.querySelector("#log .reaction").title.replace(/[\u2066-\u2069]/g, "") === "❤️ 2: tom and ada"`)

	tom.open("/chat/garden/")
	tom.sees(`#log .reaction[aria-pressed="true"]:enabled`)
	tom.click("#log .reaction")
	ada.reads("#log .reaction", "❤️ 1")
	ada.click("#log .reaction")
	tom.missing("#log .reaction")
}

func TestEdit(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	ada.open("/chat/garden/")
	tom.open("/chat/garden/")
	ada.fill(composer, "one **two**")
	ada.enter()
	ada.hears("one two")
	ada.press("ArrowUp")
	ada.until("the words as typed", `document.querySelector(".composer-text").value === "one **two**"`)
	ada.sees("#editing")
	ada.write(" three")
	ada.enter()
	tom.reads("#log .text", "one two three")
	tom.sees("#log .edited")
	ada.missing("#editing")
	ada.until("an empty field", `document.querySelector(".composer-text").value === ""`)

	// What was being written waits, and a refusal leaves the words in the field.
	ada.fill(composer, "half a thou")
	ada.point("#log .message")
	ada.click("[data-tool=edit]")
	ada.do(`document.querySelector(".composer-text").value = "long ".repeat(1000)`)
	ada.enter()
	ada.sees("#composer-error")
	ada.until("the words", `document.querySelector(".composer-text").value.length === 5000`)
	ada.press("Escape")
	ada.until("the draft", `document.querySelector(".composer-text").value === "half a thou"`)
	ada.heard("one two three")

	tom.point("#log .message")
	tom.sees("[data-tool=react]")
	tom.missing("[data-tool=edit]")
	tom.missing("[data-tool=delete]")
}
