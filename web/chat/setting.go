package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"hearth/web/label"
)

// Settings that admins change on the admin site. A flag of the command line overrides the setting.
const (
	SettingPlace  = "place"  // the name of this site, at most 80 characters
	SettingSignup = "signup" // who may sign up: open, invite or closed
	SettingGuests = "guests" // what visitors may do: off, read or write
	SettingRooms  = "rooms"  // who may create rooms: everybody or admins
)

// maxPlace is the longest name of the site, in characters. It has to fit beside the logo.
const maxPlace = 80

// Setting returns the stored value of a setting, "" if it was never set. Error: storage.
func (c *Chat) Setting(ctx context.Context, name string) (string, error) {
	return c.settings.Load(name, func() (value string, err error) {
		err = c.read.QueryRow(ctx, "SELECT value FROM setting WHERE name = ?", []any{name}, &value)
		if errors.Is(err, sql.ErrNoRows) {
			return "", nil
		}
		return value, storage("load a setting", err)
	})
}

// SetSettings stores the settings in values and changes no others. Errors: not_allowed, rate_limited, too_long and bad_choice (on
// the field of the setting), storage.
func (c *Chat) SetSettings(ctx context.Context, by Caller, values map[string]string) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	for name, value := range values {
		if err := checkSetting(name, value); err != nil {
			return err
		}
	}
	before, err := c.GuestsMay(ctx)
	if err != nil {
		return err
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		for name, value := range values {
			if _, err := tx.Exec("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, label.Clean(value)); err != nil {
				return fmt.Errorf("store setting %s: %w", name, err)
			}
		}
		c.announceGuests(tx, before, values[SettingGuests])
		return c.audit(tx, by, "settings", "")
	})
	c.settings.Clear()
	if err == nil {
		c.hub.Recheck("") // visitors may have lost their access, and users their right to be in rooms that are not stored
	}
	return storage("store settings", err)
}

func checkSetting(name, value string) error {
	allowed := map[string]string{SettingSignup: "open invite closed", SettingGuests: "off read write", SettingRooms: "everybody admins"}
	switch name {
	case SettingPlace:
		if utf8.RuneCountInString(value) > maxPlace {
			return Errorf("too_long", "max", maxPlace).On(name)
		}
	case SettingSignup, SettingGuests, SettingRooms:
		for _, v := range strings.Fields(allowed[name]) {
			if v == value {
				return nil
			}
		}
		return Errorf("bad_choice").On(name)
	default:
		return Errorf("bad_choice").On(name)
	}
	return nil
}

// GuestsMay returns what visitors may do: off, read or write. A flag of the command line overrides the setting. The default is
// off. Error: storage.
func (c *Chat) GuestsMay(ctx context.Context) (string, error) {
	return c.policy(ctx, SettingGuests, c.options.Guests, "off")
}

// SignupPolicy returns who may sign up: open, invite or closed. A flag of the command line overrides the setting. The default is
// closed. The policy does not apply to the first account. Error: storage.
func (c *Chat) SignupPolicy(ctx context.Context) (string, error) {
	return c.policy(ctx, SettingSignup, c.options.Signup, "closed")
}

// signupPolicyIn is SignupPolicy within a transaction.
func (c *Chat) signupPolicyIn(tx Tx) (policy string, err error) {
	if c.options.Signup != "" {
		return c.options.Signup, nil
	}
	err = tx.QueryRow("SELECT value FROM setting WHERE name = ?", SettingSignup).Scan(&policy)
	if errors.Is(err, sql.ErrNoRows) || err == nil && policy == "" {
		return "closed", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the sign-up policy: %w", err)
	}
	return policy, nil
}

// RoomsPolicy returns who may create rooms: everybody or admins. The default is everybody. Error: storage.
func (c *Chat) RoomsPolicy(ctx context.Context) (string, error) {
	return c.policy(ctx, SettingRooms, "", "everybody")
}

// MayMakeRooms returns why the caller may not create a room, or enter one that is not stored; nil if it may. Errors: not_allowed,
// storage.
func (c *Chat) MayMakeRooms(ctx context.Context, by Caller) error {
	if by.Admin() {
		return nil
	}
	policy, err := c.RoomsPolicy(ctx)
	if err == nil && policy == "admins" {
		err = &Error{Code: "not_allowed", Key: "rooms_admins"}
	}
	return err
}

// SignupDecided reports whether a flag of the command line or an admin has set the sign-up policy. Error: storage.
func (c *Chat) SignupDecided(ctx context.Context) (bool, error) {
	v, err := c.policy(ctx, SettingSignup, c.options.Signup, "")
	return v != "", err
}

// Place returns the name of this site, "" if it has none. Error: storage.
func (c *Chat) Place(ctx context.Context) (string, error) {
	place, err := c.Setting(ctx, SettingPlace)
	return label.Clean(place), err
}

// policy returns the setting called name, fixed instead if it is not empty, or else otherwise.
func (c *Chat) policy(ctx context.Context, name, fixed, otherwise string) (string, error) {
	if fixed != "" {
		return fixed, nil
	}
	v, err := c.Setting(ctx, name)
	if err != nil || v == "" {
		return otherwise, err
	}
	return v, nil
}

// Options are set when the program starts. The zero value limits nothing and leaves all settings to admins.
type Options struct {
	// Signup and Guests override the settings of these names; "": no flag was given. Admins see an overridden setting, but
	// cannot change it.
	Signup, Guests string
	// Limits turns the limits of the table in package limits on.
	Limits bool
}

// Options returns the options with which New was called.
func (c *Chat) Options() Options { return c.options }
