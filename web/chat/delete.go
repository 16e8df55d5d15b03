package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hearth/web/limits"
)

// Delete deletes a message of the caller, or any message if the caller is an admin. Its text and its reactions are erased. It is
// not an error if the message was deleted before. Errors: rate_limited, no_such_message, not_allowed, storage.
func (c *Chat) Delete(ctx context.Context, by Caller, id MessageID) error {
	if err := c.Take(by, limits.Messages); err != nil {
		return err
	}
	m, r, err := c.messageFor(ctx, by, id)
	if err != nil {
		return err
	}
	if m.SenderID != by.senderID() && !by.Admin() {
		return Errorf("not_allowed")
	}
	if m.Deleted {
		return nil
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		taken, err := c.takeBack(tx, id, r.Group(), by)
		if err != nil || !taken || m.SenderID == by.senderID() {
			return err
		}
		return c.audit(tx, by, "message_deleted", fmt.Sprintf("%s, %s", r.Name, m.User))
	})
	c.unread.forget(r.ID)
	c.notifyChanged(r, id, m.At)
	c.lastChanged(r)
	return storage("delete a message", err)
}

// takeBack deletes a message and announces that to the group of its room. taken is false if it was deleted before.
func (c *Chat) takeBack(tx Tx, id MessageID, group string, by Caller) (taken bool, err error) {
	tx.Erase()
	res, err := tx.Exec("UPDATE message SET text = '', deleted_at = ? WHERE id = ? AND deleted_at IS NULL", millis(c.now()), id)
	if err != nil {
		return false, fmt.Errorf("erase message %d: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	if _, err := tx.Exec("DELETE FROM reaction WHERE message_id = ?", id); err != nil {
		return false, fmt.Errorf("erase the reactions to message %d: %w", id, err)
	}
	if err := replaceMentions(tx, id, time.Time{}, nil); err != nil {
		return false, err
	}
	n, err := c.insertChange(tx, id.Room(), change{Kind: "delete", Message: id}, by)
	if err != nil {
		return false, err
	}
	tx.Announce(group, messageDeleted(id, n, by.Name()))
	return true, nil
}

// Moderate deletes a message on the admin site, which does not show private conversations. Errors: those of Delete.
func (c *Chat) Moderate(ctx context.Context, by Caller, id MessageID) error {
	if !by.Admin() {
		return Errorf("not_allowed")
	}
	_, err := c.RoomByID(ctx, id.Room())
	if errors.Is(err, ErrNotFound) {
		return Errorf("no_such_message")
	}
	if err != nil {
		return err
	}
	return c.Delete(ctx, by, id)
}
