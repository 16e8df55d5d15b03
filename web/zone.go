package web

import (
	"context"
	"encoding/json"
	"log/slog"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/locale"
)

// setZone stores the time zone of the caller's browser. Nobody waits for it, so what goes wrong is only logged.
func (s *Server) setZone(by chat.Caller, cmd command) error {
	var zone string
	if json.Unmarshal(cmd.Zone, &zone) != nil {
		return chat.Errorf("bad_frame")
	}
	if err := s.chat.BrowserZone(context.Background(), by, zone); err != nil {
		slog.Debug("store the time zone of a browser", "err", err)
	}
	return nil
}

// timesForm is the part of the profile's page about the time zone and the clock.
type timesForm struct {
	Zone, BrowserZone, Clock string
	Zones                    []string
}

func timesOf(u *chat.User) timesForm {
	f := timesForm{Clock: u.Clock, Zones: locale.Zones()}
	if u.ZoneChosen {
		f.Zone = u.Zone
	} else {
		f.BrowserZone = u.Zone
	}
	return f
}

// changeTimes handles the form for the time zone and the clock.
func (s *Server) changeTimes(r *request) error {
	if err := s.take(r, limits.Settings); err != nil {
		return err
	}
	return s.chat.SetTimes(r.Context(), r.caller.User.ID, r.PostFormValue("zone"), r.PostFormValue("clock"))
}
