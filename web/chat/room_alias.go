package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// maxAliases is how many former names of a room lead to it. Older ones are free again.
const maxAliases = 10

// roomNamed finds the room with the key ?1, or the room that had it before.
const roomNamed = "SELECT " + roomColumns + " FROM room WHERE id = coalesce((SELECT id FROM room WHERE name_key = ?1), (SELECT room_id FROM room_alias WHERE name_key = ?1))"

// row is a query for one row.
type row interface{ Scan(dest ...any) error }

// scanFunc is a row that runs its query when it is scanned.
type scanFunc func(dest ...any) error

func (f scanFunc) Scan(dest ...any) error { return f(dest...) }

// readRow returns a function like Tx.QueryRow that reads outside the writer's transaction.
func (c *Chat) readRow(ctx context.Context) func(string, ...any) scanFunc {
	return func(query string, args ...any) scanFunc {
		return func(dest ...any) error { return c.read.QueryRow(ctx, query, args, dest...) }
	}
}

// freeGroup returns the key of the group of a room that is not stored and whose name has that key; "" if it is the key itself. It is
// another one if a room that was renamed still has the group.
func freeGroup[R row](queryRow func(string, ...any) R, key string) (string, error) {
	for group := key; ; {
		var id int64
		err := queryRow("SELECT id FROM room WHERE group_key = ?", group).Scan(&id)
		switch {
		case errors.Is(err, sql.ErrNoRows) && group == key:
			return "", nil
		case errors.Is(err, sql.ErrNoRows):
			return group, nil
		case err != nil:
			return "", storage("look for the group of a room", err)
		}
		group = fmt.Sprintf("%s#%d", group, id) // no name contains "#"
	}
}

// roomOfGroup returns the stored room of the sockets that are in the group of r, which may have been renamed or stored since r was
// looked up. Errors: ErrNotFound, storage.
func (c *Chat) roomOfGroup(ctx context.Context, r *Room) (*Room, error) {
	now, err := c.roomByKey(ctx, r.Key)
	if err == nil && now.Group() != r.Group() || errors.Is(err, ErrNotFound) && r.ID != 0 {
		now, err = scanRoom(func(dest ...any) error {
			return c.read.QueryRow(ctx, "SELECT "+roomColumns+" FROM room WHERE coalesce(group_key, name_key) = ?", []any{r.Group()[len("room:"):]}, dest...)
		})
		if errors.Is(err, sql.ErrNoRows) {
			return nil, ErrNotFound
		}
		err = storage("load a room", err)
	}
	return now, err
}

// madeMeanwhile returns the id of the room that has got the name of r since r was looked up; 0: there is none. Then r gets the group
// of that room. Error: not_allowed if that room is not open.
func madeMeanwhile(tx Tx, r *Room) (id int64, err error) {
	made, err := scanRoom(tx.QueryRow(roomNamed, r.Key).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("look for room %s: %w", r.Key, err)
	case made.Access != Direct && (made.Access != Open || made.Archived):
		return 0, Errorf("not_allowed")
	}
	r.group = made.Group()[len("room:"):]
	return made.ID, nil
}

// takeName checks that the caller may give a name to the room with that id, or to a new one (0). If the name leads to another room
// that had it before, it does so no longer, and that room is returned. Only admins may do that. Error: room_taken.
func (c *Chat) takeName(tx Tx, by Caller, key string, id int64) (former *Room, err error) {
	r, err := scanRoom(tx.QueryRow(roomNamed, key).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look for room %s: %w", key, err)
	case r.Key == key && r.ID == id:
		return nil, nil
	case r.Key == key || r.ID != id && !by.Admin():
		return nil, Errorf("room_taken").On("name")
	}
	if _, err := tx.Exec("DELETE FROM room_alias WHERE name_key = ?", key); err != nil {
		return nil, fmt.Errorf("free the name %s: %w", key, err)
	}
	if r.ID == id {
		return nil, nil
	}
	return r, c.endName(tx, r, key)
}

// endName stores the last sequence number of r for a name that no longer leads to it. So the sequence of another room of that name
// begins with higher numbers.
func (c *Chat) endName(tx Tx, r *Room, key string) error {
	last, err := c.lastSeq(tx, r.ID)
	if err != nil {
		return err
	}
	return saveEnd(tx, key, last+1)
}

func saveEnd(tx Tx, key string, last int64) error {
	_, err := tx.Exec("INSERT INTO ended_line (name_key, last) VALUES (?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)", key, last)
	if err != nil {
		return fmt.Errorf("end the sequence of the name %s: %w", key, err)
	}
	return nil
}

// endFormer closes the sockets in a room that has lost a former name, because they may have been opened under that name.
func (c *Chat) endFormer(former *Room) {
	if former != nil {
		c.hub.EndRoom(former.Group())
	}
}

// renamed is the effect of a new name of a room.
type renamed struct {
	former *Room  // the room that had the name before, and keeps another one
	unmade string // the group of the sockets in an unmade room of the new name
}

// rename gives a room a new name. The old one leads to it from now on. A new name counts as a new room, because it is taken from the
// others in the same way. Errors: room_taken, rate_limited.
func (c *Chat) rename(tx Tx, by Caller, before, after *Room) (x renamed, err error) {
	if x.former, err = c.takeName(tx, by, after.Key, before.ID); err != nil {
		return x, err
	}
	if before.Key == after.Key { // only the case differs
		_, err := tx.Exec("UPDATE room SET name = ? WHERE id = ?", after.Name, before.ID)
		return x, err
	}
	if err := c.takeRoom(by, before); err != nil {
		return x, err
	}
	if x.unmade, err = freeGroup(tx.QueryRow, after.Key); err != nil {
		return x, err
	}
	x.unmade = (&Room{Key: after.Key, group: x.unmade}).Group()
	if _, err := tx.Exec("UPDATE room SET name = ?2, name_key = ?3, group_key = ifnull(group_key, name_key) WHERE id = ?1", before.ID, after.Name, after.Key); err != nil {
		return x, fmt.Errorf("rename room %d: %w", before.ID, err)
	}
	if _, err := tx.Exec("INSERT INTO room_alias (name_key, room_id, created_at) VALUES (?, ?, ?)", before.Key, before.ID, millis(c.now())); err != nil {
		return x, fmt.Errorf("keep the old name of room %d: %w", before.ID, err)
	}
	return x, c.dropAliases(tx, before)
}

// dropAliases frees the oldest former names of a room beyond maxAliases.
func (c *Chat) dropAliases(tx Tx, r *Room) error {
	rows, err := tx.Query("SELECT name_key FROM room_alias WHERE room_id = ? ORDER BY created_at DESC, name_key LIMIT -1 OFFSET ?", r.ID, maxAliases)
	if err != nil {
		return fmt.Errorf("list the former names of room %d: %w", r.ID, err)
	}
	keys, err := scanTexts(rows)
	if err != nil {
		return fmt.Errorf("list the former names of room %d: %w", r.ID, err)
	}
	for _, key := range keys {
		if _, err := tx.Exec("DELETE FROM room_alias WHERE name_key = ?", key); err != nil {
			return fmt.Errorf("free the name %s: %w", key, err)
		}
		if err := c.endName(tx, r, key); err != nil {
			return err
		}
	}
	return nil
}

// scanTexts reads rows of one text and closes them.
func scanTexts(rows *sql.Rows) (found []string, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		found = append(found, text)
	}
	return found, rows.Err()
}
