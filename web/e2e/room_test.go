package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

const composer = ".composer-text"

// say writes a message and waits for its receipt.
func (p *page) say(text string) {
	p.t.Helper()
	p.fill(composer, text)
	p.enter()
	p.hears(text)
	p.until("nothing pending", `!document.querySelector("#pending .message")`)
}

// texts are the messages in the log, from top to bottom.
const texts = `Array.from(document.querySelectorAll("#log .message .text"), (text) => text.textContent)`

// hears waits until the log has a message.
func (p *page) hears(text string) {
	p.t.Helper()
	p.until("hearing "+text, texts+`.includes(`+quote(text)+`)`)
}

// heard compares the whole log.
func (p *page) heard(want ...string) {
	p.t.Helper()
	if got := value[[]string](p, texts); !slices.Equal(got, want) {
		p.t.Errorf("%s has %q, want %q", p.who, got, want)
	}
}

func TestTwoPeopleTalk(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")

	ada.open("/")
	ada.fill(`.inline-form[action="/rooms/"] input`, "the garden")
	ada.enter()
	ada.at("/chat/the-garden/")
	tom.open("/chat/the-garden/")
	ada.sees(`#here [data-user="tom"]`)

	var want []string
	for i := range 5 {
		for _, p := range []*page{ada, tom} {
			text := fmt.Sprintf("%s %d", p.who, i)
			want = append(want, text)
			p.say(text)
		}
	}
	for _, p := range []*page{ada, tom} {
		p.hears(want[len(want)-1])
		p.heard(want...)
	}
	p := ada.tab()
	p.open("/chat/the-garden/")
	p.heard(want...)

	tom.open("/")
	ada.sees(`#elsewhere [data-user="tom"]`)
	tom.leave()
	ada.sees(`#offline [data-user="tom"]`)
	ada.missing("#log .line.event")
}

func TestManyAtOnce(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	ada.open("/chat/garden/")
	tom.open("/chat/garden/")
	var want []string
	for i := range 20 { // without waiting for any receipt
		text := fmt.Sprint("line ", i)
		want = append(want, text)
		ada.fill(composer, text)
		ada.enter()
	}
	for _, p := range []*page{ada, tom} {
		p.hears("line 19")
		p.heard(want...)
	}
	ada.until("nothing pending", `!document.querySelector("#pending .message")`)
}

func TestComposer(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	ada.open("/chat/garden/")
	ada.fill(composer, "first line")
	ada.enter(chromedp.ModifierShift)
	ada.write("second line")
	ada.until("two lines", `document.querySelector(".composer-text").value === "first line\nsecond line"`)
	ada.enter()
	ada.hears("first line\nsecond line")
	ada.until("an empty field", `document.querySelector(".composer-text").value === ""`)

	ada.fill(composer, "half a thou")
	ada.open("/chat/garden/")
	ada.until("the draft", `document.querySelector(".composer-text").value === "half a thou"`)
	ada.open("/chat/elsewhere/")
	ada.until("no draft here", `document.querySelector(".composer-text").value === ""`)
}

func TestMarkup(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	tom.open("/chat/garden/")
	ada.open("/chat/garden/")
	ada.say(`<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`)
	ada.say("hello @tom")
	tom.sees("#log .message.mentioned a.mention")
	tom.missing("#log .message img")
	if title := value[string](tom, "document.title"); title == "owned" {
		t.Error("a message ran as script")
	}
}

func TestReplyAndDelete(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	ada.open("/chat/garden/")
	tom.open("/chat/garden/")
	ada.say("who brings the cake?")
	tom.hears("who brings the cake?")
	tom.point("#log .message")
	tom.click("[data-tool=reply]")
	tom.write("I do")
	tom.enter()
	ada.reads("#log .reply:not([hidden])", "who brings the cake?")
	ada.point("#log .message")
	ada.click("[data-tool=delete]")
	ada.click("#delete-dialog button.danger")
	tom.sees("#log .message.deleted")
}

// point moves the mouse over an element.
func (p *page) point(selector string) {
	p.t.Helper()
	p.sees(selector)
	at := value[[]float64](p, `(() => { const box = document.querySelector(`+quote(selector)+`).getBoundingClientRect();
		return [box.x + box.width / 3, box.y + box.height / 2]; })()`)
	p.moveMouse(at[0], at[1])
}

func TestHistory(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	var want []string
	for i := range 120 {
		text := fmt.Sprint("message ", i)
		want = append(want, text)
		if r := b.PostJSON("/api/rooms/garden/messages", map[string]string{"message": text}); r.Status != 201 {
			t.Fatalf("post: %d %s", r.Status, r.Body)
		}
	}
	ada := signedIn(t, s, b)
	ada.open("/chat/garden/")
	ada.heard(want[70:]...)

	// The message at the top of the view stays where it is while older ones come in above it.
	ada.do(`scroller.scrollTop = -(scroller.scrollHeight - scroller.clientHeight) + 500`)
	mark := value[string](ada, `(() => { const top = scroller.getBoundingClientRect().top;
		return Array.from(document.querySelectorAll("#log .message")).find((m) => m.getBoundingClientRect().top >= top).id; })()`)
	place := `Math.round(document.getElementById(` + quote(mark) + `).getBoundingClientRect().top)`
	before := value[int](ada, place)
	ada.hears("message 20")
	if after := value[int](ada, place); after != before {
		t.Errorf("older messages moved the reader from %d to %d", before, after)
	}
	ada.do(`scroller.scrollTop = -scroller.scrollHeight`)
	ada.hears("message 0")
	ada.heard(want...)
	ada.sees("#room-start")
	ada.missing("#older")

	// Whoever has scrolled up is not pulled down by what comes, but told.
	s.SignUp(t, "tom").PostJSON("/api/rooms/garden/messages", map[string]string{"message": "news"})
	ada.reads("#pill", "1 new message")
	ada.click("#pill")
	ada.until("the end", `scroller.scrollTop === 0`)
}
