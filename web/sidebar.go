package web

import (
	"maps"
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

// sideRooms are the rooms in the sidebar, and the number of all rooms.
type sideRooms struct {
	rooms []*chat.Room
	total int
}

// roomsFor returns the rooms for the sidebar, by name, and the unread counts of all rooms that the caller may enter. If not all
// fit, those with the most unread messages come first.
func (s *Server) roomsFor(r *request) (side sideRooms, unread map[int64]chat.Unread, err error) {
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

// include adds the open room if the sidebar does not have it.
func (l *sideRooms) include(room *chat.Room) {
	listed := slices.ContainsFunc(l.rooms, func(r *chat.Room) bool { return r.ID == room.ID })
	if room.Access != chat.Direct && l.total > len(l.rooms) && !listed {
		l.rooms = append([]*chat.Room{room}, l.rooms[:maxSide-1]...)
	}
}

// sidebar returns the sidebar of the caller: rooms and the latest conversations.
func (s *Server) sidebar(r *request, rooms sideRooms, unread map[int64]chat.Unread) (*sidebar, error) {
	side := &sidebar{Current: r.URL.EscapedPath(), Online: s.hub.OnlineCount(), MoreRooms: rooms.total > len(rooms.rooms), Unread: len(unread) > 0}
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

// addSidebar adds the sidebar to a page.
func (s *Server) addSidebar(r *request, v *view) error {
	rooms, unread, err := s.roomsFor(r)
	if err != nil {
		return err
	}
	v.Side, err = s.sidebar(r, rooms, unread)
	return err
}
