package ws

import (
	"net"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"hearth/web/chat"
)

// Whoever was shown out before he was greeted is told why, whatever happens in the room from then on.
func TestWhoWasShownOutIsNotCutAsWell(t *testing.T) {
	under, peer := net.Pipe()
	defer peer.Close()
	cuts := 0
	c := New(&Callbacks{Cut: func() { cuts++ }}, Socket{})
	c.out = newOutQueue(under, queueLimits{bytes: maxQueue})
	c.Close(websocket.ClosePolicyViolation, "signed out")
	for range MaxBuffered + 1 {
		c.Take(nil, []chat.Event{chat.Typing("ada")})
	}
	if said := string(*c.closing.Load()); !strings.Contains(said, "signed out") {
		t.Errorf("he is told %q", said)
	}
	if cuts > 0 {
		t.Error("he is cut")
	}
	if len(c.buffered) > 0 {
		t.Errorf("%d events wait for nobody", len(c.buffered))
	}
}
