package web

import (
	"net/http"

	"hearth/web/chat"
)

func (s *Server) showSignup(w http.ResponseWriter, r *ask) error {
	if r.caller.SignedIn() {
		return seeOther(w, r, local(r.FormValue("next")))
	}
	f := newForm(r, "next", "invite")
	if err := s.maySignUp(r, f.Values["invite"]); err != nil {
		return f.again(w, r, err, s.signupPage)
	}
	return s.signupPage(w, r, http.StatusOK, f)
}

func (s *Server) signupPage(w http.ResponseWriter, r *ask, status int, f form) error {
	v := s.view(r, r.loc.T("signup.submit"))
	v.Path = "/sign_up/?next=" + queryEscape(f.Values["next"]) + "&invite=" + queryEscape(f.Values["invite"])
	v.Data = struct{ Form form }{f}
	return s.render(w, r, status, "signup", v)
}

// maySignUp applies the sign-up policy. Errors: signup_closed, signup_invite, invite_used.
func (s *Server) maySignUp(r *ask, invite string) error {
	policy, err := s.chat.SignupPolicy(r.Context())
	switch {
	case err != nil:
		return err
	case policy == "closed":
		return chat.Errorf("signup_closed")
	case policy == "invite" && invite == "":
		return chat.Errorf("signup_invite")
	case policy == "invite":
		valid, err := s.chat.InviteValid(r.Context(), invite)
		if err == nil && !valid {
			err = chat.Errorf("invite_used")
		}
		return err
	}
	return nil
}

// signUp makes an account and signs it in.
func (s *Server) signUp(w http.ResponseWriter, r *ask) error {
	f := newForm(r, "username", "first_name", "last_name", "email", "next", "invite")
	if err := s.maySignUp(r, f.Values["invite"]); err != nil {
		return f.again(w, r, err, s.signupPage)
	}
	n := chat.NewUser{Name: f.Values["username"], Lang: chosenLanguage(r.Request),
		Profile: chat.Profile{FirstName: f.Values["first_name"], LastName: f.Values["last_name"], Email: f.Values["email"]}}
	_, profile := n.Profile.Check()
	for _, err := range []error{s.chat.CheckName(r.Context(), n.Name), newPassword(r, n.Name), profile} {
		if err := f.blame(r, err); err != nil {
			return err
		}
	}
	if len(f.Errors) > 0 {
		return s.signupPage(w, r, http.StatusUnprocessableEntity, f)
	}
	user, err := s.createUser(r, n, f.Values["invite"])
	if err != nil {
		return f.again(w, r, err, s.signupPage)
	}
	if err := s.openSession(w, r, user.ID); err != nil {
		return err
	}
	return seeOther(w, r, local(f.Values["next"]))
}

// createUser makes an account of a form that is in order. An invitation is used up only where one
// is needed.
func (s *Server) createUser(r *ask, n chat.NewUser, invite string) (*chat.User, error) {
	if err := s.auth.SignUp(s.address(r.Request).String()); err != nil {
		return nil, err
	}
	policy, err := s.chat.SignupPolicy(r.Context())
	if err != nil {
		return nil, err
	}
	if policy == "invite" {
		n.Invite = invite
	}
	if n.Password, err = s.auth.NewPassword(r.PostFormValue("password1")); err != nil {
		return nil, err
	}
	return s.chat.CreateUser(r.Context(), chat.Caller{}, n)
}
