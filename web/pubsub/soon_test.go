package pubsub

import (
	"fmt"
	"testing"
	"time"

	"hearth/web/chat"
)

// Of several events with one subject, only the newest is sent, in the position of the first.
func TestOnlyTheNewestOfASubjectIsSent(t *testing.T) {
	t.Parallel()
	sent := make(chan []chat.Event, 1)
	s := NewSoon(func(_ string, events []chat.Event) int { sent <- events; return 1 })
	for i := range 1000 {
		s.Add("people", chat.Event{Subject: fmt.Sprint("person ", i%3), ID: chat.MessageID(i)})
	}
	s.Add("people", chat.Event{ID: 1})
	s.Add("people", chat.Event{ID: 2})
	s.Add("people", chat.Event{ID: 3, Fresh: func() (chat.Event, bool) { return chat.Event{}, false }})
	select {
	case events := <-sent:
		if got := fmt.Sprint(ids(events)); got != "[999 997 998 1 2]" {
			t.Errorf("sent %s", got)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is sent")
	}
	s.Add("people", chat.Event{ID: 4})
	if events := <-sent; len(events) != 1 || events[0].ID != 4 {
		t.Errorf("sent %v", ids(events))
	}
}

func ids(events []chat.Event) (ids []chat.MessageID) {
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}
