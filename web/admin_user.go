package web

import (
	"fmt"
	"net/http"

	"hearth/web/chat"
)

type adminUsersData struct {
	paging
	People []personRow
}

type adminUserData struct {
	User                         *chat.User
	Online, Self                 bool
	Form, PasswordForm, RoleForm form
	Sessions                     []sessionRow
	SessionPaging                paging
	Link                         *shownLink // for the user to sign in with, just created
}

// adminUsers lists all users, or those whose names or e-mail addresses match a search.
func (s *Server) adminUsers(w http.ResponseWriter, r *request) error {
	d := adminUsersData{paging: pagingOf(r, "/admin/users/")}
	if err := s.searching(r, d.Query); err != nil {
		return err
	}
	people, total, err := s.chat.Users(r.Context(), chat.UserQuery{Text: d.Query, Emails: true, Lang: r.loc.Code(), Limit: perPage, Offset: d.offset()})
	if err != nil {
		return err
	}
	d.of(total)
	d.People = s.personRows(people)
	return s.adminPage(w, r, http.StatusOK, "users", r.loc.T("admin.users"), d)
}

func (s *Server) adminNewUser(w http.ResponseWriter, r *request) error {
	return s.adminNewUserPage(w, r, http.StatusOK, newForm(r))
}

func (s *Server) adminNewUserPage(w http.ResponseWriter, r *request, status int, f form) error {
	return s.adminPage(w, r, status, "newuser", r.loc.T("admin.user.new"), struct{ Form form }{f})
}

// adminCreateUser creates an account for another person.
func (s *Server) adminCreateUser(w http.ResponseWriter, r *request) error {
	f := newForm(r, append([]string{"username", "admin"}, profileFields...)...)
	u, err := s.createAccount(r, f)
	if err != nil {
		return f.again(w, r, err, s.adminNewUserPage)
	}
	return seeOther(w, r, fmt.Sprintf("/admin/users/%d/?done=user_created", u.ID))
}

func (s *Server) createAccount(r *request, f form) (*chat.User, error) {
	n := chat.NewUser{Name: f.Values["username"], Profile: profileOf(r, f, nil), Admin: f.Values["admin"] != ""}
	if err := s.chat.CheckName(r.Context(), n.Name); err != nil {
		return nil, err
	}
	if _, err := n.Profile.Check(); err != nil { // before the expensive password hash
		return nil, err
	}
	if err := newPassword(r, n.Name); err != nil {
		return nil, err
	}
	var err error
	if n.Password, err = s.auth.NewPassword(r.PostFormValue("password1")); err != nil {
		return nil, err
	}
	return s.chat.CreateUser(r.Context(), r.caller, n)
}

// addressed returns the user in the URL.
func (s *Server) addressed(r *request) (*chat.User, error) {
	id, err := adminID(r)
	if err != nil {
		return nil, err
	}
	u, err := s.chat.User(r.Context(), id)
	if err == nil && u.Deleted {
		err = chat.ErrNotFound
	}
	return u, orNotFound(err)
}

func (s *Server) adminUser(w http.ResponseWriter, r *request) error {
	u, err := s.addressed(r)
	if err != nil {
		return err
	}
	return s.adminUserPage(w, r, http.StatusOK, adminUserData{User: u})
}

func (s *Server) adminUserPage(w http.ResponseWriter, r *request, status int, d adminUserData) error {
	u := d.User
	if d.Form.Values == nil {
		d.Form = profileForm(u)
	}
	d.SessionPaging = pagingBy(r, r.URL.EscapedPath(), "sessions", perPage)
	sessions, total, err := s.chat.Sessions(r.Context(), u.ID, perPage, d.SessionPaging.offset())
	if err != nil {
		return err
	}
	d.SessionPaging.of(total)
	for _, o := range sessions {
		d.Sessions = append(d.Sessions, sessionRow{ID: o.ID, Agent: browserName(o.Agent), Addr: o.Addr, Seen: o.Seen, Current: o.ID == r.caller.SessionID})
	}
	d.Online, d.Self = s.hub.Online(u.ID), u.ID == r.caller.User.ID
	return s.adminPage(w, r, status, "user", u.Display(), d)
}

// adminChangeUser handles the forms on the page of a user. The field "action" selects the change.
func (s *Server) adminChangeUser(w http.ResponseWriter, r *request) error {
	u, err := s.addressed(r)
	if err != nil {
		return err
	}
	d, f, part := adminUserData{User: u}, newForm(r), &form{}
	action := r.PostFormValue("action")
	switch action {
	case "link":
		return s.adminShowLink(w, r, u)
	case "delete":
		return s.adminDeleteUser(w, r, u)
	case "details":
		f, part = newForm(r, profileFields...), &d.Form
		err = s.chat.UpdateProfile(r.Context(), r.caller, u.ID, profileOf(r, f, u))
	case "password":
		part = &d.PasswordForm
		err = s.resetPassword(r, u)
	default:
		part = &d.RoleForm
		err = s.changeStanding(r, u, action)
	}
	if err != nil {
		return f.again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
			*part = f
			return s.adminUserPage(w, r, status, d)
		})
	}
	if u.ID == r.caller.User.ID && (action == "unadmin" || action == "disable") {
		return seeOther(w, r, "/") // the caller may no longer see this page
	}
	return seeOther(w, r, fmt.Sprintf("/admin/users/%d/?done=%s", u.ID, action))
}

func (s *Server) resetPassword(r *request, u *chat.User) error {
	if err := newPassword(r, u.Name); err != nil {
		return err
	}
	hash, err := s.auth.NewPassword(r.PostFormValue("password1"))
	if err != nil {
		return err
	}
	return s.chat.SetPassword(r.Context(), r.caller, u.ID, hash)
}

// changeStanding makes a user an admin or not, deactivates or activates the account, or ends its sessions. Admins who end their
// own sessions keep the current one.
func (s *Server) changeStanding(r *request, u *chat.User, action string) error {
	switch action {
	case "admin", "unadmin":
		return s.chat.SetAdmin(r.Context(), r.caller, u.ID, action == "admin")
	case "disable", "enable":
		return s.chat.SetDisabled(r.Context(), r.caller, u.ID, action == "disable")
	case "signout":
		return s.chat.EndAll(r.Context(), r.caller, u.ID, r.caller.SessionID)
	}
	return chat.Errorf("bad_choice")
}
