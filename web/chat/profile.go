package chat

import (
	"context"
	"errors"
	"fmt"

	"hearth/web/limits"
	"hearth/web/locale"
)

// Console returns the caller of the command line: an admin without an account.
func Console() Caller { return Caller{User: &User{Name: "console", Admin: true}} }

// may returns an error unless by is the user with that id or an admin.
func may(by Caller, id int64) error {
	if by.Admin() || by.User != nil && by.User.ID == id {
		return nil
	}
	return Errorf("not_allowed")
}

// edit runs job, which changes the account of user id, and announces the change. If an admin changes the account of another
// person, it adds an audit entry.
func (c *Chat) edit(ctx context.Context, by Caller, id int64, what string, job func(Tx) error) error {
	if err := may(by, id); err != nil {
		return err
	}
	u, err := c.User(ctx, id)
	if err != nil {
		return err
	}
	if by.User.ID != id {
		if err := c.Take(by, limits.Admin); err != nil {
			return err
		}
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		if err := hasAccount(tx, id); err != nil {
			return err
		}
		if err := job(tx); err != nil {
			return err
		}
		if by.User.ID == id {
			return nil
		}
		return c.audit(tx, by, what, u.Name)
	})
	if errors.Is(err, ErrNotFound) { // the account was deleted
		return err
	}
	if err != nil {
		return storage(what, err)
	}
	return c.changed(context.WithoutCancel(ctx), id) // the change is stored, so announce it even if the client has gone
}

// UpdateProfile stores the profile of a user. If the user has no display name, a form shows the joined first and last name
// instead. If p still has that name, no display name is stored. Errors: those of Profile.Check, not_allowed, rate_limited,
// storage, ErrNotFound.
func (c *Chat) UpdateProfile(ctx context.Context, by Caller, id int64, p Profile) error {
	p, err := p.Check()
	if err != nil {
		return err
	}
	u, err := c.User(ctx, id)
	if err != nil {
		return err
	}
	if u.DisplayName == "" && p.DisplayName == u.FullName() {
		p.DisplayName = ""
	}
	if by.User != nil && by.User.ID == id {
		if err := c.Take(by, limits.Profile); err != nil {
			return err
		}
	}
	edited := User{Name: u.Name, DisplayName: p.DisplayName, FirstName: p.FirstName, LastName: p.LastName}
	looks := looksOf(&edited)
	var others []int64
	err = c.edit(ctx, by, id, "user_edited", func(tx Tx) (err error) {
		tx.Erase()
		_, err = tx.Exec("UPDATE user SET display_name = ?, first_name = ?, last_name = ?, email = ?, search = ? WHERE id = ?",
			p.DisplayName, p.FirstName, p.LastName, p.Email, edited.searched(), id)
		if err == nil {
			others, err = storeLooks(tx, id, looks)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.renamed(context.WithoutCancel(ctx), others)
}

// SetPassword stores the hash of a new password and ends all sessions of the user except that of by. Errors: not_allowed,
// rate_limited, storage, ErrNotFound.
func (c *Chat) SetPassword(ctx context.Context, by Caller, id int64, hash string) error {
	var gone []int64
	err := c.edit(ctx, by, id, "user_password", func(tx Tx) (err error) {
		gone, err = replacePassword(tx, id, hash, by.SessionID)
		return err
	})
	if err == nil {
		c.ended(gone)
	}
	return err
}

// SetAdmin makes the user an admin, or ends that. Errors: last_admin, not_allowed, rate_limited, storage, ErrNotFound.
func (c *Chat) SetAdmin(ctx context.Context, by Caller, id int64, on bool) error {
	if !by.Admin() {
		return Errorf("not_allowed")
	}
	what := map[bool]string{true: "user_admin", false: "user_unadmin"}[on]
	err := c.edit(ctx, by, id, what, func(tx Tx) error {
		if !on {
			if err := leavesAdmin(tx, id); err != nil {
				return err
			}
		}
		if _, err := tx.Exec("UPDATE user SET admin = ? WHERE id = ?", on, id); err != nil {
			return err
		}
		return c.announceAdmin(tx, id, on)
	})
	if err == nil {
		c.hub.Recheck(UserGroup(id)) // rooms for admins only
	}
	return err
}

// announceAdmin announces which rooms a user may enter after SetAdmin.
func (c *Chat) announceAdmin(tx Tx, id int64, on bool) error {
	rows, err := tx.Query(closedRooms, id)
	if err != nil {
		return fmt.Errorf("list the rooms of a member: %w", err)
	}
	own, err := scanIDs(rows)
	if err != nil {
		return fmt.Errorf("list the rooms of a member: %w", err)
	}
	if on {
		tx.Announce("", c.promoted(id, own))
		return nil
	}
	if rows, err = tx.Query(adminOnly, id); err != nil {
		return fmt.Errorf("list the rooms of an admin: %w", err)
	}
	lost, err := scanRooms(rows)
	if err != nil {
		return fmt.Errorf("list the rooms of an admin: %w", err)
	}
	tx.Announce("", c.demoted(id, lost, own))
	return nil
}

// SetDisabled deactivates an account and ends all its sessions, or activates it again. Errors: last_admin, not_allowed,
// rate_limited, storage, ErrNotFound.
func (c *Chat) SetDisabled(ctx context.Context, by Caller, id int64, on bool) error {
	if !by.Admin() {
		return Errorf("not_allowed")
	}
	what := map[bool]string{true: "user_disabled", false: "user_enabled"}[on]
	var gone []int64
	var left []*Room
	u, err := c.User(ctx, id)
	if err != nil {
		return err
	}
	err = c.edit(ctx, by, id, what, func(tx Tx) (err error) {
		if on {
			if err := leavesAdmin(tx, id); err != nil {
				return err
			}
			if gone, err = endSessions(tx, "user_id = ?", id); err != nil {
				return err
			}
			if err := endSigninLinks(tx, id); err != nil {
				return err
			}
			if left, err = c.leaveGroups(tx, u); err != nil {
				return err
			}
			tx.Announce("", shutOut(func() { c.users.Delete(id) }, id))
		}
		_, err = tx.Exec("UPDATE user SET disabled = ? WHERE id = ?", on, id)
		return err
	})
	if err != nil {
		return err
	}
	c.ended(gone)
	for _, r := range left {
		c.afterLeaving(ctx, r)
	}
	if on {
		c.hub.EndUser(id)
	}
	return nil
}

// leavesAdmin returns last_admin if user id is the only active admin.
func leavesAdmin(tx Tx, id int64) error {
	var others bool
	err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM user WHERE admin = 1 AND disabled = 0 AND id <> ?1) OR NOT EXISTS (SELECT 1 FROM user WHERE id = ?1 AND admin = 1 AND disabled = 0)", id).Scan(&others)
	if err != nil {
		return fmt.Errorf("count admins: %w", err)
	}
	if !others {
		return Errorf("last_admin")
	}
	return nil
}

// SetLanguage stores the language of a user's pages, "" for that of the browser. Errors: bad_choice, storage.
func (c *Chat) SetLanguage(ctx context.Context, id int64, lang string) error {
	if lang != "" && !locale.Known(lang) {
		return Errorf("bad_choice").On("lang")
	}
	return c.set(ctx, id, "UPDATE user SET lang = ? WHERE id = ?", lang)
}

// SetTheme stores the theme of a user's pages: light, dark, or "" for that of the system. Errors: bad_choice, storage.
func (c *Chat) SetTheme(ctx context.Context, id int64, theme string) error {
	if theme != "" && theme != "light" && theme != "dark" {
		return Errorf("bad_choice").On("theme")
	}
	return c.set(ctx, id, "UPDATE user SET theme = ? WHERE id = ?", theme)
}

// set stores one field whose change is not announced.
func (c *Chat) set(ctx context.Context, id int64, update string, value any) error {
	err := c.disk.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(update, value, id)
		return err
	})
	c.users.Delete(id)
	return storage("change a user", err)
}
