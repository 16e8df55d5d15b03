package pubsub

import (
	"time"

	"hearth/web/chat"
)

const (
	// batchEvery is the shortest time between two frames with joins and leaves to a room's clients of hearth.1.
	batchEvery = time.Second
	// maxSingle is how many joins and leaves such a frame contains as single events. If there are more, it contains two lists
	// of names: the people who joined and the people who left.
	maxSingle = 5
)

// coming is a join or a leave.
type coming struct {
	name, display string
	here          bool // a join, not a leave
}

// event returns the event of x, for clients of the plain dialect only or for clients of hearth.1 only.
func (x coming) event(plain bool) chat.Event {
	e := chat.UserLeft(x.name)
	if x.here {
		e = chat.UserJoined(x.name, x.display)
	}
	e.Plain, e.PlainOnly = plain, plain
	return e
}

// batch collects joins and leaves. The zero value is ready to use. It is not safe for concurrent use.
type batch struct {
	waiting []coming
	told    time.Time // when take was last called
	due     bool      // a call of tell is scheduled
}

// add adds x and reports whether the caller should call take now. Otherwise tell is called later, on a goroutine of its own,
// and should call take.
func (b *batch) add(x coming, tell func()) (now bool) {
	b.waiting = append(b.waiting, x)
	if b.due {
		return false
	}
	wait := time.Until(b.told.Add(batchEvery))
	if wait <= 0 {
		return true
	}
	b.due = true
	time.AfterFunc(wait, tell)
	return false
}

// take removes the waiting joins and leaves and returns their events. Up to maxSingle of them have an event each, in order.
// More are returned as one event with the leaves and one with the joins, which have only the newest change of each person.
func (b *batch) take() (events []chat.Event) {
	waiting := b.waiting
	*b = batch{told: time.Now()}
	if len(waiting) <= maxSingle {
		for _, x := range waiting {
			events = append(events, x.event(false))
		}
		return events
	}
	newest := map[string]int{}
	for i, x := range waiting {
		newest[x.name] = i
	}
	var joined, left []string
	for i, x := range waiting {
		switch {
		case newest[x.name] != i:
		case x.here:
			joined = append(joined, x.name)
		default:
			left = append(left, x.name)
		}
	}
	if len(left) > 0 {
		events = append(events, chat.UsersLeft(left))
	}
	if len(joined) > 0 {
		events = append(events, chat.UsersJoined(joined))
	}
	return events
}
