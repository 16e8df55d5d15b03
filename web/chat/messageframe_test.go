package chat

import (
	"testing"
	"testing/quick"
	"time"
)

// What a fresh message's frame looks like is encoding/json's to say.
func TestFreshFramesAreWhatTheLibraryMakes(t *testing.T) {
	same := func(f MessageFrame) bool {
		got, want := string(f.json()), string(marshal(f))
		if got != want {
			t.Errorf("%s\n instead of\n%s", got, want)
		}
		return f.fresh() && got == want
	}
	for _, text := range []string{"", "plain", `"quoted" \`, "two\nlines\t", "<b>&amp;</b>", "Привет, 世界 🎉", "\u2028\u2029", "\x7f\x00", "\xff\xfe"} {
		same(MessageFrame{Message: text, User: text, Room: text, Nonce: text, HTML: text, Display: text, Timestamp: Stamp(time.UnixMilli(1))})
		same(MessageFrame{Type: "chat_message", ID: -1, Seq: 1 << 62, Guest: true, ReplyTo: 7, History: true, Message: text})
	}
	err := quick.Check(func(typ, room, user, display, message, html, nonce string, id, seq, replyTo int64, at uint32, guest, history bool) bool {
		return same(MessageFrame{Type: typ, ID: id, Seq: seq, Room: room, User: user, Display: display, Guest: guest, Message: message, HTML: html,
			Timestamp: Stamp(time.UnixMilli(int64(at) << 10)), ReplyTo: replyTo, Nonce: nonce, History: history})
	}, nil)
	if err != nil {
		t.Error(err)
	}
}

// A frame of a message that was edited, answers one or was reacted to has what only the library writes.
func TestWhatIsNotFresh(t *testing.T) {
	at := Stamp(time.UnixMilli(1))
	for _, f := range []MessageFrame{{EditedAt: &at}, {Reply: &reply{}}, {Reactions: []Reactions{{}}}} {
		if f.fresh() {
			t.Errorf("%+v is taken for fresh", f)
		}
	}
}
