package e2e

import (
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Whatever is written while the server is down waits on this computer, also through a reload of
// the page, and goes out once and in order when it is back.
func TestServerDies(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	for _, p := range []*page{ada, tom} {
		p.expect("ERR_CONNECTION_REFUSED|WebSocket connection to|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_CONNECTION_CLOSED|ERR_SOCKET_NOT_CONNECTED|status of 426")
		p.open("/chat/garden/")
	}
	ada.say("before")
	tom.hears("before")
	ada.fill(composer, "wr")
	s.Kill(t)
	ada.sees("#line-state")
	ada.write("itten in mid-fall")
	ada.enter()
	ada.reads("#pending", "waiting for the connection")
	ada.fill(composer, "and another")
	ada.enter()
	ada.until("two waiting", `document.querySelectorAll("#pending .message").length === 2`)
	ada.fill(composer, "a draft")
	s.RestartThere(t)

	want := []string{"before", "written in mid-fall", "and another"}
	for _, p := range []*page{ada, tom} {
		p.hears("and another")
		p.missing("#line-state")
		p.heard(want...)
	}
	ada.missing("#pending .message")
	ada.until("the draft", `document.querySelector(".composer-text").value === "a draft"`)
	tom.until("ada here once", `document.querySelectorAll('#here [data-user="ada"]').length === 1`)

	s.Kill(t)
	ada.sees("#line-state")
	ada.fill(composer, "third")
	ada.enter()
	ada.fill(composer, "fourth")
	ada.enter()
	ada.until("two waiting", `document.querySelectorAll("#pending .message").length === 2`)
	_, _ = try[bool](ada, `location.reload()`) // the browser's own error page
	ada.until("the error page", `!document.getElementById("log")`)
	s.RestartThere(t)
	ada.open("/chat/garden/")
	want = append(want, "third", "fourth")
	for _, p := range []*page{ada, tom} {
		p.hears("fourth")
		p.heard(want...)
	}
	ada.missing("#pending .message")
}

// A line that is cut and comes back fills the gap: nothing is missing, nothing twice.
func TestGapIsFilled(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	ada, tom := signedIn(t, s, b), member(t, s, "tom")
	for _, p := range []*page{ada, tom} {
		p.expect("ERR_CONNECTION_REFUSED|WebSocket connection to|status of 426")
		p.open("/chat/garden/")
	}
	ada.say("one")
	tom.hears("one")
	s.Stop(t)
	tom.sees("#line-state")
	s.RestartThere(t)
	b.PostJSON("/api/rooms/garden/messages", map[string]string{"message": "two"})
	b.PostJSON("/api/rooms/garden/messages", map[string]string{"message": "three"})
	for _, p := range []*page{ada, tom} {
		p.hears("three")
		p.heard("one", "two", "three")
	}
}

// swallow has the line break on the next frame that has some words in it, which is lost.
func (p *page) swallow(words string) {
	p.t.Helper()
	p.do(`(() => {
		const send = WebSocket.prototype.send;
		WebSocket.prototype.send = function (data) {
			if (!data.includes(` + quote(words) + `)) return send.call(this, data);
			WebSocket.prototype.send = send;
			this.close();
		};
	})()`)
}

// What was done to a message while the line broke is done once it is back, or one is told why not.
func TestChangesSurviveABrokenConnection(t *testing.T) {
	ada, tom := cake(t)

	tom.swallow(`"react"`)
	tom.point("#log .message")
	tom.click("[data-tool=react]")
	tom.sees("#reaction-picker:popover-open")
	tom.enter()
	ada.reads("#log .reaction", "👍 1")

	ada.swallow(`"edit"`)
	ada.fill(composer, "")
	ada.press("ArrowUp")
	ada.sees("#editing")
	ada.write(", really")
	ada.enter()
	tom.reads("#log .text", "there is cake, really")
	ada.missing("#editing")

	ada.swallow(`"delete"`)
	ada.point("#log .message")
	ada.click("[data-tool=delete]")
	ada.click("#delete-dialog button[value=delete]")
	tom.sees("#log .message.deleted")
	ada.sees("#log .message.deleted")
}

// A receipt that comes twice is shown once, be it of a message or of a private one.
func TestAnythingSentTwiceIsShownOnce(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	s.SignUp(t, "tom")
	ada.open("/chat/garden/")
	ada.do(`(() => {
		const send = WebSocket.prototype.send;
		WebSocket.prototype.send = function (data) {
			send.call(this, data);
			send.call(this, data);
		};
	})()`)
	ada.fill(composer, "/pm tom between us")
	ada.enter()
	ada.say("one")
	ada.say("two")
	ada.heard("one", "two")
	if n := value[int](ada, `document.querySelectorAll("#log .whisper").length`); n != 1 {
		t.Errorf("what was said in private is shown %d times", n)
	}
}

// Where the browser takes away the page's database, messages still go out, and one after the other.
func TestWithoutADatabase(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	ada.open("/chat/garden/")
	ada.say("before")
	ada.do(`(() => { IDBDatabase.prototype.transaction = () => { throw new DOMException("gone", "InvalidStateError"); }; })()`)
	ada.say("one")
	ada.say("two")
	ada.heard("before", "one", "two")
}

// Nor does a database hold anything up that takes a question and never answers it.
func TestADatabaseThatIsSilent(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	silent := `IDBObjectStore.prototype.put = IDBFactory.prototype.open = () => ({})`
	ada.open("/chat/garden/")
	ada.do(silent)
	ada.say("one")
	_, err := chromedp.Call(ada.ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: silent})
	ada.check("keep the database silent", err)
	ada.open("/chat/garden/")
	ada.say("two")
	ada.heard("one", "two")
}

// Two tabs share what waits. What one of them can't get through the other sends when it is opened
// anew, and it is said once.
func TestTwoTabs(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	ada.open("/chat/garden/")
	other := ada.tab()
	other.open("/chat/garden/")
	other.say("from the second")
	ada.hears("from the second")
	ada.do(`WebSocket.prototype.send = () => {}`) // a line that takes all and brings nothing
	ada.fill(composer, "from the first")
	ada.enter()
	ada.sees("#pending .message")
	other.open("/chat/garden/")
	for _, p := range []*page{ada, other} {
		p.hears("from the first")
		p.missing("#pending .message")
		p.heard("from the second", "from the first")
	}

	// What a tab leaves behind the others take up once the line is back.
	third := other.tab()
	for _, p := range []*page{ada, other, third} {
		p.expect("WebSocket connection to|ERR_|status of 426")
	}
	third.open("/chat/garden/")
	s.Kill(t)
	third.sees("#line-state")
	third.fill(composer, "left behind")
	third.enter()
	third.reads("#pending", "waiting for the connection")
	third.leave()
	s.RestartThere(t)
	other.hears("left behind")
	other.heard("from the second", "from the first", "left behind")
}
