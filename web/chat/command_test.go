package chat

import (
	"context"
	"errors"
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
