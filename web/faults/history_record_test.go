package faults

import (
	"crypto/sha256"
	"fmt"
)

// What a client notes beside the frames that it gets, in historySeen.Kind.
const (
	seenSent    = "sent"    // it sent a message with Nonce and Text, the first time or again
	seenConnect = "connect" // it opened a socket with after=Seq, or without for fromNow
	seenGreeted = "greeted" // the socket's user_list told Seq
	seenLoaded  = "loaded"  // it read the history anew, complete from number First on and up to Seq
	seenReset   = "reset"
	seenRefused = "error" // Text is the code
	// seenDelivered is the receipt, without a number, of what was said in a private conversation
	// and is sent again.
	seenDelivered = "private_message_delivered"
)

// The kinds of frames that a room's line is made of.
const (
	lineSaid    = "chat_message"
	lineEdited  = "message_edited"
	lineDeleted = "message_deleted"
	lineReacted = "reaction"
)

// fromNow is the Seq of seenConnect without after=.
const fromNow = -1

// historySeen is one step in the life of a client.
type historySeen struct {
	Kind    string
	Seq     int64
	ID      int64
	User    string
	Text    string
	Nonce   string
	At      string // timestamp
	Edited  string // edited_at
	Emoji   string
	On      bool
	Count   int
	History bool

	Reactions []historyReaction
	First     int64
	Loaded    []historyMessage
}

// historyReaction is an element of a message's reactions on the wire.
type historyReaction struct {
	Emoji string   `json:"emoji"`
	Count int      `json:"count"`
	Users []string `json:"users"`
}

// historyMessage is a message as the HTTP API tells it.
type historyMessage struct {
	ID        int64             `json:"id"`
	Seq       int64             `json:"seq"`
	User      string            `json:"user"`
	Text      string            `json:"message"`
	Nonce     string            `json:"nonce"`
	At        string            `json:"timestamp"`
	Edited    string            `json:"edited_at"`
	Reactions []historyReaction `json:"reactions"`
}

// historyEntry is one number of a room's line, as it is on the server's disk.
type historyEntry struct {
	Seq   int64
	Kind  string
	ID    int64 // the message's
	User  string
	Nonce string
}

// historyLog is all that one client did and saw, in order.
type historyLog struct {
	Name    string
	User    string
	Room    string
	Batched bool
	Seen    []historySeen
}

// historyRecord is a whole history: what the clients lived through, and what the server has in
// the end. Everybody had time to catch up before it was taken.
type historyRecord struct {
	Clients []historyLog
	Line    map[string][]historyEntry   // by room, from the database
	Final   map[string][]historyMessage // by room, from the API
}

// briefly stands for a text in a record; long ones would fill the memory.
func briefly(text string) string {
	if len(text) <= 64 {
		return text
	}
	return fmt.Sprintf("%.16s… %d bytes, %x", text, len(text), sha256.Sum256([]byte(text)))
}
