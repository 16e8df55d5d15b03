package ws

import (
	"slices"
	"sync"

	"hearth/web/chat"
)

// sent holds the private messages that were written to a socket of the plain dialect and may not have arrived. They have
// arrived if the client answers a ping that was written after them, or sends a frame. A connection that is dead, although
// the kernel accepts data for it, does neither.
type sent struct {
	mu     sync.Mutex
	last   []chat.MessageID // ids of messages after the last ping, one for each conversation, the highest
	pinged []chat.MessageID // and before it
}

// add adds the private messages among events that were queued.
func (s *sent) add(events []chat.Event) {
	for _, e := range events {
		if e.Private != 0 {
			s.mu.Lock()
			s.last = merge(s.last, e.Private)
			s.mu.Unlock()
		}
	}
}

// merge adds an id to ids, which contain one id for each conversation, the highest. The upper half of an id is the
// conversation.
func merge(ids []chat.MessageID, id chat.MessageID) []chat.MessageID {
	i := slices.IndexFunc(ids, func(other chat.MessageID) bool { return other.Room() == id.Room() })
	if i < 0 {
		return append(ids, id)
	}
	ids[i] = max(ids[i], id)
	return ids
}

// ping is called before a ping is written. drained reports whether the queue is empty, because a ping overtakes the queue.
func (s *sent) ping(drained func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.last) == 0 || !drained() {
		return
	}
	for _, id := range s.last {
		s.pinged = merge(s.pinged, id)
	}
	s.last = nil
}

// pong returns the messages that have arrived because the last ping was answered.
func (s *sent) pong() []chat.MessageID {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := s.pinged
	s.pinged = nil
	return ids
}

// noteSent adds the private messages among events that are queued now to sent.
func (c *Conn) noteSent(events []chat.Event) {
	if !c.batched && c.Socket.Received != nil {
		c.sent.add(events)
	}
}

// tellReceived calls Socket.Received with what has arrived. live is true if the client has sent a frame, which counts like
// the answer to a ping that was written just before it.
func (c *Conn) tellReceived(live bool) {
	if c.batched || c.Socket.Received == nil {
		return
	}
	if live {
		c.sent.ping(c.out.Drained)
	}
	if ids := c.sent.pong(); len(ids) > 0 {
		c.Socket.Received(ids)
	}
}

// Write writes a control frame, or the answer to the handshake.
func (w wire) Write(p []byte) (int, error) {
	if isPing(p) {
		w.conn.sent.ping(w.conn.out.Drained)
	}
	return w.Conn.Write(p)
}
