package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"hearth/web/chat"
)

const (
	// perPage is how many rows a page of a list shows, for lists without a number of their own.
	perPage = 100
	// maxFaces is how many avatars a room's card shows.
	maxFaces = 5
	// roomsPerPage and peoplePerPage are how many rooms and people a page of the lobby shows.
	roomsPerPage, peoplePerPage = 50, 50
	// maxSideRooms is up to how many rooms the sidebar lists all of them.
	maxSideRooms = 30
	// maxSide is how many conversations the sidebar lists.
	maxSide = 50
)

type lobbyData struct {
	Rooms                      []roomCard
	RoomPaging                 paging
	People                     []personRow
	Query                      string
	Page, Pages, Total, Online int
	CanCreate                  bool
	ChooseSignup               bool // no admin has chosen yet who may sign up
}

type roomCard struct {
	Name, URL, Topic string
	Access           chat.Access
	Here, Unread     int
	Faces            []*chat.User
	Last             chat.LastMessage
}

type personRow struct {
	*chat.User
	Online    bool
	Presence  string // as Server.presence returns it
	Since     time.Time
	ShowEmail bool
}

func roomURL(name string) string { return "/chat/" + url.PathEscape(name) + "/" }

// lobby shows the rooms with the people in them, and the table of all people.
func (s *Server) lobby(w http.ResponseWriter, r *request) error {
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
	if err := s.listLobbyRooms(r, &data, rooms.news); err != nil {
		return err
	}
	if err := s.listPeople(r, &data); err != nil {
		return err
	}
	v.Data = data
	return s.render(w, r, http.StatusOK, "lobby", v)
}

// listLobbyRooms loads the requested page of rooms.
func (s *Server) listLobbyRooms(r *request, d *lobbyData, news *chat.News) error {
	p := paging{Query: strings.TrimSpace(r.FormValue("rooms")), Page: pageNumber(r, "rooms_page"), size: roomsPerPage}
	p.Base = "/?" + url.Values{"rooms": {p.Query}, "q": {d.Query}, "page": {r.FormValue("page")}}.Encode() + "&rooms_page="
	if err := s.searching(r, p.Query); err != nil {
		return err
	}
	rooms, total, err := s.chat.RoomsFor(r.Context(), r.caller, chat.RoomQuery{Text: p.Query, Unmade: true, First: true, Limit: p.size, Offset: p.offset()})
	if err != nil {
		return err
	}
	p.of(total)
	d.RoomPaging = p
	var unread map[int64]chat.Unread
	if news != nil {
		ids := make([]int64, 0, len(rooms))
		for _, room := range rooms {
			ids = append(ids, room.ID)
		}
		if unread, err = s.chat.UnreadAmong(r.Context(), news, ids); err != nil {
			return err
		}
	}
	for _, room := range rooms {
		card, err := s.card(r, room, unread[room.ID].Count)
		if err != nil {
			return err
		}
		d.Rooms = append(d.Rooms, card)
	}
	return nil
}

// listPeople loads the requested page of people.
func (s *Server) listPeople(r *request, d *lobbyData) error {
	d.Page = pageNumber(r, "page")
	if err := s.searching(r, d.Query); err != nil {
		return err
	}
	people, total, err := s.chat.Users(r.Context(), chat.UserQuery{Text: d.Query, Emails: r.caller.SignedIn(), Active: true, Lang: r.loc.Code(),
		Limit: peoplePerPage, Offset: (d.Page - 1) * peoplePerPage})
	if err != nil {
		return err
	}
	d.Total, d.Pages = total, max(1, (total+peoplePerPage-1)/peoplePerPage)
	d.People = s.personRows(people)
	for i := range d.People {
		d.People[i].ShowEmail, d.People[i].Since = r.caller.SignedIn(), r.in(d.People[i].Created)
	}
	return nil
}

func (s *Server) personRows(people []*chat.User) []personRow {
	rows := make([]personRow, 0, len(people))
	for _, u := range people {
		rows = append(rows, personRow{User: u, Online: s.hub.Online(u.ID), Presence: s.presence(u), Since: u.Created})
	}
	return rows
}

// card returns the card of a room that the caller may enter.
func (s *Server) card(r *request, room *chat.Room, unread int) (c roomCard, err error) {
	here := s.hub.Here(room.Group())
	c = roomCard{Name: room.Name, URL: roomURL(room.Name), Topic: room.Topic, Access: room.Access, Here: len(here), Unread: unread}
	for _, name := range here[:min(maxFaces, len(here))] {
		if u, err := s.chat.UserByName(r.Context(), name); err == nil {
			c.Faces = append(c.Faces, u)
		}
	}
	if room.ID != 0 {
		c.Last, err = s.chat.LastMessage(r.Context(), room.ID)
	}
	return c, err
}
