package ws

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/chat"
)

// A socket that is closed before its initial frames are sent keeps its close reason, however many events are published
// afterwards.
func TestAConnectionThatLostItsRoomIsNotCutAsWell(t *testing.T) {
	t.Parallel()
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
		t.Errorf("the close frame says %q", said)
	}
	if cuts > 0 {
		t.Error("the connection is cut")
	}
	if len(c.buffered) > 0 {
		t.Errorf("%d events are buffered in vain", len(c.buffered))
	}
}

// A client that may no longer be in its room, and reads slowly, gets what was queued before, the room frame and the close
// frame, but nothing that is said meanwhile.
func TestNothingIsQueuedAfterTheRoomIsGone(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*Conn, *chat.Room){
		"a re-check": func(c *Conn, _ *chat.Room) { c.Recheck() },
		"a change of rights": func(c *Conn, r *chat.Room) {
			c.Apply(chat.Rights{Gone: []chat.Event{chat.RoomGone(r)}, Out: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			room := &chat.Room{ID: 1, Name: "cellar", Access: chat.Closed}
			c := New(&Callbacks{Allowed: func(*Conn) error { return chat.Errorf("not_allowed") }, Cut: func() {}}, Socket{Room: room})
			q, peer := pair(t, queueLimits{bytes: 64 << 20, writeTimeout: time.Minute})
			c.out, c.batched = q, true
			c.Live(0, nil)
			stall(t, q)
			lose(c, room)
			c.Take(NewFrames([]chat.Event{chat.Typing("secret")}), []chat.Event{chat.Typing("secret")})
			got := make(chan string)
			go func() {
				all, _ := io.ReadAll(peer) // the connection is aborted in the end: there is no session to send the close frame
				got <- string(all)
			}()
			all := <-got
			if !strings.Contains(all, `"gone":true`) || strings.Contains(all, "secret") {
				t.Errorf("gone: %v, a later event: %v", strings.Contains(all, `"gone":true`), strings.Contains(all, "secret"))
			}
			if m := c.closing.Load(); m == nil || !strings.Contains(string(*m), "no longer allowed") {
				t.Error("it is not closed")
			}
		})
	}
}
