package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"hearth/web/chat"
	"hearth/web/limits"
)

type profileData struct {
	Form, PasswordForm form
	DeleteForm         form // of the deletion of the account
	DeleteOpen         bool // its dialog is open
	Blocked            []*chat.User
	BlockedPaging      paging
	Lang, Theme        string
	Sessions           []sessionRow
	SessionPaging      paging
	Link               *shownLink // for another device, just created
	statusForms
	timesForm
}

type sessionRow struct {
	ID          int64
	Agent, Addr string
	Seen        time.Time
	Current     bool
}

// savedFlash holds the keys of the messages after a change: ?saved=<name>.
var savedFlash = map[string]string{"details": "profile.saved", "appearance": "profile.saved", "status": "profile.saved", "times": "profile.saved",
	"password": "profile.password_saved", "signout": "profile.signed_out"}

func (s *Server) showProfile(w http.ResponseWriter, r *request) error {
	me := r.caller.User
	return s.profilePage(w, r, http.StatusOK, profileData{Form: profileForm(me)})
}

func (s *Server) profilePage(w http.ResponseWriter, r *request, status int, d profileData) error {
	d.SessionPaging = pagingBy(r, "/profile/", "sessions", perPage)
	sessions, total, err := s.chat.Sessions(r.Context(), r.caller.User.ID, perPage, d.SessionPaging.offset())
	if err != nil {
		return err
	}
	d.SessionPaging.of(total)
	for _, o := range sessions {
		d.Sessions = append(d.Sessions, sessionRow{ID: o.ID, Agent: browserName(o.Agent), Addr: o.Addr, Seen: o.Seen, Current: o.ID == r.caller.SessionID})
	}
	d.statusForms.fill(r, s.chat.Now())
	d.timesForm = timesOf(r.caller.User)
	d.BlockedPaging = pagingBy(r, "/profile/", "blocked", perPage)
	if d.Blocked, total, err = s.chat.Blocked(r.Context(), r.caller.User.ID, perPage, d.BlockedPaging.offset()); err != nil {
		return err
	}
	d.BlockedPaging.of(total)
	d.Lang, d.Theme = r.loc.Code(), r.caller.User.Theme
	v := s.view(r, r.loc.T("profile.title"))
	v.Path = "/profile/"
	if key, ok := savedFlash[r.URL.Query().Get("saved")]; ok && status == http.StatusOK {
		v.Flash = r.loc.T(key)
	}
	if err := s.addSidebar(r, v); err != nil {
		return err
	}
	v.Data = d
	return s.render(w, r, status, "profile", v)
}

// changeProfile handles the forms of the profile. A form without "action" is the first one.
func (s *Server) changeProfile(w http.ResponseWriter, r *request) error {
	action := r.PostFormValue("action")
	var err error
	switch action {
	case "password":
		return s.changePassword(w, r)
	case "delete":
		return s.deleteOwnAccount(w, r)
	case "link":
		return s.showOwnLink(w, r)
	case "appearance":
		err = s.changeAppearance(w, r)
	case "status":
		return s.changeStatus(w, r)
	case "times":
		err = s.changeTimes(r)
	case "signout":
		err = s.signOutThere(r)
	case "", "details":
		return s.changeDetails(w, r)
	default:
		err = chat.Errorf("bad_choice")
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/profile/?saved="+action)
}

// profileFields are the fields of the forms with a person's names and address.
var profileFields = []string{"name", "first_name", "last_name", "email"}

// profileForm returns the form with the profile of u.
func profileForm(u *chat.User) form {
	return form{Values: map[string]string{"name": u.FullName(), "first_name": u.FirstName, "last_name": u.LastName, "email": u.Email}}
}

// profileOf returns the profile in a form, of the user u or of a new one if u is nil. A form with a display name changes the
// fields that it has. A form without one comes from an older client, and replaces all but the display name.
func profileOf(r *request, f form, u *chat.User) chat.Profile {
	p := chat.Profile{DisplayName: f.Values["name"], FirstName: f.Values["first_name"], LastName: f.Values["last_name"], Email: f.Values["email"]}
	if u == nil {
		return p
	}
	if !r.PostForm.Has("name") {
		p.DisplayName = u.DisplayName
		return p
	}
	for _, field := range []struct {
		name   string
		value  *string
		stored string
	}{{"first_name", &p.FirstName, u.FirstName}, {"last_name", &p.LastName, u.LastName}, {"email", &p.Email, u.Email}} {
		if !r.PostForm.Has(field.name) {
			*field.value = field.stored
		}
	}
	return p
}

func (s *Server) changeDetails(w http.ResponseWriter, r *request) error {
	f := newForm(r, profileFields...)
	if err := s.chat.UpdateProfile(r.Context(), r.caller, r.caller.User.ID, profileOf(r, f, r.caller.User)); err != nil {
		return f.again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
			return s.profilePage(w, r, status, profileData{Form: f})
		})
	}
	return seeOther(w, r, "/profile/?saved=details")
}

func (s *Server) changePassword(w http.ResponseWriter, r *request) error {
	err := s.replacePassword(r)
	if err == nil {
		err = s.renewSession(w, r)
	}
	if err != nil {
		return newForm(r).again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
			return s.profilePage(w, r, status, profileData{Form: profileForm(r.caller.User), PasswordForm: f})
		})
	}
	return seeOther(w, r, "/profile/?saved=password")
}

// replacePassword requires the old password: another person may use a browser that was left open.
func (s *Server) replacePassword(r *request) error {
	me := r.caller.User
	if err := s.take(r, limits.Password); err != nil {
		return err
	}
	if err := s.verifyOwn(r, "old_password"); err != nil {
		return err
	}
	if err := newPassword(r, me.Name); err != nil {
		return err
	}
	hash, err := s.auth.NewPassword(r.PostFormValue("password1"))
	if err != nil {
		return err
	}
	return s.chat.SetPassword(r.Context(), r.caller, me.ID, hash)
}

// renewSession gives the browser a new cookie for its session, so that copies of the old one are void. Its sockets stay open.
func (s *Server) renewSession(w http.ResponseWriter, r *request) error {
	token, err := s.chat.RenewSession(r.Context(), r.caller.SessionID)
	if err != nil {
		return err
	}
	return s.keepSession(w, r, token)
}

func (s *Server) changeAppearance(w http.ResponseWriter, r *request) error {
	if err := s.take(r, limits.Settings); err != nil {
		return err
	}
	lang := r.PostFormValue("lang")
	if err := s.chat.SetLanguage(r.Context(), r.caller.User.ID, lang); err != nil {
		return err
	}
	if lang != "" {
		s.keepLanguage(w, r, lang)
	}
	return s.chat.SetTheme(r.Context(), r.caller.User.ID, r.PostFormValue("theme"))
}

// signOutThere ends one or all of the caller's other sessions.
func (s *Server) signOutThere(r *request) error {
	if err := s.take(r, limits.Settings); err != nil {
		return err
	}
	which := r.PostFormValue("session")
	if which == "others" {
		return s.chat.EndAll(r.Context(), r.caller, r.caller.User.ID, r.caller.SessionID)
	}
	id, err := strconv.ParseInt(which, 10, 64)
	if err != nil {
		return chat.Errorf("bad_choice")
	}
	return s.chat.EndOwnSession(r.Context(), r.caller.User.ID, id)
}

// Names in User-Agent headers and what people call them. The order matters: most browsers claim to be Chrome or Safari too.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"}, {"Chrome/", "Chrome"}, {"CriOS/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}}
	systems = [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}}
)

// browserName returns what people call a browser: "Firefox · Linux". It returns "" for an unknown one.
func browserName(agent string) string {
	var parts []string
	for _, list := range [][][2]string{browsers, systems} {
		for _, known := range list {
			if strings.Contains(agent, known[0]) {
				parts = append(parts, known[1])
				break
			}
		}
	}
	return strings.Join(parts, " · ")
}
