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
	Action string // the URL that the form is sent to
	First  bool   // it creates the first account
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

// refuseSignup answers a person who may not sign up: with the form and the reason, or with a page that says what to do.
func (s *Server) refuseSignup(w http.ResponseWriter, r *request, f form, err error) error {
	if code := known(err).Code; code == "first_account" || code == "setup_link" {
		return err
	}
	return f.again(w, r, err, s.signupPage)
}

// maySignUp reports why the form can't be used; nil if it can. first reports that it would create the first account. The chat
// checks the same rules again when it stores the account. Errors: setup_link, those of chat.MaySignUp.
func (s *Server) maySignUp(r *request, invite string) (first bool, err error) {
	some, err := s.chat.HasUsers(r.Context())
	if err != nil {
		return false, err
	}
	token := r.PathValue("token")
	if token != "" && (some || !s.setup.is(token)) {
		return false, chat.Errorf("setup_link")
	}
	first = !some && (token != "" || fromThisComputer(r.Request))
	return first, s.chat.MaySignUp(r.Context(), first, invite)
}

// signUp creates an account and signs it in.
func (s *Server) signUp(w http.ResponseWriter, r *request) error {
	f := newForm(r, append([]string{"username", "next", "invite"}, profileFields...)...)
	first, err := s.maySignUp(r, f.Values["invite"])
	if err != nil {
		return s.refuseSignup(w, r, f, err)
	}
	n := chat.NewUser{Name: f.Values["username"], First: first, Invite: f.Values["invite"], Lang: chosenLanguage(r.Request),
		Profile: profileOf(r, f, nil)}
	_, profile := n.Profile.Check()
	for _, err := range []error{s.chat.CheckName(r.Context(), n.Name), newPassword(r, n.Name), profile} {
		if err := f.blame(r, err); err != nil {
			return err
		}
	}
	if len(f.Errors) > 0 {
		return s.signupPage(w, r, http.StatusUnprocessableEntity, f)
	}
	user, err := s.createUser(r, n)
	if err != nil {
		return f.again(w, r, err, s.signupPage)
	}
	signUps.Log("user", user.Name, "from", s.address(r.Request), "admin", user.Admin)
	if err := s.openSession(w, r, user.ID); err != nil {
		return err
	}
	return s.land(w, r, f.Values["next"])
}

// createUser creates the account. Errors: rate_limited, those of chat.SignUp.
func (s *Server) createUser(r *request, n chat.NewUser) (*chat.User, error) {
	err := s.takeFrom(r, limits.SignUps)
	if err != nil {
		return nil, err
	}
	if n.Password, err = s.auth.NewPassword(r.PostFormValue("password1")); err != nil {
		return nil, err
	}
	return s.chat.SignUp(r.Context(), n)
}
