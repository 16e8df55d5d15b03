package web

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/ws"
)

// command is a frame from a client.
type command struct {
	Type    string         `json:"type"`
	Message *string        `json:"message"`
	Nonce   string         `json:"nonce"`
	ReplyTo chat.MessageID `json:"reply_to"`
	ID      chat.MessageID `json:"id"`
	Emoji   string         `json:"emoji"`
	On      *bool          `json:"on"`
	As      string         `json:"as"` // over HTTP: who the caller is meant to be

	Users json.RawMessage `json:"users"` // read by watch alone
}

// fields are the names in a command.
var fields = [...]string{"type", "message", "nonce", "reply_to", "id", "emoji", "on", "as", "users"}

// maxNesting is how deep a frame's JSON may be nested (PROTOCOL.md).
const maxNesting = 16

// parseCommand reads a frame. Where it can't be read, its nonce comes back alone if it has one.
func parseCommand(frame []byte) (command, error) {
	if cmd, ok := plainCommand(frame); ok {
		return cmd, nil
	}
	var cmd command
	deepest, inexact := scan(frame)
	if deepest > maxNesting {
		return cmd, chat.Errorf("bad_frame")
	}
	if inexact {
		frame = exact(frame)
	}
	if err := json.Unmarshal(frame, &cmd); err != nil {
		return command{Nonce: cmd.Nonce}, chat.Errorf("bad_frame")
	}
	return cmd, nil
}

// scan finds how deep the brackets of a JSON text go, strings left out, and whether one of its own
// names might be taken for a command's, as encoding/json takes "Message" for "message".
func scan(b []byte) (deepest int, inexact bool) {
	depth, start := 0, 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for start, i = i+1, i+1; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if name := b[start:min(i, len(b))]; depth == 1 && !inexact && named(b[min(i+1, len(b)):]) {
				inexact = alike(name)
			}
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	return deepest, inexact
}

// named reports whether what follows a text says that it is a name: a colon.
func named(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}

// alike reports whether a quoted text is not a command's name, but could be taken for one.
func alike(quoted []byte) bool {
	for _, f := range fields {
		if string(quoted) == f {
			return false
		}
		if strings.EqualFold(string(quoted), f) {
			return true
		}
	}
	return bytes.IndexByte(quoted, '\\') >= 0
}

// exact leaves out all but a command's names from an object; what is none stays as it is.
func exact(frame []byte) []byte {
	var sent map[string]json.RawMessage
	if json.Unmarshal(frame, &sent) != nil {
		return frame
	}
	maps.DeleteFunc(sent, func(name string, _ json.RawMessage) bool { return !slices.Contains(fields[:], name) })
	kept, err := json.Marshal(sent)
	if err != nil {
		return frame
	}
	return kept
}

// frame does what a client asks for, or tells it alone why not.
func (t *talker) frame(c *ws.Conn, frame []byte) {
	cmd, err := parseCommand(frame)
	if err == nil {
		err = t.do(c, cmd)
	}
	if err != nil {
		t.fail(c, err, cmd.Nonce)
	}
}

// answerPing is the Frame of sockets that are in no room. Anything but a ping is ignored there.
func answerPing(c *ws.Conn, frame []byte) {
	if cmd, err := parseCommand(frame); err == nil && cmd.Type == "ping" {
		c.Send(chat.Pong())
	}
}

func (t *talker) fail(c *ws.Conn, err error, nonce string) { fail(c, t.name, err, nonce) }

// fail tells a client why what it asked for failed; where is its room, or the address of its socket.
func fail(c *ws.Conn, where string, err error, nonce string) {
	e := known(err)
	if e.Code == "internal" || e.Code == "storage" {
		slog.Error("a frame failed", "room", where, "err", err)
	}
	c.Send(chat.Failed(e, nonce))
}

func (t *talker) do(c *ws.Conn, cmd command) error {
	switch cmd.Type {
	case "", "chat_message":
		return t.say(c, cmd)
	case "edit":
		return t.edit(cmd)
	case "delete":
		return t.delete(cmd)
	case "react":
		return t.react(cmd)
	case "read":
		return t.read(cmd)
	case "typing":
		return t.typing()
	case "watch":
		return t.server.watchPeople(c, t.caller, cmd)
	case "ping":
		c.Send(chat.Pong())
		return nil
	}
	return chat.Errorf("bad_frame")
}

// say stores without waiting: the next frame may share the commit.
func (t *talker) say(c *ws.Conn, cmd command) error {
	if cmd.Message == nil {
		return chat.Errorf("bad_frame")
	}
	caller, err := t.speaker()
	if err != nil {
		return err
	}
	draft := chat.Draft{Text: *cmd.Message, Nonce: cmd.Nonce, ReplyTo: cmd.ReplyTo}
	t.server.chat.Say(context.Background(), caller, t.name, draft, func(m *chat.Message, r *chat.Room, again bool, err error) {
		switch {
		case err != nil:
			t.fail(c, err, cmd.Nonce)
		case again:
			t.again.add(c, m.ID, t.server.chat.Receipt(m, r))
		}
	})
	return nil
}

// speaker is the caller as it is now, if it may say something right now.
func (t *talker) speaker() (chat.Caller, error) {
	if t.caller.Name() == "" {
		return t.caller, t.server.nameless(context.Background())
	}
	return t.server.refresh(context.Background(), t.caller)
}

func (t *talker) edit(cmd command) error {
	if cmd.Message == nil {
		return chat.Errorf("bad_frame")
	}
	caller, err := t.speaker()
	if err != nil {
		return err
	}
	return t.server.chat.Edit(context.Background(), caller, cmd.ID, *cmd.Message)
}

func (t *talker) react(cmd command) error {
	if cmd.On == nil {
		return chat.Errorf("bad_frame")
	}
	caller, err := t.speaker()
	if err != nil {
		return err
	}
	return t.server.chat.React(context.Background(), caller, cmd.ID, cmd.Emoji, *cmd.On)
}

func (t *talker) delete(cmd command) error {
	caller, err := t.speaker()
	if err != nil {
		return err
	}
	return t.server.chat.Delete(context.Background(), caller, cmd.ID)
}

func (t *talker) read(cmd command) error {
	room, err := t.server.chat.Enter(context.Background(), t.caller, t.name)
	if err != nil {
		return err
	}
	if cmd.ID.Room() != room.ID {
		return chat.Errorf("no_such_message")
	}
	if t.server.chat.Take(t.caller, limits.ReadMarks) != nil {
		return nil // the next mark says more anyway
	}
	return t.server.chat.Read(context.Background(), t.caller, room, cmd.ID.Seq())
}

func (t *talker) typing() error {
	if t.caller.Name() == "" {
		return chat.Errorf("sign_in")
	}
	if now := time.Now(); now.Sub(t.typed) >= typingEvery && t.server.chat.Take(t.caller, limits.Typing) == nil { // frames come one at a time
		t.typed = now
		t.server.hub.Publish(t.room.Group(), chat.Typing(t.caller.Name()))
	}
	return nil
}
