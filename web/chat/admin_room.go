package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/text/unicode/norm"
)

// deleteAtOnce is how many messages one job of the writer deletes with their room: what others
// say meanwhile waits for one such job, 2 ms (go test -bench DeleteRoom), and its commit.
const deleteAtOnce = 500

// RoomQuery asks for a page of rooms, archived ones too. The zero value asks for all.
type RoomQuery struct {
	MadeBy int64  // only those that this user made, 0: all (Rooms alone)
	Text   string // a part of the name, in upper or lower case, or of the topic
	Unmade bool   // RoomsFor adds those in which nobody has spoken yet
	Limit  int    // at most so many; 0: 100
	Offset int
}

// RoomRow is a room with what a list of rooms tells of it.
type RoomRow struct {
	*Room
	Last time.Time // of its last message; zero: it has none
}

const roomMatches = " FROM room WHERE access <> 'direct' AND (instr(name_key, ?1) > 0 OR instr(lower(topic), ?1) > 0) AND (?2 = 0 OR " + madeBy + ")"

// Rooms are those that match q by name, and how many match in all. Private conversations are
// never among them.
func (c *Chat) Rooms(ctx context.Context, q RoomQuery) (found []RoomRow, total int, err error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	text := norm.NFC.String(searchText(q.Text))
	if err := c.read.QueryRow(ctx, "SELECT count(*)"+roomMatches, []any{text, q.MadeBy}, &total); err != nil {
		return nil, 0, storage("count rooms", err)
	}
	rooms, err := c.roomsWhere(ctx, "SELECT "+roomColumns+roomMatches+" ORDER BY name_key LIMIT ?3 OFFSET ?4", text, q.MadeBy, q.Limit, q.Offset)
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

// scanRooms reads rows of roomColumns, and closes them.
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

// RoomByID is the room with that id. ErrNotFound if there is none, or it is a private conversation.
func (c *Chat) RoomByID(ctx context.Context, id int64) (*Room, error) {
	r, err := scanRoom(func(dest ...any) error {
		return c.read.QueryRow(ctx, "SELECT "+roomColumns+" FROM room WHERE id = ? AND access <> 'direct'", []any{id}, dest...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return r, storage("load a room", err)
}

// SetArchived takes a room out of all lists and leaves it to be read, or brings it back. Errors:
// not_allowed, storage.
func (c *Chat) SetArchived(ctx context.Context, by Caller, r *Room, on bool) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	what := map[bool]string{true: "room_archived", false: "room_restored"}[on]
	return c.archive(ctx, r, on, func(tx Tx) error { return c.audit(tx, by, what, r.Name) })
}

func (c *Chat) archive(ctx context.Context, r *Room, on bool, also func(Tx) error) error {
	err := c.disk.Write(ctx, func(tx Tx) error {
		if err := c.archiveOne(tx, r, on); err != nil {
			return err
		}
		return also(tx)
	})
	c.forgetRooms()
	c.hub.Recheck(r.Group())
	return storage("archive a room", err)
}

func (c *Chat) archiveOne(tx Tx, r *Room, on bool) error {
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
		tx.Announce("", c.unlisted(now))
	} else {
		c.announceRoom(tx, now)
	}
	return nil
}

// DeleteRoom deletes a room and all that was said in it; typed must be its name, to show that
// this is meant. It is archived first and its messages go in many small jobs, so that nobody
// waits long; if the program dies meanwhile, deleting it again goes on. Errors: not_allowed,
// confirm_name (on the field confirm), storage.
func (c *Chat) DeleteRoom(ctx context.Context, by Caller, r *Room, typed string) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	if name, _, err := RoomName(typed); err != nil || name != r.Name {
		return Errorf("confirm_name").On("confirm")
	}
	ctx = context.WithoutCancel(ctx) // half a room is of no use, even if the admin's browser has gone
	err := c.archive(ctx, r, true, func(tx Tx) error { return c.endLine(tx, r) })
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
	c.hub.EndRoom(r.Group())
	return storage("delete a room", err)
}

// endLine gives out the last number of a room's line, and keeps it beyond the room.
func (c *Chat) endLine(tx Tx, r *Room) error {
	last, err := c.lastSeq(tx, r.ID)
	if err != nil {
		return err
	}
	last++
	c.reserve(tx, r.ID, last)
	_, err = tx.Exec("INSERT INTO ended_line (name_key, last) VALUES (?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)", r.Key, last)
	if err != nil {
		return fmt.Errorf("end the line of room %d: %w", r.ID, err)
	}
	return nil
}

// deletePart deletes at most limit rows of a room's messages, then of its changes, and returns how many these
// were. If they are fewer, the room itself is gone too; removed is false if another admin was quicker.
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
	if err := c.endLine(tx, r); err != nil { // anew: something may have been on its way
		return 0, false, err
	}
	tx.Erase()
	res, err := tx.Exec("DELETE FROM room WHERE id = ?", r.ID) // and its memberships
	if err != nil {
		return 0, false, fmt.Errorf("delete room %d: %w", r.ID, err)
	}
	delete(c.last, r.ID)
	c.gone[r.ID] = true
	tx.OnRollback(func() { delete(c.gone, r.ID) })
	n, err := res.RowsAffected()
	return rows, n > 0, err
}
