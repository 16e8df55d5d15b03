package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/hearthtest"
)

// firefox is a running Firefox that is controlled with WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/).
type firefox struct {
	t    *testing.T
	conn *websocket.Conn
	id   int

	problems []string // errors of pages
}

// firefoxPath returns the path of Firefox, "" if there is none.
func firefoxPath() string {
	for _, name := range []string{"firefox-esr", "firefox"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// startFirefox starts a Firefox, or skips the test where there is none. On build machines, which set CI, that is a failure.
func startFirefox(t *testing.T) *firefox {
	t.Helper()
	path := firefoxPath()
	if path == "" && os.Getenv("CI") != "true" {
		t.Skip("no Firefox here: apt-get install firefox-esr")
	}
	dir := t.TempDir()
	cmd := exec.Command(path, "--headless", "--no-remote", "--profile", dir, "--remote-debugging-port", "0")
	cmd.Env = append(os.Environ(), "HOME="+dir)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // fails only if it has ended
		reading.Wait()
		_ = cmd.Wait() // the error is that it was killed
	})
	found := make(chan string, 1)
	reading.Go(func() {
		listening := regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
			}
		}
	})
	f := &firefox{t: t}
	select {
	case url := <-found:
		if f.conn, _, err = websocket.DefaultDialer.Dial(url+"/session", nil); err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("Firefox does not start")
	}
	t.Cleanup(func() { _ = f.conn.Close() }) // Firefox is killed
	f.call("session.new", map[string]any{"capabilities": map[string]any{}})
	f.call("session.subscribe", map[string]any{"events": []string{"log.entryAdded"}})
	return f
}

// call sends a command and returns the result.
func (f *firefox) call(method string, params map[string]any) json.RawMessage {
	f.t.Helper()
	f.id++
	if err := f.conn.WriteJSON(map[string]any{"id": f.id, "method": method, "params": params}); err != nil {
		f.t.Fatal(err)
	}
	for {
		var answer struct {
			ID             int
			Method         string
			Params         struct{ Level, Text string }
			Result         json.RawMessage
			Error, Message string
		}
		if err := f.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			f.t.Fatal(err)
		}
		if err := f.conn.ReadJSON(&answer); err != nil {
			f.t.Fatalf("%s: %v", method, err)
		}
		if answer.Method == "log.entryAdded" && answer.Params.Level == "error" {
			f.problems = append(f.problems, answer.Params.Text)
		}
		if answer.ID != f.id {
			continue
		}
		if answer.Error != "" {
			f.t.Fatalf("%s: %s: %s", method, answer.Error, answer.Message)
		}
		return answer.Result
	}
}

// firefoxPage is a tab of a person who shares nothing with the other people.
type firefoxPage struct {
	*firefox
	who, tab, site string
}

func (f *firefox) person(who, site string) *firefoxPage {
	f.t.Helper()
	var made struct{ UserContext, Context string }
	if err := json.Unmarshal(f.call("browser.createUserContext", map[string]any{}), &made); err != nil {
		f.t.Fatal(err)
	}
	if err := json.Unmarshal(f.call("browsingContext.create", map[string]any{"type": "tab", "userContext": made.UserContext}), &made); err != nil {
		f.t.Fatal(err)
	}
	return &firefoxPage{f, who, made.Context, site}
}

func (p *firefoxPage) open(path string) {
	p.t.Helper()
	p.call("browsingContext.navigate", map[string]any{"context": p.tab, "url": p.site + path, "wait": "complete"})
}

// holds reports whether an expression is true in the page. It is false in a page that is being left.
func (p *firefoxPage) holds(expression string) bool {
	p.t.Helper()
	var answer struct {
		Result struct{ Value any }
	}
	raw := p.call("script.evaluate", map[string]any{"expression": "Boolean(" + expression + ")", "target": map[string]any{"context": p.tab}, "awaitPromise": true})
	if err := json.Unmarshal(raw, &answer); err != nil {
		p.t.Fatal(err)
	}
	return answer.Result.Value == true
}

// until waits for an expression to become true.
func (p *firefoxPage) until(what, expression string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !p.holds(expression); time.Sleep(beat) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s waited for %s (%s)", p.who, what, expression)
		}
	}
}

// do runs a statement in the page.
func (p *firefoxPage) do(statement string) {
	p.t.Helper()
	p.until(statement, "(() => { "+statement+"; return true; })()")
}

// keys presses keys, one after the other. \uE007 is Enter, \uE013 the arrow key up, \uE00C Escape.
func (p *firefoxPage) keys(text string) {
	p.t.Helper()
	var actions []map[string]string
	for _, r := range text {
		actions = append(actions, map[string]string{"type": "keyDown", "value": string(r)}, map[string]string{"type": "keyUp", "value": string(r)})
	}
	p.call("browsingContext.activate", map[string]any{"context": p.tab})
	p.call("input.performActions", map[string]any{"context": p.tab, "actions": []any{map[string]any{"type": "key", "id": "keyboard", "actions": actions}}})
}

func (p *firefoxPage) logIn(name string) {
	p.t.Helper()
	p.open("/login/?next=/chat/garden/")
	p.do(fmt.Sprintf(`document.querySelector("[name=username]").value = %s; document.querySelector("[name=password]").value = %s; document.querySelector("form[action^='/login/'] button, main form button").click()`, quote(name), quote(hearthtest.Password)))
	p.until("the room", `document.readyState === "complete" && location.pathname === "/chat/garden/"`)
	p.until("the focus", `document.activeElement?.matches(".composer-text")`)
}

func (p *firefoxPage) hears(text string) {
	p.t.Helper()
	p.until("hearing "+text, texts+`.includes(`+quote(text)+`)`)
}

// The main story in Firefox: two people log in, talk, edit, react, see each other, change rooms, go back, lose the server and resume.
func TestFirefox(t *testing.T) {
	hearthtest.Slow(t, "a browser")
	t.Parallel()
	f := startFirefox(t)
	s := hearthtest.Start(t)
	b, tomB := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	write(t, b, "garden", 1, 60)
	write(t, b, "kitchen", 1, 2)
	readTo(t, tomB, "garden")
	readTo(t, tomB, "kitchen")
	ada, tom := f.person("ada", s.URL), f.person("tom", s.URL)
	ada.logIn("ada")
	tom.logIn("tom")
	ada.until("tom's presence", `document.querySelector('#here [data-user="tom"]')`)

	ada.keys("hello **tom** @tom\uE007")
	tom.hears("hello tom @tom")
	tom.until("the mention", `document.querySelector("#log .message.mentioned strong")`)
	ada.until("nothing pending", `!document.querySelector("#pending .message")`)
	ada.keys("\uE013")
	ada.until("the edit", `!document.getElementById("editing").hidden`)
	ada.keys("!\uE007")
	tom.hears("hello tom @tom!")
	tom.do(`document.querySelector("#log .message:last-child").dispatchEvent(new PointerEvent("pointerover", { bubbles: true, pointerType: "mouse" })); document.querySelector("[data-tool=react]").click(); document.querySelector("#reaction-picker button").click()`)
	ada.until("the reaction", `document.querySelector("#log .message:last-child .reaction .number")?.textContent === "1"`)

	ada.do(`window.samePage = true; document.querySelector('.sidebar [data-room="kitchen"]').click()`)
	ada.until("the kitchen", `location.pathname === "/chat/kitchen/" && `+texts+`.length === 2`)
	ada.keys("in the kitchen\uE007")
	tom.until("news in the sidebar", `document.querySelector('.sidebar [data-room="kitchen"].unread')`)
	tom.keys("in the garden\uE007")
	ada.do(`history.back()`)
	ada.hears("in the garden")
	if !ada.holds(`window.samePage && location.pathname === "/chat/garden/"`) {
		t.Error("the page was loaded to change rooms")
	}
	tom.open("/chat/kitchen/")
	tom.hears("in the kitchen")

	s.Stop(t)
	ada.until("the loss", `!document.getElementById("line-state").hidden`)
	ada.keys("written without a server\uE007")
	s.RestartThere(t)
	ada.until("the connection", `document.getElementById("line-state").hidden`)
	ada.until("nothing pending", `!document.querySelector("#pending .message")`)
	tom.open("/chat/garden/")
	tom.hears("written without a server")
	lost := regexp.MustCompile(`connection to the server at ws:|connection to ws:`) // while the server was stopped
	for _, problem := range f.problems {
		if !lost.MatchString(problem) {
			t.Error("Firefox reports ", problem)
		}
	}
}
