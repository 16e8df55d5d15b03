package conn

import (
	"net"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"hearth/web"
	"hearth/web/chat"
	"hearth/web/line"
)

// Whoever was shown out before he was greeted is told why, whatever happens in the room from then on.
func TestWhoWasShownOutIsNotCutAsWell(t *testing.T) {
	under, peer := net.Pipe()
	defer peer.Close()
	cuts := 0
	c := New(&Hub{Cut: func() { cuts++ }}, web.Socket{})
	c.line = line.New(under, line.Limits{Bytes: maxQueue})
	c.Close(websocket.ClosePolicyViolation, "signed out")
	for range MaxHeld + 1 {
		c.Take(nil, []chat.Event{chat.Typing("ada")})
	}
	if said := string(*c.closing.Load()); !strings.Contains(said, "signed out") {
		t.Errorf("he is told %q", said)
	}
	if cuts > 0 {
		t.Error("he is cut")
	}
	if len(c.held) > 0 {
		t.Errorf("%d events wait for nobody", len(c.held))
	}
}
