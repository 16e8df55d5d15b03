package chat

import (
	"context"
	"errors"
	"fmt"
)

// Members are the people who were added to a room, by name.
func (c *Chat) Members(ctx context.Context, r *Room) ([]*User, error) {
	rows, err := c.read.Query(ctx, "SELECT u.id FROM membership s JOIN user u ON u.id = s.user_id WHERE s.room_id = ? ORDER BY u.name_key", r.ID)
	if err != nil {
		return nil, storage("list members", err)
	}
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, errors.Join(storage("list members", err), rows.Close())
		}
		ids = append(ids, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storage("list members", err)
	}
	members := make([]*User, 0, len(ids))
	for _, id := range ids {
		u, err := c.User(ctx, id)
		if err != nil {
			return nil, err
		}
		members = append(members, u)
	}
	return members, nil
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
