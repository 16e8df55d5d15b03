package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ChangeRoom sets a room's name, topic and access. The old name leads to the room until an admin gives it to another one. People who
// may no longer be in the room are removed: from a room that becomes closed, all but the caller, d.Stay and the admins. Errors:
// not_allowed, room_name…, room_taken, too_long (topic), bad_choice (access), who_stays if a room becomes closed and d.Stay is nil,
// rate_limited, no_such_room, storage.
func (c *Chat) ChangeRoom(ctx context.Context, by Caller, r *Room, d RoomDraft) error {
	if err := c.mustManage(ctx, by, r); err != nil {
		return err
	}
	if err := d.check(by); err != nil {
		return err
	}
	name, key := r.Name, r.Key
	if d.Name != "" {
		var err error
		if name, key, err = RoomName(d.Name); err != nil {
			return onField(err, "name")
		}
	}
	var x renamed
	err := c.disk.Write(ctx, func(tx Tx) error {
		before, err := managed(tx, by, r)
		if err != nil {
			return err
		}
		after := *before
		after.Topic, after.Access = d.Topic, d.Access
		if d.Name != "" && before.Name != name {
			after.Name, after.Key, after.group = name, key, before.Group()[len("room:"):]
			if x, err = c.rename(tx, by, before, &after); err != nil {
				return err
			}
		}
		if err := c.changeAccess(tx, by, before, &after, d.Stay); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE room SET topic = ?, access = ? WHERE id = ?", d.Topic, d.Access, r.ID); err != nil {
			return fmt.Errorf("change room %d: %w", r.ID, err)
		}
		c.announceChange(tx, before, &after)
		if after.Name == before.Name {
			return c.audit(tx, by, "room_changed", after.Name)
		}
		return c.audit(tx, by, "room_renamed", before.Name+" → "+after.Name)
	})
	c.forgetRooms()
	c.hub.Recheck(r.Group())
	if err == nil && x.unmade != "" {
		c.unmade.made(key)
		c.hub.EndRoom(x.unmade)
	}
	c.endFormer(x.former)
	return storage("change a room", err)
}

// announceChange announces the new state of a room, and its former name if that has changed, to everybody who may enter it.
func (c *Chat) announceChange(tx Tx, before, after *Room) {
	if after.Archived {
		return
	}
	e := c.roomIsBack(after)
	if before.Name != after.Name {
		e = e.was(before.Name)
	}
	for _, g := range listGroups(after) {
		tx.Announce(g, e)
	}
}

// managed is roomNow for a caller who may manage the room. It is asked within the transaction of the change, because the room may
// have got another owner. Errors: not_allowed, no_such_room.
func managed(tx Tx, by Caller, r *Room) (*Room, error) {
	var may bool
	err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM user u, room r WHERE u.id = ? AND u.disabled = 0 AND r.id = ? AND (u.admin = 1 OR r.created_by = u.id))",
		by.userID(), r.ID).Scan(&may)
	if err != nil {
		return nil, fmt.Errorf("look who may manage room %d: %w", r.ID, err)
	}
	now, err := roomNow(tx, r)
	if err == nil && !may {
		err = Errorf("not_allowed")
	}
	return now, err
}

// roomNow returns the current row of a room, which may have changed since it was looked up.
func roomNow(tx Tx, r *Room) (*Room, error) {
	now, err := scanRoom(tx.QueryRow("SELECT "+roomColumns+" FROM room WHERE id = ?", r.ID).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, Errorf("no_such_room")
	}
	if err != nil {
		return nil, fmt.Errorf("look at room %d: %w", r.ID, err)
	}
	return now, nil
}

// changeAccess stores the members of a room after a change of access, and announces the loss to people who may no longer enter it.
func (c *Chat) changeAccess(tx Tx, by Caller, before, after *Room, stay []int64) error {
	if before.Access == after.Access {
		return nil
	}
	if after.Access == Closed && stay == nil {
		return Errorf("who_stays").On("stay")
	}
	if _, err := tx.Exec("UPDATE membership SET member = 0 WHERE room_id = ?", before.ID); err != nil {
		return fmt.Errorf("end the memberships of room %d: %w", before.ID, err)
	}
	if after.Access.shared() {
		if _, err := tx.Exec("UPDATE room SET open_since = ? WHERE id = ?", millis(c.now()), before.ID); err != nil {
			return fmt.Errorf("note since when room %d is open: %w", before.ID, err)
		}
	}
	if after.Access == Open {
		return nil
	}
	if _, err := tx.Exec("UPDATE room SET first_place = 0 WHERE id = ?", before.ID); err != nil {
		return fmt.Errorf("remove room %d from the first rooms: %w", before.ID, err)
	}
	may, err := admins(tx)
	if err != nil {
		return err
	}
	if after.Access == Closed {
		stay = append(stay, by.userID())
		if err := join(tx, before.ID, stay...); err != nil {
			return err
		}
		for _, id := range stay {
			may[id] = true
		}
	}
	if _, err := tx.Exec("DELETE FROM membership WHERE room_id = ? AND member = 0 AND user_id NOT IN (SELECT id FROM user WHERE admin = 1)", before.ID); err != nil {
		return fmt.Errorf("forget who has read room %d: %w", before.ID, err)
	}
	var listed []string
	if !before.Archived {
		listed = listGroups(before)
	}
	tx.Announce("", c.narrowed(before, after, listed, func(id int64) bool { return may[id] }))
	return nil
}
