package chat

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// unreadEvery is how often a busy room tells those who are not looking at it, at most.
const unreadEvery = time.Second

// maxRecent is how many of a room's last messages are read at once to count what its readers have not read.
// Whose count they don't decide is counted alone.
const maxRecent = 2 * MaxUnread

// unreadAgain is how long it takes until what could not be counted is tried again.
const unreadAgain = 10 * time.Second

// bell collects the rooms in which something was said, until those who are elsewhere are told.
type bell struct {
	mu     sync.Mutex
	rooms  map[int64]*Room
	late   map[int64]*Room // that could not be told
	closed bool
	told   sync.WaitGroup // what was rung for and is not told yet
}

// close has nobody told any more, and waits for who is being told.
func (b *bell) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.told.Wait()
}

// take empties the bell: of nothing, once it is closed.
func (b *bell) take() map[int64]*Room {
	b.mu.Lock()
	defer b.mu.Unlock()
	rooms := b.rooms
	b.rooms = nil
	if b.closed {
		return nil
	}
	return rooms
}

func (b *bell) takeLate() map[int64]*Room {
	b.mu.Lock()
	defer b.mu.Unlock()
	late := b.late
	b.late = nil
	return late
}

// ring has the members of r told soon.
func (c *Chat) ring(id int64, r *Room) {
	c.bell.mu.Lock()
	defer c.bell.mu.Unlock()
	if c.bell.closed {
		return
	}
	if c.bell.rooms == nil {
		c.bell.rooms = map[int64]*Room{}
		c.bell.told.Add(1)
		time.AfterFunc(unreadEvery, c.tellUnread)
	}
	c.bell.rooms[id] = r
}

// ringLate rings again for a room that could not be told.
func (c *Chat) ringLate(id int64, r *Room) {
	c.bell.mu.Lock()
	defer c.bell.mu.Unlock()
	if c.bell.late == nil {
		c.bell.late = map[int64]*Room{}
		time.AfterFunc(unreadAgain, func() {
			for id, r := range c.bell.takeLate() {
				c.ring(id, r)
			}
		})
	}
	c.bell.late[id] = r
}

func (c *Chat) tellUnread() {
	defer c.bell.told.Done()
	for id, r := range c.bell.take() {
		if err := c.tellUnreadOf(context.Background(), id, r); err != nil {
			slog.Error("tell what is unread", "room", r.Name, "err", err)
			c.ringLate(id, r)
		}
	}
}

// tellUnreadOf tells the members of a room who are online but not in it what they have not read.
func (c *Chat) tellUnreadOf(ctx context.Context, id int64, r *Room) error {
	members, err := c.Readers(ctx, &Room{ID: id}, -1)
	if err != nil {
		return err
	}
	if members, err = c.withWaiting(ctx, members, id, r); err != nil {
		return err
	}
	looking := c.presence.Listening(r.Group())
	recent, err := c.recentMessages(ctx, id)
	if err != nil {
		return err
	}
	read, err := c.readPositions(ctx, id)
	if err != nil {
		return err
	}
	var failed error
	for _, u := range members {
		if looking[u.ID] || !c.presence.Online(u.ID) {
			continue
		}
		n, mentions, sure := recent.unread(u.ID, address(id, read[u.ID]))
		if !sure {
			n, mentions, err = c.unreadOf(ctx, u, id)
		}
		if err != nil {
			failed = err
			continue
		}
		name, err := c.nameOf(ctx, r, u)
		if err != nil {
			failed = err
			continue
		}
		if n > 0 {
			c.presence.Publish(Inbox(u.ID), unread(r.Group(), name, n, mentions))
		}
	}
	return failed
}

// recent are the last messages of a room, the latest first.
type recent []recentMessage

type recentMessage struct {
	id, sender int64
	mentions   []int64
}

// recentMessages are the last ones of a room, at most maxRecent.
func (c *Chat) recentMessages(ctx context.Context, room int64) (recent, error) {
	rows, err := c.read.Query(ctx, "SELECT id, sender, text FROM message WHERE id > ? AND id < ? AND deleted_at IS NULL ORDER BY id DESC LIMIT ?",
		address(room, 0), address(room+1, 0), maxRecent)
	if err != nil {
		return nil, storage("load what may be unread", err)
	}
	var found recent
	var texts []string
	for rows.Next() {
		var m recentMessage
		var text string
		if err := rows.Scan(&m.id, &m.sender, &text); err != nil {
			return nil, errors.Join(storage("load what may be unread", err), rows.Close())
		}
		found, texts = append(found, m), append(texts, text)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storage("load what may be unread", err)
	}
	for i, text := range texts { // with no query open: the readers are few
		if !strings.Contains(text, "@") {
			continue
		}
		d, err := c.document(ctx, text)
		if err != nil {
			return nil, err
		}
		found[i].mentions = d.Mentions()
	}
	return found, nil
}

// unread counts those messages after the id read that are of others than user, and how many of them
// mention user. sure reports whether earlier messages can't change that.
func (r recent) unread(user, read int64) (n, mentions int, sure bool) {
	for _, m := range r {
		if m.id <= read {
			return n, mentions, true
		}
		if m.sender == user {
			continue
		}
		if n++; slices.Contains(m.mentions, user) {
			mentions++
		}
		if n == MaxUnread {
			return n, mentions, true
		}
	}
	return n, mentions, len(r) < maxRecent
}

// readPositions are up to which numbers users have read a room.
func (c *Chat) readPositions(ctx context.Context, room int64) (map[int64]int64, error) {
	rows, err := c.read.Query(ctx, "SELECT user_id, read FROM membership WHERE room_id = ?", room)
	if err != nil {
		return nil, storage("load what was read", err)
	}
	defer rows.Close()
	read := map[int64]int64{}
	for rows.Next() {
		var user, n int64
		if err := rows.Scan(&user, &n); err != nil {
			return nil, storage("load what was read", err)
		}
		read[user] = n
	}
	for user, n := range c.marks.readPositions(room) {
		read[user] = max(read[user], n)
	}
	return read, storage("load what was read", rows.Err())
}

// withWaiting adds to the readers of a room those who have looked at it so lately that it is not on disk.
func (c *Chat) withWaiting(ctx context.Context, readers []*User, id int64, r *Room) ([]*User, error) {
	waiting := c.marks.readPositions(id)
	for _, u := range readers {
		delete(waiting, u.ID)
	}
	for user := range waiting {
		u, err := c.User(ctx, user)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		made := *r
		made.ID = id
		err = c.mayEnter(ctx, Caller{User: u}, &made)
		if err == nil && !u.Disabled {
			readers = append(readers, u)
		} else if err != nil && !errors.Is(err, Errorf("not_allowed")) {
			return nil, err
		}
	}
	return readers, nil
}

// nameOf is what u calls the room.
func (c *Chat) nameOf(ctx context.Context, r *Room, u *User) (string, error) {
	if r.Access != Direct {
		return r.Name, nil
	}
	return c.directName(ctx, r.Key, Caller{User: u})
}

// Unread is what somebody has not read in a room: messages of others, and how many of them call
// the reader by name. Neither is more than MaxUnread.
type Unread struct {
	Count, Mentions int
}

// Unread is what u has not read, by the ids of its rooms. Rooms with nothing unread are left out.
func (c *Chat) Unread(ctx context.Context, u *User) (map[int64]Unread, error) {
	rooms, err := c.unreadRooms(ctx, u)
	if err != nil {
		return nil, err
	}
	found := map[int64]Unread{}
	for _, room := range append(rooms, c.marks.rooms(u.ID)...) { // with no query open: the readers are few
		var x Unread
		if x.Count, x.Mentions, err = c.unreadOf(ctx, u, room); err != nil {
			return nil, err
		}
		if x.Count > 0 {
			found[room] = x
		}
	}
	return found, nil
}

// unreadRooms are the ids of the rooms in which u has something to read.
func (c *Chat) unreadRooms(ctx context.Context, u *User) ([]int64, error) {
	rows, err := c.read.Query(ctx, "SELECT s.room_id FROM membership s JOIN user u ON u.id = s.user_id JOIN room r ON r.id = s.room_id "+
		"WHERE s.user_id = ?1 AND "+mayHear+" AND "+unreadSQL("?2")+" > 0", u.ID, c.marks.json(u.ID))
	if err != nil {
		return nil, storage("look for what is unread", err)
	}
	defer rows.Close()
	var rooms []int64
	for rows.Next() {
		var room int64
		if err := rows.Scan(&room); err != nil {
			return nil, storage("look for what is unread", err)
		}
		rooms = append(rooms, room)
	}
	return rooms, storage("look for what is unread", rows.Err())
}

// unreadOf counts what u has not read in a room, and how much of it calls u by name; MaxUnread is
// where it stops counting.
func (c *Chat) unreadOf(ctx context.Context, u *User, room int64) (n, mentions int, err error) {
	read, known, err := c.readTo(ctx, u.ID, room)
	if err != nil || !known {
		return 0, 0, err
	}
	rows, err := c.read.Query(ctx, "SELECT text FROM message WHERE id > ? AND id < ? AND sender <> ? AND deleted_at IS NULL ORDER BY id DESC LIMIT ?",
		address(room, read), address(room+1, 0), u.ID, MaxUnread)
	if err != nil {
		return 0, 0, storage("count what is unread", err)
	}
	defer rows.Close()
	var texts []string // that may mention somebody; looked at with no query open: the readers are few
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return 0, 0, storage("count what is unread", err)
		}
		n++
		if strings.Contains(text, "@") {
			texts = append(texts, text)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, 0, storage("count what is unread", err)
	}
	for _, text := range texts {
		d, err := c.document(ctx, text)
		if err != nil {
			return 0, 0, err
		}
		if slices.Contains(d.Mentions(), u.ID) {
			mentions++
		}
	}
	return n, mentions, nil
}

type unreadFrame struct {
	Type     string `json:"type"`
	Message  string `json:"message"`
	Room     string `json:"room"`
	Unread   int    `json:"unread"`
	Mentions int    `json:"mentions"`
}

// unread tells somebody how much of the room of a group is unread; room is what they call it.
func unread(group, room string, count, mentions int) Event {
	e := local("unread", false, "event.unread", []any{"count", count, "room", room}, func(m string) any {
		return unreadFrame{Type: "unread", Message: m, Room: room, Unread: count, Mentions: mentions}
	})
	e.About = group
	return e
}
