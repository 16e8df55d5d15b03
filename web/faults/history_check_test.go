package faults

import (
	"cmp"
	"fmt"
	"slices"
)

// historyMaxGap is how far behind after= may be before there is a reset (PROTOCOL.md).
const historyMaxGap = 500

// checkHistory says what is wrong with a history; nothing, if all promises were kept:
//
//   - a message whose sender has seen its receipt is there once, under that number, and every
//     message that was ever sent got its receipt once there was peace;
//   - no nonce is there twice, and messages of one client stand in the order in which it said them;
//   - what clients saw are the numbers of the one line that the server has, in its order, each
//     once, without a hole that no reset announced;
//   - who has taken all of them has what the server has: texts, deletions and reactions too.
func checkHistory(r historyRecord) []string {
	c := historyChecker{record: r, rooms: map[string]*historyRoom{}, texts: map[string]string{}, many: map[string]int{}}
	for name, line := range r.Line {
		c.room(name, line)
	}
	for _, log := range r.Clients {
		for _, s := range log.Seen {
			if s.Kind == seenSent {
				c.texts[log.User+"\x00"+s.Nonce] = s.Text
			}
		}
	}
	for i := range r.Clients {
		log := &r.Clients[i]
		room := c.rooms[log.Room]
		if room == nil {
			room = &historyRoom{}
		}
		c.who = log.Name
		c.sender(log, room)
		walk := historyWalk{historyChecker: &c, log: log, room: room, have: fromNow, last: fromNow, transmitted: map[string]int{}, screen: map[int64]historyMessage{}}
		walk.run()
	}
	return c.found
}

type historyChecker struct {
	record historyRecord
	rooms  map[string]*historyRoom
	texts  map[string]string // of what was sent, by user and nonce
	who    string            // is being checked
	found  []string
	many   map[string]int // complaints, by who
}

// enoughComplaints is how many complaints about one client are told: the first ones explain the others.
const enoughComplaints = 5

func (c *historyChecker) complain(format string, args ...any) {
	if c.many[c.who]++; c.many[c.who] <= enoughComplaints {
		c.found = append(c.found, c.who+": "+fmt.Sprintf(format, args...))
	}
}

// historyRoom is a room's line, made easy to look things up in.
type historyRoom struct {
	line    []historyEntry
	said    map[string]historyEntry // messages by user and nonce
	edited  map[int64]bool          // messages that were edited
	deleted map[int64]bool          // messages that were taken back
	final   map[int64]historyMessage
}

// room checks a room by itself: the line rises, says nothing twice, and the API tells what it made.
func (c *historyChecker) room(name string, line []historyEntry) {
	c.who = "room " + name
	r := &historyRoom{line: line, said: map[string]historyEntry{}, edited: map[int64]bool{}, deleted: map[int64]bool{}, final: map[int64]historyMessage{}}
	c.rooms[name] = r
	var ids []int64
	last := int64(0)
	for _, e := range line {
		if e.Seq <= last {
			c.complain("number %d follows %d", e.Seq, last)
		}
		last = e.Seq
		switch e.Kind {
		case lineSaid:
			key := e.User + "\x00" + e.Nonce
			if was, twice := r.said[key]; twice {
				c.complain("nonce %q of %s is stored twice, as %d and %d", e.Nonce, e.User, was.Seq, e.Seq)
			}
			r.said[key] = e
			ids = append(ids, e.ID)
		case lineEdited:
			r.edited[e.ID] = true
		case lineDeleted:
			r.deleted[e.ID] = true
		}
	}
	ids = slices.DeleteFunc(ids, func(id int64) bool { return r.deleted[id] })
	told := make([]int64, 0, len(ids))
	for _, m := range c.record.Final[name] {
		r.final[m.ID] = m
		told = append(told, m.ID)
	}
	if !slices.Equal(ids, told) {
		c.complain("the API tells %d messages, other than the %d of the line", len(told), len(ids))
	}
}

// sender checks what became of all that a client said.
func (c *historyChecker) sender(log *historyLog, room *historyRoom) {
	receipts := map[string]historySeen{}
	for _, s := range log.Seen {
		if _, had := receipts[s.Nonce]; !had && s.User == log.User && (s.Kind == lineSaid || s.Kind == seenDelivered) {
			receipts[s.Nonce] = s
		}
		if s.Kind == seenRefused && s.Nonce != "" {
			c.complain("%q was refused: %s", s.Nonce, s.Text)
		}
	}
	said := map[string]bool{}
	last := int64(0)
	for _, s := range log.Seen {
		if s.Kind != seenSent || said[s.Nonce] {
			continue
		}
		said[s.Nonce] = true
		e, stored := room.said[log.User+"\x00"+s.Nonce]
		receipt, acknowledged := receipts[s.Nonce]
		switch {
		case !stored && acknowledged:
			c.complain("%q was acknowledged as number %d and is lost", s.Nonce, receipt.Seq)
		case !acknowledged:
			c.complain("%q was never acknowledged", s.Nonce)
		case receipt.ID != e.ID || receipt.Seq != e.Seq && receipt.Kind == lineSaid || receipt.Text != s.Text:
			c.complain("%q was acknowledged as number %d, %q, and is number %d, %q", s.Nonce, receipt.Seq, receipt.Text, e.Seq, s.Text)
		}
		if stored && e.Seq <= last {
			c.complain("%q is number %d, before what was said earlier", s.Nonce, e.Seq)
		}
		last = max(last, e.Seq)
		if m, there := room.final[e.ID]; stored && there && !room.edited[e.ID] && m.Text != s.Text {
			c.complain("%q said %q and is %q now", s.Nonce, s.Text, m.Text)
		}
	}
}

// entry is number seq of the line.
func (r *historyRoom) entry(seq int64) (historyEntry, bool) {
	i, ok := slices.BinarySearchFunc(r.line, seq, func(e historyEntry, seq int64) int { return cmp.Compare(e.Seq, seq) })
	if !ok {
		return historyEntry{}, false
	}
	return r.line[i], true
}

// between returns the entries above low and below high.
func (r *historyRoom) between(low, high int64) []historyEntry {
	at := func(seq int64) int {
		i, _ := slices.BinarySearchFunc(r.line, seq, func(e historyEntry, seq int64) int { return cmp.Compare(e.Seq, seq) })
		return i
	}
	if high <= low {
		return nil
	}
	return r.line[at(low+1):at(high)]
}
