package web

import (
	"net/http"
	"strconv"

	"hearth/web/chat"
)

type invitesData struct {
	Form    form
	Invites []chat.Invite
	Paging  paging
	Link    string // of the invitation just created; it is shown once
}

func (s *Server) showInvites(w http.ResponseWriter, r *request) error {
	f := form{Values: map[string]string{"uses": "1", "days": "7"}}
	return s.invitesPage(w, r, http.StatusOK, invitesData{Form: f})
}

func (s *Server) invitesPage(w http.ResponseWriter, r *request, status int, d invitesData) (err error) {
	d.Paging = pagingOf(r, "/admin/invites/")
	var total int
	if d.Invites, total, err = s.chat.Invites(r.Context(), d.Paging.size, d.Paging.offset()); err != nil {
		return err
	}
	for i := range d.Invites {
		d.Invites[i].Expires = r.in(d.Invites[i].Expires)
	}
	d.Paging.of(total)
	v := s.view(r, r.loc.T("invite.title"))
	v.Path = "/admin/invites/"
	if err := s.addSidebar(r, v); err != nil {
		return err
	}
	v.Data = d
	return s.render(w, r, status, "admin/invites", v)
}

// changeInvites makes an invitation, or revokes one.
func (s *Server) changeInvites(w http.ResponseWriter, r *request) error {
	if r.PostFormValue("action") == "revoke" {
		id, err := strconv.ParseInt(r.PostFormValue("id"), 10, 64)
		if err != nil {
			return chat.Errorf("bad_choice")
		}
		if err := s.chat.RevokeInvite(r.Context(), r.caller, id); err != nil {
			return err
		}
		return seeOther(w, r, "/admin/invites/")
	}
	f := newForm(r, "uses", "days")
	uses, _ := strconv.Atoi(f.Values["uses"]) // other texts are 0, which is out of bounds
	days, _ := strconv.Atoi(f.Values["days"])
	token, err := s.chat.CreateInvite(r.Context(), r.caller, uses, days)
	if err != nil {
		return f.again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
			return s.invitesPage(w, r, status, invitesData{Form: f})
		})
	}
	return s.invitesPage(w, r, http.StatusOK, invitesData{Form: f, Link: s.site(r.Request) + "/sign_up/?invite=" + token})
}

// site returns the URL by which the browser reached this server.
func (s *Server) site(r *http.Request) string {
	if s.secure(r) {
		return "https://" + s.host(r)
	}
	return "http://" + s.host(r)
}
