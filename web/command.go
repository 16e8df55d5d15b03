package web

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/locale"
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
	Back    bool           `json:"back"`
	As      string         `json:"as"` // over HTTP: the username under which the client believes to act

	// Other frames can have these fields too, with any value.
	Users json.RawMessage `json:"users"` // of watch
	Room  json.RawMessage `json:"room"`  // of enter
	After json.RawMessage `json:"after"` // of enter
	Zone  json.RawMessage `json:"zone"`  // of zone
}

// fields are the names of a command's fields.
var fields = [...]string{"type", "message", "nonce", "reply_to", "id", "emoji", "on", "back", "as", "room", "after", "users", "zone"}

// maxNesting is how deep a frame's JSON may be nested (PROTOCOL.md).
const maxNesting = 16

// parseCommand decodes a frame. If that fails, the command has at most the nonce. Error: bad_frame.
func parseCommand(frame []byte) (command, error) {
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

// scan returns how deep a JSON text is nested. inexact reports that encoding/json could take the name of a field for one of a
// command although it differs, as it takes "Message" for "message".
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

// named reports whether a string is the name of a field: whether a colon follows it.
func named(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}

// alike reports whether encoding/json could take a name for a command's field although it is not its exact name.
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

// exact removes from an object all fields that do not have the exact name of a command's field. It returns other texts
// unchanged.
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

// frame runs a command, and sends an error to this client if that fails.
func (t *talker) frame(c *ws.Conn, frame []byte) {
	cmd, err := parseCommand(frame)
	if err == nil {
		err = t.do(c, cmd)
	}
	if err != nil {
		t.fail(c, err, cmd.Nonce)
	}
}

// answerPing handles the frames of sockets that are in no room. It ignores all commands but ping.
func answerPing(c *ws.Conn, frame []byte) {
	if cmd, err := parseCommand(frame); err == nil && cmd.Type == "ping" {
		c.Send(chat.Pong())
	}
}

func (t *talker) fail(c *ws.Conn, err error, nonce string) { fail(c, t.name(), err, nonce) }

// fail sends the error of a command to the client. where is its room, or the path of its socket.
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
	case "enter":
		return t.move(c, cmd)
	case "watch":
		return t.server.watchPeople(c, t.caller, cmd)
	case "idle":
		return t.server.setIdle(c, t.caller, cmd)
	case "zone":
		return t.server.setZone(t.caller, cmd)
	case "ping":
		c.Send(chat.Pong())
		return nil
	}
	return chat.Errorf("bad_frame")
}

// say does not wait until the message is stored, so the next frame may share the commit.
func (t *talker) say(c *ws.Conn, cmd command) error {
	if cmd.Message == nil {
		return chat.Errorf("bad_frame")
	}
	caller, err := t.speaker()
	if err != nil {
		return err
	}
	if ran, ok, err := t.server.chat.Run(context.Background(), caller, t.name(), *cmd.Message); err != nil {
		return err
	} else if ok {
		c.Send(ran.Event(cmd.Nonce))
		return nil
	}
	draft := chat.Draft{Text: *cmd.Message, Nonce: cmd.Nonce, ReplyTo: cmd.ReplyTo}
	t.server.chat.Say(context.Background(), caller, t.name(), draft, func(m *chat.Message, r *chat.Room, again bool, err error) {
		switch {
		case err != nil:
			t.fail(c, err, cmd.Nonce)
		case again:
			t.again.add(c, m.ID, t.server.chat.Receipt(m, r))
		}
	})
	return nil
}

// speaker returns the caller with its current rights. Error: sign_in if the caller may not speak.
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
	room, err := t.server.chat.Enter(context.Background(), t.caller, t.name())
	if err != nil {
		return err
	}
	if cmd.ID.Room() != room.ID {
		return chat.Errorf("no_such_message")
	}
	if err := t.server.chat.Take(t.caller, limits.ReadMarks); err != nil && cmd.Back {
		return err
	} else if err != nil {
		return nil // a later mark covers this one
	}
	return t.server.mark(context.Background(), t.caller, room, cmd.ID, cmd.Back)
}

// move moves the socket to another room. If that fails, it stays where it is.
func (t *talker) move(c *ws.Conn, cmd command) error {
	var name string
	if json.Unmarshal(cmd.Room, &name) != nil || name == "" {
		return chat.Errorf("bad_frame")
	}
	after, err := cursor(cmd.After)
	if err != nil {
		return err
	}
	if err := t.server.countEntry(t.caller); err != nil {
		return err
	}
	caller, err := t.server.refresh(context.Background(), t.caller)
	if err != nil {
		return err
	}
	room, err := t.server.chat.Enter(context.Background(), caller, name)
	if err != nil {
		return err
	}
	left, unread, err := t.server.chat.UnreadIn(context.Background(), caller, t.room())
	if err != nil {
		return err
	}
	if err := t.enter(context.Background(), room, after); err != nil {
		return err
	}
	if unread && c.Batched() {
		c.Send(left)
	}
	c.Move(room)
	return nil
}

// cursor returns the resume cursor of an enter frame, "" for none. Error: bad_frame.
func cursor(field json.RawMessage) (string, error) {
	if len(field) == 0 {
		return "", nil
	}
	var seq int64
	if json.Unmarshal(field, &seq) != nil {
		return "", chat.Errorf("bad_frame")
	}
	return strconv.FormatInt(seq, 10), nil
}

func (t *talker) typing() error {
	if t.caller.Name() == "" {
		return chat.Errorf("sign_in")
	}
	if now := time.Now(); now.Sub(t.typed) >= typingEvery && t.server.chat.Take(t.caller, limits.Typing) == nil { // frames come one at a time
		t.typed = now
		room := t.room()
		may, err := t.server.chat.MayType(context.Background(), t.caller, room)
		if err != nil || !may {
			return err
		}
		t.server.hub.Publish(room.Group(), chat.Typing(t.caller.Name()))
	}
	return nil
}

// commandView describes a command for the list in the composer.
type commandView struct {
	Names []string `json:"names"`
	Args  string   `json:"args"`
	Help  string   `json:"help"`
}

func commandViews(l *locale.Locale, by chat.Caller) []commandView {
	var views []commandView
	for _, x := range chat.CommandsFor(by) {
		v := commandView{Names: append([]string{x.Name}, x.Aliases...), Help: l.T("command." + x.Name)}
		if x.Args != "" {
			v.Args = l.T("command.args." + x.Args)
		}
		views = append(views, v)
	}
	return views
}
