package chat

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestCommandsAreRecognised(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/pm bob secret": "pm", "/PM bob secret": "pm", "/Pm": "pm", "  /pm bob secret": "pm", "\n\t/pm bob secret": "pm",
		"／pm bob secret": "pm", "／ｐｍ bob secret": "pm", "/pm\u00a0bob secret": "pm", "/pm\u3000bob secret": "pm", "/pm\u200bbob secret": "pm",
		"\u3000/pm bob secret": "pm", "\u200b/pm bob secret": "pm", "\ufeff/dm bob secret": "dm", "/pm\nbob secret": "pm", "/msg bob": "msg",
		"/nosuch": "nosuch", "/привет мир": "привет", "/สวัสดี": "สวัสดี",
		"/etc/hosts": "", "/": "", "/ pm bob": "", "//pm bob": "", "a /pm bob": "", "/pm,bob": "", "/2 of them": "", "/pm2 bob": "", "": "", "¡/pm bob": "",
	} {
		if got, _, ok := commandOf(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
	for text, want := range map[string]string{"//pm bob": "/pm bob", "／／me waves": "／me waves", " //x": "/x", "//": "", "// a comment": "", "//example.org/a": "", "///x": "", "/x": ""} {
		if got, ok := literalOf(text); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
}

// No spelling of a command is published, whether it is said in the room, in a private conversation, or by an edit.
func TestCommandsAreNotPublished(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	bob := Caller{User: p.user("bob")}
	said := p.say(p.admin, "r", "hello")
	for _, text := range []string{"/PM bob secret", " /pm bob secret", "／pm bob secret", "/pm\u3000bob secret", "/Msg bob secret", "/dm\u00a0@bob secret", "\u200b/pm bob secret"} {
		p.Say(ctx, p.admin, "r", Draft{Text: text}, func(m *Message, r *Room, _ bool, err error) {
			if err != nil || r.Access != Direct || m.Text != "secret" {
				t.Errorf("%q: %+v in %+v, %v", text, m, r, err)
			}
		})
		wantCode(t, p.Edit(ctx, p.admin, said.ID, text), "unknown_command", "")
	}
	for _, text := range []string{"/nosuch thing", "/NoSuch", "  /help"} {
		for _, room := range []string{"r", "@ada"} {
			p.Say(ctx, bob, room, Draft{Text: text}, func(_ *Message, _ *Room, _ bool, err error) {
				if !errors.Is(err, Errorf("unknown_command")) {
					t.Errorf("%q in %s: %v", text, room, err)
				}
			})
		}
	}
	for text, want := range map[string]string{"//nosuch thing": "/nosuch thing", "/etc/hosts": "/etc/hosts", "// a comment": "// a comment", "and/or": "and/or"} {
		if m := p.say(bob, "r", text); m.Text != want {
			t.Errorf("%q is said as %q", text, m.Text)
		}
	}
	literal := p.say(bob, "r", "//nosuch thing")
	for text, want := range map[string]string{"/nosuch other thing": "/nosuch other thing", "//me thing": "/me thing"} {
		if err := p.Edit(ctx, bob, literal.ID, text); err != nil {
			t.Errorf("edit to %q: %v", text, err)
		}
		found := p.shown("r", 1)[0]
		if found.Text != want {
			t.Errorf("edit to %q: %q", text, found.Text)
		}
		if err := p.Edit(ctx, bob, literal.ID, "//nosuch thing"); err != nil {
			t.Error(err)
		}
	}
}

// An action keeps the text as it was typed, and shows it without the command. It stays an action after an edit.
func TestActions(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	p.user("bob")
	history := func(room string) (*Message, string, string) {
		t.Helper()
		r, err := p.Enter(ctx, p.admin, room)
		if err != nil {
			t.Fatal(err)
		}
		found, _, err := p.History(ctx, r, Page{Limit: 1})
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		e := p.messageEvent(found[0], r, false)
		return found[0], string(e.JSON(Reader{UserID: p.admin.User.ID})), string(e.PlainJSON(Reader{UserID: p.admin.User.ID}))
	}
	for text, room := range map[string]string{"/me waves": "tea", "  ／ME\u3000waves": "kitchen", "/pm bob /me waves": "hall", "/me  waves": "@bob"} {
		m := p.say(p.admin, room, text)
		if m.RoomID != 0 && text == "/pm bob /me waves" {
			room = "@bob"
		}
		got, frame, plain := history(room)
		if !got.Action() || got.Text != "waves" || strings.Contains(frame, "/me") || !strings.Contains(frame, `"action":true,"message":"waves"`) {
			t.Errorf("%q: %+v, %s", text, got, frame)
		}
		if want := appendText(nil, got.Typed()); strings.Contains(plain, `"action"`) || !strings.Contains(plain, `"message":`+string(want)) || !strings.HasSuffix(text, got.Typed()) {
			t.Errorf("%q: a plain client gets %s", text, plain)
		}
	}
	m := p.say(p.admin, "tea", "/me waves")
	for _, c := range []struct{ text, want string }{{"bows", "bows"}, {"/me nods", "nods"}, {"／me\u00a0*leaves*", "*leaves*"}} {
		if err := p.Edit(ctx, p.admin, m.ID, c.text); err != nil {
			t.Fatal(err)
		}
		if got, frame, _ := history("tea"); !got.Action() || got.Text != c.want || !strings.Contains(frame, `"action":true`) {
			t.Errorf("after the edit %q: %+v", c.text, got)
		}
	}
	wantCode(t, p.Edit(ctx, p.admin, m.ID, "/nosuch x"), "unknown_command", "")
	said := p.say(p.admin, "tea", "hello")
	if err := p.Edit(ctx, p.admin, said.ID, "/me says hello"); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := history("tea"); !got.Action() {
		t.Errorf("a message edited to an action is %+v", got)
	}
	if m := p.say(p.admin, "tea", "//me waves"); m.Action() || m.Text != "/me waves" {
		t.Errorf("//me is %+v", m)
	}
	if m := p.say(p.admin, "tea", "/shrug who knows"); m.Text != `who knows ¯\_(ツ)_/¯` {
		t.Errorf("/shrug says %q", m.Text)
	}
	for _, text := range []string{"/me", "/me   ", "/me \u200b"} {
		p.Say(ctx, p.admin, "tea", Draft{Text: text}, func(_ *Message, _ *Room, _ bool, err error) { wantCode(t, err, "empty", "") })
	}
}
