package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"hearth/web/chat"
)

type adminRoomsData struct {
	paging
	Rooms []adminRoomRow
	By    string // only rooms that this user created, "" for all
}

type adminRoomRow struct {
	*chat.Room
	Here int
	Last time.Time // of its last message; zero: there is none
}

// adminRooms lists the rooms, archived ones too.
func (s *Server) adminRooms(w http.ResponseWriter, r *request) error {
	d := adminRoomsData{paging: pagingOf(r, "/admin/rooms/")}
	if err := s.searching(r, d.Query); err != nil {
		return err
	}
	if d.By = r.FormValue("by"); d.By != "" {
		d.Base = "/admin/rooms/?by=" + queryEscape(d.By) + "&q=" + queryEscape(d.Query) + "&page="
	}
	by, err := s.maker(r, d.By)
	if err != nil {
		return err
	}
	rooms, total, err := s.chat.Rooms(r.Context(), chat.RoomQuery{Text: d.Query, MadeBy: by, Lang: r.loc.Code(), Limit: perPage, Offset: d.offset()})
	if err != nil {
		return err
	}
	d.of(total)
	for _, room := range rooms {
		d.Rooms = append(d.Rooms, adminRoomRow{Room: room.Room, Here: s.hub.HereCount(room.Group()), Last: room.Last})
	}
	return s.adminPage(w, r, http.StatusOK, "rooms", r.loc.T("admin.rooms"), d)
}

// addressedRoom returns the room in the URL.
func (s *Server) addressedRoom(r *request) (*chat.Room, error) {
	id, err := adminID(r)
	if err != nil {
		return nil, err
	}
	room, err := s.chat.RoomByID(r.Context(), id)
	return room, orNotFound(err)
}

func (s *Server) adminRoom(w http.ResponseWriter, r *request) error {
	room, err := s.addressedRoom(r)
	if err != nil {
		return err
	}
	return s.adminRoomPage(w, r, http.StatusOK, adminSettingsOf(room))
}

func (s *Server) adminRoomPage(w http.ResponseWriter, r *request, status int, d roomSettings) error {
	if err := s.fillSettings(r, &d); err != nil {
		return err
	}
	for _, name := range s.hub.Here(d.Room.Group()) {
		p := personLink{Name: name, Display: name}
		if u, err := s.chat.UserByName(r.Context(), name); err == nil {
			p.Display, p.URL = u.Display(), fmt.Sprintf("/admin/users/%d/", u.ID)
		} else if !errors.Is(err, chat.ErrNotFound) {
			return err
		}
		d.Here = append(d.Here, p)
	}
	return s.adminPage(w, r, status, "room", d.Room.Name, d)
}

// adminChangeRoom handles the forms on the page of a room.
func (s *Server) adminChangeRoom(w http.ResponseWriter, r *request) error {
	room, err := s.addressedRoom(r)
	if err != nil {
		return err
	}
	return s.changeSettings(w, r, adminSettingsOf(room), s.adminRoomPage)
}
