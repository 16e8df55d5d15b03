package web

import (
	"cmp"
	"net/http"
	"strconv"

	"hearth/web/chat"
)

// maxPage is the most messages or users in one response (PROTOCOL.md).
const maxPage = 200

// maxRooms is the most rooms in one response (PROTOCOL.md). 1000 rooms take about 100 KB.
const maxRooms = 1000

func noSuchPath(http.ResponseWriter, *request) error { return chat.Errorf("not_found") }

type apiRoom struct {
	Name   string      `json:"name"`
	Topic  string      `json:"topic"`
	Access chat.Access `json:"access"`
	Here   int         `json:"here"`
	Unread int         `json:"unread"`

	Mentions  int        `json:"mentions,omitempty"`
	Badge     int        `json:"badge,omitempty"`
	Level     chat.Level `json:"level,omitempty"`
	Favourite bool       `json:"favourite,omitempty"`
	Left      bool       `json:"left,omitempty"`
}

// listRooms returns a page of the rooms that the caller may enter. ?q= filters; ?offset= and ?limit= (at most 1000) select the
// page.
func (s *Server) listRooms(w http.ResponseWriter, r *request) error {
	if err := s.mayListen(r.Context(), r.caller); err != nil {
		return err
	}
	q := chat.RoomQuery{Text: r.FormValue("q"), Limit: maxRooms, Unmade: true}
	limit, err := number(r, "limit", maxRooms)
	if err != nil {
		return err
	}
	offset, err := number(r, "offset", 0)
	if err != nil {
		return err
	}
	q.Limit, q.Offset = int(max(1, min(limit, maxRooms))), int(offset)
	if err := s.searching(r, q.Text); err != nil {
		return err
	}
	rooms, total, err := s.chat.RoomsFor(r.Context(), r.caller, q)
	if err != nil {
		return err
	}
	var unread map[int64]chat.Unread
	var memberships map[int64]chat.Membership
	if r.caller.SignedIn() {
		if unread, err = s.chat.Unread(r.Context(), r.caller.User); err != nil {
			return err
		}
		if memberships, err = s.chat.Memberships(r.Context(), r.caller.User); err != nil {
			return err
		}
	}
	list := make([]apiRoom, 0, len(rooms))
	for _, room := range rooms {
		m, x := memberships[room.ID], unread[room.ID]
		if r.caller.SignedIn() {
			m.Level = cmp.Or(m.Level, chat.MentionsOnly)
		}
		list = append(list, apiRoom{Name: room.Name, Topic: room.Topic, Access: room.Access, Here: s.hub.HereCount(room.Group()), Unread: x.Count,
			Mentions: x.Mentions, Badge: x.Badge, Level: m.Level, Favourite: m.Favourite, Left: m.Left})
	}
	writeJSON(w, http.StatusOK, map[string]any{"rooms": list, "total": total})
	return nil
}

type apiUser struct {
	Username  string     `json:"username"`
	Display   string     `json:"display,omitempty"` // as others see it, if that is not the username
	FirstName string     `json:"first_name"`
	LastName  string     `json:"last_name"`
	Email     string     `json:"email,omitempty"`
	LoggedIn  bool       `json:"is_logged_in"`
	LastSeen  chat.Stamp `json:"last_seen"`
}

// listUsers returns a page of people. ?q= filters; ?offset= and ?limit= (at most 200) select the page.
func (s *Server) listUsers(w http.ResponseWriter, r *request) error {
	if err := s.mayListen(r.Context(), r.caller); err != nil {
		return err
	}
	limit, err := number(r, "limit", maxPage)
	if err != nil {
		return err
	}
	offset, err := number(r, "offset", 0)
	if err != nil {
		return err
	}
	if err := s.searching(r, r.FormValue("q")); err != nil {
		return err
	}
	people, total, err := s.chat.Users(r.Context(), chat.UserQuery{Text: r.FormValue("q"), Emails: r.caller.SignedIn(), Active: true, Lang: r.loc.Code(),
		Limit: int(min(limit, maxPage)), Offset: int(offset)})
	if err != nil {
		return err
	}
	list := make([]apiUser, 0, len(people))
	for _, u := range people {
		a := apiUser{Username: u.Name, FirstName: u.FirstName, LastName: u.LastName, LoggedIn: s.hub.Online(u.ID), LastSeen: chat.Stamp(u.LastSeen)}
		if display := u.Display(); display != u.Name {
			a.Display = display
		}
		if r.caller.SignedIn() {
			a.Email = u.Email
		}
		list = append(list, a)
	}
	writeJSON(w, http.StatusOK, map[string]any{"users": list, "total": total})
	return nil
}

// number returns the number in a query parameter. Error: bad_number, also for negative numbers.
func number(r *request, name string, otherwise int64) (int64, error) {
	text := r.FormValue(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, &chat.Error{Code: "bad_number", Args: []any{"name", name}}
	}
	return n, nil
}
