package web

import (
	"net/http"
	"time"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/ws"
)

// The values of presence beside those of chat.Availability.
const (
	online  = "online"
	offline = "offline"
)

// presence returns how the dot of a person looks: online, away, dnd or offline.
func (s *Server) presence(u *chat.User) string {
	if !s.hub.Online(u.ID) {
		return offline
	}
	if a := s.availability(u); a != chat.Available {
		return string(a)
	}
	return online
}

// availability returns the availability of a person who is online.
func (s *Server) availability(u *chat.User) chat.Availability {
	return u.StatusAt(s.chat.Now()).AvailabilityWhile(s.hub.Idle(u.ID))
}

// statusFor returns the status of a person as the caller sees it. Visitors do not see it.
func (s *Server) statusFor(r *request, u *chat.User) chat.Status {
	if !r.caller.SignedIn() {
		return chat.Status{}
	}
	return u.StatusAt(s.chat.Now())
}

// setIdle stores whether nobody has touched a page for a while. Errors: bad_frame, rate_limited.
func (s *Server) setIdle(c *ws.Conn, by chat.Caller, cmd command) error {
	if !c.Batched() || cmd.On == nil {
		return chat.Errorf("bad_frame")
	}
	if by.User == nil || c.Idle() == *cmd.On {
		return nil
	}
	if err := s.chat.Take(by, limits.Idle); err != nil {
		return err
	}
	c.SetIdle(*cmd.On)
	return nil
}

// statusForms is the part of the profile's page about the status.
type statusForms struct {
	StatusForm form
	StatusNow  chat.Status
	Ends       []choice
}

// choice is an option of a field.
type choice struct{ Value, Text string }

// fill adds what the page shows, unless the form was refused.
func (d *statusForms) fill(r *request, now time.Time) {
	d.StatusNow = r.caller.User.StatusAt(now)
	d.StatusNow.Until = r.in(d.StatusNow.Until)
	if d.StatusForm.Values == nil {
		d.StatusForm.Values = map[string]string{"emoji": d.StatusNow.Emoji, "text": d.StatusNow.Text, "availability": string(d.StatusNow.Availability), "until": "1h"}
	}
	for _, end := range chat.StatusEnds() {
		d.Ends = append(d.Ends, choice{end, r.loc.T("status.end." + end)})
	}
}

// changeStatus handles the form for the caller's status. The button "clear" removes it.
func (s *Server) changeStatus(w http.ResponseWriter, r *request) error {
	f := newForm(r, "emoji", "text", "availability", "until")
	var d chat.StatusDraft
	if r.PostFormValue("clear") == "" {
		d = chat.StatusDraft{Emoji: f.Values["emoji"], Text: f.Values["text"], Availability: chat.Availability(f.Values["availability"]), End: f.Values["until"]}
	}
	if err := s.chat.SetStatus(r.Context(), r.caller, d); err != nil {
		return f.again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
			return s.profilePage(w, r, status, profileData{Form: profileForm(r.caller.User), statusForms: statusForms{StatusForm: f}})
		})
	}
	return seeOther(w, r, "/profile/?saved=status#status")
}
