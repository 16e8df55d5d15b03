package ws

import "hearth/web/chat"

// Limits of the protocol.
const (
	// MaxFrame is the longest frame that a client may send, in bytes.
	MaxFrame = 64 << 10
	// Batched is the subprotocol in which a frame may hold several events.
	Batched = "hearth.1"
)

// Socket describes a connection that a handler has accepted.
type Socket struct {
	Caller chat.Caller
	Room   *chat.Room // the room in which the caller is present at first; nil: none
	Groups []string   // the other groups that the socket listens to
	Cards  bool       // the page shows rooms as cards, with faces
	Page   bool       // the client says when nobody touches it (SetIdle)
	// Listens returns the groups according to the current rights of the caller; nil: Groups never change.
	Listens func() ([]string, error)
	// Start sends the initial frames of the room, at first and after each Move. here are the names of the people who were in the
	// room before. Start must end with a call of Live.
	Start func(c *Conn, here []string)
	// Frame is called with the text frames of the client, one at a time; nil: they are ignored.
	Frame func(c *Conn, frame []byte)
	// Received is called with the ids of private messages that a client of the plain dialect has received, the last one of
	// each conversation; nil: they are ignored.
	Received func(ids []chat.MessageID)
	// Allowed returns why the caller may no longer use this socket, nil if it may.
	Allowed func() error

	Limits FrameLimits // on what the client may send
	Ended  func()      // called once the socket is gone; not if Connect fails
}
