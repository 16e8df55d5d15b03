package web

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"hearth/web/chat"
)

// Watch keeps the lists of people and rooms live: the hub tells it of comings and goings.
type Watch struct{ server *Server }

// Watch is what the hub is to tell of presence.
func (s *Server) Watch() Watch { return Watch{s} }

// tellAgain is how long it takes until what could not be read, and so not be told, is tried again.
const tellAgain = 10 * time.Second

// Came tells everybody who looks that a user is online.
func (w Watch) Came(id int64) { w.turned(id, true) }

// Went tells everybody who looks that a user is offline.
func (w Watch) Went(id int64) { w.turned(id, false) }

func (w Watch) turned(id int64, online bool) {
	w.server.chat.Seen(id, w.server.chat.Now())
	w.tell(id, online)
}

func (w Watch) tell(id int64, online bool) {
	s := w.server
	if online != s.hub.Online(id) { // the opposite is on its way
		return
	}
	u, err := s.chat.User(context.Background(), id)
	if err != nil {
		slog.Error("load a user who came or went", "err", err)
		s.later(func() { w.tell(id, online) }, chat.PeopleGroup, tableGroup)
		return
	}
	s.tellPeople(u, false)
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

// tellPeople tells those who look at lists of people how u is now; isNew: u has just signed up.
func (s *Server) tellPeople(u *chat.User, isNew bool) {
	total := s.hub.OnlineCount()
	e := chat.Presence(u, s.hub.Online(u.ID), total)
	if isNew {
		e = chat.UserCreated(u, total)
	}
	s.hub.PublishSoon(chat.PeopleGroup, e)
	s.table.changed(isNew)
}

// Filled tells those who look at lists of rooms how many are in one now.
func (w Watch) Filled(r *chat.Room) { w.server.chat.TellRoom(r) }

// peopleSocket is /users/: a frame for everybody who is online, then one for each change.
func (s *Server) peopleSocket(w http.ResponseWriter, r *ask) error {
	if err := s.mayListen(r.Context(), r.caller); err != nil {
		return err
	}
	batched, lobby := batched(r), r.URL.Query().Get("rooms") == "all"
	listens := s.listens(r.caller, func(by chat.Caller) ([]string, error) {
		groups, err := s.groupsOf(by, batched)
		if !slices.Contains(groups, chat.PeopleGroup) {
			groups = append(groups, chat.PeopleGroup)
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
	return s.connect(w, r, Socket{Caller: r.caller, Groups: groups, Listens: listens, Start: s.greetPeople, Frame: answerPing, Allowed: s.stillListens(r.caller)})
}

func (s *Server) greetPeople(c Conn, _ []string) {
	var events []chat.Event
	err := s.door.compute(func() error {
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
