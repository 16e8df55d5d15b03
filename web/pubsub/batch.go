package pubsub

import (
	"time"

	"hearth/web/chat"
)

const (
	// batchEvery is the least time between two frames that tell a room's clients of hearth.1 of comings and goings.
	batchEvery = time.Second
	// maxSingle is how many of them such a frame has one by one. More are told by their names alone.
	maxSingle = 5
)

// coming is somebody who came into a room or left it.
type coming struct {
	name, display string
	here          bool
}

// event tells of x alone, clients of the plain dialect or the others.
func (x coming) event(plain bool) chat.Event {
	e := chat.UserLeft(x.name)
	if x.here {
		e = chat.UserJoined(x.name, x.display)
	}
	e.Plain, e.PlainOnly = plain, plain
	return e
}

// batch gathers comings and goings. The zero value is ready to use.
type batch struct {
	waiting []coming
	told    time.Time // when what waited was last taken
	due     bool      // tell is going to be called
}

// add adds x and reports whether it is to be taken at once. Otherwise tell is called, on a goroutine of its
// own, when it is time to take what waits.
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

// take returns what waits as events: each in its order, or if they are many the newest of each person.
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
