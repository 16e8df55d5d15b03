package web

import (
	"net/http"

	"hearth/web/chat"
)

// land redirects a person who has just signed up, or a visitor who has just chosen a name: to next, or to the room in which newcomers
// start.
func (s *Server) land(w http.ResponseWriter, r *request, next string) error {
	if next = local(next); next != "/" {
		return seeOther(w, r, next)
	}
	room, err := s.chat.LandingRoom(r.Context())
	if err != nil {
		return err
	}
	if room != nil {
		next = roomURL(room.Name)
	}
	return seeOther(w, r, next)
}

// changeFirstRooms changes the rooms that newcomers see first. The field "action" selects the change.
func (s *Server) changeFirstRooms(w http.ResponseWriter, r *request) error {
	x := chat.FirstRoomChange(r.PostFormValue("action"))
	switch x {
	case chat.FirstAdd, chat.FirstUp, chat.FirstDown, chat.FirstRemove:
	default:
		return chat.Errorf("bad_choice")
	}
	f := newForm(r, "room")
	err := s.chat.ChangeFirstRooms(r.Context(), r.caller, x, f.Values["room"])
	if err == nil {
		return seeOther(w, r, "/admin/settings/?done=settings")
	}
	return f.again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
		settings, err := s.settingsForm(r)
		if err != nil {
			return err
		}
		return s.adminSettingsWith(w, r, orUnprocessable(status), adminSettingsData{Form: settings, FirstForm: f})
	})
}
