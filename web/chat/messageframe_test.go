package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/quick"
	"time"
)

// library is a MessageFrame without its method MarshalJSON, so that encoding/json encodes its fields.
type library MessageFrame

// AppendJSON and encoding/json produce the same bytes.
func TestMessageFramesAreWhatTheLibraryMakes(t *testing.T) {
	t.Parallel()
	same := func(f MessageFrame) bool {
		before := []byte("before")
		got, ok := bytes.CutPrefix(f.AppendJSON(before), before)
		want := marshal(library(f))
		if !ok || !bytes.Equal(got, want) {
			t.Errorf("%s\n instead of\n%s", got, want)
			return false
		}
		return true
	}
	at := Stamp(time.UnixMilli(1))
	for _, text := range []string{"", "plain", `"quoted" \`, "two\nlines\t", "<b>&amp;</b>", "Привет, 世界 🎉", "“…” \u2028\u2029", "\x7f\x00\b\f\r\x1f", "\xff\xfe", "\xe2\x80"} {
		for before := range 9 { // appendText reads eight bytes at a time, so the position of a character matters
			text := strings.Repeat("x", before) + text
			same(MessageFrame{Message: text, User: text, Room: text, Nonce: text, HTML: text, Display: text, Timestamp: at})
			same(MessageFrame{Notice: text, People: []face{{User: text, Display: "Ada"}}, History: true, Message: text})
			same(MessageFrame{Type: "chat_message", ID: -1, Seq: 1 << 62, Former: true, Guest: true, ReplyTo: 7, History: true, Message: text})
			same(MessageFrame{EditedAt: &at, Reply: &reply{ID: 7, Display: text, Former: before%2 == 0, Excerpt: text},
				Reactions: []Reactions{{Emoji: text, Count: 2, Users: []string{text, "ada"}, Mine: true}, {Users: []string{}}}})
		}
	}
	err := quick.Check(func(typ, room, user, display, message, html, nonce string, id, seq, replyTo int64, at uint32, guest, history, edited, mine bool,
		answered *string, emojis []string) bool {
		f := MessageFrame{Type: typ, ID: MessageID(id), Seq: seq, Room: room, User: user, Display: display, Guest: guest, Message: message, HTML: html,
			Timestamp: Stamp(time.UnixMilli(int64(at) << 10)), ReplyTo: MessageID(replyTo), Nonce: nonce, History: history}
		if edited {
			f.EditedAt = &f.Timestamp
		}
		if answered != nil {
			f.Reply = &reply{ID: MessageID(id), Display: user, Excerpt: *answered}
		}
		for _, emoji := range emojis {
			f.Reactions = append(f.Reactions, Reactions{Emoji: emoji, Count: len(emoji), Users: emojis, Mine: mine})
		}
		return same(f)
	}, nil)
	if err != nil {
		t.Error(err)
	}
}

// The test covers every byte, at each position within eight bytes, before each kind of byte that appendText treats differently.
func TestTextsAreWhatTheLibraryMakes(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for _, other := range []string{"a", "\x00", "\x1f", " ", `"`, "#", `\`, "\xe2", "\xe2\x80\xa8", "\xe3", "\x80", "\xff", "é", "…"} {
			for at := range 16 {
				s := "abcdefghijklmnopq"
				for _, first := range []string{string([]byte{byte(c)}), string(rune(c))} {
					s := s[:at] + first + other + s[at:]
					if got, want := string(appendText(nil, s)), string(marshal(s)); got != want {
						t.Fatalf("%q is %s, not %s", s, got, want)
					}
				}
			}
		}
	}
}

// A rendered message, whose JSON text and HTML are cached and which mentions people, is encoded as encoding/json encodes it.
func TestRenderedFramesAreWhatTheLibraryMakes(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	if err := p.UpdateProfile(context.Background(), p.admin, p.admin.User.ID, Profile{FirstName: `"Ada" \ & <b>`}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"plain", "1 @nobody", `**"bold"** \ @ada, @ada` + "\n> @ada", "[@ada \"x\"](https://example.org/?\")", "```\n\t\"\\\n```", "@ada é … \u2028"} {
		m := p.say(p.admin, "r", text)
		f := p.Frame(m, "r")
		want := library(f)
		if !m.Plain() {
			want.HTML = m.HTML()
		}
		if got := f.AppendJSON(nil); !bytes.Equal(got, marshal(want)) {
			t.Errorf("%s\n instead of\n%s", got, marshal(want))
		}
		if got, err := json.Marshal(f); err != nil || !strings.Contains(string(got), "html") == !m.Plain() {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}
