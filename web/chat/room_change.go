package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ChangeRoom sets a room's topic and access. People who may no longer be in it are removed: from a room that becomes closed, all
// but the caller, d.Stay and the admins. Errors: not_allowed, too_long (topic), bad_choice (access), who_stays if a room becomes
// closed and d.Stay is nil, rate_limited, no_such_room, storage.
func (c *Chat) ChangeRoom(ctx context.Context, by Caller, r *Room, d RoomDraft) error {
	if err := c.mustManage(ctx, by, r); err != nil {
		return err
	}
	if err := d.check(by); err != nil {
		return err
	}
	err := c.disk.Write(ctx, func(tx Tx) error {
		before, err := roomNow(tx, r)
		if err != nil {
			return err
		}
		after := *before
		after.Topic, after.Access = d.Topic, d.Access
		if err := c.changeAccess(tx, by, before, &after, d.Stay); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE room SET topic = ?, access = ? WHERE id = ?", d.Topic, d.Access, r.ID); err != nil {
			return fmt.Errorf("change room %d: %w", r.ID, err)
		}
		c.announceRoom(tx, &after)
		return c.audit(tx, by, "room_changed", r.Name)
	})
	c.forgetRooms()
	c.hub.Recheck(r.Group())
	return storage("change a room", err)
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
