package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"hearth/web/chat"
	"hearth/web/locale"
)

// cardData is what a card tells about a person.
type cardData struct {
	Name, Display string
	Guest         bool
	Disabled      bool   // the account is deactivated
	Me            bool   // it is the reader's own card
	Presence      string // as Server.presence returns it; "": unknown
	Role          string // admin, owner (of the room in which the card is opened), guest, or ""
	Status        chat.Status
	LastSeen      time.Time
	Local         time.Time // now, in the person's time zone; zero: the zone is unknown
	Zone          string
	Difference    string // how far that is from the reader's time, "": not at all, or unknown
	MessageURL    string // "": the reader cannot write to the person
	AccountURL    string // for admins
	Blocked       bool   // the reader takes no private messages from the person
}

func personURL(name string) string { return "/people/" + url.PathEscape(name) + "/" }

// showPerson shows the page of a person: the card.
func (s *Server) showPerson(w http.ResponseWriter, r *request) error {
	card, err := s.personCard(r)
	if err != nil {
		return err
	}
	v := s.view(r, card.Display)
	if err := s.addSidebar(r, v); err != nil {
		return err
	}
	v.Data = card
	return s.render(w, r, http.StatusOK, "person", v)
}

// showCard writes only the card, as a part of a page. The parameter room names the room in which it is opened.
func (s *Server) showCard(w http.ResponseWriter, r *request) error {
	card, err := s.personCard(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	return s.pages.fragment(w, r.loc, "card", card)
}

// personCard returns the card of the person whom a request names. Errors: sign_in, no_such_user, storage.
func (s *Server) personCard(r *request) (*cardData, error) {
	if err := s.mayListen(r.Context(), r.caller); err != nil {
		return nil, err
	}
	room, err := s.roomOfCard(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if bare, guest := chat.Bare(name); guest {
		d, err := s.guestCard(bare, name, room)
		if err == nil && r.caller.Admin() {
			d.AccountURL = "/admin/guests/"
		}
		return d, err
	}
	u, err := s.chat.UserByName(r.Context(), name)
	if errors.Is(err, chat.ErrNotFound) || err == nil && u.Deleted {
		return nil, chat.Errorf("no_such_user", "name", name)
	}
	if err != nil {
		return nil, err
	}
	d := &cardData{Name: u.Name, Display: u.Display(), Disabled: u.Disabled, Me: r.caller.User != nil && r.caller.User.ID == u.ID}
	if r.caller.Admin() {
		d.AccountURL = fmt.Sprintf("/admin/users/%d/", u.ID)
	}
	if d.Role, err = s.role(r, room, u); err != nil || u.Disabled {
		return d, err
	}
	d.Presence, d.LastSeen = s.presence(u), u.LastSeen
	if d.Me && d.Presence == offline {
		d.Presence = online // the page is about to open its socket
	}
	if !r.caller.SignedIn() {
		return d, nil
	}
	d.Status, d.MessageURL = s.statusFor(r, u), roomURL("@"+u.Name)
	d.fillTime(r, u, s.chat.Now())
	d.Blocked, err = s.chat.Blocks(r.Context(), r.caller.User.ID, u.ID)
	return d, err
}

// roomOfCard returns the room in which a card is opened, or nil if there is none that the reader may enter.
func (s *Server) roomOfCard(r *request) (*chat.Room, error) {
	name := r.FormValue("room")
	if name == "" {
		return nil, nil
	}
	room, err := s.chat.Enter(r.Context(), r.caller, name)
	if err != nil && statusOf(known(err)) < http.StatusInternalServerError {
		return nil, nil
	}
	return room, err
}

// guestCard returns the card of a visitor. Only the name is known, and whether somebody with that name is in the room.
func (s *Server) guestCard(bare, name string, room *chat.Room) (*cardData, error) {
	if clean, _, err := chat.GuestName(bare); err != nil || clean != bare {
		return nil, chat.Errorf("no_such_user", "name", name)
	}
	d := &cardData{Name: name, Display: bare, Guest: true, Role: "guest"}
	if room != nil && slices.Contains(s.hub.Here(room.Group()), name) {
		d.Presence = online
	}
	return d, nil
}

// role returns what a person is in a room, as the card says it.
func (s *Server) role(r *request, room *chat.Room, u *chat.User) (string, error) {
	if u.Admin {
		return "admin", nil
	}
	if room == nil || room.With != nil {
		return "", nil
	}
	owns, err := s.chat.Owns(r.Context(), u, room)
	if owns {
		return "owner", err
	}
	return "", err
}

// fillTime sets the person's local time, and how far it is from the reader's.
func (d *cardData) fillTime(r *request, u *chat.User, now time.Time) {
	zone := locale.Zone(u.Zone)
	if zone == nil {
		return
	}
	d.Zone, d.Local = u.Zone, now.In(zone)
	mine := locale.Zone(r.caller.User.Zone)
	if mine == nil || d.Me {
		return
	}
	_, theirs := d.Local.Zone()
	_, own := now.In(mine).Zone()
	d.Difference = difference(r.loc, time.Duration(theirs-own)*time.Second)
}

// difference says how far a clock is ahead of the reader's, "" if it is not.
func difference(l *locale.Locale, ahead time.Duration) string {
	switch {
	case ahead > 0:
		return l.T("card.ahead", "time", span(l, ahead))
	case ahead < 0:
		return l.T("card.behind", "time", span(l, -ahead))
	}
	return ""
}

// span returns a duration in hours and minutes.
func span(l *locale.Locale, d time.Duration) string {
	hours, minutes := int(d.Hours()), int(d.Minutes())%60
	switch {
	case minutes == 0:
		return l.T("card.hours", "hours", hours)
	case hours == 0:
		return l.T("card.minutes", "minutes", minutes)
	}
	return l.T("card.hours_minutes", "hours", hours, "minutes", minutes)
}
