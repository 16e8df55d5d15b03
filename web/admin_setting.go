package web

import (
	"context"
	"net/http"

	"hearth/web/chat"
)

type adminSettingsData struct {
	Form form
	// Fixed are the settings of the command line. They are shown but cannot be changed here.
	Fixed chat.Options
	Hosts []string // names of the server under which admins have signed in

	FirstRooms []*chat.Room // that newcomers see first
	FirstForm  form
}

func (s *Server) adminSettings(w http.ResponseWriter, r *request) error {
	f, err := s.settingsForm(r)
	if err != nil {
		return err
	}
	return s.adminSettingsPage(w, r, http.StatusOK, f)
}

// settingsForm returns the form with the current settings.
func (s *Server) settingsForm(r *request) (f form, err error) {
	var now [4]string
	for i, load := range []func(context.Context) (string, error){s.chat.Place, s.chat.SignupPolicy, s.chat.GuestsMay, s.chat.RoomsPolicy} {
		if now[i], err = load(r.Context()); err != nil {
			return f, err
		}
	}
	if decided, err := s.chat.SignupDecided(r.Context()); err != nil {
		return f, err
	} else if !decided {
		now[1] = "" // so that saving another setting does not set this one
	}
	values := map[string]string{chat.SettingPlace: now[0], chat.SettingSignup: now[1], chat.SettingGuests: now[2], chat.SettingRooms: now[3]}
	return form{Values: values}, nil
}

func (s *Server) adminSettingsPage(w http.ResponseWriter, r *request, status int, f form) error {
	return s.adminSettingsWith(w, r, status, adminSettingsData{Form: f})
}

// adminSettingsWith shows the page with the forms in d.
func (s *Server) adminSettingsWith(w http.ResponseWriter, r *request, status int, d adminSettingsData) (err error) {
	d.Fixed = s.chat.Options()
	if d.Hosts, err = s.chat.Hosts(r.Context()); err != nil {
		return err
	}
	if d.FirstRooms, err = s.chat.FirstRooms(r.Context()); err != nil {
		return err
	}
	return s.adminPage(w, r, status, "settings", r.loc.T("admin.settings"), d)
}

// adminChangeSettings stores the settings in the form. It keeps settings that the form lacks, and those of the command line.
func (s *Server) adminChangeSettings(w http.ResponseWriter, r *request) error {
	if host := r.PostFormValue("forget_host"); host != "" {
		if err := s.chat.ForgetHost(r.Context(), r.caller, host); err != nil {
			return err
		}
		return seeOther(w, r, "/admin/settings/?done=settings")
	}
	if r.PostFormValue("action") != "" {
		return s.changeFirstRooms(w, r)
	}
	names := []string{chat.SettingPlace, chat.SettingSignup, chat.SettingGuests, chat.SettingRooms}
	f := newForm(r, names...)
	fixed := s.chat.Options()
	decided := map[string]string{chat.SettingSignup: fixed.Signup, chat.SettingGuests: fixed.Guests}
	values := map[string]string{}
	for _, name := range names {
		if r.PostForm.Has(name) && decided[name] == "" {
			values[name] = r.PostFormValue(name)
		}
	}
	if err := s.chat.SetSettings(r.Context(), r.caller, values); err != nil {
		return f.again(w, r, err, s.adminSettingsPage)
	}
	if next := r.PostFormValue("next"); next != "" {
		return seeOther(w, r, localPage(next))
	}
	return seeOther(w, r, "/admin/settings/?done=settings")
}
