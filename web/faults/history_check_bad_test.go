package faults

import (
	"slices"
	"strings"
	"testing"
)

// goodHistory returns a short history in which all promises were kept: ada, who speaks hearth.1, says
// three things, one of them twice since the line was lost, and mends, marks and takes back some;
// bob, plain, reads.
func goodHistory() historyRecord {
	said := func(seq int64, nonce, text string) historySeen {
		return historySeen{Kind: lineSaid, Seq: seq, ID: 100 + seq, User: "ada", Nonce: nonce, Text: text, At: "noon"}
	}
	one, two, three := said(1, "n1", "one"), said(2, "n2", "two"), said(3, "n3", "three")
	better := historySeen{Kind: lineEdited, Seq: 4, ID: 101, User: "ada", Text: "won", Edited: "later"}
	liked := historySeen{Kind: lineReacted, Seq: 5, ID: 101, User: "bob", Emoji: "👍", On: true, Count: 1}
	gone := historySeen{Kind: lineDeleted, Seq: 6, ID: 103, User: "ada"}
	send := func(nonce, text string) historySeen { return historySeen{Kind: seenSent, Nonce: nonce, Text: text} }
	adasLog := []historySeen{
		{Kind: seenConnect, Seq: fromNow}, {Kind: seenGreeted}, send("n1", "one"), one, send("n2", "two"),
		{Kind: seenConnect, Seq: 1}, {Kind: seenGreeted, Seq: 2}, two, send("n2", "two"), send("n3", "three"), two, three, better, liked, gone,
	}
	bobsLog := []historySeen{{Kind: seenConnect, Seq: fromNow}, {Kind: seenGreeted}, one, {Kind: seenConnect, Seq: 1}, {Kind: seenGreeted, Seq: 1}, two, three}
	return historyRecord{
		Clients: []historyLog{{Name: "ada", User: "ada", Room: "r", Batched: true, Seen: adasLog}, {Name: "bob", User: "bob", Room: "r", Seen: bobsLog}},
		Line: map[string][]historyEntry{"r": {
			{1, lineSaid, 101, "ada", "n1"}, {2, lineSaid, 102, "ada", "n2"}, {3, lineSaid, 103, "ada", "n3"},
			{4, lineEdited, 101, "ada", ""}, {5, lineReacted, 101, "bob", ""}, {6, lineDeleted, 103, "ada", ""},
		}},
		Final: map[string][]historyMessage{"r": {
			{ID: 101, Seq: 1, User: "ada", Text: "won", Nonce: "n1", At: "noon", Edited: "later", Reactions: []historyReaction{{"👍", 1, []string{"bob"}}}},
			{ID: 102, Seq: 2, User: "ada", Text: "two", Nonce: "n2", At: "noon"},
		}},
	}
}

// Where things stand in what clients of the good history saw.
const (
	adasLog, bobsLog                              = 0, 1
	adaOne, adaSendsThree, adaThree, adaReacted   = 3, 9, 11, 13
	bobOne, bobBack, bobGreeted, bobTwo, bobThree = 2, 3, 4, 5, 6
)

func TestCheckerTakesAGoodHistory(t *testing.T) {
	if found := checkHistory(goodHistory()); len(found) > 0 {
		t.Errorf("it complains: %s", strings.Join(found, "\n"))
	}
}

func TestCheckerFindsWhatIsWrong(t *testing.T) {
	without := func(r *historyRecord, who, at int) {
		r.Clients[who].Seen = slices.Delete(r.Clients[who].Seen, at, at+1)
	}
	insert := func(r *historyRecord, who, at int, s ...historySeen) {
		r.Clients[who].Seen = slices.Insert(r.Clients[who].Seen, at, s...)
	}
	swap := func(r *historyRecord, who, i, j int) {
		seen := r.Clients[who].Seen
		seen[i], seen[j] = seen[j], seen[i]
	}
	for _, c := range []struct {
		name, want string
		spoil      func(r *historyRecord)
	}{
		{"an acknowledged message is lost", `ada: "n2" was acknowledged as number 2 and is lost`, func(r *historyRecord) {
			r.Line["r"] = slices.Delete(r.Line["r"], 1, 2)
			r.Final["r"] = r.Final["r"][:1]
		}},
		{"what came is not on disk", "bob: number 2 came as chat_message of 102", func(r *historyRecord) {
			r.Line["r"] = slices.Delete(r.Line["r"], 1, 2)
		}},
		{"a nonce is stored twice", `room r: nonce "n2" of ada is stored twice, as 2 and 7`, func(r *historyRecord) {
			r.Line["r"] = append(r.Line["r"], historyEntry{7, lineSaid, 107, "ada", "n2"})
		}},
		{"a receipt with another number", `"n3" was acknowledged as number 2`, func(r *historyRecord) {
			r.Clients[adasLog].Seen[adaThree].Seq = 2
		}},
		{"a private receipt for another message", `"n3" was acknowledged as number 0`, func(r *historyRecord) {
			insert(r, adasLog, adaThree, historySeen{Kind: seenDelivered, ID: 102, User: "ada", Nonce: "n3", Text: "three"})
		}},
		{"a message that never got its receipt", `ada: "n4" was never acknowledged`, func(r *historyRecord) {
			insert(r, adasLog, adaSendsThree, historySeen{Kind: seenSent, Nonce: "n4", Text: "four"})
		}},
		{"a good message is refused", `ada: "n3" was refused: storage`, func(r *historyRecord) {
			insert(r, adasLog, adaThree, historySeen{Kind: seenRefused, Nonce: "n3", Text: "storage"})
		}},
		{"said in another order than stored", `ada: "n1" is number 1, before what was said earlier`, func(r *historyRecord) {
			insert(r, adasLog, 2, historySeen{Kind: seenSent, Nonce: "n3", Text: "three"})
		}},
		{"a text is another one", `ada: "n2" said "two" and is "tow" now`, func(r *historyRecord) { r.Final["r"][1].Text = "tow" }},
		{"it came as another text", `bob: number 3 said "three", and came as "tree"`, func(r *historyRecord) { r.Clients[bobsLog].Seen[bobThree].Text = "tree" }},
		{"two come in the wrong order", "bob: number 2 came after 3", func(r *historyRecord) { swap(r, bobsLog, bobTwo, bobThree) }},
		{"the line itself goes back", "room r: number 2 follows 3", func(r *historyRecord) { r.Line["r"][1], r.Line["r"][2] = r.Line["r"][2], r.Line["r"][1] }},
		{"a gap in what happens", "bob: number 2, a chat_message, is missing between 1 and 3", func(r *historyRecord) { without(r, bobsLog, bobTwo) }},
		{"a gap in what is told again", "bob: number 2, a chat_message, is missing between 1 and 3", func(r *historyRecord) {
			r.Clients[bobsLog].Seen[bobGreeted].Seq = 3
			without(r, bobsLog, bobTwo)
		}},
		{"a gap at the end", "bob: number 3, a chat_message, never came", func(r *historyRecord) { without(r, bobsLog, bobThree) }},
		{"a change is left out", "ada: number 5, a reaction, is missing between 4 and 6", func(r *historyRecord) { without(r, adasLog, adaReacted) }},
		{"something comes twice", "bob: number 3 came after 3", func(r *historyRecord) { insert(r, bobsLog, bobThree, r.Clients[bobsLog].Seen[bobThree]) }},
		{"what was told is told again", "bob: number 1 came after 1", func(r *historyRecord) { insert(r, bobsLog, bobTwo, r.Clients[bobsLog].Seen[bobOne]) }},
		{"a receipt is repeated unasked", "ada: number 1 came after 2", func(r *historyRecord) { insert(r, adasLog, adaThree, r.Clients[adasLog].Seen[adaOne]) }},
		{"a reset where the gap is short", "bob: a reset at 3, though it was at 1", func(r *historyRecord) {
			insert(r, bobsLog, bobTwo, historySeen{Kind: seenReset, Seq: 3}, historySeen{Kind: seenLoaded, Seq: 1, Loaded: r.Final["r"][:1]})
		}},
		{"a loaded history has a hole", "bob: number 2 is not in the history up to 3", func(r *historyRecord) {
			insert(r, bobsLog, bobTwo, historySeen{Kind: seenLoaded, Seq: 3, Loaded: r.Final["r"][:1]})
		}},
		{"the API leaves a message out", "room r: the API tells 1 messages, other than the 2 of the line", func(r *historyRecord) { r.Final["r"] = r.Final["r"][:1] }},
		{"a reaction is another one", "ada: the screen has number 1", func(r *historyRecord) { r.Final["r"][0].Reactions = nil }},
		{"an edit is not told", "ada: the screen has number 1", func(r *historyRecord) { r.Final["r"][0].Text = "One" }},
		{"a message is taken back unseen", "ada: message 102 is on the screen, and the server has it no more", func(r *historyRecord) { r.Final["r"] = r.Final["r"][:1] }},
		{"a client that asks for the wrong thing", "bob: the test's client connects after 0 and has 1", func(r *historyRecord) { r.Clients[bobsLog].Seen[bobBack].Seq = 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := goodHistory()
			c.spoil(&r)
			if found := checkHistory(r); !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, c.want) }) {
				t.Errorf("there is no %q in %q", c.want, found)
			}
		})
	}
}

// A message that was taken back while a client was away need not be told, nor what was done to it;
// what happens while the client is there must.
func TestCheckerKnowsWhatNeedNotBeTold(t *testing.T) {
	r := goodHistory()
	r.Clients[bobsLog].Seen[bobGreeted].Seq = 3
	r.Clients[bobsLog].Seen = slices.Delete(r.Clients[bobsLog].Seen, bobThree, bobThree+1)
	if found := checkHistory(r); len(found) > 0 {
		t.Errorf("it complains: %s", strings.Join(found, "\n"))
	}
}
