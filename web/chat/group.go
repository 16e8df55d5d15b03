package chat

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hearth/web/limits"
)

const (
	// MinGroup is how many people a new group conversation has at least. It may lose some later.
	MinGroup = 3
	// MaxGroup is how many people a group conversation has at most. Its title and its people panel are made for so many.
	MaxGroup = 12
)

const (
	// groupMark begins the name of a group conversation. No name of a room contains it.
	groupMark = "+"
	// groupID is the length of the id that follows, in characters of 5 bits. Ids are random, so that the address of a conversation is
	// never that of another one, not even after a backup was restored.
	groupID = 12
)

// isGroup is the SQL condition that room r is a group conversation.
const isGroup = "(r.access = 'direct' AND substr(r.name_key, 1, 1) = '+')"

// errNotInGroup is the error for a group conversation of others, and for one that does not exist: nobody can find out which exist.
var errNotInGroup = &Error{Code: "not_allowed", Key: "not_in_group"}

// enterGroup returns a group conversation as the caller sees it. Errors: sign_in, not_allowed, storage.
func (c *Chat) enterGroup(ctx context.Context, by Caller, name string) (*Room, error) {
	if by.User == nil {
		return nil, Errorf("sign_in")
	}
	if len(name) != len(groupMark)+groupID {
		return nil, errNotInGroup
	}
	r, err := c.roomByKey(ctx, strings.ToLower(name))
	if errors.Is(err, ErrNotFound) {
		return nil, errNotInGroup
	}
	if err != nil {
		return nil, err
	}
	return c.asMember(ctx, by.User.ID, r)
}

// asMember returns a group conversation as a user sees it. Errors: not_allowed, storage.
func (c *Chat) asMember(ctx context.Context, user int64, r *Room) (*Room, error) {
	seen := *r
	err := c.read.QueryRow(ctx, "SELECT since FROM membership WHERE user_id = ? AND room_id = ? AND member = 1", []any{user, r.ID}, &seen.Since)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNotInGroup
	}
	return &seen, storage("look for a membership", err)
}

// stillIn returns not_allowed if a user has left a group conversation since it was looked up.
func stillIn(tx Tx, room, user int64) error {
	var in bool
	if err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM membership WHERE user_id = ? AND room_id = ? AND member = 1)", user, room).Scan(&in); err != nil {
		return fmt.Errorf("look whether user %d is in room %d: %w", user, room, err)
	}
	if !in {
		return errNotInGroup
	}
	return nil
}

// hears reports whether the message with that id may reach the person from whose side r was looked up.
func (r *Room) hears(id MessageID) bool { return id.Seq() > r.Since }

// hide removes from messages what they quote of messages that r does not hear.
func (r *Room) hide(found []*Message) {
	for _, m := range found {
		if m.ReplyTo != 0 && !r.hears(m.ReplyTo) {
			m.ReplyTo, m.Answers = 0, nil
		}
	}
}

// chosen returns the other people with these usernames, each once. Errors: no_such_user and not_allowed, on the field people;
// group_full; storage.
func (c *Chat) chosen(ctx context.Context, by Caller, names []string) ([]*User, error) {
	if len(names) > 2*MaxGroup {
		return nil, Errorf("group_full", "max", MaxGroup)
	}
	var found []*User
	for _, name := range names {
		u, err := c.UserByName(ctx, strings.TrimPrefix(name, "@"))
		if errors.Is(err, ErrNotFound) {
			return nil, Errorf("no_such_user", "name", name).On("people")
		}
		if err != nil {
			return nil, err
		}
		if u.Disabled {
			return nil, (&Error{Code: "not_allowed", Key: "mute_user", Args: []any{"name", u.Name}}).On("people")
		}
		if u.ID != by.User.ID && !slices.ContainsFunc(found, func(o *User) bool { return o.ID == u.ID }) {
			found = append(found, u)
		}
	}
	return found, nil
}

// OpenGroup returns the group conversation of the caller with the people who have these usernames: the one of exactly these people in
// which a message came last, or else a new one. Errors: sign_in; no_such_user and not_allowed, on the field people; group_small;
// group_full; rate_limited; storage.
func (c *Chat) OpenGroup(ctx context.Context, by Caller, names []string) (r *Room, made bool, err error) {
	if by.User == nil {
		return nil, false, Errorf("sign_in")
	}
	others, err := c.chosen(ctx, by, names)
	if err != nil {
		return nil, false, err
	}
	ids := []int64{by.User.ID}
	for _, u := range others {
		ids = append(ids, u.ID)
	}
	switch {
	case len(ids) < MinGroup:
		return nil, false, Errorf("group_small", "min", MinGroup-1).On("people")
	case len(ids) > MaxGroup:
		return nil, false, Errorf("group_full", "max", MaxGroup).On("people")
	}
	if r, err = groupOf(c.readRow(ctx), ids); errors.Is(err, sql.ErrNoRows) {
		if err := c.Take(by, limits.Groups); err != nil { // before the writer has work with it
			return nil, false, err
		}
		err = c.disk.Write(ctx, func(tx Tx) (err error) {
			if r, err = groupOf(tx.QueryRow, ids); !errors.Is(err, sql.ErrNoRows) {
				made = false // another one of these people has made it meanwhile
				return err
			}
			made = true
			if err := cmp.Or(c.mustHaveAccount(by), mayAdd(tx, by, others)); err != nil {
				return err
			}
			r, err = c.saveGroup(tx, by, ids)
			return err
		})
	}
	if err != nil {
		return nil, false, storage("make a group conversation", err)
	}
	if made {
		slices.SortFunc(others, func(a, b *User) int { return strings.Compare(foldName(a.Name), foldName(b.Name)) })
		c.hub.Publish(Inbox(by.User.ID), groupChanged(r, append(others, by.User))) // the others are told with the first message
	}
	r, err = c.asMember(ctx, by.User.ID, r)
	return r, made, err
}

// groupOf returns the group conversation of exactly the users with these ids in which a message came last. Error: sql.ErrNoRows.
func groupOf[R row](queryRow func(string, ...any) R, ids []int64) (*Room, error) {
	r, err := scanRoom(queryRow("SELECT "+roomColumns+" FROM membership m JOIN room r ON r.id = m.room_id "+
		"WHERE m.user_id = ?1 AND m.member = 1 AND r.archived_at = 0 AND "+isGroup+` AND (SELECT count(*) FROM membership WHERE room_id = r.id AND member = 1) = ?2
			AND NOT EXISTS (SELECT 1 FROM membership WHERE room_id = r.id AND member = 1 AND user_id NOT IN (SELECT value FROM json_each(?3)))
		ORDER BY ifnull((SELECT created_at FROM message WHERE id > r.id << 32 AND id < (r.id + 1) << 32 ORDER BY id DESC LIMIT 1), r.created_at) DESC, r.id DESC LIMIT 1`,
		ids[0], len(ids), idList(ids)).Scan)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("look for a group conversation: %w", err)
	}
	return r, err
}

// saveGroup stores a new group conversation of the users with these ids.
func (c *Chat) saveGroup(tx Tx, by Caller, ids []int64) (*Room, error) {
	name := groupMark + strings.ToLower(rand.Text()[:groupID])
	r := &Room{Name: name, Key: name, Access: Group, Created: c.now()}
	res, err := tx.Exec("INSERT INTO room (name, name_key, access, created_by, created_at, open_since, first) "+
		"VALUES (?1, ?1, ?2, ?3, ?4, ?4, coalesce((SELECT last FROM ended_line WHERE name_key = ''), 0))", name, Direct, by.User.ID, millis(r.Created))
	if err == nil {
		r.ID, err = res.LastInsertId()
	}
	if err != nil {
		return nil, fmt.Errorf("make a group conversation: %w", err)
	}
	return r, join(tx, r.ID, ids...)
}

// AddToGroup adds the people with these usernames to a group conversation. They see only what comes later, and a line in the log says
// who was added. People who are in it already are skipped. Errors: sign_in, not_allowed, no_such_user, group_full, rate_limited,
// storage.
func (c *Chat) AddToGroup(ctx context.Context, by Caller, r *Room, names []string) error {
	if by.User == nil {
		return Errorf("sign_in")
	}
	if r.Access != Group {
		return Errorf("not_allowed")
	}
	others, err := c.chosen(ctx, by, names)
	if err == nil && len(others) == 0 {
		err = Errorf("no_such_user", "name", "").On("people")
	}
	if err == nil {
		err = c.takeChange(by)
	}
	if err != nil {
		return err
	}
	var added []int64
	err = c.disk.Write(ctx, func(tx Tx) error {
		fresh, err := c.joinGroup(tx, by, r, others)
		added = nil
		for _, u := range fresh {
			added = append(added, u.ID)
		}
		if err != nil || len(fresh) == 0 {
			return err
		}
		return c.saveNotice(tx, r, by.User, Notice{Kind: NoticeAdded, People: fresh})
	})
	c.unread.forget(r.ID)
	c.activities.Delete(r.ID)
	if err != nil {
		return storage("add people to a conversation", err)
	}
	c.tellGroup(ctx, r, added...)
	c.notifyUnread(r.ID, r)
	return nil
}

// mayAdd checks that all of these people take messages from the caller. Error: blocked, on the field people.
func mayAdd(tx Tx, by Caller, users []*User) error {
	for _, u := range users {
		err := mayReach(tx, by, &Room{Access: Direct, With: u})
		if e := (*Error)(nil); errors.As(err, &e) {
			return e.On("people")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// joinGroup makes users members of a group conversation, and returns those who were not in it.
func (c *Chat) joinGroup(tx Tx, by Caller, r *Room, users []*User) (fresh []*User, err error) {
	if err := stillIn(tx, r.ID, by.User.ID); err != nil {
		return nil, err
	}
	last, err := c.lastSeq(tx, r.ID)
	if err != nil {
		return nil, err
	}
	if err := mayAdd(tx, by, users); err != nil {
		return nil, err
	}
	for _, u := range users {
		res, err := tx.Exec(`INSERT INTO membership (user_id, room_id, member, read, since) SELECT id, ?2, 1, ?3, ?3 FROM user WHERE id = ?1 AND disabled = 0 AND deleted_at = 0
			ON CONFLICT DO UPDATE SET member = 1, read = excluded.read, since = excluded.since, received = 0 WHERE member = 0`, u.ID, r.ID, last)
		if err != nil {
			return nil, fmt.Errorf("add user %d to room %d: %w", u.ID, r.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return nil, fmt.Errorf("add user %d to room %d: %w", u.ID, r.ID, err)
		} else if n > 0 {
			fresh = append(fresh, u)
		}
	}
	var people int
	if err := tx.QueryRow("SELECT count(*) FROM membership WHERE room_id = ? AND member = 1", r.ID).Scan(&people); err != nil {
		return nil, fmt.Errorf("count the people of room %d: %w", r.ID, err)
	}
	if people > MaxGroup {
		return nil, Errorf("group_full", "max", MaxGroup).On("people")
	}
	return fresh, nil
}
