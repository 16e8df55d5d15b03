package ws

import (
	"slices"
	"testing"

	"hearth/web/chat"
)

func TestReceivedPrivateMessages(t *testing.T) {
	t.Parallel()
	const a, b = 1 << 32, 2 << 32 // conversations
	yes, no := func() bool { return true }, func() bool { return false }
	private := func(ids ...chat.MessageID) (events []chat.Event) {
		for _, id := range ids {
			events = append(events, chat.Event{Private: id})
		}
		return events
	}
	var s sent
	s.add(private(a|1, b|1, 0, a|2))
	if got := s.pong(); len(got) != 0 {
		t.Errorf("without a ping %v", got)
	}
	s.ping(no)
	if got := s.pong(); len(got) != 0 {
		t.Errorf("after a ping that has overtaken the messages %v", got)
	}
	s.ping(yes)
	s.add(private(a | 3))
	if got := s.pong(); !slices.Equal(got, []chat.MessageID{a | 2, b | 1}) {
		t.Errorf("after a ping %v", got)
	}
	if got := s.pong(); len(got) != 0 {
		t.Errorf("after the same ping %v", got)
	}
	s.ping(yes)
	s.add(private(a | 4))
	s.ping(yes)
	if got := s.pong(); !slices.Equal(got, []chat.MessageID{a | 4}) {
		t.Errorf("after two pings %v", got)
	}
}
