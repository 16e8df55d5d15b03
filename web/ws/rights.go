package ws

import (
	"errors"
	"log/slog"

	"github.com/gorilla/websocket"

	"hearth/web/chat"
)

// Recheck closes the socket if its caller may no longer be here, and reports whether it may.
func (c *Conn) Recheck() bool {
	err := c.hub.Allowed(c)
	var refused *chat.Error
	switch {
	case err == nil:
		return true
	case errors.As(err, &refused) && refused.Code != "storage":
		// A change of rights is visible in the database a moment before it is applied, so this may come first.
		if r := c.Room(); r != nil && !r.Access.Private() {
			c.mu.Lock()
			c.lose([]chat.Event{chat.RoomGone(r)}, true)
			c.mu.Unlock()
		}
		c.closeDrained(websocket.ClosePolicyViolation, "no longer allowed here")
	default:
		slog.Error("look whether a caller may still be here", "err", err)
		c.Close(websocket.CloseTryAgainLater, "the database does not answer, come back later")
	}
	return false
}

// allowed returns the events without those about rooms that are gone. An event with Back ends that. c.mu is held.
func (c *Conn) allowed(events []chat.Event) []chat.Event {
	var rest []chat.Event
	for _, e := range events {
		if e.Back {
			delete(c.gone, e.About)
		}
		if e.About == "" || !c.gone[e.About] {
			rest = append(rest, e)
		}
	}
	return rest
}

// Apply applies a change of rights. The client gets one frame for each room that it may no longer enter, and nothing
// about these rooms afterwards. If the socket is to be closed and its client reads too slowly, it gets the close frame
// alone.
func (c *Conn) Apply(r chat.Rights) {
	c.mu.Lock()
	if r.Back {
		c.gone = nil
	}
	c.lose(r.Gone, r.Out)
	c.mu.Unlock()
	if r.Out {
		c.closeDrained(websocket.ClosePolicyViolation, "no longer allowed here")
	}
}

// closeDrained is Close after the outbound queue, if the client takes that in time. Nothing is added to the queue meanwhile.
func (c *Conn) closeDrained(code int, reason string) {
	c.out.Seal()
	if c.out.Drained() {
		c.Close(code, reason)
		return
	}
	go func() {
		c.out.Drain(closeTimeout)
		c.Close(code, reason)
	}()
}

// lose sends the frames of rooms that are gone; atOnce does not wait for the initial frames, because the socket is closed
// afterwards. c.mu is held.
func (c *Conn) lose(gone []chat.Event, atOnce bool) {
	var fresh []chat.Event
	for _, e := range gone {
		if !c.gone[e.About] {
			fresh = append(fresh, e)
		}
	}
	if len(fresh) == 0 {
		return
	}
	if c.gone == nil {
		c.gone = map[string]bool{}
	}
	for _, e := range fresh {
		c.gone[e.About] = true
	}
	switch {
	case !c.live && !atOnce:
		c.hold(fresh)
	case c.live || c.session.Load() != nil: // otherwise the handshake is not answered yet
		c.write(NewFrames(fresh))
	}
}
