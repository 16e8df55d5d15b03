package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/ws"
)

// maxWatched is how many people a socket can watch (PROTOCOL.md).
const maxWatched = 200

// watchPeople makes c watch the people whom its page shows. Errors: bad_frame, rate_limited, storage.
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

// peopleSocket serves /users/. A plain client gets a frame for everybody who is online, then one for each change. A client of
// hearth.1 gets the number of people online, and changes of the people whom it watches.
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
		Caller: r.caller, Groups: groups, Cards: batched, Page: batched, Listens: listens, Start: s.sendInitialPeople, Frame: s.peopleFrame(r.caller), Allowed: s.stillListens(r.caller),
	})
}

// peopleFrame handles the frames of clients at /users/. It ignores all other commands of rooms.
func (s *Server) peopleFrame(by chat.Caller) func(*ws.Conn, []byte) {
	return func(c *ws.Conn, frame []byte) {
		cmd, err := parseCommand(frame)
		if err != nil {
			return
		}
		switch cmd.Type {
		case "watch":
			err = s.watchPeople(c, by, cmd)
		case "idle":
			err = s.setIdle(c, by, cmd)
		case "zone":
			err = s.setZone(by, cmd)
		case "ping":
			c.Send(chat.Pong())
		}
		if err != nil {
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

// mayListen returns an error for visitors if guests have no access.
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
