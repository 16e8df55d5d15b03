package chat

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// belonging is a room or private conversation to which a user belongs.
type belonging struct {
	id     int64
	access Access
	Membership
	read   int64 // the read position
	from   int64 // of a group conversation: the number up to which the user sees nothing
	opened bool  // the user has a read position
	since  int64 // otherwise: messages from before this time are not unread
	last   activity
}

// activity is the last message of a room, also if it was deleted.
type activity struct{ seq, at, sender int64 }

// activityOf returns the last message of a room; zero: there is none. Every page with a sidebar needs that of all rooms, so it is
// cached. Error: storage.
func (c *Chat) activityOf(ctx context.Context, room int64) (activity, error) {
	if a, known := c.activities.Get(room); known {
		return a, nil
	}
	return c.activities.Load(room, func() (a activity, err error) {
		var id MessageID
		err = c.read.QueryRow(ctx, "SELECT id, created_at, sender FROM message WHERE id > ? AND id < ? ORDER BY id DESC LIMIT 1",
			[]any{NewMessageID(room, 0), NewMessageID(room+1, 0)}, &id, &a.at, &a.sender)
		if errors.Is(err, sql.ErrNoRows) {
			return activity{}, nil
		}
		a.seq = id.Seq()
		return a, storage("look for the last message", err)
	})
}

// active notes a new message.
func (c *Chat) active(m *Message) {
	c.activities.Update(m.RoomID, func(a activity) activity {
		if a.seq > m.Seq {
			return a
		}
		return activity{m.Seq, millis(m.At), m.SenderID}
	})
}

// sharedRoom is a room to which people belong without a row.
type sharedRoom struct {
	id        int64
	access    Access
	openSince int64
}

func (c *Chat) sharedRooms(ctx context.Context) ([]sharedRoom, error) {
	return c.shared.Load(struct{}{}, func() (found []sharedRoom, err error) {
		rows, err := c.read.Query(ctx, "SELECT id, access, open_since FROM room WHERE access IN ('open', 'admins') AND archived_at = 0 ORDER BY id")
		if err != nil {
			return nil, storage("list shared rooms", err)
		}
		defer func() { err = errors.Join(err, storage("list shared rooms", rows.Close())) }()
		for rows.Next() {
			var r sharedRoom
			if err := rows.Scan(&r.id, &r.access, &r.openSince); err != nil {
				return nil, storage("list shared rooms", err)
			}
			found = append(found, r)
		}
		return found, storage("list shared rooms", rows.Err())
	})
}

// belongings returns the rooms and private conversations to which u belongs: what belongs says, for one user. A user can have a row for
// each of thousands of rooms, so it joins only the rows of rooms that are not shared. Error: storage.
func (c *Chat) belongings(ctx context.Context, u *User) ([]belonging, error) {
	waiting := c.marks.readOf(u.ID) // before the rows: a position is removed from here after it is stored
	shared, err := c.sharedRooms(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := c.membershipsOf(ctx, u)
	if err != nil {
		return nil, err
	}
	found, others := make([]belonging, 0, len(shared)+len(rows)), map[int64]belonging{}
	for _, r := range shared { // both lists are in the order of ids
		for ; len(rows) > 0 && rows[0].id < r.id; rows = rows[1:] {
			others[rows[0].id] = rows[0]
		}
		var b belonging
		if len(rows) > 0 && rows[0].id == r.id {
			b, rows = rows[0], rows[1:]
		}
		if b.Left || r.access == Admins && !u.Admin {
			continue
		}
		if !b.opened {
			b = belonging{id: r.id, Membership: Membership{Level: MentionsOnly}, since: max(millis(u.Created), r.openSince)}
		}
		b.access = r.access
		if p, waits := waiting[r.id]; waits {
			b.read, b.opened = p.over(b.read), true
		}
		found = append(found, b)
	}
	for _, b := range rows {
		others[b.id] = b
	}
	return c.withOthers(ctx, u, found, others, waiting)
}

// membershipsOf returns the rows of u in the order of room ids, with the positions that are stored. A closed room from which u was
// removed may be among them. The query returns all rows as one text, because a thousand rows of a result take twice as long
// (BenchmarkNews).
func (c *Chat) membershipsOf(ctx context.Context, u *User) ([]belonging, error) {
	var text sql.NullString
	err := c.read.QueryRow(ctx, `SELECT group_concat(room_id || ' ' || max(read, since) ||
		iif(since = 0 AND has_left = 0 AND favourite = 0 AND level = 'mentions', '', concat_ws(' ', '', since, has_left, favourite, level)), char(10))
		FROM (SELECT * FROM membership WHERE user_id = ? ORDER BY room_id)`, []any{u.ID}, &text)
	if err != nil {
		return nil, storage("list the memberships of a user", err)
	}
	found := make([]belonging, 0, strings.Count(text.String, "\n")+1)
	for line := range strings.Lines(text.String) {
		b, err := parseMembership(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, storage("list the memberships of a user", err)
		}
		found = append(found, b)
	}
	return found, nil
}

// parseMembership parses a line of membershipsOf: the numbers of a row, and the level. All but the first two are left out if they have
// the default values.
func parseMembership(line string) (belonging, error) {
	var numbers [5]int64
	rest, more := line, true
	for i := 0; i < len(numbers) && more; i++ {
		var field string
		var err error
		field, rest, more = strings.Cut(rest, " ")
		if numbers[i], err = strconv.ParseInt(field, 10, 64); err != nil {
			return belonging{}, fmt.Errorf("membership %q: %w", line, err)
		}
	}
	m := Membership{Left: numbers[3] != 0, Favourite: numbers[4] != 0, Level: Level(cmp.Or(rest, string(MentionsOnly)))}
	return belonging{id: numbers[0], read: numbers[1], from: numbers[2], opened: true, Membership: m}, nil
}

// withOthers adds the closed rooms and private conversations to which u belongs. rows are the rows of u for rooms that are not shared.
func (c *Chat) withOthers(ctx context.Context, u *User, found []belonging, rows map[int64]belonging, waiting map[int64]readPosition) ([]belonging, error) {
	ids := slices.AppendSeq(slices.Collect(maps.Keys(rows)), maps.Keys(waiting))
	if len(ids) == 0 {
		return found, nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	others, err := c.read.Query(ctx, "SELECT DISTINCT r.id, r.access FROM json_each(?2) j JOIN room r ON r.id = j.value JOIN user u ON u.id = ?1 "+
		"LEFT JOIN membership s ON s.room_id = r.id AND s.user_id = u.id "+
		"WHERE r.access NOT IN ('open', 'admins') AND r.archived_at = 0 AND ifnull(s.has_left, 0) = 0 AND "+mayHear, u.ID, string(list))
	if err != nil {
		return nil, storage("list the closed rooms of a user", err)
	}
	defer others.Close()
	for others.Next() {
		var id int64
		var access Access
		if err := others.Scan(&id, &access); err != nil {
			return nil, storage("list the closed rooms of a user", err)
		}
		b, stored := rows[id]
		if !stored { // an admin belongs to it as soon as the position is stored
			b = belonging{id: id, Membership: Membership{Level: MentionsOnly}, opened: true}
		}
		b.access = access
		if p, waits := waiting[id]; waits {
			b.read = max(b.from, p.over(b.read))
		}
		found = append(found, b)
	}
	return found, storage("list the closed rooms of a user", others.Err())
}

// News says in which rooms and private conversations of a person something may be new.
type News struct {
	of    *User
	rooms []belonging
	new   map[int64]bool // messages came after the read position; all of them may be deleted
	meant map[int64]bool // one of them may be meant for the person
	first map[int64]int  // the places of the rooms that newcomers see first, if the person is one
}

// Some reports whether something may be new.
func (n *News) Some() bool { return len(n.new) > 0 }

// maxMeant is in how many of the last messages that are meant for a person, and of those for everybody, News looks for new ones.
const maxMeant = 200

// News returns where something may be new for u. It takes no query for each room, except for those in which u wrote last. Error: storage.
func (c *Chat) News(ctx context.Context, u *User) (*News, error) {
	rooms, err := c.belongings(ctx, u)
	if err != nil {
		return nil, err
	}
	n := &News{of: u, rooms: rooms, new: map[int64]bool{}, meant: map[int64]bool{}}
	if c.newcomer(u) {
		if n.first, err = c.firstPlaces(ctx); err != nil {
			return nil, err
		}
	}
	positions := map[int64]int64{}
	for i, b := range rooms {
		a, err := c.activityOf(ctx, b.id)
		if err != nil {
			return nil, err
		}
		rooms[i].last = a
		is := a.seq > b.read && (b.opened || a.at >= b.since)
		if is && a.sender == u.ID { // there may be messages of others before it
			x, err := c.unreadOf(ctx, u, b.id)
			if err != nil {
				return nil, err
			}
			is = x.Count > 0
		}
		if is {
			n.new[b.id] = true
			positions[b.id] = b.read
		}
	}
	if len(n.new) == 0 {
		return n, nil
	}
	for _, user := range []int64{u.ID, everybody} {
		rows, err := c.read.Query(ctx, "SELECT message_id FROM mention WHERE user_id = ? ORDER BY at DESC LIMIT ?", user, maxMeant)
		if err != nil {
			return nil, storage("look for mentions", err)
		}
		ids, err := scanIDs(rows)
		if err != nil {
			return nil, storage("look for mentions", err)
		}
		for _, id := range ids {
			room, seq := MessageID(id).Room(), MessageID(id).Seq()
			if read, is := positions[room]; is && seq > read {
				n.meant[room] = true
			}
		}
	}
	return n, nil
}

// UnreadAmong returns the unread counts in those of the rooms to which the person belongs, without rooms that have none. Error: storage.
func (c *Chat) UnreadAmong(ctx context.Context, n *News, rooms []int64) (map[int64]Unread, error) {
	found := map[int64]Unread{}
	for _, id := range rooms {
		if !n.new[id] {
			continue
		}
		x, err := c.unreadOf(ctx, n.of, id)
		if err != nil {
			return nil, err
		}
		if x.Count > 0 {
			found[id] = x
		}
	}
	return found, nil
}

// Unread returns the unread counts of u by room id, for the rooms to which u belongs, without rooms that have none. Error: storage.
func (c *Chat) Unread(ctx context.Context, u *User) (map[int64]Unread, error) {
	n, err := c.News(ctx, u)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(n.new))
	for id := range n.new {
		ids = append(ids, id)
	}
	return c.UnreadAmong(ctx, n, ids)
}
