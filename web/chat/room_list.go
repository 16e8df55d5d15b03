package chat

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"hearth/web/locale"
)

// RoomsFor returns a page of the rooms that the caller may enter and that match q, by name, and the number of all, without archived
// rooms and private conversations. Error: storage.
func (c *Chat) RoomsFor(ctx context.Context, by Caller, q RoomQuery) (found []*Room, total int, err error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	// The first two conditions are those of an index.
	where := " FROM room WHERE archived_at = 0 AND access <> 'direct' AND " + enterable(by)
	text := foldMarks(q.Text)
	if text == "" {
		where += " AND ?2 = ''"
	} else {
		where += " AND (instr(fold_marks(name), ?2) > 0 OR instr(fold_marks(topic), ?2) > 0)"
	}
	var first []*Room
	if q.First && text == "" {
		if first, err = c.FirstRooms(ctx); err != nil {
			return nil, 0, err
		}
	}
	if len(first) > 0 {
		where += " AND first_place = 0"
	}
	found = slices.Clone(first[min(q.Offset, len(first)):min(q.Offset+q.Limit, len(first))])
	others, total, err := c.sortedRooms(ctx, by.Lang, q.Limit-len(found), max(0, q.Offset-len(first)), "SELECT id"+where, by.userID(), text)
	found, total = append(found, others...), total+len(first)
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
	rooms, err := c.roomsWhere(ctx, "SELECT "+roomColumns+" FROM room WHERE archived_at = 0 AND access <> 'direct' AND "+enterable(by)+
		" AND id IN (SELECT value FROM json_each(?2))", by.userID(), string(list))
	sortRooms(rooms, by.Lang)
	return rooms, err
}

// enterable is the SQL condition that the caller may enter a room that is not a private conversation. ?1 is the caller's user id.
func enterable(by Caller) string {
	switch {
	case by.Admin():
		return "?1 = ?1"
	case by.User != nil:
		return "(access = 'open' OR access = 'closed' AND id IN (SELECT room_id FROM membership WHERE user_id = ?1 AND member = 1))"
	}
	return "access = 'open' AND ?1 = ?1"
}

// SideRoom is a room in the sidebar.
type SideRoom struct {
	*Room
	Membership
	First int // the place among the rooms that newcomers see first; 0: none, or the reader is no newcomer
}

// SideRooms returns the rooms in the sidebar of a person, favourites first, then for newcomers the first rooms, and then by name, and the number of rooms to which the
// person belongs, without private conversations. If that is more than limit, it returns favourites, first rooms, rooms with news (first those with
// messages that are meant for the person), and the rooms of those that the person has opened before in which messages came last. Error:
// storage.
func (c *Chat) SideRooms(ctx context.Context, n *News, limit int) (found []SideRoom, total int, err error) {
	mine := make([]belonging, 0, len(n.rooms))
	for _, b := range n.rooms {
		if b.access != Direct {
			mine = append(mine, b)
		}
	}
	if total = len(mine); total > limit {
		mine = slices.DeleteFunc(mine, func(b belonging) bool { return n.class(b) == unimportant })
		slices.SortFunc(mine, func(a, b belonging) int {
			return cmp.Or(cmp.Compare(n.class(a), n.class(b)), cmp.Compare(b.last.at, a.last.at), cmp.Compare(a.id, b.id))
		})
		mine = mine[:min(limit, len(mine))]
	}
	found, err = c.sideRooms(ctx, mine, n.first)
	return found, total, err
}

// The classes of rooms for SideRooms, in their order.
const (
	favourite = iota
	seenFirst
	meant
	hasNews
	openedBefore
	unimportant
)

func (n *News) class(b belonging) int {
	switch {
	case b.Favourite:
		return favourite
	case n.first[b.id] > 0:
		return seenFirst
	case n.meant[b.id]:
		return meant
	case n.new[b.id]:
		return hasNews
	case b.opened:
		return openedBefore
	}
	return unimportant
}

// sideRooms returns rooms with the choices of a person, in the order of SideRooms. first are the places among the first rooms.
func (c *Chat) sideRooms(ctx context.Context, mine []belonging, first map[int64]int) ([]SideRoom, error) {
	ids, chosen := make([]int64, 0, len(mine)), make(map[int64]Membership, len(mine))
	for _, b := range mine {
		ids, chosen[b.id] = append(ids, b.id), b.Membership
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rooms, err := c.roomsWhere(ctx, "SELECT "+roomColumns+" FROM room WHERE id IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return nil, err
	}
	found := make([]SideRoom, 0, len(rooms))
	for _, r := range rooms {
		found = append(found, SideRoom{r, chosen[r.ID], first[r.ID]})
	}
	slices.SortFunc(found, func(a, b SideRoom) int { return cmp.Or(cmp.Compare(a.rank(), b.rank()), strings.Compare(a.Key, b.Key)) })
	return found, nil
}

// rank returns the place of the room in the sidebar, before its name decides.
func (r SideRoom) rank() int {
	switch {
	case r.Favourite:
		return 0
	case r.First > 0:
		return r.First
	}
	return maxFirstRooms + 1
}
