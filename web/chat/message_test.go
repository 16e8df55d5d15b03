package chat

import (
	"context"
	"testing"
)

// A message without visible characters is empty. Line breaks may be LF or CR LF.
func TestTextsOfMessages(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	said := p.say(p.admin, "r", "hello")
	for text, code := range map[string]string{
		"": "empty", " \n\t ": "empty", "\u200b": "empty", "\u200d\ufe0f \u3000": "empty", "\u2800\u2800": "empty", "\u3164": "empty", "\u202e\u2066": "empty",
		"\r\n": "empty", "a\rb": "bad_text", "\x00": "bad_text", "\u200ba": "", "\U0001F469\u200d\U0001F33E": "", "।": "",
	} {
		p.Say(ctx, p.admin, "r", Draft{Text: text}, func(_ *Message, _ *Room, _ bool, err error) {
			if got := errorCode(err); got != code {
				t.Errorf("%q: %q", text, got)
			}
		})
		if got := errorCode(p.Edit(ctx, p.admin, said.ID, text)); got != code {
			t.Errorf("an edit to %q: %q", text, got)
		}
	}
	if m := p.say(p.admin, "r", "one\r\ntwo\n\r\nthree"); m.Text != "one\ntwo\n\nthree" {
		t.Errorf("line breaks: %q", m.Text)
	}
}
