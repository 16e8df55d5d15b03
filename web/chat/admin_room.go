package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// deleteAtOnce is how many messages of a deleted room one job of the writer deletes. New messages wait for one such job, 2 ms
// (go test -bench DeleteRoom), and its commit.
const deleteAtOnce = 500

// RoomQuery selects a page of rooms, archived ones too. The zero value selects all.
type RoomQuery struct {
	MadeBy int64  // only rooms that this user created; 0: all (for Rooms only)
	Text   string // a part of the name or the topic; case is ignored
	Lang   string // for Rooms: the language in which they are sorted; RoomsFor uses that of the caller
	Unmade bool   // for RoomsFor: with rooms that have no message yet
	First  bool   // for RoomsFor: those that newcomers see first come first, unless Text is set
	Limit  int    // the size of the page; 0: 100
	Offset int
}

// RoomRow is a room with the data of a list of rooms.
type RoomRow struct {
	*Room
	Last time.Time // the time of its last message; zero: it has none
}

const roomMatches = " FROM room WHERE access <> 'direct' AND (?1 = '' OR instr(fold_marks(name), ?1) > 0 OR instr(fold_marks(topic), ?1) > 0) AND (?2 = 0 OR " + madeBy + ")"

// Rooms returns the rooms that match q, by name, and the number of all matches, without private conversations.
func (c *Chat) Rooms(ctx context.Context, q RoomQuery) (found []RoomRow, total int, err error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	text := foldMarks(q.Text)
	rooms, total, err := c.sortedRooms(ctx, q.Lang, q.Limit, q.Offset, "SELECT id"+roomMatches, text, q.MadeBy)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range rooms {
		last, err := c.lastActivity(ctx, r.ID)
		if err != nil {
			return nil, 0, err
		}
		found = append(found, RoomRow{Room: r, Last: last})
	}
	return found, total, nil
}

func (c *Chat) roomsWhere(ctx context.Context, query string, args ...any) ([]*Room, error) {
	rows, err := c.read.Query(ctx, query, args...)
	if err != nil {
		return nil, storage("list rooms", err)
	}
	rooms, err := scanRooms(rows)
	return rooms, storage("list rooms", err)
}

// scanRooms reads rows of roomColumns and closes them.
func scanRooms(rows *sql.Rows) (rooms []*Room, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r, err := scanRoom(rows.Scan)
		if err != nil {
			return nil, err
		}
		rooms = append(rooms, r)
	}
	return rooms, rows.Err()
}

// RoomByID returns the room with that id. Error: ErrNotFound, also for a private conversation.
func (c *Chat) RoomByID(ctx context.Context, id int64) (*Room, error) {
	r, err := scanRoom(func(dest ...any) error {
		return c.read.QueryRow(ctx, "SELECT "+roomColumns+" FROM room WHERE id = ? AND access <> 'direct'", []any{id}, dest...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return r, storage("load a room", err)
}

// SetArchived archives a room, so that it is in no list and can only be read, or restores it. Its owner and admins may do that.
// Errors: not_allowed, no_such_room, rate_limited, storage.
func (c *Chat) SetArchived(ctx context.Context, by Caller, r *Room, on bool) error {
	if err := c.mustManage(ctx, by, r); err != nil {
		return err
	}
	what := map[bool]string{true: "room_archived", false: "room_restored"}[on]
	err := c.disk.Write(ctx, func(tx Tx) error {
		if _, err := managed(tx, by, r); err != nil {
			return err
		}
		if err := c.archiveOne(tx, r, on, roomArchived); err != nil {
			return err
		}
		return c.audit(tx, by, what, r.Name)
	})
	c.forgetRooms()
	c.hub.Recheck(r.Group())
	return storage("archive a room", err)
}

// archiveOne archives or restores a room. Its sockets get the event of gone if it is archived.
func (c *Chat) archiveOne(tx Tx, r *Room, on bool, gone func(*Room) Event) error {
	var at time.Time
	if on {
		at = c.now()
	}
	if _, err := tx.Exec("UPDATE room SET archived_at = ? WHERE id = ?", millis(at), r.ID); err != nil {
		return fmt.Errorf("archive room %d: %w", r.ID, err)
	}
	now, err := roomNow(tx, r)
	if err != nil {
		return err
	}
	if now.Archived = false; on {
		tx.Announce("", c.unlisted(now, gone(now)))
	} else {
		c.announceRoom(tx, now)
	}
	return nil
}

// DeleteRoom deletes a room with all messages. Its owner and admins may do that. typed must be its name, as a confirmation. The room
// is archived first, and its messages are deleted in many small jobs, so that other writes do not wait long. If the program stops
// meanwhile, deleting the room again continues. Errors: not_allowed, no_such_room, rate_limited, confirm_name (on the field confirm),
// storage.
func (c *Chat) DeleteRoom(ctx context.Context, by Caller, r *Room, typed string) error {
	if err := c.CheckDelete(ctx, by, r, typed); err != nil {
		return err
	}
	if err := c.takeChange(by); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // continue even if the browser disconnects
	err := c.disk.Write(ctx, func(tx Tx) error {
		now, err := managed(tx, by, r)
		if err != nil {
			return err
		}
		if now.Name != r.Name {
			return Errorf("confirm_name").On("confirm")
		}
		if err := c.archiveOne(tx, r, true, roomDeleted); err != nil {
			return err
		}
		return c.endSequence(tx, r)
	})
	c.forgetRooms()
	for done := false; err == nil && !done; {
		err = c.disk.Write(ctx, func(tx Tx) error {
			rows, removed, err := c.deletePart(tx, r, deleteAtOnce)
			if done = rows < deleteAtOnce; err != nil || !removed {
				return err
			}
			return c.audit(tx, by, "room_deleted", r.Name)
		})
	}
	c.forgetRooms()
	if err == nil {
		c.hub.EndRoom(r.Group())
	}
	return storage("delete a room", err)
}

// CheckDelete returns why DeleteRoom would refuse the caller or the typed name; nil if it would not. Errors: not_allowed, confirm_name
// (on the field confirm), storage.
func (c *Chat) CheckDelete(ctx context.Context, by Caller, r *Room, typed string) error {
	may, err := c.MayManage(ctx, by, r)
	switch {
	case err != nil:
		return err
	case !may:
		return Errorf("not_allowed")
	}
	if name, _, err := RoomName(typed); err != nil || name != r.Name {
		return Errorf("confirm_name").On("confirm")
	}
	return nil
}

// endSequence stores the last sequence number of a room, which outlives the room, for all its names.
func (c *Chat) endSequence(tx Tx, r *Room) error {
	last, err := c.lastSeq(tx, r.ID)
	if err != nil {
		return err
	}
	last++
	c.reserve(tx, r.ID, last)
	rows, err := tx.Query("SELECT name_key FROM room WHERE id = ?1 UNION SELECT name_key FROM room_alias WHERE room_id = ?1", r.ID)
	if err != nil {
		return fmt.Errorf("list the names of room %d: %w", r.ID, err)
	}
	keys, err := scanTexts(rows)
	if err != nil {
		return fmt.Errorf("list the names of room %d: %w", r.ID, err)
	}
	for _, key := range keys {
		if err := saveEnd(tx, key, last); err != nil {
			return err
		}
	}
	return nil
}

// deletePart deletes at most limit rows of a room's messages and then of its changes, and returns how many. If they are fewer, it
// has deleted the room too; removed is false if another admin had deleted it.
func (c *Chat) deletePart(tx Tx, r *Room, limit int) (rows int, removed bool, err error) {
	for _, table := range []string{"message", "change"} {
		tx.Erase()
		res, err := tx.Exec("DELETE FROM "+table+" WHERE id IN (SELECT id FROM "+table+" WHERE id >= ? AND id < ? LIMIT ?)",
			NewMessageID(r.ID, 0), NewMessageID(r.ID+1, 0), limit-rows)
		if err != nil {
			return 0, false, fmt.Errorf("delete from room %d: %w", r.ID, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, false, err
		}
		if rows += int(n); rows == limit {
			return rows, false, nil
		}
	}
	if err := c.endSequence(tx, r); err != nil { // again: a message may have been stored meanwhile
		return 0, false, err
	}
	tx.Erase()
	res, err := tx.Exec("DELETE FROM room WHERE id = ?", r.ID) // and its memberships, by ON DELETE CASCADE
	if err != nil {
		return 0, false, fmt.Errorf("delete room %d: %w", r.ID, err)
	}
	delete(c.last, r.ID)
	c.gone[r.ID] = true
	tx.OnRollback(func() { delete(c.gone, r.ID) })
	n, err := res.RowsAffected()
	return rows, n > 0, err
}
