package chat

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// In the list of people who reacted, accounts come before visitors. A visitor whose session has ended is counted, but not named.
func TestWhoReacted(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	first, second := p.say(p.admin, "kitchen", "the oven is fixed"), p.say(p.admin, "kitchen", "and the fuse is new")
	react := func(m *Message, by Caller, emoji string) {
		t.Helper()
		if err := p.disk.Write(context.Background(), func(tx Tx) error {
			_, _, err := react(tx, change{Kind: "react", Message: m.ID, Emoji: emoji, On: true}, by.senderID())
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for i := range 18 {
		names = append(names, fmt.Sprintf("user%02d", i))
		react(first, Caller{User: p.user(names[i])}, "🎉")
	}
	for i, guest := range []string{"Gus", "", "Gwen", "Gil"} { // "": a visitor whose session has ended
		session := int64(1000 + i)
		if guest != "" {
			if err := p.disk.Write(context.Background(), func(tx Tx) error {
				_, err := tx.Exec("INSERT INTO session (id, token_hash, guest, created_at, seen_at) VALUES (?, ?, ?, 0, 0)", session, []byte(guest), guest)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		react(first, Caller{Guest: "somebody", SessionID: session}, "🎉")
	}
	react(first, p.admin, "👍🏽")
	react(second, p.admin, "#️⃣")

	room, err := p.Enter(context.Background(), p.admin, "kitchen")
	if err != nil {
		t.Fatal(err)
	}
	found, _, err := p.History(context.Background(), room, Page{Limit: 10})
	if err != nil || len(found) != 2 || len(found[0].Reactions) != 2 || len(found[1].Reactions) != 1 {
		t.Fatalf("%v, %+v", err, found)
	}
	party, thumb := found[0].Reactions[0], found[0].Reactions[1]
	if thumb.Emoji == "🎉" {
		party, thumb = thumb, party
	}
	if party.Count != 22 || !slices.Equal(party.Users, append(names, "Gil (guest)", "Gwen (guest)")) {
		t.Errorf("%+v", party)
	}
	for session, mine := range map[int64]bool{1000: true, 1001: true, 1004: false} {
		if party.By(Caller{Guest: "somebody", SessionID: session}) != mine {
			t.Errorf("session %d reacted: %v", session, !mine)
		}
	}
	if thumb.Emoji != "👍🏽" || thumb.Count != 1 || !slices.Equal(thumb.Users, []string{"ada"}) || !thumb.By(p.admin) || party.By(p.admin) {
		t.Errorf("%+v", thumb)
	}
	if x := found[1].Reactions[0]; x.Emoji != "#️⃣" || x.Count != 1 {
		t.Errorf("%+v", x)
	}
}

// A reaction is exactly one emoji, whatever variation selectors it has. What an earlier version accepted stays.
func TestReactionsAreOneEmoji(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	m := p.say(p.admin, "kitchen", "the oven is fixed")
	tom, eve := Caller{User: p.user("tom")}, Caller{User: p.user("eve")}
	store := func(emoji string, by Caller) {
		t.Helper()
		if err := p.disk.Write(ctx, func(tx Tx) error {
			_, err := tx.Exec("INSERT INTO reaction (message_id, emoji, user_id) VALUES (?, ?, ?)", m.ID, emoji, by.senderID())
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"", "a", "1", "★", "👍👍", "👍 ", "🎉🏽", "\ufe0f", ":tada:", "❤️x", "abc\xff"} {
		wantCode(t, p.React(ctx, p.admin, m.ID, text, true), "bad_frame", "")
	}
	store("❤", tom) // as earlier versions stored them
	store("❤️", tom)
	store("★", tom)
	for _, x := range []struct {
		by    Caller
		emoji string
		on    bool
	}{{eve, "❤", true}, {eve, "❤️", true}, {p.admin, "❤︎", true}, {eve, "★", true}, {p.admin, "👍\ufe0f", true}, {p.admin, "👨‍👩‍👧‍👦", true}, {p.admin, "👨‍👩‍👧‍👦", false}} {
		if err := p.React(ctx, x.by, m.ID, x.emoji, x.on); err != nil {
			t.Errorf("%q: %v", x.emoji, err)
		}
	}
	shown := func() string {
		var all []string
		for _, x := range p.shown("kitchen", 1)[0].Reactions {
			all = append(all, fmt.Sprint(x.Emoji, x.Count, x.Users))
		}
		return fmt.Sprint(all)
	}
	if got, want := shown(), "[★2 [tom eve] ❤️3 [ada tom eve] 👍1 [ada]]"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	for _, x := range []struct {
		by    Caller
		emoji string
	}{{tom, "❤️"}, {eve, "❤"}, {tom, "★"}, {eve, "★"}} {
		if err := p.React(ctx, x.by, m.ID, x.emoji, false); err != nil {
			t.Errorf("%q: %v", x.emoji, err)
		}
	}
	if got, want := shown(), "[❤️1 [ada] 👍1 [ada]]"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	wantCode(t, p.React(ctx, eve, m.ID, "★", true), "bad_frame", "") // nobody reacts with it any more
}
