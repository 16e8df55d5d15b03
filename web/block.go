package web

import (
	"errors"
	"net/http"

	"hearth/web/chat"
)

// changeBlock makes the caller take no private messages from the user "name", or with blocked=off takes them again.
func (s *Server) changeBlock(w http.ResponseWriter, r *request) error {
	u, err := s.blockable(r, r.PostFormValue("name"))
	if err != nil {
		return err
	}
	on := r.PostFormValue("blocked")
	if on != "on" && on != "off" {
		return chat.Errorf("bad_choice")
	}
	if err := s.chat.SetBlocked(r.Context(), r.caller, u, on == "on"); err != nil {
		return err
	}
	return seeOther(w, r, localPage(r.PostFormValue("next")))
}

// setBlock is changeBlock for the API.
func (s *Server) setBlock(w http.ResponseWriter, r *request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if !r.caller.SignedIn() {
		return chat.Errorf("sign_in")
	}
	u, err := s.blockable(r, r.PathValue("user"))
	if err != nil {
		return err
	}
	answer := struct {
		Blocked bool `json:"blocked"`
	}{}
	if answer.Blocked, err = s.chat.Blocks(r.Context(), r.caller.User.ID, u.ID); err != nil {
		return err
	}
	if err := decodeFields(body, map[string]any{"blocked": &answer.Blocked}); err != nil {
		return err
	}
	if err := s.chat.SetBlocked(r.Context(), r.caller, u, answer.Blocked); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// blockable returns the user with that username. Errors: no_such_user, storage.
func (s *Server) blockable(r *request, name string) (*chat.User, error) {
	u, err := s.chat.UserByName(r.Context(), name)
	if errors.Is(err, chat.ErrNotFound) || err == nil && u.Deleted {
		return nil, chat.Errorf("no_such_user", "name", name)
	}
	return u, err
}
