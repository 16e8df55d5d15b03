package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hearth/web/hearthtest"
)

// attributes returns those of the first element of a page with the id or the class given.
func attributes(t *testing.T, page, mark string) map[string]string {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	for z.Next() != html.ErrorToken {
		found := map[string]string{}
		for _, a := range z.Token().Attr {
			found[a.Key] = a.Val
		}
		if found["id"] == mark || strings.Contains(" "+found["class"]+" ", " "+mark+" ") {
			return found
		}
	}
	t.Fatalf("no %s in %s", mark, page)
	return nil
}

func TestPageShowsReactionsAndWordsToEdit(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	a := ada.DialBatched("/ws/chat/r/")
	a.Say("one \"**two**\"\n<three>")
	id := a.Until("chat_message").Int("id")
	b := bob.DialBatched("/ws/chat/r/")
	b.Send(map[string]any{"type": "react", "id": id, "emoji": "🎉", "on": true})
	a.Until("reaction")

	message := fmt.Sprint("m", id)
	for _, c := range []struct {
		who     *hearthtest.Browser
		text    string // to be edited
		editor  bool
		pressed string
	}{{ada, "one \"**two**\"\n<three>", true, "false"}, {bob, "", false, "true"}} {
		page := c.who.Get("/chat/r/").Body
		text, editor := attributes(t, page, message)["data-text"]
		if text != c.text || editor != c.editor {
			t.Errorf("%s can edit %q, %v", c.who.Name, text, editor)
		}
		x := attributes(t, page, "reaction")
		if x["data-emoji"] != "🎉" || x["data-count"] != "1" || x["data-users"] != `["bob"]` || x["aria-pressed"] != c.pressed {
			t.Errorf("%s sees the reaction as %q", c.who.Name, x)
		}
		mine := strings.Contains(c.who.Get("/api/rooms/r/messages").Body, `"mine":true`)
		if want := c.pressed == "true"; mine != want {
			t.Errorf("the API tells %s that the reaction is theirs: %v", c.who.Name, mine)
		}
	}

	a.Send(map[string]any{"type": "delete", "id": id})
	b.Until("message_deleted")
	if page := ada.Get("/chat/r/").Body; strings.Contains(page, "🎉") || strings.Contains(page, "data-text") {
		t.Error("of what was deleted something is left in the page")
	}
}

func TestSidebarTellsMentions(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	a := ada.DialBatched("/ws/chat/r/")
	a.Say("somebody here?")
	a.Until("chat_message")
	badge := func() string {
		t.Helper()
		_, link, _ := strings.Cut(bob.Get("/").Body, `data-room="r"`)
		return attributes(t, link, "badge")["data-count"]
	}
	a.Say("I am")
	a.Until("chat_message")
	if got := badge(); got != "0" {
		t.Errorf("without a mention the badge is %q", got)
	}
	a.Say("and @Bob?")
	a.Until("chat_message")
	if got := badge(); got != "1" {
		t.Errorf("with a mention the badge is %q", got)
	}
}

// A body that ends too early is its sender's mistake, and nothing is said.
func TestABodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	c := dialRaw(t, s)
	c.send([]byte("POST /api/rooms/r/messages HTTP/1.1\r\nHost: "+c.RemoteAddr().String()+"\r\nCookie: "+ada.Cookie()+
		"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"message\":\"half a"), 0)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("it is answered with %d", resp.StatusCode)
	}
	if log := s.Log(); strings.Contains(log, "ERROR") {
		t.Errorf("it is taken for the server's mistake:\n%s", log)
	}
}
