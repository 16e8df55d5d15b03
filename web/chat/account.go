package chat

import (
	"context"
	"errors"
	"fmt"

	"hearth/web/limits"
	"hearth/web/locale"
)

// What becomes of the data of a deleted account, table by table. TestEveryColumnAboutAPersonIsDecided fails if one is missing.
//
//	user          stays, so that the id is not used again. All columns are emptied; the name becomes that of formerName
//	former_name   has the username, which is never given out again
//	session, signin_link, user_look   are deleted at once, and the sockets closed
//	invite        the invitations that the person created are deleted at once
//	room          the rooms of the person belong to nobody: admins manage them
//	membership    of group conversations is deleted at once, with a line in their logs; the others in the background: read positions,
//	              levels, favourites, memberships
//	room_writer, mention, block   are deleted in the background
//	message       the texts stay, and are shown as those of a former member; or they are deleted, as Delete does
//	reaction      stays and counts, as that of a former member; or it is deleted with the messages
//	change        stays: it says only which message was edited or deleted, and when
//	deed          stays: the audit log names the admins, and the accounts that they changed, by username
//	removal       says what is still to be deleted
//
// In private conversations, the other person keeps the messages, unless they are deleted.

// formerName returns the username of a deleted account in frames. Nobody else can have it, because a username contains no space,
// and a guest's name has the mark of a guest.
func formerName(id int64) string { return fmt.Sprint("Former member ", id) }

// FormerMember returns what a deleted account is called in a language.
func FormerMember(lang string) string { return locale.Of(lang).T("person.former") }

// DeleteAccount deletes the account of a user, by an admin or by the user, and signs the user out everywhere. With messages, all
// messages and reactions of the user are deleted too, in the background; otherwise they stay as those of a former member. Errors:
// not_allowed, last_admin, rate_limited, storage, ErrNotFound.
func (c *Chat) DeleteAccount(ctx context.Context, by Caller, id int64, messages bool) error {
	if err := may(by, id); err != nil {
		return err
	}
	u, err := c.User(ctx, id)
	if err != nil {
		return err
	}
	own := by.User.ID == id
	if !own {
		if err := c.Take(by, limits.Admin); err != nil {
			return err
		}
	}
	var gone, others []int64
	var left []*Room
	former := formerUser(id)
	looks := looks{labelLook(former.Name), labelLook(former.Display())}
	online := c.hub.OnlineCount()
	err = c.disk.Write(ctx, func(tx Tx) (err error) {
		if err := mayStill(tx, by, id); err != nil {
			return err
		}
		if err := leavesAdmin(tx, id); err != nil {
			return err
		}
		if left, err = c.leaveGroups(tx, u); err != nil {
			return err
		}
		if gone, err = c.emptyAccount(tx, id, messages); err != nil {
			return err
		}
		if others, err = storeFormerLooks(tx, id, looks); err != nil {
			return err
		}
		if err := c.auditDeletion(tx, by, u); err != nil {
			return err
		}
		tx.Announce("", shutOut(func() { c.forgetDeleted(id) }, id))
		tx.Announce(PeopleGroup, Presence(u, false, online))
		tx.Announce(RoomsGroup, userDeleted(u.Name, former))
		if own {
			tx.Announce(AdminsGroup, accountNotice(u.Name))
		}
		return nil
	})
	if errors.Is(err, ErrNotFound) { // it was deleted meanwhile
		return err
	}
	if err != nil {
		return storage("delete an account", err)
	}
	c.forgetDeleted(id)
	for _, r := range left {
		c.afterLeaving(context.WithoutCancel(ctx), r)
	}
	c.ended(gone)
	c.hub.EndUser(id)
	c.hub.UserChanged(id, true)
	c.tellPeopleChanged(false)
	c.removals.start(c.remove)
	return c.renamed(context.WithoutCancel(ctx), others)
}

// storeFormerLooks stores what a former member is called in each language, so that whoever takes that name is told apart. It returns
// the users whose shown name changes.
func storeFormerLooks(tx Tx, id int64, l looks) (changed []int64, err error) {
	if changed, err = storeLooks(tx, id, l); err != nil {
		return nil, err
	}
	for _, lang := range locale.All() {
		look := labelLook(FormerMember(lang.Code()))
		if _, err := tx.Exec("INSERT INTO user_look (look, user_id, full_name) VALUES (?, ?, 1) ON CONFLICT DO NOTHING", look, id); err != nil {
			return nil, fmt.Errorf("store what a former member looks like: %w", err)
		}
	}
	return changed, nil
}

// formerUser returns the user of a deleted account.
func formerUser(id int64) *User {
	return &User{ID: id, Name: formerName(id), Disabled: true, Deleted: true}
}

// mayStill checks in the transaction that user id has an account, and that the caller still is an admin or that user. Errors:
// ErrNotFound, not_allowed.
func mayStill(tx Tx, by Caller, id int64) error {
	if err := hasAccount(tx, id); err != nil {
		return err
	}
	if by.User.ID == id || by.User.ID == 0 { // 0: the command line
		return nil
	}
	var admin bool
	err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM user WHERE id = ? AND admin = 1 AND disabled = 0)", by.User.ID).Scan(&admin)
	if err == nil && !admin {
		err = Errorf("not_allowed")
	}
	return err
}

// hasAccount returns ErrNotFound if user id does not exist or was deleted.
func hasAccount(tx Tx, id int64) error {
	var there bool
	err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM user WHERE id = ? AND deleted_at = 0)", id).Scan(&there)
	if err != nil {
		return fmt.Errorf("look for user %d: %w", id, err)
	}
	if !there {
		return ErrNotFound
	}
	return nil
}

// emptyAccount removes what can be removed at once, and stores that the rest is to be removed in the background. It returns the
// sessions that have ended.
func (c *Chat) emptyAccount(tx Tx, id int64, messages bool) (gone []int64, err error) {
	tx.Erase()
	c.former[id] = true
	tx.OnRollback(func() { delete(c.former, id) })
	if gone, err = endSessions(tx, "user_id = ?", id); err != nil {
		return nil, err
	}
	name := formerName(id)
	for _, x := range []struct {
		query string
		args  []any
	}{
		{"INSERT INTO former_name (name_key, name_look) SELECT name_key, name_look FROM user WHERE id = ?", []any{id}},
		{`UPDATE user SET name = ?2, name_key = ?3, name_look = ?4, first_name = '', last_name = '', display_name = '', email = '', search = '',
			password = '', admin = 0, disabled = 1, lang = '', theme = '', zone = '', zone_chosen = 0, clock = '',
			status_emoji = '', status_text = '', availability = '', status_until = 0, created_at = 0, last_seen = 0, deleted_at = ?5 WHERE id = ?1`,
			[]any{id, name, NameKey(name), look(name), millis(c.now())}},
		{"DELETE FROM signin_link WHERE user_id = ?", []any{id}},
		{"DELETE FROM invite WHERE created_by = ?", []any{id}},
		{"UPDATE room SET created_by = NULL WHERE created_by = ?", []any{id}},
		{"INSERT INTO removal (sender, messages) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET messages = max(messages, ?2), room_id = 0", []any{id, messages}},
	} {
		if _, err := tx.Exec(x.query, x.args...); err != nil {
			return nil, fmt.Errorf("delete user %d: %w", id, err)
		}
	}
	return gone, nil
}

// auditDeletion adds an audit entry: of the admin, or of a person who has deleted the own account.
func (c *Chat) auditDeletion(tx Tx, by Caller, u *User) error {
	if by.User.ID != u.ID {
		return c.audit(tx, by, "user_deleted", u.Name)
	}
	by.User = &User{ID: u.ID, Name: u.Name, Admin: true} // so that it is logged although the person is no admin
	return c.audit(tx, by, "account_deleted", "")
}

// forgetDeleted removes a deleted user from the caches.
func (c *Chat) forgetDeleted(id int64) {
	c.users.Delete(id)
	c.forgetNames()
	c.documents.Clear() // with mentions of the username
	c.forgetRooms()
}

// mustHaveAccount returns sign_in if the account of the caller was deleted, or the guest removed, since the caller was looked up. It
// is called in jobs of the writer.
func (c *Chat) mustHaveAccount(by Caller) error {
	if c.former[by.senderID()] {
		return Errorf("sign_in")
	}
	return nil
}

type userDeletedFrame struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	User    string `json:"user"`
	Former  string `json:"former"`
	Display string `json:"display"`
}

// userDeleted returns the event that the account of a user was deleted. Its messages are those of former now.
func userDeleted(user string, former *User) Event {
	return Event{Type: "user_deleted", varies: ByLang, frame: func(r Reader) any {
		return userDeletedFrame{Type: "user_deleted", Message: locale.Of(r.Lang).T("event.user_deleted", "user", user),
			User: user, Former: former.Name, Display: FormerMember(r.Lang)}
	}}
}

type noticeFrame struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	URL     string `json:"url"`
}

// accountNotice returns the event that tells admins that a person has deleted the own account.
func accountNotice(user string) Event {
	return local("notice", false, "event.account_deleted", []any{"user", user}, func(m string) any {
		return noticeFrame{Type: "notice", Message: m, URL: "/admin/log/"}
	})
}
