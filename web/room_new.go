package web

import (
	"net/http"

	"hearth/web/chat"
)

// newRoom shows the form for a room with a topic and an access rule.
func (s *Server) newRoom(w http.ResponseWriter, r *request) error {
	return s.showNewRoom(w, r, http.StatusOK, form{Values: map[string]string{"name": r.FormValue("name")}})
}

func (s *Server) showNewRoom(w http.ResponseWriter, r *request, status int, f form) error {
	v := s.view(r, r.loc.T("room.new"))
	v.Data = struct{ Form form }{f}
	return s.render(w, r, status, "newroom", v)
}

// createRoom creates a room that belongs to the caller. The lobby's field "Join or create" sends only a name: if there is a room of
// that name, it leads to that room.
func (s *Server) createRoom(w http.ResponseWriter, r *request) error {
	d := chat.RoomDraft{Name: r.PostFormValue("name"), Topic: r.PostFormValue("topic"), Access: chat.Access(r.PostFormValue("access"))}
	name, _, err := chat.RoomName(d.Name)
	exists := false
	if err == nil && d.Topic == "" && d.Access == "" {
		exists, err = s.chat.RoomExists(r.Context(), d.Name)
	}
	if err == nil && !exists {
		_, err = s.chat.CreateRoom(r.Context(), r.caller, d)
	}
	if err == nil {
		return seeOther(w, r, roomURL(name))
	}
	return newForm(r, "name", "topic", "access").again(w, r, on("name", err), func(w http.ResponseWriter, r *request, status int, f form) error {
		if status != http.StatusTooManyRequests {
			status = http.StatusUnprocessableEntity
		}
		return s.showNewRoom(w, r, status, f)
	})
}
