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

type adminRoomData struct {
	Room                         *chat.Room
	URL                          string
	Here                         []personLink
	Members                      []*chat.User // of a closed room
	Paging                       paging       // of the members
	Form, MemberForm, DeleteForm form
	WhoStays                     *whoStays // asks who stays a member, before the room is closed; nil: not asked
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
	return s.adminRoomPage(w, r, http.StatusOK, adminRoomData{Room: room})
}

func (s *Server) adminRoomPage(w http.ResponseWriter, r *request, status int, d adminRoomData) error {
	if d.Form.Values == nil {
		d.Form.Values = map[string]string{"topic": d.Room.Topic, "access": string(d.Room.Access)}
	}
	d.URL = roomURL(d.Room.Name)
	for _, name := range s.hub.Here(d.Room.Group()) {
		p := personLink{Name: name, Display: name}
		if u, err := s.chat.UserByName(r.Context(), name); err == nil {
			p.Display, p.URL = u.Display(), fmt.Sprintf("/admin/users/%d/", u.ID)
		} else if !errors.Is(err, chat.ErrNotFound) {
			return err
		}
		d.Here = append(d.Here, p)
	}
	if d.Room.Access == chat.Closed {
		if err := s.listMembers(r, &d); err != nil {
			return err
		}
	}
	return s.adminPage(w, r, status, "room", d.Room.Name, d)
}

func (s *Server) listMembers(r *request, d *adminRoomData) error {
	d.Paging = pagingOf(r, r.URL.EscapedPath())
	members, total, err := s.chat.Members(r.Context(), d.Room, r.loc.Code(), d.Paging.size, d.Paging.offset())
	d.Members = members
	d.Paging.of(total)
	return err
}

// adminChangeRoom handles the forms on the page of a room. The field "action" selects the change.
func (s *Server) adminChangeRoom(w http.ResponseWriter, r *request) error {
	room, err := s.addressedRoom(r)
	if err != nil {
		return err
	}
	d, f, part := adminRoomData{Room: room}, newForm(r), &form{}
	back := fmt.Sprintf("/admin/rooms/%d/", room.ID)
	action := r.PostFormValue("action")
	switch action {
	case "room":
		f, part = newForm(r, "topic", "access"), &d.Form
		err = s.chat.ChangeRoom(r.Context(), r.caller, room, roomDraft(r))
		if err != nil && known(err).Code == "who_stays" {
			if d.WhoStays, err = s.askWhoStays(r, room, roomDraft(r)); err != nil {
				return err
			}
			d.Form = f
			return s.adminRoomPage(w, r, http.StatusUnprocessableEntity, d)
		}
	case "member_add":
		f, part = newForm(r, "name"), &d.MemberForm
		err = s.chat.AddMember(r.Context(), r.caller, room, f.Values["name"])
	case "member_remove":
		part = &d.MemberForm
		err = s.chat.RemoveMember(r.Context(), r.caller, room, r.PostFormValue("name"))
	case "delete":
		f, part = newForm(r, "confirm"), &d.DeleteForm
		err = s.chat.DeleteRoom(r.Context(), r.caller, room, f.Values["confirm"])
		back, action = "/admin/rooms/", "room_deleted"
	case "archive", "restore":
		err = s.chat.SetArchived(r.Context(), r.caller, room, action == "archive")
	default:
		err = chat.Errorf("bad_choice")
	}
	if err != nil {
		return f.again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
			*part = f
			return s.adminRoomPage(w, r, orUnprocessable(status), d)
		})
	}
	return seeOther(w, r, back+"?done="+action)
}
