package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// A command that is no message is carried out through the socket, the API and the form, and nothing is published.
func TestCommandsThatAreNoMessages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	ada, bob, guest := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.Visitor(t)
	guest.Post("/guest/", "guest_name", "Wanda")
	wantGone(t, "a room", ada.Post("/rooms/", "name", "plans", "access", "closed"), "/chat/plans/")
	through(t, ada.PostJSON("/api/rooms/tea/messages", map[string]string{"message": "hello"}))
	plain, room, visitor := ada.Dial("/ws/chat/tea/"), ada.DialBatched("/ws/chat/tea/"), guest.Dial("/ws/chat/tea/")
	for _, c := range []*hearthtest.Socket{plain, room} {
		c.Send(map[string]any{"message": " /TOPIC Black or green?", "nonce": "n1"})
		f := c.Until("command")
		if f["command"] != "topic" || f["nonce"] != "n1" || f.Text("message") != "The topic has been changed." {
			t.Errorf("/topic is answered with %v", f)
		}
	}
	visitor.Send(map[string]any{"message": "/help"})
	if f := visitor.Until("command"); !strings.Contains(f.Text("message"), "/me TEXT – ") || strings.Contains(f.Text("message"), "/pm") {
		t.Errorf("/help is answered with %v", f)
	}
	for _, text := range []string{"/topic mine now", "/leave", "/mute", "/invite bob"} {
		visitor.Send(map[string]any{"message": text, "nonce": text})
		if f := visitor.Until("error"); f["code"] != "not_allowed" && f["code"] != "sign_in" || f["nonce"] != text {
			t.Errorf("%s of a visitor is answered with %v", text, f)
		}
	}
	for room, cases := range map[string]map[string]int{
		"tea":   {"/topic": http.StatusOK, "/mute": http.StatusOK, "/invite bob": http.StatusForbidden, "/nosuch": http.StatusUnprocessableEntity, "/help": http.StatusOK, "/leave": http.StatusOK},
		"plans": {"/invite bob": http.StatusOK, "/invite nobody": http.StatusNotFound, "/invite": http.StatusNotFound},
		"@bob":  {"/topic x": http.StatusForbidden, "/leave": http.StatusNotFound},
	} {
		for text, want := range cases {
			r := ada.PostJSON("/api/rooms/"+room+"/messages", map[string]string{"message": text})
			name, _, _ := strings.Cut(text[1:], " ")
			if r.Status != want || want == http.StatusOK && !strings.Contains(r.Body, `"command":"`+name+`"`) {
				t.Errorf("%s in %s: %d %s, want %d", text, room, r.Status, r.Body, want)
			}
		}
	}
	wantReply(t, "bob was invited", bob.Get("/chat/plans/"), http.StatusOK)
	wantReply(t, "the form", ada.Post("/chat/tea/", "message", "/topic"), http.StatusOK, "Topic: Black or green?")
	wantReply(t, "the form with an unknown command", ada.Post("/chat/tea/", "message", "/nosuch"), http.StatusUnprocessableEntity, "/nosuch</textarea>")
	wantGone(t, "leaving by the form", ada.Post("/chat/tea/", "message", "/leave"), "/")
	for _, room := range []string{"tea", "plans"} {
		if r := ada.Get("/api/rooms/" + room + "/messages"); strings.Contains(r.Body, `"message":"/`) {
			t.Errorf("published in %s: %s", room, r.Body)
		}
	}
}

// An action is shown as one to pages, and as it was typed to plain clients.
func TestActionFrames(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	plain, batched := bob.Dial("/ws/chat/tea/"), bob.DialBatched("/ws/chat/tea/")
	a := ada.DialBatched("/ws/chat/tea/")
	a.Say("/me *waves*")
	if f := plain.Until("chat_message"); f.Text("message") != "/me *waves*" || f["action"] != nil || f["html"] != nil {
		t.Errorf("a plain client gets %v", f)
	}
	if f := batched.Until("chat_message"); f.Text("message") != "*waves*" || f["action"] != true || f.Text("html") != "<p><em>waves</em></p>" {
		t.Errorf("a page gets %v", f)
	}
	wantReply(t, "the page", ada.Get("/chat/tea/"), http.StatusOK, `class="message action"`, `<bdi class="action-name">ada</bdi>`, `data-text="/me *waves*"`)
	wantReply(t, "the API", ada.Get("/api/rooms/tea/messages"), http.StatusOK, `"action":true,"message":"*waves*"`)
	a.Say("/pm bob /me winks")
	if f := plain.Until("private_message"); f.Text("message") != "/me winks" || f["action"] != nil {
		t.Errorf("a plain client gets %v", f)
	}
	if f := batched.Until("private_message"); f.Text("message") != "winks" || f["action"] != true {
		t.Errorf("a page gets %v", f)
	}
	if f := bob.DialBatched("/ws/chat/tea/").Until("private_message"); f.Text("message") != "winks" || f["action"] != true {
		t.Errorf("a new page gets %v", f)
	}
}
