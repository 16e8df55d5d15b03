package web

import (
	"net/http"

	"hearth/web/chat"
)

// changeRoom sets a room's topic and access.
func (s *Server) changeRoom(w http.ResponseWriter, r *ask) error {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	d := chat.RoomDraft{Topic: r.PostFormValue("topic"), Access: chat.Access(r.PostFormValue("access"))}
	err = s.chat.ChangeRoom(r.Context(), r.caller, room, d)
	if err == nil {
		return seeOther(w, r, roomURL(room.Name))
	}
	f := form{Values: map[string]string{"topic": d.Topic, "access": string(d.Access)}}
	return s.mendRoom(w, r, err, &f, func() roomForms { return roomForms{Settings: f, Open: "room-settings"} })
}

// changeMembers lets somebody into a room for the invited, or shows somebody out.
func (s *Server) changeMembers(w http.ResponseWriter, r *ask) error {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	change := s.chat.AddMember
	if r.PostFormValue("action") == "remove" {
		change = s.chat.RemoveMember
	}
	err = change(r.Context(), r.caller, room, r.PostFormValue("name"))
	if err == nil {
		return seeOther(w, r, roomURL(room.Name))
	}
	f := form{Values: map[string]string{"name": r.PostFormValue("name")}}
	return s.mendRoom(w, r, err, &f, func() roomForms { return roomForms{Invite: f, Open: "room-members"} })
}

// mendRoom shows the room with a form that has an error, if that can be mended in it.
func (s *Server) mendRoom(w http.ResponseWriter, r *ask, err error, f *form, forms func() roomForms) error {
	e := known(err)
	if e.Field == "" {
		return err
	}
	f.Errors = map[string]string{e.Field: r.text(e)}
	return s.showRoom(w, r, http.StatusUnprocessableEntity, forms())
}
