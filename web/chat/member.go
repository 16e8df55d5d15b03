package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Members returns a page of the members of a closed room, by name in a language, and the number of all. Other rooms have none. Error:
// storage.
func (c *Chat) Members(ctx context.Context, r *Room, lang string, limit, offset int) (found []*User, total int, err error) {
	rows, err := c.read.Query(ctx, "SELECT user_id FROM membership WHERE room_id = ? AND member = 1", r.ID)
	if err != nil {
		return nil, 0, storage("list the members of a room", err)
	}
	ids, err := scanIDs(rows)
	if err != nil {
		return nil, 0, storage("list the members of a room", err)
	}
	if err := c.sortIDs(ctx, order{lang, byName}, ids); err != nil {
		return nil, 0, err
	}
	found, err = c.usersByID(ctx, pageOf(ids, limit, offset))
	return found, len(ids), err
}

// Readers returns the people who have opened a room and may still enter it, by name: at most limit, or all if limit is negative.
// Error: storage.
func (c *Chat) Readers(ctx context.Context, r *Room, limit int) ([]*User, error) {
	return c.usersWhere(ctx, "SELECT u.id FROM membership s JOIN user u ON u.id = s.user_id JOIN room r ON r.id = s.room_id "+
		"WHERE s.room_id = ? AND "+mayHear+" ORDER BY u.name_key LIMIT ?", r.ID, limit)
}

// mayHear is the SQL condition that user u, with the membership s, may enter room r.
const mayHear = "(r.access = 'open' OR u.admin = 1 AND r.access <> 'direct' OR r.access IN ('direct', 'closed') AND s.member = 1)"

// usersWhere returns the users whose ids the query finds, in its order.
func (c *Chat) usersWhere(ctx context.Context, query string, args ...any) ([]*User, error) {
	rows, err := c.read.Query(ctx, query, args...)
	if err != nil {
		return nil, storage("list the people of a room", err)
	}
	ids, err := scanIDs(rows)
	if err != nil {
		return nil, storage("list the people of a room", err)
	}
	found := make([]*User, 0, len(ids))
	for _, id := range ids {
		u, err := c.User(ctx, id)
		if err != nil {
			return nil, err
		}
		found = append(found, u)
	}
	return found, nil
}

// scanIDs reads rows of one id and closes them.
func scanIDs(rows *sql.Rows) (ids []int64, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// candidate returns the user with that username, if the caller may add and remove members of the closed room.
func (c *Chat) candidate(ctx context.Context, by Caller, r *Room, name string) (*User, error) {
	if err := c.mustManage(ctx, by, r); err != nil {
		return nil, err
	}
	if r.Access != Closed {
		return nil, Errorf("not_allowed") // only closed rooms have members
	}
	u, err := c.UserByName(ctx, name)
	if errors.Is(err, ErrNotFound) || err == nil && u.Deleted {
		return nil, Errorf("no_such_user", "name", name).On("name")
	}
	return u, err
}

// AddMember adds the user with that username to a closed room. Errors: not_allowed, no_such_user (on the field name),
// rate_limited, storage.
func (c *Chat) AddMember(ctx context.Context, by Caller, r *Room, name string) error {
	u, err := c.candidate(ctx, by, r, name)
	if err != nil {
		return err
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		if _, err := managed(tx, by, r); err != nil {
			return err
		}
		if err := stillClosed(tx, r); err != nil {
			return err
		}
		if err := join(tx, r.ID, u.ID); err != nil {
			return err
		}
		tx.Announce("", c.added(r, u.ID))
		if !r.Archived {
			tx.Announce(Inbox(u.ID), c.roomIsBack(r))
		}
		return c.audit(tx, by, "member_added", fmt.Sprintf("%s: %s", r.Name, u.Name))
	})
	c.unread.forget(r.ID)
	return storage("add a member", err)
}

// RemoveMember removes the user with that username from a closed room. Admins may still enter it. Errors: not_allowed,
// no_such_user (on the field name), rate_limited, storage.
func (c *Chat) RemoveMember(ctx context.Context, by Caller, r *Room, name string) error {
	u, err := c.candidate(ctx, by, r, name)
	if err != nil {
		return err
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		if _, err := managed(tx, by, r); err != nil {
			return err
		}
		if err := stillClosed(tx, r); err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM membership WHERE room_id = ? AND user_id = ?", r.ID, u.ID); err != nil {
			return fmt.Errorf("remove member %d from room %d: %w", u.ID, r.ID, err)
		}
		admin, err := admins(tx)
		if err != nil {
			return err
		}
		if !admin[u.ID] {
			tx.Announce("", c.narrowed(r, r, listGroups(r), func(id int64) bool { return id != u.ID }))
		}
		return c.audit(tx, by, "member_removed", fmt.Sprintf("%s: %s", r.Name, u.Name))
	})
	c.unread.forget(r.ID)
	c.hub.Recheck(r.Group())
	return storage("remove a member", err)
}

// stillClosed returns not_allowed if r, which was closed when it was looked up, was opened or deleted meanwhile.
func stillClosed(tx Tx, r *Room) error {
	var access Access
	err := tx.QueryRow("SELECT access FROM room WHERE id = ?", r.ID).Scan(&access)
	if errors.Is(err, sql.ErrNoRows) || err == nil && access != Closed {
		return Errorf("not_allowed")
	}
	return err
}
