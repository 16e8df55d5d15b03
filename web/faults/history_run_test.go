package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// historyWalk follows what one client saw along its room's line, and keeps what a client of
// hearth.1 has on its screen by then.
type historyWalk struct {
	*historyChecker
	log  *historyLog
	room *historyRoom

	have    int64 // the client has the line up to here
	last    int64 // this socket has told the line up to here; fromNow: it begins wherever it likes
	greeted int64 // up to here it told what was on disk, from here on what happened
	after   int64 // what the socket was opened with
	gap     bool  // a reset was told, and the history not loaded yet

	transmitted map[string]int // how often nonces were sent
	screen      map[int64]historyMessage
	floor       int64 // the screen has all messages above this number
}

func (w *historyWalk) run() {
	for _, s := range w.log.Seen {
		switch s.Kind {
		case seenSent:
			w.transmitted[s.Nonce]++
		case seenConnect:
			w.connect(s)
		case seenGreeted:
			w.greet(s)
		case seenReset:
			w.reset(s)
		case seenLoaded:
			w.load(s)
		case lineSaid, lineEdited, lineDeleted, lineReacted:
			w.frame(s)
		}
	}
	for _, e := range w.room.between(w.have, aboveAllNumbers) {
		if w.due(e) {
			w.complain("number %d, a %s, never came", e.Seq, e.Kind)
		}
	}
	if w.log.Batched {
		w.compare()
	}
}

// aboveAllNumbers is above all numbers of a line.
const aboveAllNumbers = 1 << 32

func (w *historyWalk) connect(s historySeen) {
	w.after = s.Seq
	if s.Seq != w.have || w.gap {
		w.complain("the test's client connects after %d and has %d", s.Seq, w.have)
	}
}

func (w *historyWalk) greet(s historySeen) {
	w.greeted, w.last = s.Seq, w.after
	if w.after != fromNow {
		return
	}
	w.screen, w.floor = map[int64]historyMessage{}, s.Seq
	if w.log.Batched {
		w.have, w.last = s.Seq, s.Seq
	}
}

func (w *historyWalk) reset(s historySeen) {
	if s.Seq-w.after <= historyMaxGap && w.after <= s.Seq {
		w.complain("a reset at %d, though it was at %d", s.Seq, w.after)
	}
	w.gap, w.last = true, s.Seq
}

// load checks that a history read under way is whole, and begins anew with it.
func (w *historyWalk) load(s historySeen) {
	if s.First > w.have+1 {
		w.complain("the test's client has loaded from %d on and had %d", s.First, w.have)
	}
	w.screen, w.floor = map[int64]historyMessage{}, s.First-1
	for _, m := range s.Loaded {
		w.screen[m.ID] = m
	}
	for _, e := range w.room.between(w.floor, s.Seq+1) {
		if _, there := w.screen[e.ID]; e.Kind == lineSaid && !there && !w.room.deleted[e.ID] {
			w.complain("number %d is not in the history up to %d", e.Seq, s.Seq)
		}
	}
	w.gap, w.have = false, s.Seq
}

func (w *historyWalk) frame(s historySeen) {
	e, ok := w.room.entry(s.Seq)
	if !ok || e.Kind != s.Kind || e.ID != s.ID || e.User != s.User || e.Nonce != s.Nonce {
		w.complain("number %d came as %s of %d by %s, %q; the server has %v", s.Seq, s.Kind, s.ID, s.User, s.Nonce, e)
		return
	}
	if w.last == fromNow { // a plain client's last messages, or if there are none what follows
		w.last = min(s.Seq-1, w.greeted)
	}
	if w.repeated(s) {
		return
	}
	if s.Seq <= w.last {
		w.complain("number %d came after %d", s.Seq, w.last)
		return
	}
	for _, e := range w.room.between(w.last, s.Seq) {
		if w.due(e) {
			w.complain("number %d, a %s, is missing between %d and %d", e.Seq, e.Kind, w.last, s.Seq)
		}
	}
	if sent := w.texts[s.User+"\x00"+s.Nonce]; s.Kind == lineSaid && s.Seq > w.greeted && s.Text != sent && !w.readLater(s) {
		w.complain("number %d said %q, and came as %q", s.Seq, sent, s.Text)
	}
	w.last = s.Seq
	if s.Seq > w.have {
		w.have = s.Seq
		w.apply(s)
	}
}

// readLater reports whether s can be a message that was edited while the initial frames of its socket were being read. A socket
// that was opened without a number is told what happened since the handshake, and not where that ends: such messages come with
// the text of their last edit. Those that come as they are said have no time of an edit.
func (w *historyWalk) readLater(s historySeen) bool {
	return w.after == fromNow && s.Edited != ""
}

// repeated reports whether s is the receipt of something that was sent again and told already.
func (w *historyWalk) repeated(s historySeen) bool {
	return s.Kind == lineSaid && s.User == w.log.User && w.transmitted[s.Nonce] > 1 && s.Seq <= w.last
}

// due reports whether this client must be told of e: plain ones get messages alone, and from the
// disk nothing comes any more of a message that was taken back, but that it was.
func (w *historyWalk) due(e historyEntry) bool {
	if !w.log.Batched && e.Kind != lineSaid {
		return false
	}
	return e.Kind == lineDeleted || !w.room.deleted[e.ID] || e.Seq > w.greeted
}

// apply does to the screen what a page does.
func (w *historyWalk) apply(s historySeen) {
	if s.Kind == lineSaid {
		w.screen[s.ID] = historyMessage{ID: s.ID, Seq: s.Seq, User: s.User, Text: s.Text, Nonce: s.Nonce, At: s.At, Edited: s.Edited, Reactions: s.Reactions}
		return
	}
	m, there := w.screen[s.ID]
	if !there {
		return
	}
	switch s.Kind {
	case lineDeleted:
		delete(w.screen, s.ID)
		return
	case lineEdited:
		m.Text, m.Edited = s.Text, s.Edited
	case lineReacted:
		m.Reactions = withReaction(m.Reactions, s)
	}
	w.screen[s.ID] = m
}

// withReaction are reactions after one more frame. They may be others' too: nothing is changed in place.
func withReaction(all []historyReaction, s historySeen) []historyReaction {
	var next []historyReaction
	one := historyReaction{Emoji: s.Emoji}
	for _, x := range all {
		if x.Emoji == s.Emoji {
			one.Users = slices.Clone(x.Users)
		} else {
			next = append(next, x)
		}
	}
	one.Users = slices.DeleteFunc(one.Users, func(u string) bool { return u == s.User })
	if s.On {
		one.Users = append(one.Users, s.User)
	}
	if one.Count = s.Count; one.Count > 0 || len(one.Users) > 0 {
		next = append(next, one)
	}
	return next
}

// compare holds the screen against what the server has.
func (w *historyWalk) compare() {
	for _, id := range slices.Sorted(maps.Keys(w.screen)) {
		if _, there := w.room.final[id]; !there {
			w.complain("message %d is on the screen, and the server has it no more", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.room.final)) {
		want := w.room.final[id]
		if want.Seq <= w.floor {
			continue
		}
		if got := w.screen[id].String(); got != want.String() {
			w.complain("the screen has %s, and the server %s", got, want)
		}
	}
}

// String returns all of a message that people see, reactions in the order of their emojis.
func (m historyMessage) String() string {
	var all []string
	for _, x := range m.Reactions {
		users := slices.Sorted(slices.Values(x.Users))
		all = append(all, fmt.Sprintf("%s %d %s", x.Emoji, x.Count, strings.Join(users, " ")))
	}
	slices.Sort(all)
	return fmt.Sprintf("number %d by %s at %s, edited %q: %q %q", m.Seq, m.User, m.At, m.Edited, m.Text, all)
}
