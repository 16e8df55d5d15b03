package pubsub

import (
	"errors"
	"testing"

	"hearth/web/chat"
	"hearth/web/ws"
)

// noDatabase is a Lookup that fails to load users with an id above 2.
type noDatabase struct{}

func (noDatabase) Online(int64) bool           { return true }
func (noDatabase) OnlineCount() int            { return 1 }
func (noDatabase) Idle(int64) bool             { return false }
func (noDatabase) Accounts() (int, error)      { return 0, nil }
func (noDatabase) Listeners(string) []*ws.Conn { return nil }
func (noDatabase) User(id int64) (*chat.User, error) {
	if id > 2 {
		return nil, errors.New("the disk does not answer")
	}
	return &chat.User{ID: id}, nil
}

// A failed Watch changes nothing, and after Drop nothing of the socket is left.
func TestAFailedWatchLeavesNothing(t *testing.T) {
	t.Parallel()
	p := NewPeople(noDatabase{})
	c := ws.New(&ws.Callbacks{}, ws.Socket{})
	p.add(c, map[int64]bool{1: true})
	if err := p.Watch(c, []int64{2, 3}); err == nil {
		t.Fatal("it does not fail")
	}
	if !p.watched[c][1] || len(p.watched[c]) != 1 || len(p.watchers) != 1 {
		t.Errorf("it watches %v now", p.watched[c])
	}
	p.Drop(c)
	if len(p.watched) > 0 || len(p.watchers) > 0 {
		t.Errorf("%d sockets and %d users are kept", len(p.watched), len(p.watchers))
	}
}
