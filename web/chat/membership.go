package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"hearth/web/limits"
)

// Level says which messages of a room a person is notified about. Replies and private messages count like mentions.
type Level string

const (
	AllMessages  Level = "all"
	MentionsOnly Level = "mentions" // the default
	Muted        Level = "nothing"  // unread messages are not emphasised; mentions are still counted
)

// Membership is what a person has chosen for a room.
type Membership struct {
	Level     Level
	Favourite bool // the room is at the top of the sidebar
	Left      bool // the room is not in the sidebar, and nothing in it is unread
}

// belongs is the SQL condition that user u belongs to room r. s is the membership of u in r, or NULL. Everybody belongs to the open
// rooms without a row. An admin belongs to a closed room of others if the admin has opened it.
const belongs = `(r.archived_at = 0 AND ifnull(s.has_left, 0) = 0 AND (r.access = 'open' OR r.access = 'admins' AND u.admin = 1
	OR s.member = 1 AND r.access IN ('direct', 'closed') OR s.user_id IS NOT NULL AND r.access = 'closed' AND u.admin = 1))`

// shared reports whether people belong to rooms with that access without a row.
func (a Access) shared() bool { return a == Open || a == Admins }

// Memberships returns what the user has chosen for rooms, by room id, where it differs from the default. Error: storage.
func (c *Chat) Memberships(ctx context.Context, u *User) (map[int64]Membership, error) {
	rows, err := c.read.Query(ctx, "SELECT room_id, level, favourite, has_left FROM membership WHERE user_id = ? AND (level <> 'mentions' OR favourite = 1 OR has_left = 1)", u.ID)
	if err != nil {
		return nil, storage("load memberships", err)
	}
	defer rows.Close()
	found := map[int64]Membership{}
	for rows.Next() {
		var room int64
		var m Membership
		if err := rows.Scan(&room, &m.Level, &m.Favourite, &m.Left); err != nil {
			return nil, storage("load memberships", err)
		}
		found[room] = m
	}
	return found, storage("load memberships", rows.Err())
}

// MembershipIn returns what the user has chosen for a room. Error: storage.
func (c *Chat) MembershipIn(ctx context.Context, u *User, r *Room) (Membership, error) {
	m := Membership{Level: MentionsOnly}
	if r.ID == 0 {
		return m, nil
	}
	err := c.read.QueryRow(ctx, "SELECT level, favourite, has_left FROM membership WHERE user_id = ? AND room_id = ?", []any{u.ID, r.ID}, &m.Level, &m.Favourite, &m.Left)
	if errors.Is(err, sql.ErrNoRows) {
		return m, nil
	}
	return m, storage("load a membership", err)
}

type membershipFrame struct {
	Type      string `json:"type"`
	Message   string `json:"message"`
	Room      string `json:"room"`
	Level     Level  `json:"level"`
	Favourite bool   `json:"favourite,omitempty"`
	Left      bool   `json:"left,omitempty"`
}

// SetMembership stores what the caller has chosen for a stored room, and tells the caller's pages. Private conversations cannot be
// left. A member who leaves a closed room must be added again to return. Errors: sign_in, not_found, bad_choice, not_allowed,
// rate_limited, storage.
func (c *Chat) SetMembership(ctx context.Context, by Caller, r *Room, m Membership) error {
	switch {
	case by.User == nil:
		return Errorf("sign_in")
	case r.ID == 0:
		return Errorf("not_found")
	case m.Level != AllMessages && m.Level != MentionsOnly && m.Level != Muted:
		return Errorf("bad_choice").On("level")
	case m.Left && r.Access == Direct, m.Level != MentionsOnly && r.Access == Group:
		return Errorf("not_allowed")
	}
	if err := c.Take(by, limits.Settings); err != nil {
		return err
	}
	if m.Left && r.Access == Group {
		return c.leaveGroup(ctx, by, r)
	}
	return c.saveMembership(ctx, by, r, m)
}

// saveMembership is SetMembership without its rules.
func (c *Chat) saveMembership(ctx context.Context, by Caller, r *Room, m Membership) error {
	read, _, err := c.readOrStart(ctx, by.User, r.ID)
	if err != nil {
		return err
	}
	back := false
	if !m.Left {
		if back, err = c.hasLeft(ctx, by.User.ID, r.ID); err != nil {
			return err
		}
	}
	f := membershipFrame{Type: "membership", Room: r.Name, Level: m.Level, Favourite: m.Favourite, Left: m.Left}
	e := same(f.Type, false, f)
	e.About = r.Group()
	err = c.disk.Write(ctx, func(tx Tx) error {
		tx.Announce(Inbox(by.User.ID), e)
		if m.Left && r.Access == Closed {
			return c.leaveClosed(tx, by, r)
		}
		_, err := tx.Exec(`INSERT INTO membership (user_id, room_id, read, level, favourite, has_left) SELECT ?1, id, ?3, ?4, ?5, ?6 FROM room WHERE id = ?2
			ON CONFLICT DO UPDATE SET level = excluded.level, favourite = excluded.favourite, has_left = excluded.has_left`,
			by.User.ID, r.ID, read, m.Level, m.Favourite && !m.Left, m.Left)
		if err != nil {
			return fmt.Errorf("change the membership of user %d in room %d: %w", by.User.ID, r.ID, err)
		}
		return nil
	})
	c.left.Delete(by.User.ID)
	c.unread.forget(r.ID)
	if err == nil && back {
		if seq, e := c.Seq(ctx, r); e == nil {
			c.mark(by.User.ID, r.ID, seq)
		}
	}
	if m.Left && r.Access == Closed {
		c.hub.Recheck(r.Group())
	}
	return storage("change a membership", err)
}

// leaveClosed removes the caller from a closed room. An admin who leaves may still enter it.
func (c *Chat) leaveClosed(tx Tx, by Caller, r *Room) error {
	if err := stillClosed(tx, r); err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM membership WHERE room_id = ? AND user_id = ?", r.ID, by.User.ID); err != nil {
		return fmt.Errorf("user %d leaves room %d: %w", by.User.ID, r.ID, err)
	}
	if !by.Admin() {
		tx.Announce("", c.narrowed(r, r, listGroups(r), func(id int64) bool { return id != by.User.ID }))
	}
	return nil
}

// hasLeft reports whether a user has left a room. Every message needs it, so it is cached. Error: storage.
func (c *Chat) hasLeft(ctx context.Context, user, room int64) (bool, error) {
	left, err := c.left.Load(user, func() ([]int64, error) {
		rows, err := c.read.Query(ctx, "SELECT room_id FROM membership WHERE user_id = ? AND has_left = 1", user)
		if err != nil {
			return nil, storage("list the rooms that a user has left", err)
		}
		ids, err := scanIDs(rows)
		return ids, storage("list the rooms that a user has left", err)
	})
	return slices.Contains(left, room), err
}

// returnTo makes the caller, who has left a room, belong to it again, because the caller writes in it. Nothing that came meanwhile
// is unread.
func (c *Chat) returnTo(ctx context.Context, by Caller, r *Room) error {
	if by.User == nil || r.ID == 0 {
		return nil
	}
	left, err := c.hasLeft(ctx, by.User.ID, r.ID)
	if err != nil || !left {
		return err
	}
	m, err := c.MembershipIn(ctx, by.User, r)
	if err != nil {
		return err
	}
	m.Left = false
	return c.saveMembership(ctx, by, r, m)
}

// startOf returns the time since when messages of a room can be unread for a user without a read position: when the account was
// created, or the room was opened to everybody. Error: storage.
func (c *Chat) startOf(ctx context.Context, user, room int64) (time.Time, error) {
	var at int64
	err := c.read.QueryRow(ctx, "SELECT max(u.created_at, r.open_since) FROM user u, room r WHERE u.id = ? AND r.id = ?", []any{user, room}, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return c.now(), nil
	}
	return moment(at), storage("look since when a user belongs to a room", err)
}

// readOrStart returns the read position of a user in a room and true, or, if the user has none yet, the number of the last message
// before startOf and false. Error: storage.
func (c *Chat) readOrStart(ctx context.Context, u *User, room int64) (read int64, known bool, err error) {
	if read, known, err = c.readTo(ctx, u.ID, room); err != nil || known {
		return read, known, err
	}
	start, err := c.startOf(ctx, u.ID, room)
	if err != nil {
		return 0, false, err
	}
	last, err := c.Seq(ctx, &Room{ID: room})
	if err != nil {
		return 0, false, err
	}
	// Times do not decrease within a room, so that about 20 look-ups find the place in a million messages.
	n := sort.Search(int(last), func(n int) bool {
		if err != nil {
			return true
		}
		var next int64
		e := c.read.QueryRow(ctx, "SELECT created_at FROM message WHERE id > ? AND id < ? ORDER BY id LIMIT 1",
			[]any{NewMessageID(room, int64(n)), NewMessageID(room+1, 0)}, &next)
		if errors.Is(e, sql.ErrNoRows) {
			return true
		}
		err = storage("look what is new for a user", e)
		return next >= millis(start)
	})
	return int64(n), false, err
}
