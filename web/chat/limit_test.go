package chat

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"hearth/web/limits"
)

// The number of new private conversations is limited. A conversation starts with its first message.
func TestConversationsAreLimited(t *testing.T) {
	t.Parallel()
	p := newEmptyChat(t)
	p.limits = limits.NewSet()
	ada := Caller{User: p.user("ada")}
	begun, refused := 0, 0
	for i := range 60 {
		p.user(fmt.Sprint("user", i))
		p.clock = p.clock.Add(50 * time.Millisecond) // so that the limit of messages is not exceeded
		p.Say(context.Background(), ada, "r", Draft{Text: fmt.Sprintf("/pm user%d hi", i)}, func(_ *Message, _ *Room, _ bool, err error) {
			switch {
			case err == nil:
				begun++
			case errors.Is(err, Errorf("rate_limited")):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	t.Logf("60 attempts began %d conversations", begun)
	if begun != 50 || refused != 10 {
		t.Errorf("%d conversations were begun, %d refused", begun, refused)
	}
}
