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
	Room   *chat.Room // the room in which the caller is present; nil: none
	Groups []string   // the other groups that the socket listens to
	Cards  bool       // the page shows rooms as cards, with faces
	// Listens returns Groups according to the rights of now; nil: they stay as they are.
	Listens func() ([]string, error)
	// Start sends the initial frames; here names the people that were in the room. It must end with
	// a call of Live.
	Start func(c *Conn, here []string)
	// Frame gets the text frames of the client, one at a time; nil: none is expected.
	Frame func(c *Conn, frame []byte)
	// Received gets the ids of private messages that a client of the plain dialect has received, of
	// each conversation the last one. nil: nobody needs to know.
	Received func(ids []chat.MessageID)
	// Allowed returns the reason why the caller may no longer be here, nil if it may.
	Allowed func() error

	Limits FrameLimits // on what the client may send
	Ended  func()      // called once the socket is gone; not if Connect fails
}
