package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/logging"
	"hearth/web/ws"
)

// typingEvery is the shortest time between two typing events of a person (PROTOCOL.md).
const typingEvery = 3 * time.Second

var refusedSockets = logging.NewKind(slog.LevelWarn, "refused a socket", 1)

// socket serves a socket. Errors before the upgrade are JSON, and a visitor gets 403 instead of a redirect to the log-in page:
// sockets follow no redirects.
func (s *Server) socket(h handler) http.HandlerFunc {
	return s.admitted(s.serve(func(w http.ResponseWriter, r *request) error {
		if err := s.upgrade(r); err != nil {
			logStripped(r)
			tellUpgrade(w.Header())
			return cmp.Or(s.take(r, limits.Requests), s.whyRefused(r, err))
		}
		if err := s.countAttempt(r); err != nil {
			return err
		}
		joinSubprotocols(r.Header)
		return h(w, r)
	}, func(w http.ResponseWriter, r *request, e *chat.Error) {
		refusedSockets.Log("code", e.Code, "from", s.address(r.Request))
		if e.Code == "sign_in" {
			writeJSON(w, http.StatusForbidden, map[string]any{"error": map[string]string{"code": e.Code, "message": r.text(e)}})
			return
		}
		failAPI(w, r, e)
	}))
}

// roomSocket serves the socket of a room, which also gets the user's private messages.
func (s *Server) roomSocket(w http.ResponseWriter, r *request) error {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	batched := batched(r)
	listens := s.listens(r.caller, func(by chat.Caller) ([]string, error) {
		groups, err := s.groupsOf(by, batched)
		if by.User != nil && !batched {
			groups = append(groups, chat.Inbox(by.User.ID))
		}
		return groups, err
	})
	groups, err := listens()
	if err != nil {
		return err
	}
	t := &talker{server: s, caller: r.caller}
	if err := t.enter(r.Context(), room, r.URL.Query().Get("after")); err != nil {
		return err
	}
	o := ws.Socket{Caller: r.caller, Room: room, Page: batched, Groups: groups, Listens: listens, Start: t.start, Frame: t.frame, Allowed: t.allowed}
	if r.caller.User != nil {
		o.Received = t.received
	}
	return s.connect(w, r, o)
}

// batched reports whether the client requests hearth.1.
func batched(r *request) bool { return slices.Contains(websocket.Subprotocols(r.Request), ws.Batched) }

// groupsOf returns the groups that every socket of a caller listens to. Clients of hearth.1 show live lists of people, rooms and
// conversations.
func (s *Server) groupsOf(by chat.Caller, batched bool) ([]string, error) {
	var groups []string
	if by.SessionID != 0 {
		groups = append(groups, chat.SessionGroup(by.SessionID))
	}
	if by.User != nil {
		groups = append(groups, chat.UserGroup(by.User.ID))
	}
	if !batched {
		return groups, nil
	}
	if by.User != nil {
		groups = append(groups, chat.Inbox(by.User.ID), chat.OnlineGroup)
	}
	if by.User == nil {
		groups = append(groups, chat.GuestsGroup)
	}
	rooms, err := s.chat.RoomGroups(context.Background(), by)
	return append(groups, rooms...), err
}

// listens returns a function that finds the groups of a socket by the caller's current rights.
func (s *Server) listens(by chat.Caller, groups func(chat.Caller) ([]string, error)) func() ([]string, error) {
	return func() ([]string, error) {
		now, err := s.refresh(context.Background(), by)
		if err != nil {
			return nil, err
		}
		return groups(now)
	}
}

// talker is the caller of one room socket.
type talker struct {
	server *Server
	caller chat.Caller
	place  atomic.Pointer[place]
	moved  bool // the initial frames of a room were sent before
	typed  time.Time
	again  receipts // of messages that were stored before
}

// place is where a talker is. It does not change, but the talker can get another one.
type place struct {
	room  *chat.Room
	after string // the resume cursor, "" for none
	from  int64  // without a cursor: the room's seq before the talker was there
}

func (t *talker) room() *chat.Room { return t.place.Load().room }

// name returns the name of the room.
func (t *talker) name() string { return t.room().Name }

// enter makes a room the place of the talker. Its initial frames will begin after the given cursor.
func (t *talker) enter(ctx context.Context, room *chat.Room, after string) (err error) {
	p := place{room: room, after: after}
	if after == "" {
		if p.from, err = t.server.chat.Seq(ctx, room); err != nil {
			return err
		}
	}
	t.place.Store(&p)
	return nil
}

// start sends the initial frames. Then it makes the socket live.
func (t *talker) start(c *ws.Conn, here []string) {
	seq, inbox, err := t.sendInitial(context.Background(), c, here) // the request's context ended with the upgrade
	switch {
	case errors.Is(err, errEnded):
	case err != nil:
		giveUp(c, t.name(), err)
	default:
		c.Live(seq, inbox)
	}
}

// errEnded says that a socket ended before it was live.
var errEnded = errors.New("the socket has ended")

// sendInitial sends the initial frames: the people who are here, the messages, and private messages. It holds no shared slot
// while it waits for the client. It returns the sequence number up to which the room's events were sent, and the private
// messages. Error: errEnded.
func (t *talker) sendInitial(ctx context.Context, c *ws.Conn, here []string) (seq int64, inbox []chat.Event, err error) {
	var replay *chat.Replay
	err = t.server.admission.compute(func() (err error) {
		replay, err = t.begin(ctx, c, here)
		return err
	})
	if err == nil && !replay.Done() {
		err = t.replay(ctx, c, replay)
	}
	if err != nil {
		return 0, nil, err
	}
	first := !t.moved
	t.moved = true
	if t.caller.User == nil || !first {
		return replay.Seq, nil, nil
	}
	err = t.server.admission.compute(func() (err error) {
		inbox, err = t.server.chat.Waiting(ctx, t.caller.User.ID, !c.Batched())
		return err
	})
	if err == nil && !c.Replay(inbox...) {
		err = errEnded
	}
	return replay.Seq, inbox, err
}

// giveUp closes a socket whose initial frames cannot be read. The client reconnects.
func giveUp(c *ws.Conn, what string, err error) {
	slog.Error("send the initial frames", "of", what, "err", err)
	c.Close(websocket.CloseTryAgainLater, "the database does not answer, come back later")
}

// allowed checks again whether the caller may be in the room, after a change of rights.
func (t *talker) allowed() error {
	caller, err := t.server.still(t.caller)
	if err != nil {
		return err
	}
	now, err := t.server.chat.Enter(context.Background(), caller, t.name())
	if err == nil && now.Since != t.room().Since { // the caller has left the conversation and was added again
		err = chat.Errorf("not_allowed")
	}
	return err
}

// received stores that a plain client has received private messages. Plain clients do not send read marks, so the messages of
// the open conversation also count as read.
func (t *talker) received(ids []chat.MessageID) {
	t.server.chat.Received(t.caller.User.ID, ids)
	room := t.room()
	for _, id := range ids {
		if room.Access != chat.Direct || id.Room() != room.ID {
			continue
		}
		if err := t.server.chat.Read(context.Background(), t.caller, room, id.Seq()); err != nil {
			slog.Error("store what was read", "err", err)
		}
	}
}

// still is refresh for a caller whose session must not have ended.
func (s *Server) still(by chat.Caller) (chat.Caller, error) {
	if err := s.chat.SessionGoesOn(context.Background(), by.SessionID); err != nil {
		return by, err
	}
	return s.refresh(context.Background(), by)
}

// refresh returns the caller with its current rights. Error: sign_in, if the account or session has ended.
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
