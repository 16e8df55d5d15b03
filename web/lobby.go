package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hearth/web/chat"
)

const (
	// perPage is how many people a page of the table shows.
	perPage = 100
	// maxFaces is how many avatars a room's card shows.
	maxFaces = 5
	// roomsPerPage is how many rooms a page of the lobby shows.
	roomsPerPage = 50
	// maxSide is how many rooms, and how many conversations, the sidebar lists.
	maxSide = 50
)

type lobbyData struct {
	Rooms                      []roomCard
	RoomPaging                 paging
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
	// MoreRooms and MoreDirects report that not all are listed.
	MoreRooms, MoreDirects bool
	Current                string // URL of the open page
	Online                 int
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
	Last               time.Time
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
	if err := s.listLobbyRooms(r, &data, unread); err != nil {
		return err
	}
	if err := s.listPeople(r, &data); err != nil {
		return err
	}
	v.Data = data
	return s.render(w, r, http.StatusOK, "lobby", v)
}

// listLobbyRooms fills the page of rooms that is asked for.
func (s *Server) listLobbyRooms(r *ask, d *lobbyData, unread map[int64]chat.Unread) error {
	p := paging{Query: strings.TrimSpace(r.FormValue("rooms")), Page: pageNumber(r, "rooms_page"), size: roomsPerPage}
	p.Base = "/?" + url.Values{"rooms": {p.Query}, "q": {d.Query}, "page": {r.FormValue("page")}}.Encode() + "&rooms_page="
	if err := s.searching(r, p.Query); err != nil {
		return err
	}
	rooms, total, err := s.chat.RoomsFor(r.Context(), r.caller, chat.RoomQuery{Text: p.Query, Unmade: true, Limit: p.size, Offset: p.offset()})
	if err != nil {
		return err
	}
	p.of(total)
	d.RoomPaging = p
	for _, room := range rooms {
		d.Rooms = append(d.Rooms, s.card(r, room, unread[room.ID].Count))
	}
	return nil
}

// listPeople fills the page of the table that is asked for.
func (s *Server) listPeople(r *ask, d *lobbyData) error {
	d.Page = pageNumber(r, "page")
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

// sideRooms are the rooms that the sidebar lists, out of total.
type sideRooms struct {
	rooms []*chat.Room
	total int
}

// roomsFor are the first of the rooms that the asker may enter, by name, and what is unread in all of
// them. Where not all fit into the sidebar, those with the most unread messages come first.
func (s *Server) roomsFor(r *ask) (side sideRooms, unread map[int64]chat.Unread, err error) {
	if r.caller.SignedIn() {
		if unread, err = s.chat.Unread(r.Context(), r.caller.User); err != nil {
			return side, nil, err
		}
	}
	side.rooms, side.total, err = s.chat.RoomsFor(r.Context(), r.caller, chat.RoomQuery{Limit: maxSide})
	if err != nil || side.total <= maxSide || len(unread) == 0 {
		return side, unread, err
	}
	first, err := s.chat.RoomsByID(r.Context(), r.caller, slices.Collect(maps.Keys(unread)))
	if err != nil {
		return side, nil, err
	}
	slices.SortStableFunc(first, func(a, b *chat.Room) int { return unread[b.ID].Count - unread[a.ID].Count })
	for _, room := range side.rooms {
		if unread[room.ID].Count == 0 {
			first = append(first, room)
		}
	}
	side.rooms = first[:maxSide]
	return side, unread, nil
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

// include puts the open room first if the sidebar would leave it out.
func (l *sideRooms) include(room *chat.Room) {
	listed := slices.ContainsFunc(l.rooms, func(r *chat.Room) bool { return r.ID == room.ID })
	if room.Access != chat.Direct && l.total > len(l.rooms) && !listed {
		l.rooms = append([]*chat.Room{room}, l.rooms[:maxSide-1]...)
	}
}

// sidebar lists rooms, and the latest conversations of whoever asks.
func (s *Server) sidebar(r *ask, rooms sideRooms, unread map[int64]chat.Unread) (*sidebar, error) {
	side := &sidebar{Current: r.URL.EscapedPath(), Online: s.hub.OnlineCount(), MoreRooms: rooms.total > len(rooms.rooms)}
	for _, room := range rooms.rooms {
		side.Rooms = append(side.Rooms, roomLink{Name: room.Name, URL: roomURL(room.Name), Access: room.Access,
			Here: s.hub.HereCount(room.Group()), Unread: unread[room.ID].Count, Mentions: unread[room.ID].Mentions})
	}
	if !r.caller.SignedIn() {
		return side, nil
	}
	talks, total, err := s.chat.Conversations(r.Context(), r.caller.User.ID, maxSide, 0)
	if err != nil {
		return nil, err
	}
	side.Directs, side.MoreDirects = s.directLinks(talks), total > len(talks)
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

// createRoom makes a room, which then belongs to the asker. The lobby's field "Join or create" sends
// a name alone: that goes to the room, which exists once somebody speaks there.
func (s *Server) createRoom(w http.ResponseWriter, r *ask) error {
	d := chat.RoomDraft{Name: r.PostFormValue("name"), Topic: r.PostFormValue("topic"), Access: chat.Access(r.PostFormValue("access"))}
	name, _, err := chat.RoomName(d.Name)
	if err == nil && (d.Topic != "" || d.Access != "") {
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
