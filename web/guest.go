package web

import (
	"context"
	"net/http"

	"hearth/web/chat"
	"hearth/web/limits"
)

func (s *Server) showGuest(w http.ResponseWriter, r *request) error {
	if r.caller.SignedIn() {
		return seeOther(w, r, local(r.FormValue("next")))
	}
	if err := s.mayNameGuest(r); err != nil {
		return err
	}
	f := newForm(r, "next")
	f.Values["guest_name"] = r.caller.Guest
	return s.guestPage(w, r, http.StatusOK, f)
}

func (s *Server) guestPage(w http.ResponseWriter, r *request, status int, f form) error {
	v := s.view(r, r.loc.T("guest.name"))
	v.Path = "/guest/?next=" + queryEscape(f.Values["next"])
	v.Data = struct {
		Form form
		Next string
	}{f, f.Values["next"]}
	return s.render(w, r, status, "guest", v)
}

// mayNameGuest returns an error if visitors may not write. Errors: sign_in, guests_read.
func (s *Server) mayNameGuest(r *request) error {
	may, err := s.chat.GuestsMay(r.Context())
	switch {
	case err != nil:
		return err
	case may == "off":
		return chat.Errorf("sign_in")
	case may != "write":
		return chat.Errorf("guests_read")
	}
	return nil
}

// nameGuest gives a visitor a name.
func (s *Server) nameGuest(w http.ResponseWriter, r *request) error {
	f := newForm(r, "guest_name", "next")
	if r.caller.SignedIn() {
		return seeOther(w, r, local(f.Values["next"]))
	}
	if err := s.mayNameGuest(r); err != nil {
		return err
	}
	if err := s.takeFrom(r, limits.GuestNames); err != nil {
		return f.again(w, r, err, s.guestPage)
	}
	token, _, err := s.chat.OpenGuest(r.Context(), f.Values["guest_name"], s.browser(r), r.caller.SessionID)
	if err != nil {
		return f.again(w, r, err, s.guestPage)
	}
	if err := s.keepSession(w, r, token); err != nil {
		return err
	}
	return s.land(w, r, f.Values["next"])
}

// nameless returns the error for a visitor without a name who wants to write.
func (s *Server) nameless(ctx context.Context) error {
	may, err := s.chat.GuestsMay(ctx)
	if err != nil {
		return err
	}
	return chat.SpeaksAsGuest(chat.Caller{}, may)
}

// guestEnded is the page of a visitor whose visit has ended: an admin has removed the visitor, or visitors may do less than before.
func (s *Server) guestEnded(w http.ResponseWriter, r *request) error {
	next := local(r.FormValue("next"))
	if r.caller.SignedIn() {
		return seeOther(w, r, next)
	}
	v := s.view(r, r.loc.T("guest.ended"))
	v.Data = struct{ Next string }{next}
	return s.render(w, r, http.StatusOK, "guestended", v)
}
