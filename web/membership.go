package web

import (
	"net/http"

	"hearth/web/chat"
)

// changeMembership changes what the caller has chosen for a room: the fields of the form that are present.
func (s *Server) changeMembership(w http.ResponseWriter, r *request) error {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	m, err := s.chat.MembershipIn(r.Context(), r.caller.User, room)
	if err != nil {
		return err
	}
	if level := r.PostFormValue("level"); level != "" {
		m.Level = chat.Level(level)
	}
	for name, field := range map[string]*bool{"favourite": &m.Favourite, "left": &m.Left} {
		if value := r.PostFormValue(name); value != "" {
			*field = value == "on"
		}
	}
	if err := s.chat.SetMembership(r.Context(), r.caller, room, m); err != nil {
		return err
	}
	if m.Left {
		return seeOther(w, r, "/")
	}
	return seeOther(w, r, roomURL(room.Name))
}

// apiMembership is a membership in responses of the API.
type apiMembership struct {
	Level     chat.Level `json:"level"`
	Favourite bool       `json:"favourite"`
	Left      bool       `json:"left"`
}

// setMembership changes the fields of the caller's membership that are in the request, and responds with the result.
func (s *Server) setMembership(w http.ResponseWriter, r *request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if !r.caller.SignedIn() {
		return chat.Errorf("sign_in")
	}
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	was, err := s.chat.MembershipIn(r.Context(), r.caller.User, room)
	if err != nil {
		return err
	}
	now := apiMembership(was)
	if err := decodeFields(body, map[string]any{"level": &now.Level, "favourite": &now.Favourite, "left": &now.Left}); err != nil {
		return err
	}
	if err := s.chat.SetMembership(r.Context(), r.caller, room, chat.Membership(now)); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, now)
	return nil
}
