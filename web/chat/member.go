package chat

import (
	"context"
	"errors"
	"fmt"
)

// Members are the people who belong to a closed room, by name: at most limit of them, from offset on, and how
// many there are in all. Other rooms have none. Error: storage.
func (c *Chat) Members(ctx context.Context, r *Room, limit, offset int) (found []*User, total int, err error) {
	if err := c.read.QueryRow(ctx, "SELECT count(*) FROM membership WHERE room_id = ? AND member = 1", []any{r.ID}, &total); err != nil {
		return nil, 0, storage("count the members of a room", err)
	}
	found, err = c.usersWhere(ctx, "SELECT u.id FROM membership s JOIN user u ON u.id = s.user_id WHERE s.room_id = ? AND s.member = 1 ORDER BY u.name_key LIMIT ? OFFSET ?", r.ID, limit, offset)
	return found, total, err
}

// Readers are the people who have opened a room and may still enter it, by name: at most limit,
// or all of them for a negative one.
func (c *Chat) Readers(ctx context.Context, r *Room, limit int) ([]*User, error) {
	return c.usersWhere(ctx, "SELECT u.id FROM membership s JOIN user u ON u.id = s.user_id JOIN room r ON r.id = s.room_id "+
		"WHERE s.room_id = ? AND "+mayHear+" ORDER BY u.name_key LIMIT ?", r.ID, limit)
}

// mayHear says in SQL whether user u, whose row of membership is s, may enter room r.
const mayHear = "(r.access IN ('open', 'direct') OR u.admin = 1 OR r.access = 'closed' AND s.member = 1)"

// usersWhere are the users whose ids the query finds, in its order.
func (c *Chat) usersWhere(ctx context.Context, query string, args ...any) ([]*User, error) {
	rows, err := c.read.Query(ctx, query, args...)
	if err != nil {
		return nil, storage("list the people of a room", err)
	}
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, errors.Join(storage("list the people of a room", err), rows.Close())
		}
		ids = append(ids, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
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

// candidate is the user called name, if the caller may let people into the room and out of it.
func (c *Chat) candidate(ctx context.Context, by Caller, r *Room, name string) (*User, error) {
	if err := c.mustManage(ctx, by, r); err != nil {
		return nil, err
	}
	u, err := c.UserByName(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return nil, Errorf("no_such_user", "name", name).On("name")
	}
	return u, err
}

// AddMember lets the user called name into a room for the invited. Errors: not_allowed,
// no_such_user, storage.
func (c *Chat) AddMember(ctx context.Context, by Caller, r *Room, name string) error {
	u, err := c.candidate(ctx, by, r, name)
	if err != nil {
		return err
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		if err := join(tx, r.ID, u.ID); err != nil {
			return err
		}
		tx.Announce(Inbox(u.ID), c.roomChanged(r))
		return c.note(tx, by, "member_added", fmt.Sprintf("%s: %s", r.Name, u.Name))
	})
	return storage("add a member", err)
}

// RemoveMember shows the user called name out of a room for the invited.
func (c *Chat) RemoveMember(ctx context.Context, by Caller, r *Room, name string) error {
	u, err := c.candidate(ctx, by, r, name)
	if err != nil {
		return err
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec("DELETE FROM membership WHERE room_id = ? AND user_id = ?", r.ID, u.ID); err != nil {
			return fmt.Errorf("remove member %d from room %d: %w", u.ID, r.ID, err)
		}
		if r.Access == Closed {
			tx.Announce(Inbox(u.ID), RoomGone(r.Name))
		}
		return c.note(tx, by, "member_removed", fmt.Sprintf("%s: %s", r.Name, u.Name))
	})
	c.ender.Recheck(r.Group())
	return storage("remove a member", err)
}
