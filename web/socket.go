package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/chat"
)

// lastMessages is how many messages a plain client gets at connecting (PROTOCOL.md).
const lastMessages = 10

// typingEvery is how often somebody's typing is told at most (PROTOCOL.md).
const typingEvery = 3 * time.Second

// upgrade refuses what can't become a socket, in the order in which a client can mend it.
func upgrade(r *ask) error {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return chat.Errorf("upgrade")
	}
	if !sameOrigin(r.Request) {
		return errOtherSite
	}
	return nil
}

// socket serves a socket. Errors before the upgrade are answered in JSON, and a visitor is told
// 403 and not where to log in: sockets follow no redirects.
func (s *Server) socket(h handler) http.HandlerFunc {
	return s.serve(func(w http.ResponseWriter, r *ask) error {
		if err := upgrade(r); err != nil {
			w.Header().Set("Upgrade", "websocket")
			return err
		}
		return h(w, r)
	}, func(w http.ResponseWriter, r *ask, e *chat.Error) {
		if e.Code == "sign_in" {
			writeJSON(w, http.StatusForbidden, map[string]any{"error": map[string]string{"code": e.Code, "message": r.text(e)}})
			return
		}
		failAPI(w, r, e)
	})
}

// roomSocket is one open room page: the room, and its user's inbox.
func (s *Server) roomSocket(w http.ResponseWriter, r *ask) error {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	t := &talker{server: s, caller: r.caller, room: room, name: room.Name, after: r.URL.Query().Get("after")}
	return s.hub.Connect(w, r.Request, Socket{
		Caller: r.caller, Room: room, Groups: s.groupsOf(r.caller, batched(r)),
		Start: t.start, Frame: t.frame, Allowed: t.allowed,
	})
}

// batched reports whether the client asks for hearth.1.
func batched(r *ask) bool { return slices.Contains(websocket.Subprotocols(r.Request), Batched) }

// groupsOf are what every socket of a caller listens to, beside its room. Clients of hearth.1
// have lists of people and rooms beside it, which they keep live.
func (s *Server) groupsOf(by chat.Caller, batched bool) []string {
	var groups []string
	if by.SessionID != 0 {
		groups = append(groups, chat.SessionGroup(by.SessionID))
	}
	if by.User == nil {
		return groups
	}
	groups = append(groups, chat.Inbox(by.User.ID))
	if !batched {
		return groups
	}
	groups = append(groups, chat.PeopleGroup, chat.RoomsGroup)
	if by.Admin() {
		groups = append(groups, chat.AdminsGroup)
	}
	return groups
}

// talker is the caller at one room socket.
type talker struct {
	server *Server
	caller chat.Caller
	room   *chat.Room
	name   string // the room's name, as the caller wrote it
	after  string // the query's resume cursor, "" for none
	typed  time.Time
}

// start greets: who is here, what was said, what waits for the user; then live.
func (t *talker) start(c Conn, here []string) {
	ctx := context.Background() // the request's ended with the upgrade
	events, seq, err := t.recent(ctx, c)
	if err != nil {
		t.giveUp(c, err)
		return
	}
	var inbox []chat.Event
	if t.caller.User != nil {
		if inbox, err = t.server.chat.Waiting(ctx, t.caller.User.ID); err != nil {
			t.giveUp(c, err)
			return
		}
	}
	list := chat.UserList(here, len(t.server.hub.OnlineUsers()), func(chat.Reader) (string, int64) { return t.room.Name, seq })
	c.Send(append(append([]chat.Event{list}, events...), inbox...)...)
	c.Live(seq, inbox)
	if !c.Batched() {
		t.markRead(seq)
	}
}

// giveUp ends a socket that can't be greeted; the client comes back.
func (t *talker) giveUp(c Conn, err error) {
	slog.Error("greet a socket", "room", t.name, "err", err)
	c.Close(websocket.CloseTryAgainLater, "the database does not answer, come back later")
}

// recent is what the room told before the socket is live, and up to which number.
func (t *talker) recent(ctx context.Context, c Conn) ([]chat.Event, int64, error) {
	if t.after != "" {
		after, err := strconv.ParseInt(t.after, 10, 64)
		if err != nil {
			after = -1 // unknown to us, which is what reset is for
		}
		return t.server.chat.Since(ctx, t.room, after)
	}
	if c.Batched() {
		seq, err := t.server.chat.Seq(ctx, t.room)
		return nil, seq, err
	}
	return t.server.chat.Last(ctx, t.room, lastMessages)
}

// allowed asks anew whether the caller may be here: its rights, or the room's, have changed.
func (t *talker) allowed() error {
	caller, err := t.server.refresh(context.Background(), t.caller)
	if err != nil {
		return err
	}
	_, err = t.server.chat.Enter(context.Background(), caller, t.name)
	return err
}

// markRead notes that a plain client has read what it was sent: it can't say so itself.
func (t *talker) markRead(seq int64) {
	if t.room.Access != chat.Direct || t.caller.User == nil {
		return
	}
	if err := t.server.chat.Read(context.Background(), t.caller, t.room, seq); err != nil {
		slog.Error("note what was read", "err", err)
	}
}

// command is a frame from a client.
type command struct {
	Type    string  `json:"type"`
	Message *string `json:"message"`
	Nonce   string  `json:"nonce"`
	ReplyTo int64   `json:"reply_to"`
	ID      int64   `json:"id"`
}

// maxNesting is how deep a frame's JSON may be nested (PROTOCOL.md).
const maxNesting = 16

func parseCommand(frame []byte) (command, error) {
	var cmd command
	if nesting(frame) > maxNesting {
		return cmd, chat.Errorf("bad_frame")
	}
	if err := json.Unmarshal(frame, &cmd); err != nil {
		var wrong *json.UnmarshalTypeError
		if !errors.As(err, &wrong) || cmd.Nonce == "" {
			return command{}, chat.Errorf("bad_frame")
		}
		return command{Nonce: cmd.Nonce}, chat.Errorf("bad_frame")
	}
	return cmd, nil
}

// nesting is how deep the brackets of a JSON text go, strings left out.
func nesting(b []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch ch := b[i]; {
		case quoted && ch == '\\':
			i++
		case ch == '"':
			quoted = !quoted
		case quoted:
		case ch == '{' || ch == '[':
			depth++
			deepest = max(deepest, depth)
		case ch == '}' || ch == ']':
			depth--
		}
	}
	return deepest
}

// frame does what a client asks for, or tells it alone why not.
func (t *talker) frame(c Conn, frame []byte) {
	cmd, err := parseCommand(frame)
	if err == nil {
		err = t.do(c, cmd)
	}
	if err != nil {
		t.fail(c, err, cmd.Nonce)
	}
}

func (t *talker) fail(c Conn, err error, nonce string) {
	e := known(err)
	if e.Code == "internal" || e.Code == "storage" {
		slog.Error("a frame failed", "room", t.name, "err", err)
	}
	c.Send(chat.Failed(e, nonce))
}

func (t *talker) do(c Conn, cmd command) error {
	switch cmd.Type {
	case "", "chat_message":
		return t.say(c, cmd)
	case "delete":
		return t.delete(cmd)
	case "read":
		return t.read(cmd)
	case "typing":
		return t.typing()
	}
	return chat.Errorf("bad_frame")
}

// say stores without waiting: the next frame may share the commit.
func (t *talker) say(c Conn, cmd command) error {
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
			c.Send(t.server.chat.Receipt(m, r))
		}
	})
	return nil
}

// speaker is the caller as it is now, if it may say something right now.
func (t *talker) speaker() (chat.Caller, error) {
	if t.caller.Name() == "" {
		return t.caller, chat.Errorf("sign_in")
	}
	if err := t.server.slow(t.caller); err != nil {
		return t.caller, err
	}
	return t.server.refresh(context.Background(), t.caller)
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
	if cmd.ID>>32 != room.ID {
		return chat.Errorf("no_such_message")
	}
	return t.server.chat.Read(context.Background(), t.caller, room, cmd.ID&(1<<32-1))
}

func (t *talker) typing() error {
	if t.caller.Name() == "" {
		return chat.Errorf("sign_in")
	}
	if now := time.Now(); now.Sub(t.typed) >= typingEvery { // frames come one at a time
		t.typed = now
		t.server.hub.Publish(t.room.Group(), chat.Typing(t.caller.Name()))
	}
	return nil
}

// refresh is the caller with its rights as they are now. Error: sign_in, if it is gone.
func (s *Server) refresh(ctx context.Context, by chat.Caller) (chat.Caller, error) {
	if by.User == nil {
		return by, nil
	}
	u, err := s.chat.User(ctx, by.User.ID)
	if errors.Is(err, chat.ErrNotFound) || err == nil && u.Disabled {
		return by, chat.Errorf("sign_in")
	}
	by.User = u
	return by, err
}
