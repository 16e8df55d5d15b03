package chat

import (
	"context"
	"fmt"
	"log/slog"
)

// leaveGroup makes the caller leave a group conversation. Whoever is added again sees only what comes after that. When the last person
// has left, the conversation is deleted. Errors: not_allowed, storage.
func (c *Chat) leaveGroup(ctx context.Context, by Caller, r *Room) error {
	err := c.disk.Write(ctx, func(tx Tx) error {
		if err := stillIn(tx, r.ID, by.User.ID); err != nil {
			return err
		}
		f := membershipFrame{Type: "membership", Room: r.Name, Level: MentionsOnly, Left: true}
		e := same(f.Type, false, f)
		e.About = r.Group()
		tx.Announce(Inbox(by.User.ID), e)
		gone, user := RoomGone(r), by.User.ID
		tx.Announce("", rightsChanged(c.clearRooms, func(l Listener) (x Rights) {
			if l.UserID == user {
				x.Gone, x.Out = []Event{gone}, l.is(r.Group())
			}
			return x
		}))
		return c.removeFromGroup(tx, by.User, r)
	})
	if err != nil {
		return storage("leave a conversation", err)
	}
	c.afterLeaving(ctx, r)
	return nil
}

// removeFromGroup removes a user from a group conversation, and adds a line to the log.
func (c *Chat) removeFromGroup(tx Tx, u *User, r *Room) error {
	if _, err := tx.Exec("DELETE FROM membership WHERE room_id = ? AND user_id = ?", r.ID, u.ID); err != nil {
		return fmt.Errorf("user %d leaves room %d: %w", u.ID, r.ID, err)
	}
	return c.saveNotice(tx, r, u, Notice{Kind: NoticeLeft})
}

// leaveGroups removes a user whose account is deactivated or deleted, so that all its sockets are closed, from all group conversations. It
// returns these.
func (c *Chat) leaveGroups(tx Tx, u *User) ([]*Room, error) {
	rows, err := tx.Query("SELECT "+roomColumns+" FROM membership m JOIN room r ON r.id = m.room_id "+
		"WHERE m.user_id = ? AND m.member = 1 AND "+isGroup, u.ID)
	if err != nil {
		return nil, fmt.Errorf("list the conversations of user %d: %w", u.ID, err)
	}
	rooms, err := scanRooms(rows)
	if err != nil {
		return nil, fmt.Errorf("list the conversations of user %d: %w", u.ID, err)
	}
	for _, r := range rooms {
		if err := c.removeFromGroup(tx, u, r); err != nil {
			return nil, err
		}
	}
	return rooms, nil
}

// afterLeaving tells the people of a group conversation that somebody has left it, or deletes it if nobody is left.
func (c *Chat) afterLeaving(ctx context.Context, r *Room) {
	c.unread.forget(r.ID)
	c.activities.Delete(r.ID)
	c.hub.Recheck(r.Group())
	var people int
	if err := c.read.QueryRow(ctx, "SELECT count(*) FROM membership WHERE room_id = ? AND member = 1", []any{r.ID}, &people); err != nil {
		slog.Error("look who is in a conversation", "room", r.Name, "err", err)
		return
	}
	if people > 0 {
		c.notifyUnread(r.ID, r)
		c.tellGroup(ctx, r)
		return
	}
	if err := c.deleteRooms(ctx, []*Room{r}, func(Tx) error { return nil }); err != nil {
		slog.Error("delete a conversation in which nobody is left", "room", r.Name, "err", err)
	}
}
