package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// maxWritersKnown is how many pairs of a room and a person writers keeps, in about 5 MB.
const maxWritersKnown = 100_000

// writers are the pairs of a room and a user that are known to be in the table room_writer, so that only a person's first message in
// a room writes to it. The zero value is ready to use.
type writers struct {
	mu    sync.Mutex
	known map[[2]int64]struct{}
}

func (w *writers) has(room, user int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, known := w.known[[2]int64{room, user}]
	return known
}

func (w *writers) add(room, user int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil || len(w.known) >= maxWritersKnown {
		w.known = map[[2]int64]struct{}{}
	}
	w.known[[2]int64{room, user}] = struct{}{}
}

// saveWriter stores that a user has written in a room, unless that is known. It does nothing for a visitor and in a private
// conversation.
func (c *Chat) saveWriter(tx Tx, r *Room, room int64, by Caller) error {
	if by.User == nil || r.Access.Private() || c.wrote.has(room, by.User.ID) {
		return nil
	}
	if _, err := tx.Exec("INSERT INTO room_writer (room_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING", room, by.User.ID); err != nil {
		return fmt.Errorf("note that user %d has written in room %d: %w", by.User.ID, room, err)
	}
	return nil
}

// Attendance is where a person who belongs to a room is.
type Attendance string

const (
	Elsewhere Attendance = "elsewhere" // online, but not in the room
	Offline   Attendance = "offline"
)

// Absent returns a page of the people who belong to a room and are not in it, and the number of all of them: those who are online
// by name, or those who are offline, the last seen first. To an open room, and to one for admins, those belong who have written in
// it; to a closed room and a group conversation its members; to a private conversation the other person. The caller counts as present. Error: storage.
func (c *Chat) Absent(ctx context.Context, by Caller, r *Room, where Attendance, limit, offset int) (found []*User, total int, err error) {
	here := c.hub.Listening(r.Group())
	if here == nil {
		here = map[int64]bool{}
	}
	here[by.userID()] = true // the page is about to open its socket
	if r.With != nil {
		if here[r.With.ID] || r.With.Disabled || c.hub.Online(r.With.ID) != (where == Elsewhere) {
			return nil, 0, nil
		}
		return []*User{r.With}, 1, nil
	}
	if r.ID == 0 {
		return nil, 0, nil
	}
	onlineUsers := c.hub.OnlineUsers()
	if where == Elsewhere && !slices.ContainsFunc(onlineUsers, func(id int64) bool { return !here[id] }) {
		return nil, 0, nil // often so in a small place
	}
	belong, online := "SELECT user_id FROM room_writer WHERE room_id = ?1", "IN"
	if r.Access == Closed || r.Access == Group {
		belong = "SELECT user_id FROM membership WHERE room_id = ?1 AND member = 1"
	}
	if where == Offline {
		online = "NOT IN"
	}
	from := " FROM user u WHERE u.disabled = 0 AND u.id IN (" + belong + ") AND u.id " + online + " (SELECT value FROM json_each(?2)) " +
		"AND u.id NOT IN (SELECT value FROM json_each(?3)) AND (?4 OR u.admin = 1)"
	args := []any{r.ID, idList(onlineUsers), idList(slices.Collect(maps.Keys(here))), r.Access != Admins}
	if where == Elsewhere {
		return c.elsewhere(ctx, by, from, args, limit, offset)
	}
	rows, err := c.read.Query(ctx, "SELECT u.id, count(*) OVER ()"+from+" ORDER BY u.last_seen DESC, u.name_key LIMIT ?5 OFFSET ?6", append(args, limit, offset)...)
	if err != nil {
		return nil, 0, storage("list the people of a room", err)
	}
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id, &total); err != nil {
			return nil, 0, errors.Join(storage("list the people of a room", err), rows.Close())
		}
		ids = append(ids, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, 0, storage("list the people of a room", err)
	}
	if len(ids) == 0 && offset > 0 { // beyond the last one
		err := c.read.QueryRow(ctx, "SELECT count(*)"+from, args, &total)
		return nil, total, storage("count the people of a room", err)
	}
	found, err = c.usersByID(ctx, ids) // after the query is closed, because there are few connections
	return found, total, err
}

// elsewhere returns a page of the people whom a query of Absent finds, by name in the caller's language.
func (c *Chat) elsewhere(ctx context.Context, by Caller, from string, args []any, limit, offset int) (found []*User, total int, err error) {
	rows, err := c.read.Query(ctx, "SELECT u.id"+from, args...)
	if err != nil {
		return nil, 0, storage("list the people of a room", err)
	}
	ids, err := scanIDs(rows)
	if err != nil {
		return nil, 0, storage("list the people of a room", err)
	}
	if err := c.sortIDs(ctx, order{by.Lang, byName}, ids); err != nil {
		return nil, 0, err
	}
	found, err = c.usersByID(ctx, pageOf(ids, limit, offset))
	return found, len(ids), err
}

// Belongs reports which of these users belong to a room, as Absent says. Error: storage.
func (c *Chat) Belongs(ctx context.Context, r *Room, users []*User) (map[int64]bool, error) {
	all := make(map[int64]bool, len(users))
	if r.With != nil || r.ID == 0 {
		for _, u := range users {
			all[u.ID] = r.With != nil
		}
		return all, nil
	}
	ids := make([]int64, 0, len(users))
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	query := "SELECT user_id FROM room_writer WHERE room_id = ? AND user_id IN (SELECT value FROM json_each(?))"
	if r.Access == Closed || r.Access == Group {
		query = "SELECT user_id FROM membership WHERE room_id = ? AND member = 1 AND user_id IN (SELECT value FROM json_each(?))"
	}
	rows, err := c.read.Query(ctx, query, r.ID, idList(ids))
	if err != nil {
		return nil, storage("look who belongs to a room", err)
	}
	found, err := scanIDs(rows)
	for _, id := range found {
		all[id] = true
	}
	return all, storage("look who belongs to a room", err)
}

// idList returns ids as JSON, for SQL.
func idList(ids []int64) string {
	if len(ids) == 0 {
		return "[]"
	}
	b, err := json.Marshal(ids)
	if err != nil {
		panic(err) // numbers can always be encoded
	}
	return string(b)
}
