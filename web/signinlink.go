package web

import (
	"encoding/base64"
	"html/template"
	"net/http"
	"net/netip"

	"rsc.io/qr"

	"hearth/web/chat"
)

// signinPath is the prefix of one-time sign-in links.
const signinPath = "/signin/"

// shownLink is a one-time link for another device. It is shown once.
type shownLink struct {
	URL   string
	Image template.URL // a QR code of it
	Local bool         // only this computer can open it
}

// newShownLink returns the link of a token, with the host by which the browser reached the server.
func (s *Server) newShownLink(r *request, token string) (*shownLink, error) {
	l := &shownLink{URL: s.site(r.Request) + signinPath + token + "/"}
	code, err := qr.Encode(l.URL, qr.M)
	if err != nil {
		return nil, err
	}
	l.Image = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(code.PNG()))
	host := hostName(s.host(r.Request))
	address, err := netip.ParseAddr(host)
	l.Local = host == "localhost" || err == nil && address.IsLoopback()
	return l, nil
}

// showOwnLink creates a link with which the caller can sign in on another device.
func (s *Server) showOwnLink(w http.ResponseWriter, r *request) error {
	token, err := s.chat.CreateSigninLink(r.Context(), r.caller, r.caller.User, false)
	if err != nil {
		return err
	}
	link, err := s.newShownLink(r, token)
	if err != nil {
		return err
	}
	me := r.caller.User
	details := profileForm(me)
	return s.profilePage(w, r, http.StatusOK, profileData{Form: details, Link: link})
}

// adminShowLink creates a link with which u can sign in and choose a new password.
func (s *Server) adminShowLink(w http.ResponseWriter, r *request, u *chat.User) error {
	token, err := s.chat.CreateSigninLink(r.Context(), r.caller, u, true)
	if err != nil {
		return err
	}
	link, err := s.newShownLink(r, token)
	if err != nil {
		return err
	}
	return s.adminUserPage(w, r, http.StatusOK, adminUserData{User: u, Link: link})
}

// showSigninLink asks whether to sign in. Opening the link does not use it up, because mail programs and messengers open links
// too.
func (s *Server) showSigninLink(w http.ResponseWriter, r *request) error {
	l, err := s.chat.SigninLink(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return s.signinLinkPage(w, r, http.StatusOK, l, newForm(r))
}

func (s *Server) signinLinkPage(w http.ResponseWriter, r *request, status int, l *chat.SigninLink, f form) error {
	title := "link.title"
	if l.Reset {
		title = "link.reset"
	}
	v := s.view(r, r.loc.T(title, "name", l.User.Display()))
	v.Path = r.URL.EscapedPath()
	v.Data = struct {
		Link *chat.SigninLink
		Form form
	}{l, f}
	return s.render(w, r, status, "signinlink", v)
}

// useSigninLink signs the browser in, with a new password if the link sets one.
func (s *Server) useSigninLink(w http.ResponseWriter, r *request) error {
	token := r.PathValue("token")
	l, err := s.chat.SigninLink(r.Context(), token)
	if err != nil {
		return err
	}
	hash := ""
	if l.Reset {
		if err = newPassword(r, l.User.Name); err == nil {
			hash, err = s.auth.NewPassword(r.PostFormValue("password1"))
		}
		if err != nil {
			return newForm(r).again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
				return s.signinLinkPage(w, r, status, l, f)
			})
		}
	}
	cookie, err := s.chat.UseSigninLink(r.Context(), l, token, hash, s.browser(r), r.caller.SessionID)
	if err != nil {
		return err
	}
	if err := s.keepSignedIn(w, r, l.User, cookie); err != nil {
		return err
	}
	return seeOther(w, r, "/")
}
