package web

import (
	"net/http"
	"strconv"

	"hearth/web/chat"
)

type adminGuestsData struct {
	paging
	Guests []guestRow
}

type guestRow struct {
	sessionRow
	Name   string
	Online bool
}

// adminGuests lists the visitors who have a name.
func (s *Server) adminGuests(w http.ResponseWriter, r *request) error {
	d := adminGuestsData{paging: pagingBy(r, "/admin/guests/", "page", perPage)}
	sessions, total, err := s.chat.Guests(r.Context(), d.size, d.offset())
	if err != nil {
		return err
	}
	d.of(total)
	for _, o := range sessions {
		d.Guests = append(d.Guests, guestRow{Name: o.Guest, Online: len(s.hub.Listening(chat.SessionGroup(o.ID))) > 0,
			sessionRow: sessionRow{ID: o.ID, Agent: browserName(o.Agent), Addr: o.Addr, Seen: o.Seen}})
	}
	return s.adminPage(w, r, http.StatusOK, "guests", r.loc.T("admin.guests"), d)
}

// adminRemoveGuests removes one visitor (guest=ID), or all (guest=all), and with messages=delete what they have written.
func (s *Server) adminRemoveGuests(w http.ResponseWriter, r *request) error {
	which, messages := r.PostFormValue("guest"), r.PostFormValue("messages") == "delete"
	if which == "all" {
		if err := s.chat.RemoveGuests(r.Context(), r.caller, messages); err != nil {
			return err
		}
		return seeOther(w, r, "/admin/guests/?done=guests_removed")
	}
	id, err := strconv.ParseInt(which, 10, 64)
	if err != nil {
		return chat.Errorf("bad_choice")
	}
	if err := s.chat.RemoveGuest(r.Context(), r.caller, id, messages); err != nil {
		return orNotFound(err)
	}
	return seeOther(w, r, "/admin/guests/?done=guest_removed")
}
