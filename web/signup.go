package web

import (
	"net/http"

	"hearth/web/chat"
	"hearth/web/limits"
)

func (s *Server) showSignup(w http.ResponseWriter, r *request) error {
	if r.caller.SignedIn() {
		return seeOther(w, r, local(r.FormValue("next")))
	}
	f := newForm(r, "next", "invite")
	if _, err := s.maySignUp(r, f.Values["invite"]); err != nil {
		return s.refuseSignup(w, r, f, err)
	}
	return s.signupPage(w, r, http.StatusOK, f)
}

type signupData struct {
	Form   form
	Action string // where the form goes
	First  bool   // it makes the first account
}

func (s *Server) signupPage(w http.ResponseWriter, r *request, status int, f form) error {
	some, err := s.chat.HasUsers(r.Context())
	if err != nil {
		return err
	}
	d := signupData{Form: f, Action: "/sign_up/", First: !some}
	if r.PathValue("token") != "" {
		d.Action = r.URL.EscapedPath()
	}
	v := s.view(r, r.loc.T("signup.submit"))
	v.Path = d.Action + "?next=" + queryEscape(f.Values["next"]) + "&invite=" + queryEscape(f.Values["invite"])
	v.Data = d
	return s.render(w, r, status, "signup", v)
}

// refuseSignup answers somebody who may not sign up. Where a form would not help, a page says what to do.
func (s *Server) refuseSignup(w http.ResponseWriter, r *request, f form, err error) error {
	if code := known(err).Code; code == "first_account" || code == "setup_link" {
		return err
	}
	return f.again(w, r, err, s.signupPage)
}

// maySignUp applies the rule for the first account, or else the sign-up policy. first reports that the
// account would be the first one. Errors: first_account, setup_link, signup_closed, signup_invite,
// invite_used.
func (s *Server) maySignUp(r *request, invite string) (first bool, err error) {
	some, err := s.chat.HasUsers(r.Context())
	token := r.PathValue("token")
	switch {
	case err != nil:
		return false, err
	case token != "" && (some || !s.setup.is(token)):
		return false, chat.Errorf("setup_link")
	case some:
		return false, s.policyAllows(r, invite)
	case token == "" && !fromThisComputer(r.Request):
		return false, chat.Errorf("first_account")
	}
	return true, nil
}

func (s *Server) policyAllows(r *request, invite string) error {
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
func (s *Server) signUp(w http.ResponseWriter, r *request) error {
	f := newForm(r, "username", "first_name", "last_name", "email", "next", "invite")
	first, err := s.maySignUp(r, f.Values["invite"])
	if err != nil {
		return s.refuseSignup(w, r, f, err)
	}
	n := chat.NewUser{Name: f.Values["username"], First: first, Lang: chosenLanguage(r.Request),
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
	signUps.Log("user", user.Name, "from", s.address(r.Request), "admin", user.Admin)
	if err := s.openSession(w, r, user.ID); err != nil {
		return err
	}
	return seeOther(w, r, local(f.Values["next"]))
}

// createUser makes an account of a form that is in order. An invitation is used up only where one
// is needed.
func (s *Server) createUser(r *request, n chat.NewUser, invite string) (*chat.User, error) {
	if err := s.takeFrom(r, limits.SignUps); err != nil {
		return nil, err
	}
	policy, err := s.chat.SignupPolicy(r.Context())
	if err != nil {
		return nil, err
	}
	if policy == "invite" && !n.First {
		n.Invite = invite
	}
	if n.Password, err = s.auth.NewPassword(r.PostFormValue("password1")); err != nil {
		return nil, err
	}
	user, err := s.chat.CreateUser(r.Context(), chat.Caller{}, n)
	if err == nil || known(err).Code != "first_taken" || s.policyAllows(r, invite) != nil {
		return user, err
	}
	n.First = false // somebody else was quicker, and others may sign up as well
	if policy == "invite" {
		n.Invite = invite
	}
	return s.chat.CreateUser(r.Context(), chat.Caller{}, n)
}
