package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const (
	// roomsAtOnce is how many rooms one job of the writer archives, or deletes if they are empty.
	roomsAtOnce = 50
	// maxSubject is the longest list of rooms in one audit entry, in bytes. Further rooms are left out.
	maxSubject = 300
)

// madeBy is the SQL condition that user ?2 created a room: with "Create room", or with the first message in it.
const madeBy = `(created_by = ?2 OR created_by IS NULL AND
	(SELECT sender FROM message WHERE id >= room.id << 32 AND id < (room.id + 1) << 32 ORDER BY id LIMIT 1) = ?2)`

// RoomsAmong returns the rooms with these ids, archived ones too, without private conversations, by name. Error: storage.
func (c *Chat) RoomsAmong(ctx context.Context, ids []int64) ([]*Room, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	return c.roomsWhere(ctx, "SELECT "+roomColumns+" FROM room WHERE access <> 'direct' AND id IN (SELECT value FROM json_each(?)) ORDER BY name_key", string(list))
}

// Shared returns in how many of the rooms people other than user have written. Error: storage.
func (c *Chat) Shared(ctx context.Context, rooms []*Room, user int64) (n int, err error) {
	for _, r := range rooms {
		var others bool
		err := c.read.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM message WHERE id >= ? AND id < ? AND sender <> ?)",
			[]any{NewMessageID(r.ID, 0), NewMessageID(r.ID+1, 0), user}, &others)
		if err != nil {
			return 0, storage("look who spoke in a room", err)
		}
		if others {
			n++
		}
	}
	return n, nil
}

// subject returns the number of rooms and as many of their names as fit into an audit entry.
func subject(rooms []*Room) string {
	names := make([]string, len(rooms))
	for i, r := range rooms {
		names[i] = r.Name
	}
	return listed(names)
}

// listed returns the number of names and as many of them as fit into an audit entry.
func listed(names []string) string {
	var b strings.Builder
	fmt.Fprint(&b, len(names), ":")
	for _, name := range names {
		if b.Len()+len(name) > maxSubject {
			b.WriteString(" …")
			break
		}
		b.WriteString(" " + name)
	}
	return b.String()
}

// ArchiveRooms archives rooms in several transactions, with one audit entry. Errors: not_allowed, rate_limited, storage.
func (c *Chat) ArchiveRooms(ctx context.Context, by Caller, rooms []*Room) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	return c.archiveAll(ctx, rooms, roomArchived, func(Tx, *Room) error { return nil }, func(tx Tx) error {
		return c.audit(tx, by, "rooms_archived", subject(rooms))
	})
}

// archiveAll archives rooms, roomsAtOnce in a transaction. It calls first in the first transaction, and also for each room in
// the transaction that archives the room. gone returns the event that sockets of the room get.
func (c *Chat) archiveAll(ctx context.Context, rooms []*Room, gone func(*Room) Event, also func(Tx, *Room) error, first func(Tx) error) error {
	for at := 0; at < len(rooms); at += roomsAtOnce {
		part := rooms[at:min(at+roomsAtOnce, len(rooms))]
		err := c.disk.Write(ctx, func(tx Tx) error {
			if at == 0 {
				if err := first(tx); err != nil {
					return err
				}
			}
			for _, r := range part {
				if err := c.archiveOne(tx, r, true, gone); errors.Is(err, Errorf("no_such_room")) {
					continue // another admin has archived it
				} else if err != nil {
					return err
				}
				if err := also(tx, r); err != nil {
					return err
				}
			}
			return nil
		})
		c.forgetRooms()
		if err != nil {
			return storage("archive rooms", err)
		}
		for _, r := range part {
			c.hub.Recheck(r.Group())
		}
	}
	return nil
}

// DeleteRooms deletes rooms with all messages in many small transactions, as DeleteRoom does, with one audit entry that is
// written first. Errors: not_allowed, rate_limited, storage.
func (c *Chat) DeleteRooms(ctx context.Context, by Caller, rooms []*Room) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	return c.deleteRooms(ctx, rooms, func(tx Tx) error { return c.audit(tx, by, "rooms_deleted", subject(rooms)) })
}

func (c *Chat) deleteRooms(ctx context.Context, rooms []*Room, first func(Tx) error) error {
	ctx = context.WithoutCancel(ctx) // continue even if the admin's browser disconnects
	err := c.archiveAll(ctx, rooms, roomDeleted, c.endSequence, first)
	for left := rooms; err == nil && len(left) > 0; {
		gone := 0
		err = c.disk.Write(ctx, func(tx Tx) (err error) {
			gone, err = c.deleteSome(tx, left)
			return err
		})
		for _, r := range left[:gone] {
			c.hub.EndRoom(r.Group())
		}
		left = left[gone:]
	}
	c.forgetRooms()
	return storage("delete rooms", err)
}

// deleteSome deletes rooms, the first one first, until it has deleted deleteAtOnce rows or roomsAtOnce rooms. It returns how many
// rooms it has deleted.
func (c *Chat) deleteSome(tx Tx, rooms []*Room) (gone int, err error) {
	budget := deleteAtOnce
	for _, r := range rooms[:min(roomsAtOnce, len(rooms))] {
		rows, _, err := c.deletePart(tx, r, budget)
		if err != nil {
			return 0, err
		}
		if budget -= rows; budget <= 0 {
			break
		}
		gone++
	}
	return gone, nil
}

// DeleteMessagesOf deletes all messages of a user, in private conversations too, in several transactions, with one audit entry
// that is written first. Errors: not_allowed, rate_limited, storage.
func (c *Chat) DeleteMessagesOf(ctx context.Context, by Caller, u *User) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	err := c.disk.Write(ctx, func(tx Tx) error { return c.audit(tx, by, "messages_deleted", u.Name) })
	if err != nil {
		return storage("delete the messages of a user", err)
	}
	return c.takeBackAll(ctx, by, u.ID, 0, nil)
}

// RevokeInvitesOf revokes all open invitations of a user, with one audit entry. Errors: not_allowed, rate_limited, storage.
func (c *Chat) RevokeInvitesOf(ctx context.Context, by Caller, u *User) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	err := c.disk.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec("DELETE FROM invite WHERE created_by = ?", u.ID); err != nil {
			return fmt.Errorf("delete the invitations of user %d: %w", u.ID, err)
		}
		return c.audit(tx, by, "invites_revoked", u.Name)
	})
	return storage("revoke the invitations of a user", err)
}
