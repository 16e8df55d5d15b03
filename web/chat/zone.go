package chat

import (
	"context"
	"time"

	"hearth/web/limits"
	"hearth/web/locale"
)

// Location returns the time zone in which times are shown to the user, UTC if it is unknown.
func (u *User) Location() *time.Location {
	if at := locale.Zone(u.Zone); at != nil {
		return at
	}
	return time.UTC
}

// SetTimes stores how times are shown to the user: the time zone, "" for the browser's, and the clock: "12", "24", or "" for the one of
// the language. Errors: bad_choice, storage.
func (c *Chat) SetTimes(ctx context.Context, id int64, zone, clock string) error {
	name := locale.ZoneName(zone)
	if name == "" && zone != "" {
		return Errorf("bad_choice").On("zone")
	}
	if clock != "" && clock != "12" && clock != "24" {
		return Errorf("bad_choice").On("clock")
	}
	if err := c.set(ctx, id, "UPDATE user SET clock = ? WHERE id = ?", clock); err != nil {
		return err
	}
	if name == "" {
		return c.set(ctx, id, "UPDATE user SET zone_chosen = ? WHERE id = ?", false)
	}
	return c.set(ctx, id, "UPDATE user SET zone_chosen = 1, zone = ? WHERE id = ?", name)
}

// BrowserZone stores the time zone of the caller's browser, unless the caller has chosen one. An unknown one is ignored. Errors:
// rate_limited, storage.
func (c *Chat) BrowserZone(ctx context.Context, by Caller, zone string) error {
	if by.User == nil {
		return nil
	}
	u, err := c.User(ctx, by.User.ID)
	if err != nil {
		return err
	}
	name := locale.ZoneName(zone)
	if name == "" || u.ZoneChosen || u.Zone == name {
		return nil
	}
	if err := c.Take(by, limits.Settings); err != nil {
		return err
	}
	return c.set(ctx, u.ID, "UPDATE user SET zone = ? WHERE id = ? AND zone_chosen = 0", name)
}
