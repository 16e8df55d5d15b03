package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/ws"
)

// PresenceWatcher keeps the lists of people and rooms live: the hub tells it of comings and goings.
type PresenceWatcher struct{ server *Server }

// Watch is what the hub is to tell of presence.
func (s *Server) Watch() PresenceWatcher { return PresenceWatcher{s} }

// tellAgain is how long it takes until what could not be read, and so not be told, is tried again.
const tellAgain = 10 * time.Second

// Came tells everybody who looks that a user is online.
func (w PresenceWatcher) Came(id int64) { w.turned(id, true) }

// Went tells everybody who looks that a user is offline.
func (w PresenceWatcher) Went(id int64) { w.turned(id, false) }

func (w PresenceWatcher) turned(id int64, online bool) {
	w.server.chat.Seen(id, w.server.chat.Now())
	w.server.hub.UserChanged(id, true)
	w.tell(id, online)
}

// User is a user as it is now.
func (w PresenceWatcher) User(id int64) (*chat.User, error) {
	return w.server.chat.User(context.Background(), id)
}

// Accounts is how many people have an account that is not closed.
func (w PresenceWatcher) Accounts() (int, error) {
	_, n, err := w.server.chat.Users(context.Background(), chat.UserQuery{Active: true, Limit: 1})
	return n, err
}

// tell tells clients of the plain dialect of a user who came or went.
func (w PresenceWatcher) tell(id int64, online bool) {
	s := w.server
	if online != s.hub.Online(id) { // the opposite is on its way
		return
	}
	u, err := w.User(id)
	if err != nil {
		slog.Error("load a user who came or went", "err", err)
		s.later(func() { w.tell(id, online) }, chat.PeopleGroup, tableGroup)
		return
	}
	s.tellPlain(u, false)
}

// later calls tell in a while, if anybody listens to one of groups.
func (s *Server) later(tell func(), groups ...string) {
	for _, g := range groups {
		if len(s.hub.Listening(g)) > 0 {
			time.AfterFunc(tellAgain, tell)
			return
		}
	}
}

// tellPeople tells those who look at lists of people that u looks different, or has just got an account (isNew).
func (s *Server) tellPeople(u *chat.User, isNew bool) {
	if isNew {
		s.hub.UserCreated(u.ID)
	} else {
		s.hub.UserChanged(u.ID, false)
	}
	s.tellPlain(u, isNew)
}

// tellPlain tells clients of the plain dialect how u is now.
func (s *Server) tellPlain(u *chat.User, isNew bool) {
	now := func() chat.Event {
		if latest, err := s.chat.User(context.Background(), u.ID); err == nil {
			u = latest
		}
		if isNew {
			return chat.UserCreated(u, s.hub.Online(u.ID), s.hub.OnlineCount())
		}
		return chat.Presence(u, s.hub.Online(u.ID), s.hub.OnlineCount())
	}
	e := now()
	e.Fresh = func() (chat.Event, bool) { return now(), true }
	s.hub.PublishSoon(chat.PeopleGroup, e)
	s.table.changed(isNew)
}

// Filled tells those who look at lists of rooms how many are in one now.
func (w PresenceWatcher) Filled(r *chat.Room) { w.server.chat.TellRoom(r) }

// maxWatched is how many people a socket can watch (PROTOCOL.md).
const maxWatched = 200

// watchPeople has c told of the people whom its page shows. Errors: bad_frame, rate_limited, storage.
func (s *Server) watchPeople(c *ws.Conn, by chat.Caller, cmd command) error {
	var names []string
	if !c.Batched() || json.Unmarshal(cmd.Users, &names) != nil || len(names) > maxWatched {
		return chat.Errorf("bad_frame")
	}
	if err := s.chat.Take(by, limits.Watch); err != nil {
		return err
	}
	var ids []int64
	for _, name := range names {
		u, err := s.chat.UserByName(context.Background(), name)
		if errors.Is(err, chat.ErrNotFound) || err == nil && u.Disabled {
			continue
		}
		if err != nil {
			return err
		}
		ids = append(ids, u.ID)
	}
	return c.Watch(ids)
}

// peopleSocket is /users/. Plain: a frame for everybody who is online, then one for each change. hearth.1: how many are
// online, and those whom the client watches.
func (s *Server) peopleSocket(w http.ResponseWriter, r *request) error {
	if err := s.mayListen(r.Context(), r.caller); err != nil {
		return err
	}
	batched, lobby := batched(r), r.URL.Query().Get("rooms") == "all"
	listens := s.listens(r.caller, func(by chat.Caller) ([]string, error) {
		groups, err := s.groupsOf(by, batched)
		switch {
		case !batched:
			groups = append(groups, chat.PeopleGroup)
		case by.User == nil:
			groups = append(groups, chat.OnlineGroup)
		}
		if lobby && batched {
			groups = append(groups, chat.LobbyGroup)
		}
		return groups, err
	})
	groups, err := listens()
	if err != nil {
		return err
	}
	return s.connect(w, r, ws.Socket{
		Caller: r.caller, Groups: groups, Cards: batched, Listens: listens, Start: s.sendInitialPeople, Frame: s.peopleFrame(r.caller), Allowed: s.stillListens(r.caller),
	})
}

// peopleFrame does what a client at /users/ asks for. Anything but a ping and a watch is ignored there.
func (s *Server) peopleFrame(by chat.Caller) func(*ws.Conn, []byte) {
	return func(c *ws.Conn, frame []byte) {
		cmd, err := parseCommand(frame)
		if err != nil || cmd.Type != "watch" {
			answerPing(c, frame)
			return
		}
		if err := s.watchPeople(c, by, cmd); err != nil {
			fail(c, "/users/", err, cmd.Nonce)
		}
	}
}

func (s *Server) sendInitialPeople(c *ws.Conn, _ []string) {
	if c.Batched() {
		c.Send(chat.PeopleChanged(nil, s.hub.OnlineCount()))
		c.Live(0, nil)
		return
	}
	var events []chat.Event
	err := s.admission.compute(func() error {
		online := s.hub.OnlineUsers()
		for _, id := range online {
			u, err := s.chat.User(context.Background(), id)
			if err != nil {
				return err
			}
			events = append(events, chat.Presence(u, true, len(online)))
		}
		return nil
	})
	if err != nil {
		giveUp(c, chat.PeopleGroup, err)
		return
	}
	if c.Replay(events...) {
		c.Live(0, nil)
	}
}

// mayListen refuses visitors where guests are not let in.
func (s *Server) mayListen(ctx context.Context, by chat.Caller) error {
	if by.User != nil {
		return nil
	}
	may, err := s.chat.GuestsMay(ctx)
	if err == nil && may == "off" {
		err = chat.Errorf("sign_in")
	}
	return err
}

func (s *Server) stillListens(by chat.Caller) func() error {
	return func() error {
		now, err := s.still(by)
		if err != nil {
			return err
		}
		return s.mayListen(context.Background(), now)
	}
}
