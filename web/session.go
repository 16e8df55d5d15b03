package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/logging"
)

// Auth seals cookies, hashes passwords and limits password guesses.
type Auth interface {
	// Seal returns the cookie of a session's token. Open is its inverse.
	Seal(token []byte) (cookie string, err error)
	Open(cookie string) (token []byte, err error)

	NewPassword(password string) (hash string, err error)
	// Verify reports whether hash is that of password. It takes as long for the hash "", of an account that does not exist. Errors:
	// rate_limited, that of ctx.
	Verify(ctx context.Context, g limits.Guess, hash, password string) (right bool, err error)
}

// cookieLife is how long browsers store a cookie, in seconds: 400 days, the longest time that they accept (RFC 6265bis, section
// 5.5). An unused session ends much sooner.
const cookieLife = 400 * 24 * 60 * 60

// cookieName returns the name of the session cookie. With HTTPS, the prefix __Host- prevents other hosts and pages without
// HTTPS from setting the cookie.
func (s *Server) cookieName(r *http.Request) string {
	if s.secure(r) {
		return "__Host-hearth"
	}
	return "hearth"
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, value string, life int) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(r), Value: value, Path: "/", MaxAge: life,
		Secure: s.secure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// keepSession sets the cookie of a new session.
func (s *Server) keepSession(w http.ResponseWriter, r *request, token []byte) error {
	cookie, err := s.auth.Seal(token)
	if err != nil {
		return err
	}
	s.setCookie(w, r.Request, cookie, cookieLife)
	return nil
}

// caller returns the caller of a request. An invalid cookie counts as none.
func (s *Server) caller(r *http.Request) (chat.Caller, *chat.Session, error) {
	cookie, err := r.Cookie(s.cookieName(r))
	if err != nil {
		return chat.Caller{}, nil, nil
	}
	token, err := s.auth.Open(cookie.Value)
	if err != nil {
		return chat.Caller{}, nil, nil
	}
	session, user, err := s.chat.SessionByToken(r.Context(), token)
	if errors.Is(err, chat.ErrNotFound) {
		return chat.Caller{}, nil, nil
	}
	if err != nil {
		return chat.Caller{}, nil, err
	}
	return chat.Caller{User: user, Guest: session.Guest, SessionID: session.ID}, session, nil
}

// browser returns what is stored about the browser of a new session.
func (s *Server) browser(r *request) chat.Browser {
	return chat.Browser{Agent: r.UserAgent(), Addr: s.address(r.Request).String()}
}

func (s *Server) showLogin(w http.ResponseWriter, r *request) error {
	if r.caller.SignedIn() {
		return seeOther(w, r, local(r.FormValue("next")))
	}
	return s.loginPage(w, r, http.StatusOK, newForm(r, "next"))
}

func (s *Server) loginPage(w http.ResponseWriter, r *request, status int, f form) error {
	v := s.view(r, r.loc.T("login.submit"))
	v.Path = "/login/?next=" + queryEscape(f.Values["next"])
	if r.FormValue("done") == "account_deleted" {
		v.Flash = r.loc.T("account.deleted_own")
	}
	some, err := s.chat.HasUsers(r.Context())
	if err != nil {
		return err
	}
	v.Data = struct {
		Form  form
		Empty bool // nobody has an account yet
	}{f, !some}
	return s.render(w, r, status, "login", v)
}

// login starts a session if the username and password match. Neither the response nor the time that it takes shows which of the
// two was wrong.
func (s *Server) login(w http.ResponseWriter, r *request) error {
	f := newForm(r, "username", "next")
	user, err := s.signedIn(r, f.Values["username"], r.PostFormValue("password"))
	if err != nil {
		s.logRefusedLogin(r, err)
		return f.again(w, r, err, s.loginPage)
	}
	if err := s.openSession(w, r, user.ID); err != nil {
		return err
	}
	return seeOther(w, r, local(f.Values["next"]))
}

// The kinds of log records about sign-ups and log-ins. Only an attack causes more than sixty a minute.
var (
	signUps          = logging.NewKind(slog.LevelInfo, "sign-up", 60)
	logIns           = logging.NewKind(slog.LevelInfo, "log-in", 60)
	failedLogIns     = logging.NewKind(slog.LevelWarn, "failed log-in", 60)
	throttledGuesses = logging.NewKind(slog.LevelWarn, "throttled", 1)
)

// logRefusedLogin logs a refused log-in, without the typed username: people type their password there by mistake.
func (s *Server) logRefusedLogin(r *request, err error) {
	switch e := known(err); {
	case e.Code == "rate_limited":
		throttledGuesses.Log("limit", "password guesses", "from", s.address(r.Request))
	case statusOf(e) < http.StatusInternalServerError:
		failedLogIns.Log("code", e.Code, "from", s.address(r.Request))
	}
}

func (s *Server) signedIn(r *request, name, password string) (*chat.User, error) {
	user, hash, err := s.chat.Credentials(r.Context(), name)
	if err != nil && !errors.Is(err, chat.ErrNotFound) {
		return nil, err
	}
	right, err := s.auth.Verify(r.Context(), s.guess(r, name, user), hash, password)
	if err == nil && !right {
		err = chat.Errorf("wrong_password")
	}
	if err != nil {
		return nil, err
	}
	if user.Disabled {
		return nil, chat.Errorf("user_disabled")
	}
	if err := s.chat.TakeKey(limits.Key{User: user.ID}, limits.LogIns); err != nil {
		return nil, err
	}
	return user, nil
}

// openSession starts a new session and ends the previous one of this browser, which prevents session fixation.
func (s *Server) openSession(w http.ResponseWriter, r *request, userID int64) error {
	token, _, err := s.chat.OpenSession(r.Context(), userID, s.browser(r), r.caller.SessionID)
	if err != nil {
		return err
	}
	user, err := s.chat.User(r.Context(), userID)
	if err != nil {
		return err
	}
	return s.keepSignedIn(w, r, user, token)
}

// keepSignedIn sets the cookies of a new session of user.
func (s *Server) keepSignedIn(w http.ResponseWriter, r *request, user *chat.User, token []byte) error {
	if user.Admin {
		s.learnHost(r.Context(), hostName(s.host(r.Request)))
	}
	logIns.Log("user", user.Name, "from", s.address(r.Request))
	if err := s.keepSession(w, r, token); err != nil {
		return err
	}
	return s.rememberDevice(w, r, user.ID)
}

func (s *Server) showLogout(w http.ResponseWriter, r *request) error {
	if r.session == nil {
		return seeOther(w, r, "/")
	}
	return s.render(w, r, http.StatusOK, "logout", s.view(r, r.loc.T("logout.submit")))
}

func (s *Server) logout(w http.ResponseWriter, r *request) error {
	if r.session != nil {
		if err := s.chat.EndSession(r.Context(), r.session.ID); err != nil {
			return err
		}
	}
	s.setCookie(w, r.Request, "", -1)
	return seeOther(w, r, "/")
}
