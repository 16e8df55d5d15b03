package ws

import (
	"slices"
	"time"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"hearth/web/chat"
)

// SendInitial sends the initial frames. here are the people that were in the room; in is false if the hub has stopped
// and did not accept c. Frames of the client are handled only afterwards. SendInitial may wait for the client, so it
// needs a goroutine of its own; melody's would keep the stack that it takes.
func (c *Conn) SendInitial(here []string, in bool) {
	defer c.initialSent.Done()
	c.guard(func() {
		// Rights may have changed after the request was checked and before the hub knew this socket.
		if !in {
			c.Close(websocket.CloseGoingAway, "the server restarts, come back")
		} else if c.Recheck() {
			c.Socket.Start(c, here)
		}
	})
}

// awaitInitial waits until the initial frames are sent. That may take longer than pongWait, and no pong is read
// meanwhile, so the read deadline starts again.
func (c *Conn) awaitInitial(s *melody.Session) {
	if _, live := c.StartSeq(); live {
		return
	}
	c.initialSent.Wait()
	_ = s.WebsocketConnection().SetReadDeadline(time.Now().Add(pongWait)) // fails only if it is closed
}

// hold buffers events until c is live. It closes the connection if they are too many. c.mu is held.
func (c *Conn) hold(events []chat.Event) {
	if c.closing.Load() != nil {
		c.buffered = nil // nothing is sent any more
		return
	}
	c.buffered = append(c.buffered, events...)
	if len(c.buffered) > MaxBuffered && c.out.Stop() {
		c.buffered = nil
		c.cut("the database is slow, come back with after=")
	}
}

// had reports whether the initial frames contain e. An event is stored before it is published, so the initial frames, which
// are read from the database, can contain an event that arrives here afterwards.
func (c *Conn) had(e chat.Event) bool {
	return e.Seq != 0 && e.Seq <= c.seq || e.ID != 0 && slices.Contains(c.delivered, e.ID)
}

// writeNew queues the events that the initial frames do not contain; c.mu is held.
func (c *Conn) writeNew(events []chat.Event) {
	var rest []chat.Event
	for _, e := range events {
		if !c.had(e) {
			rest = append(rest, e)
		}
	}
	if len(rest) > 0 {
		c.write(NewFrames(rest))
		c.noteSent(rest)
	}
}

// Replay is Send for many events. It sends a chunk at a time and waits until the client has read it. If that takes longer
// than replayWait, it closes the socket. Replay reports whether the socket is still open.
func (c *Conn) Replay(events ...chat.Event) bool {
	for part := range slices.Chunk(events, replayChunk) {
		c.Send(part...)
		if c.out.Drain(replayWait) {
			continue
		}
		if c.out.Stop() {
			c.cut("too slow a reader, come back with after=")
		}
		return false
	}
	return true
}

// Move moves the socket to another room and sends the initial frames of that room. Frames of the client are handled only
// afterwards. Move must be called by Socket.Frame.
func (c *Conn) Move(room *chat.Room) {
	here, in := c.hub.Move(c, room)
	if !in {
		return
	}
	c.initialSent.Add(1)
	go c.SendInitial(here, true)
}

// Enter makes room the room of the socket. Events are buffered until its initial frames are sent. The hub calls it when the
// socket gets no more events of the room before, and none of this room yet.
func (c *Conn) Enter(room *chat.Room) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live, c.seq = false, 0
	delete(c.gone, room.Group()) // the caller was admitted again
	c.room.Store(room)
}

// Live ends the initial frames, which contained the room's events up to number seq and the private messages in told. It
// queues the other events that came since the socket was opened or moved.
func (c *Conn) Live(seq int64, told []chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live, c.seq = true, seq
	for _, e := range told {
		c.delivered = append(c.delivered, e.ID)
	}
	c.writeNew(c.buffered)
	c.buffered = nil
}

// StartSeq returns the number up to which the initial frames contained the room's events, and whether c is live.
func (c *Conn) StartSeq() (seq int64, live bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seq, c.live
}
