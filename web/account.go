package web

import (
	"fmt"
	"net/http"

	"hearth/web/chat"
	"hearth/web/limits"
)

// deletesMessages reports what a form that deletes an account, or a guest, says about the messages. Error: bad_choice.
func deletesMessages(r *request) (bool, error) {
	switch r.PostFormValue("messages") {
	case "keep":
		return false, nil
	case "delete":
		return true, nil
	}
	return false, chat.Errorf("bad_choice")
}

// deleteOwnAccount deletes the account of the caller. It requires the password: another person may use a browser that was left open.
func (s *Server) deleteOwnAccount(w http.ResponseWriter, r *request) error {
	f := newForm(r, "messages")
	if err := s.deleteMine(r); err != nil {
		return f.again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
			return s.profilePage(w, r, status, profileData{Form: profileForm(r.caller.User), DeleteForm: f, DeleteOpen: true})
		})
	}
	s.setCookie(w, r.Request, "", -1)
	return seeOther(w, r, "/login/?done=account_deleted")
}

func (s *Server) deleteMine(r *request) error {
	messages, err := deletesMessages(r)
	if err != nil {
		return err
	}
	if err := s.take(r, limits.Password); err != nil {
		return err
	}
	if err := s.verifyOwn(r, "delete_password"); err != nil {
		return err
	}
	return s.chat.DeleteAccount(r.Context(), r.caller, r.caller.User.ID, messages)
}

// verifyOwn checks that a field has the password of the caller. Errors: old_password on the field, rate_limited.
func (s *Server) verifyOwn(r *request, field string) error {
	me := r.caller.User
	_, hash, err := s.chat.Credentials(r.Context(), me.Name)
	if err != nil {
		return err
	}
	right, err := s.auth.Verify(r.Context(), s.guess(r, me.Name, me), hash, r.PostFormValue(field))
	if err == nil && !right {
		err = chat.Errorf("old_password").On(field)
	}
	return err
}

// adminDeleteUser deletes the account of another person if the form confirms it. Otherwise it shows the confirmation page.
func (s *Server) adminDeleteUser(w http.ResponseWriter, r *request, u *chat.User) error {
	if u.ID == r.caller.User.ID {
		return chat.Errorf("not_allowed") // in the profile, with the password
	}
	messages, err := deletesMessages(r)
	if err != nil {
		return err
	}
	page := fmt.Sprintf("/admin/users/%d/", u.ID)
	if r.PostFormValue("confirmed") == "" {
		d := confirmData{Tab: "users", Action: page, Back: page, Danger: true, Question: r.loc.T("account.delete_ask", "name", u.Name),
			Button: r.loc.T("account.delete"), Hint: r.loc.T("account.goes"), Shared: r.loc.T("account.kept_hint"),
			Fields: [][2]string{{"action", "delete"}, {"messages", r.PostFormValue("messages")}}}
		if messages {
			d.Shared = r.loc.T("account.removed_hint")
		}
		return s.adminPage(w, r, http.StatusOK, "confirm", d.Question, d)
	}
	if err := s.chat.DeleteAccount(r.Context(), r.caller, u.ID, messages); err != nil {
		return orNotFound(err)
	}
	return seeOther(w, r, "/admin/users/?done=user_deleted")
}
