package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func (p *testChat) search(q MessageQuery) (texts []string, next Mark) {
	p.t.Helper()
	found, next, err := p.Search(context.Background(), q)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, m := range found {
		texts = append(texts, m.Text)
	}
	return texts, next
}

func TestSearch(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	mai := Caller{User: p.user("mai")}
	p.room("tea", Open)
	p.room("plans", Admins)
	p.say(mai, "tea", "Grüner TEE, bitte")
	p.say(p.admin, "plans", "Чай на завтра")
	p.say(mai, "tea", "mehr tee")
	p.say(mai, "@ada", "tee im Vertrauen")
	begin := p.clock.Add(-3 * time.Second)
	for _, c := range []struct {
		what string
		q    MessageQuery
		want []string
	}{
		{"everything", MessageQuery{}, []string{"mehr tee", "Чай на завтра", "Grüner TEE, bitte"}},
		{"a word", MessageQuery{Text: "Tee"}, []string{"mehr tee", "Grüner TEE, bitte"}},
		{"Cyrillic", MessageQuery{Text: "чАЙ"}, []string{"Чай на завтра"}},
		{"an umlaut in two characters", MessageQuery{Text: "gru\u0308ner"}, []string{"Grüner TEE, bitte"}},
		{"by an author", MessageQuery{Author: "MAI"}, []string{"mehr tee", "Grüner TEE, bitte"}},
		{"by nobody", MessageQuery{Author: "ma"}, nil},
		{"in a room", MessageQuery{Room: "Plans"}, []string{"Чай на завтра"}},
		{"from", MessageQuery{From: begin.Add(time.Second)}, []string{"mehr tee", "Чай на завтра"}},
		{"to", MessageQuery{To: begin.Add(time.Second)}, []string{"Grüner TEE, bitte"}},
		{"between", MessageQuery{From: begin.Add(time.Second), To: begin.Add(2 * time.Second)}, []string{"Чай на завтра"}},
	} {
		if got, next := p.search(c.q); !slices.Equal(got, c.want) || next != (Mark{}) {
			t.Errorf("%s: %q, next %v", c.what, got, next)
		}
	}
	_, _, err := p.Search(context.Background(), MessageQuery{Room: "nowhere"})
	wantCode(t, err, "no_such_room", "room")
	_, _, err = p.Search(context.Background(), MessageQuery{Room: "@mai"})
	wantCode(t, err, "no_such_room", "room")
}

func TestSearchGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	rooms := []string{"a", "b", "c"}
	for _, name := range rooms {
		p.room(name, Open)
	}
	var want []string
	for i := range 100 {
		text := fmt.Sprint("word ", i)
		m := p.say(p.admin, rooms[i*i%3], text)
		if i%4 == 1 { // so that several messages have the same time
			p.clock = p.clock.Add(-time.Second)
		}
		if i%10 == 5 {
			if err := p.Moderate(context.Background(), p.admin, m.ID); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want = append(want, text)
	}
	slices.Sort(want)
	var got []string
	q := MessageQuery{Text: "word", Limit: 7}
	var last time.Time
	for pages := 0; ; pages++ {
		found, next, err := p.Search(context.Background(), q)
		if err != nil || pages > 100 {
			t.Fatal(pages, err)
		}
		for _, m := range found {
			if !last.IsZero() && m.At.After(last) {
				t.Errorf("%q comes after an older one", m.Text)
			}
			last = m.At
			got = append(got, m.Text)
		}
		if next == (Mark{}) {
			break
		}
		q.Before = next
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("pages have %d messages: %q", len(got), got)
	}
}

func TestModerateLeavesPrivateConversationsAlone(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	mai := Caller{User: p.user("mai")}
	private := p.say(mai, "@ada", "between us")
	wantCode(t, p.Moderate(context.Background(), p.admin, private.ID), "no_such_message", "")
	public := p.say(mai, "tea", "for all")
	wantCode(t, p.Moderate(context.Background(), mai, public.ID), "not_allowed", "")
	if err := p.Moderate(context.Background(), p.admin, public.ID); err != nil {
		t.Error(err)
	}
	if texts, _ := p.search(MessageQuery{}); texts != nil {
		t.Errorf("still found: %q", texts)
	}
	if _, err := p.RoomByID(context.Background(), private.RoomID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a private conversation by its id: %v", err)
	}
	rooms, total, err := p.Rooms(context.Background(), RoomQuery{})
	if err != nil || total != 1 || len(rooms) != 1 || rooms[0].Name != "tea" {
		t.Errorf("rooms: %v, %d, %v", rooms, total, err)
	}
}

func TestRoomsAreFound(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	for _, name := range []string{"Tea", "Büro", "Чай"} {
		p.room(name, Closed)
	}
	said := p.say(p.admin, "tea", "hello")
	if err := p.ChangeRoom(context.Background(), p.admin, p.find("Büro"), RoomDraft{Topic: "Leaves and water", Access: Open}); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"": "[Büro Tea Чай]", "TEA": "[Tea]", "bÜR": "[Büro]", "чай": "[Чай]", "leaves": "[Büro]", "nothing": "[]"} {
		rooms, total, err := p.Rooms(context.Background(), RoomQuery{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, r := range rooms {
			names = append(names, r.Name)
			if r.Name == "Tea" && !r.Last.Equal(said.At) || r.Name == "Чай" && !r.Last.IsZero() {
				t.Errorf("%s: last message at %v", r.Name, r.Last)
			}
		}
		if fmt.Sprint(names) != want || total != len(names) {
			t.Errorf("%q finds %v of %d", text, names, total)
		}
	}
}

func (p *testChat) find(name string) *Room {
	p.t.Helper()
	r, err := p.Enter(context.Background(), p.admin, name)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func TestArchivedRooms(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	mai := Caller{User: p.user("mai")}
	r := p.room("tea", Open)
	wantCode(t, p.SetArchived(context.Background(), mai, r, true), "not_allowed", "")
	if err := p.SetArchived(context.Background(), p.admin, r, true); err != nil {
		t.Fatal(err)
	}
	r = p.find("tea")
	wantCode(t, p.MaySpeak(context.Background(), p.admin, r), "not_allowed", "")
	if rooms, _, err := p.RoomsFor(context.Background(), mai, RoomQuery{}); err != nil || len(rooms) != 0 {
		t.Errorf("in lists: %v, %v", rooms, err)
	}
	if err := p.SetArchived(context.Background(), p.admin, r, false); err != nil {
		t.Fatal(err)
	}
	if err := p.MaySpeak(context.Background(), mai, p.find("tea")); err != nil {
		t.Errorf("after it was brought back: %v", err)
	}
}

func TestDeleteRoom(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	r := p.room("Tea", Open)
	other := p.say(p.admin, "other", "stays")
	for i := range 2*deleteAtOnce + 1 {
		m := p.say(p.admin, "tea", fmt.Sprint("message ", i))
		if i%2 == 0 {
			if err := p.Delete(context.Background(), p.admin, m.ID); err != nil {
				t.Fatal(err)
			}
		} else if err := p.React(context.Background(), p.admin, m.ID, "🎉", true); err != nil {
			t.Fatal(err)
		}
	}
	for _, typed := range []string{"", "tea", "Te", "Tea2"} {
		wantCode(t, p.DeleteRoom(context.Background(), p.admin, r, typed), "confirm_name", "confirm")
	}
	wantCode(t, p.DeleteRoom(context.Background(), Caller{User: p.user("mai")}, r, "Tea"), "not_allowed", "")
	last, err := p.Seq(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.DeleteRoom(context.Background(), p.admin, r, "Tea"); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"message WHERE id >> 32 = ?", "change WHERE id >> 32 = ?", "reaction WHERE message_id >> 32 = ?", "membership WHERE room_id = ?", "room WHERE id = ?"} {
		var n int
		if err := p.disk.Reader().QueryRow("SELECT count(*) FROM "+table, r.ID).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows are left in %s (%v)", n, table, err)
		}
	}
	if found, _, err := p.History(context.Background(), p.find("other"), Page{Limit: 9}); err != nil || len(found) != 1 || found[0].ID != other.ID {
		t.Errorf("the other room: %v, %v", found, err)
	}
	if !slices.Contains(p.hub.groups, r.Group()) {
		t.Errorf("sockets: %v", p.hub.groups)
	}
	again := p.say(p.admin, "tea", "anew")
	if again.RoomID == r.ID || again.Seq <= last {
		t.Errorf("a new room of the name: room %d (was %d), seq %d (was %d)", again.RoomID, r.ID, again.Seq, last)
	}
	deeds, _, err := p.AuditEntries(context.Background(), 1, 0)
	if err != nil || deeds[0].What != "room_deleted" || deeds[0].Subject != "Tea" {
		t.Errorf("the log says %v, %v", deeds, err)
	}
}

// fill inserts n messages into a room, which is faster than say.
func (p *testChat) fill(r *Room, n int) {
	p.t.Helper()
	err := p.disk.Write(context.Background(), func(tx Tx) error {
		for i := range int64(n) {
			if _, err := tx.Exec("INSERT INTO message (id, sender, text, nonce, created_at) VALUES (?, 1, ?, ?, ?)", NewMessageID(r.ID, i+1),
				"a message about tea and cake in the garden of the old house", fmt.Sprint("nonce ", r.ID, " ", i), millis(p.clock)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// BenchmarkSearch searches 20 000 messages, none of which matches.
func BenchmarkSearch(b *testing.B) {
	p := newTestChat(b)
	p.fill(p.room("tea", Open), 20_000)
	for b.Loop() {
		if texts, next := p.search(MessageQuery{Text: "coffee"}); texts != nil || next != (Mark{}) {
			b.Fatal("not to the end")
		}
	}
}

// BenchmarkDeleteRoom measures one job of DeleteRoom, which deletes deleteAtOnce messages.
func BenchmarkDeleteRoom(b *testing.B) {
	p := newTestChat(b)
	r := p.room("tea", Open)
	p.fill(r, deleteAtOnce*(b.N+1))
	b.ResetTimer()
	for range b.N {
		err := p.disk.Write(context.Background(), func(tx Tx) error {
			_, _, err := p.deletePart(tx, r, deleteAtOnce)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
