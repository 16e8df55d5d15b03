package chat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"hearth/web/locale"
)

// RoomsFor returns a page of the rooms that the caller may enter and that match q, by name, and the number of all, without archived
// rooms and private conversations. Error: storage.
func (c *Chat) RoomsFor(ctx context.Context, by Caller, q RoomQuery) (found []*Room, total int, err error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	where := " FROM room WHERE archived_at = 0 AND " + enterable(by) + " AND (?2 = '' OR instr(fold_marks(name), ?2) > 0 OR instr(fold_marks(topic), ?2) > 0)"
	text := foldMarks(q.Text)
	found, total, err = c.sortedRooms(ctx, by.Lang, q.Limit, q.Offset, "SELECT id"+where, by.userID(), text)
	if err != nil || !q.Unmade {
		return found, total, err
	}
	unmade, err := c.withoutMade(ctx, c.unmadeRooms(text))
	if err != nil {
		return nil, 0, err
	}
	from := min(max(0, q.Offset-total), len(unmade))
	to := min(from+q.Limit-len(found), len(unmade))
	return append(found, unmade[from:to]...), total + len(unmade), nil
}

// sortedRooms returns a page of the rooms whose ids a query finds, by name in a language, and the number of all. Error: storage.
func (c *Chat) sortedRooms(ctx context.Context, lang string, limit, offset int, query string, args ...any) (found []*Room, total int, err error) {
	rows, err := c.read.Query(ctx, query, args...)
	if err != nil {
		return nil, 0, storage("list rooms", err)
	}
	ids, err := scanIDs(rows)
	if err != nil {
		return nil, 0, storage("list rooms", err)
	}
	if err := c.sortIDs(ctx, order{lang, byRoom}, ids); err != nil {
		return nil, 0, err
	}
	found, err = c.roomsWhere(ctx, "SELECT "+roomColumns+" FROM room WHERE id IN (SELECT value FROM json_each(?1))", idList(pageOf(ids, limit, offset)))
	sortRooms(found, lang)
	return found, len(ids), err
}

// sortRooms sorts a few rooms by name in a language.
func sortRooms(rooms []*Room, lang string) {
	l := locale.Of(lang)
	slices.SortFunc(rooms, func(a, b *Room) int { return l.Compare(a.Name, b.Name) })
}

// withoutMade removes rooms that were stored a moment ago and are still in the list of unmade rooms.
func (c *Chat) withoutMade(ctx context.Context, unmade []*Room) ([]*Room, error) {
	if len(unmade) == 0 {
		return nil, nil
	}
	keys := make([]string, 0, len(unmade))
	for _, r := range unmade {
		keys = append(keys, r.Key)
	}
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	made, err := c.roomsWhere(ctx, "SELECT "+roomColumns+" FROM room WHERE name_key IN (SELECT value FROM json_each(?1))", string(list))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(unmade, func(r *Room) bool {
		return slices.ContainsFunc(made, func(m *Room) bool { return m.Key == r.Key })
	}), nil
}

// RoomsByID returns the rooms with these ids that the caller may enter, by name, without archived rooms and private conversations.
// Error: storage.
func (c *Chat) RoomsByID(ctx context.Context, by Caller, ids []int64) ([]*Room, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rooms, err := c.roomsWhere(ctx, "SELECT "+roomColumns+" FROM room WHERE archived_at = 0 AND "+enterable(by)+
		" AND id IN (SELECT value FROM json_each(?2))", by.userID(), string(list))
	sortRooms(rooms, by.Lang)
	return rooms, err
}

// enterable is the SQL condition that the caller may enter a room, without private conversations. ?1 is the caller's user id.
func enterable(by Caller) string {
	switch {
	case by.Admin():
		return "access <> 'direct' AND ?1 = ?1"
	case by.User != nil:
		return "(access = 'open' OR access = 'closed' AND id IN (SELECT room_id FROM membership WHERE user_id = ?1 AND member = 1))"
	}
	return "access = 'open' AND ?1 = ?1"
}

// SideRoom is a room in the sidebar.
type SideRoom struct {
	*Room
	Membership
}

// SideRooms returns the rooms in the sidebar of u, favourites first and then by name, and the number of rooms to which u belongs,
// without private conversations. If that is more than limit, it returns favourites, rooms with unread messages, and the rooms of
// those that u has opened before in which messages came last. Error: storage.
func (c *Chat) SideRooms(ctx context.Context, u *User, unread map[int64]Unread, limit int) (found []SideRoom, total int, err error) {
	const mine = " FROM room r JOIN user u ON u.id = ?1 LEFT JOIN membership s ON s.room_id = r.id AND s.user_id = u.id WHERE r.access <> 'direct' AND " + belongs
	if err := c.read.QueryRow(ctx, "SELECT count(*)"+mine, []any{u.ID}, &total); err != nil {
		return nil, 0, storage("count the rooms of a user", err)
	}
	if total <= limit {
		found, err = c.sideRooms(ctx, sideColumns+mine, u.ID)
		return found, total, err
	}
	news := slices.SortedFunc(maps.Keys(unread), func(a, b int64) int {
		return cmp.Or(cmp.Compare(unread[b].Badge, unread[a].Badge), cmp.Compare(unread[b].Count, unread[a].Count), cmp.Compare(a, b))
	})
	list, err := json.Marshal(news)
	if err != nil {
		return nil, 0, err
	}
	found, err = c.sideRooms(ctx, sideColumns+mine+` AND r.id IN (SELECT room_id FROM (
		SELECT room_id, 0 AS class, 0 AS place FROM membership WHERE user_id = ?1 AND favourite = 1
		UNION ALL SELECT value, 1, key FROM json_each(?2)
		UNION ALL SELECT room_id, 2, -ifnull((SELECT created_at FROM message WHERE id > room_id << 32 AND id < (room_id + 1) << 32 ORDER BY id DESC LIMIT 1), 0)
			FROM membership WHERE user_id = ?1) JOIN room ON room.id = room_id AND access <> 'direct'
		GROUP BY room_id ORDER BY min(class), min(place) LIMIT ?3)`, u.ID, string(list), limit)
	return found, total, err
}

const sideColumns = "SELECT r.id, r.name, r.name_key, r.topic, r.access, r.created_at, r.archived_at, r.first, ifnull(r.group_key, ''), ifnull(s.level, 'mentions'), ifnull(s.favourite, 0)"

// sideRooms returns the rooms of a query of sideColumns, favourites first and then by name.
func (c *Chat) sideRooms(ctx context.Context, query string, args ...any) (found []SideRoom, err error) {
	rows, err := c.read.Query(ctx, query, args...)
	if err != nil {
		return nil, storage("list the rooms of a user", err)
	}
	defer func() { err = errors.Join(err, storage("list the rooms of a user", rows.Close())) }()
	for rows.Next() {
		var m Membership
		r, err := scanRoom(func(dest ...any) error { return rows.Scan(append(dest, &m.Level, &m.Favourite)...) })
		if err != nil {
			return nil, storage("list the rooms of a user", err)
		}
		found = append(found, SideRoom{r, m})
	}
	slices.SortFunc(found, func(a, b SideRoom) int {
		if a.Favourite == b.Favourite {
			return cmp.Compare(a.Key, b.Key)
		}
		if a.Favourite {
			return -1
		}
		return 1
	})
	return found, storage("list the rooms of a user", rows.Err())
}
