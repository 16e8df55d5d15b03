package web

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hearth/web/chat"
)

type sidebar struct {
	Rooms   []roomLink
	Directs []directLink
	// MoreRooms and MoreDirects report that the list is not complete.
	MoreRooms, MoreDirects bool
	Current                string // URL of the open page
	Unread                 bool   // some room or conversation has unread messages
	Online                 int
}

type roomLink struct {
	Name, URL    string
	Access       chat.Access
	Level        chat.Level
	Favourite    bool
	First        int // the place among the rooms that newcomers see first; 0: none
	Here         int
	Unread, News int // messages that are meant for the reader, and all new ones
}

type directLink struct {
	Name, Display, URL string // Name is a username, or the name of a group conversation
	Group              bool
	Presence           string // as Server.presence returns it
	Status             chat.Status
	Former             bool // the account was deleted
	Unread             int
	Last               time.Time
}

// sideRooms are the rooms in the sidebar, and the number of all rooms that could be there.
type sideRooms struct {
	rooms []chat.SideRoom
	total int
	news  *chat.News // nil for a visitor
}

// roomsFor returns the rooms for the sidebar, and their unread counts.
func (s *Server) roomsFor(r *request) (side sideRooms, unread map[int64]chat.Unread, err error) {
	if r.caller.SignedIn() {
		if side.news, err = s.chat.News(r.Context(), r.caller.User); err != nil {
			return side, nil, err
		}
		if side.rooms, side.total, err = s.chat.SideRooms(r.Context(), side.news, maxSideRooms); err != nil {
			return side, nil, err
		}
		slices.SortStableFunc(side.rooms, func(a, b chat.SideRoom) int {
			return cmp.Or(cmp.Compare(rank(a), rank(b)), r.loc.Compare(a.Name, b.Name))
		})
		ids := make([]int64, 0, len(side.rooms))
		for _, room := range side.rooms {
			ids = append(ids, room.ID)
		}
		unread, err = s.chat.UnreadAmong(r.Context(), side.news, ids)
		return side, unread, err
	}
	rooms, total, err := s.chat.RoomsFor(r.Context(), r.caller, chat.RoomQuery{Limit: maxSideRooms, First: true})
	if err != nil {
		return side, nil, err
	}
	first, err := s.chat.FirstRooms(r.Context())
	for i, room := range rooms {
		x := chat.SideRoom{Room: room}
		if i < len(first) {
			x.First = i + 1
		}
		side.rooms = append(side.rooms, x)
	}
	side.total = total
	return side, nil, err
}

// include adds the open room if the sidebar does not have it.
func (l *sideRooms) include(room *chat.Room, m chat.Membership) {
	listed := slices.ContainsFunc(l.rooms, func(r chat.SideRoom) bool { return r.ID == room.ID })
	if room.ID != 0 && !room.Access.Private() && !listed {
		l.rooms = append(l.rooms, chat.SideRoom{Room: room, Membership: m})
	}
}

// sidebar returns the sidebar of the caller: rooms and the latest conversations.
func (s *Server) sidebar(r *request, rooms sideRooms, unread map[int64]chat.Unread) (*sidebar, error) {
	side := &sidebar{Current: r.URL.EscapedPath(), Online: s.hub.OnlineCount(), MoreRooms: rooms.total > len(rooms.rooms), Unread: rooms.news != nil && rooms.news.Some()}
	for _, room := range rooms.rooms {
		side.Rooms = append(side.Rooms, roomLink{Name: room.Name, URL: roomURL(room.Name), Access: room.Access, Level: room.Level, Favourite: room.Favourite, First: room.First,
			Here: s.hub.HereCount(room.Group()), Unread: unread[room.ID].Badge, News: unread[room.ID].Count})
	}
	if !r.caller.SignedIn() {
		return side, nil
	}
	talks, total, err := s.chat.Conversations(r.Context(), r.caller.User.ID, maxSide, 0)
	if err != nil {
		return nil, err
	}
	side.Directs, side.MoreDirects = s.directLinks(r, talks), total > len(talks)
	return side, nil
}

// addSidebar adds the sidebar to a page.
func (s *Server) addSidebar(r *request, v *view) error {
	rooms, unread, err := s.roomsFor(r)
	if err != nil {
		return err
	}
	v.Side, err = s.sidebar(r, rooms, unread)
	return err
}

// rank returns a number by which rooms are sorted before their names: favourites are first, then the rooms that newcomers see first.
func rank(x chat.SideRoom) int {
	switch {
	case x.Favourite:
		return 0
	case x.First > 0:
		return x.First
	}
	return math.MaxInt
}
