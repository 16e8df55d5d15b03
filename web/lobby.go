package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hearth/web/chat"
)

const (
	// perPage is how many people a page of the table shows.
	perPage = 100
	// maxFaces is how many avatars a room's card shows.
	maxFaces = 5
	// maxSide is how many rooms, and how many conversations, the sidebar lists.
	maxSide = 50
)

type lobbyData struct {
	Rooms                      []roomCard
	People                     []personRow
	Query                      string
	Page, Pages, Total, Online int
	CanCreate                  bool
	ChooseSignup               bool // an admin has still to choose who may sign up
}

type roomCard struct {
	Name, URL, Topic string
	Access           chat.Access
	Here, Unread     int
	Faces            []*chat.User
}

type personRow struct {
	*chat.User
	Online    bool
	ShowEmail bool
}

type sidebar struct {
	Rooms   []roomLink
	Directs []directLink
	Current string // URL of the open page
	Online  int
}

type roomLink struct {
	Name, URL              string
	Access                 chat.Access
	Here, Unread, Mentions int
}

type directLink struct {
	Name, Display, URL string
	Online             bool
	Unread             int
}

func roomURL(name string) string { return "/chat/" + url.PathEscape(name) + "/" }

// lobby shows the rooms with who is in them, and the table of all people.
func (s *Server) lobby(w http.ResponseWriter, r *ask) error {
	if err := s.mayListen(r.Context(), r.caller); err != nil {
		return err
	}
	v := s.view(r, r.loc.T("lobby.title"))
	rooms, unread, err := s.roomsFor(r)
	if err != nil {
		return err
	}
	if v.Side, err = s.sidebar(r, rooms, unread); err != nil {
		return err
	}
	data := lobbyData{Query: strings.TrimSpace(r.FormValue("q")), CanCreate: r.caller.SignedIn(), Online: v.Side.Online}
	if r.caller.Admin() {
		decided, err := s.chat.SignupDecided(r.Context())
		if err != nil {
			return err
		}
		data.ChooseSignup = !decided
	}
	for _, room := range rooms {
		data.Rooms = append(data.Rooms, s.card(r, room, unread[room.ID].Count))
	}
	if err := s.listPeople(r, &data); err != nil {
		return err
	}
	v.Data = data
	return s.render(w, r, http.StatusOK, "lobby", v)
}

// listPeople fills the page of the table that is asked for.
func (s *Server) listPeople(r *ask, d *lobbyData) error {
	d.Page = 1
	if n, err := strconv.Atoi(r.FormValue("page")); err == nil && n > 1 && n < 1<<20 {
		d.Page = n
	}
	if err := s.searching(r, d.Query); err != nil {
		return err
	}
	people, total, err := s.chat.Users(r.Context(), chat.UserQuery{Text: d.Query, Emails: r.caller.SignedIn(), Active: true,
		Limit: perPage, Offset: (d.Page - 1) * perPage})
	if err != nil {
		return err
	}
	d.Total, d.Pages = total, max(1, (total+perPage-1)/perPage)
	d.People = s.personRows(people)
	for i := range d.People {
		d.People[i].ShowEmail = r.caller.SignedIn()
	}
	return nil
}

func (s *Server) personRows(people []*chat.User) []personRow {
	rows := make([]personRow, 0, len(people))
	for _, u := range people {
		rows = append(rows, personRow{User: u, Online: s.hub.Online(u.ID)})
	}
	return rows
}

// roomsFor are the rooms that the asker may enter, and what is unread in them.
func (s *Server) roomsFor(r *ask) ([]*chat.Room, map[int64]chat.Unread, error) {
	rooms, err := s.chat.RoomsFor(r.Context(), r.caller)
	if err != nil || !r.caller.SignedIn() {
		return rooms, nil, err
	}
	unread, err := s.chat.Unread(r.Context(), r.caller.User)
	return rooms, unread, err
}

func (s *Server) card(r *ask, room *chat.Room, unread int) roomCard {
	here := s.hub.Here(room.Group())
	c := roomCard{Name: room.Name, URL: roomURL(room.Name), Topic: room.Topic, Access: room.Access, Here: len(here), Unread: unread}
	for _, name := range here[:min(maxFaces, len(here))] {
		if u, err := s.chat.UserByName(r.Context(), name); err == nil {
			c.Faces = append(c.Faces, u)
		}
	}
	return c
}

// sidebar lists the rooms and conversations of whoever asks, what is unread first where not all
// of them fit.
func (s *Server) sidebar(r *ask, rooms []*chat.Room, unread map[int64]chat.Unread) (*sidebar, error) {
	side := &sidebar{Current: r.URL.EscapedPath(), Online: s.hub.OnlineCount()}
	if len(rooms) > maxSide {
		rooms = slices.Clone(rooms)
		slices.SortStableFunc(rooms, func(a, b *chat.Room) int { return unread[b.ID].Count - unread[a.ID].Count })
		rooms = rooms[:maxSide]
	}
	for _, room := range rooms {
		side.Rooms = append(side.Rooms, roomLink{Name: room.Name, URL: roomURL(room.Name), Access: room.Access,
			Here: s.hub.HereCount(room.Group()), Unread: unread[room.ID].Count, Mentions: unread[room.ID].Mentions})
	}
	if !r.caller.SignedIn() {
		return side, nil
	}
	talks, err := s.chat.Conversations(r.Context(), r.caller.User.ID, maxSide)
	if err != nil {
		return nil, err
	}
	for _, t := range talks {
		side.Directs = append(side.Directs, directLink{Name: t.With.Name, Display: t.With.Display(), URL: roomURL("@" + t.With.Name),
			Online: s.hub.Online(t.With.ID), Unread: t.Unread})
	}
	return side, nil
}

// newRoom shows the form for a room with a topic and an access rule.
func (s *Server) newRoom(w http.ResponseWriter, r *ask) error {
	return s.showNewRoom(w, r, http.StatusOK, form{Values: map[string]string{"name": r.FormValue("name")}})
}

func (s *Server) showNewRoom(w http.ResponseWriter, r *ask, status int, f form) error {
	v := s.view(r, r.loc.T("room.new"))
	v.Data = struct{ Form form }{f}
	return s.render(w, r, status, "newroom", v)
}

// createRoom goes to the room of that name. With a topic or an access rule it makes it first; with
// a name alone that is left to the first who speaks there.
func (s *Server) createRoom(w http.ResponseWriter, r *ask) error {
	d := chat.RoomDraft{Name: r.PostFormValue("name"), Topic: r.PostFormValue("topic"), Access: chat.Access(r.PostFormValue("access"))}
	name, _, err := chat.RoomName(d.Name)
	if err == nil && (d.Topic != "" || d.Access != "" && d.Access != chat.Open) {
		_, err = s.chat.CreateRoom(r.Context(), r.caller, d)
	}
	if err == nil {
		return seeOther(w, r, roomURL(name))
	}
	return newForm(r, "name", "topic", "access").again(w, r, on("name", err), func(w http.ResponseWriter, r *ask, status int, f form) error {
		if status != http.StatusTooManyRequests {
			status = http.StatusUnprocessableEntity
		}
		return s.showNewRoom(w, r, status, f)
	})
}
