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

// unreadAgain is how long it takes until what could not be counted is tried again.
const unreadAgain = 10 * time.Second

// unreadNotifier collects the rooms with new messages, until people who are elsewhere are told what is unread.
type unreadNotifier struct {
	mu     sync.Mutex
	rooms  map[int64]*Room
	late   map[int64]*Room // that could not be told
	closed bool
	told   sync.WaitGroup // what was rung for and is not told yet
}

// close has nobody told any more, and waits for who is being told.
func (b *unreadNotifier) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.told.Wait()
}

// take returns the collected rooms and forgets them; nil once the notifier is closed.
func (b *unreadNotifier) take() map[int64]*Room {
	b.mu.Lock()
	defer b.mu.Unlock()
	rooms := b.rooms
	b.rooms = nil
	if b.closed {
		return nil
	}
	return rooms
}

func (b *unreadNotifier) takeLate() map[int64]*Room {
	b.mu.Lock()
	defer b.mu.Unlock()
	late := b.late
	b.late = nil
	return late
}

// notifyUnread has the members of r told soon.
func (c *Chat) notifyUnread(id int64, r *Room) {
	c.notifier.mu.Lock()
	defer c.notifier.mu.Unlock()
	if c.notifier.closed {
		return
	}
	if c.notifier.rooms == nil {
		c.notifier.rooms = map[int64]*Room{}
		c.notifier.told.Add(1)
		time.AfterFunc(unreadEvery, c.tellUnread)
	}
	c.notifier.rooms[id] = r
}

// ringLate rings again for a room that could not be told.
func (c *Chat) ringLate(id int64, r *Room) {
	c.notifier.mu.Lock()
	defer c.notifier.mu.Unlock()
	if c.notifier.late == nil {
		c.notifier.late = map[int64]*Room{}
		time.AfterFunc(unreadAgain, func() {
			for id, r := range c.notifier.takeLate() {
				c.notifyUnread(id, r)
			}
		})
	}
	c.notifier.late[id] = r
}

func (c *Chat) tellUnread() {
	defer c.notifier.told.Done()
	news := unreadNews{}
	for id, r := range c.notifier.take() {
		if err := c.collect(context.Background(), id, r, news); err != nil {
			slog.Error("tell what is unread", "room", r.Name, "err", err)
			c.ringLate(id, r)
		}
	}
	for user, events := range news {
		c.hub.Publish(Inbox(user), events...)
	}
}

// unreadNews are the events for each user who is to be told.
type unreadNews map[int64][]Event

// collect adds to news what the readers of a room have not read who are online but not in it. Error: storage, if that
// is not known of all of them.
func (c *Chat) collect(ctx context.Context, id int64, r *Room, news unreadNews) error {
	now, err := c.unreadRoom(ctx, id, r)
	if err != nil {
		return err
	}
	looking := c.hub.Listening(r.Group())
	same := map[sameUnread]Event{}
	for user, read := range now.read {
		if looking[user] || !c.hub.Online(user) {
			continue
		}
		var of sameUnread
		of, e := c.unreadBy(ctx, user, id, read, now, r)
		if e != nil {
			err = e
			continue
		}
		if of.count == 0 {
			continue
		}
		event, known := same[of]
		if !known {
			event = unread(r.Group(), of.room, of.count, of.mentions)
			same[of] = event
		}
		news[user] = append(news[user], event)
	}
	return err
}

// sameUnread is what an unread frame tells. Whoever is told the same gets the same event.
type sameUnread struct {
	room            string
	count, mentions int
}

// unreadBy is how much of a room, read up to a number, a user has not read.
func (c *Chat) unreadBy(ctx context.Context, user, id, read int64, now *unreadRoom, r *Room) (of sameUnread, err error) {
	var sure bool
	if of.count, of.mentions, sure = now.recent.unread(user, NewMessageID(id, read)); sure && of.count == 0 {
		return of, nil
	}
	u, err := c.User(ctx, user)
	if err != nil {
		return of, err
	}
	if !sure {
		if of.count, of.mentions, err = c.unreadOf(ctx, u, id); err != nil {
			return of, err
		}
	}
	of.room, err = c.nameOf(ctx, r, u)
	return of, err
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
	waiting, err := c.waitingRooms(ctx, u)
	if err != nil {
		return nil, err
	}
	found := map[int64]Unread{}
	for _, room := range append(rooms, waiting...) { // with no query open: the readers are few
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

// waitingRooms are the ids of the rooms in which u's read position is not on disk, as far as u may still hear them.
func (c *Chat) waitingRooms(ctx context.Context, u *User) ([]int64, error) {
	waiting := c.marks.json(u.ID)
	if waiting == "{}" {
		return nil, nil
	}
	rows, err := c.read.Query(ctx, "SELECT r.id FROM json_each(?2) j JOIN room r ON r.id = j.key JOIN user u ON u.id = ?1 "+
		"LEFT JOIN membership s ON s.room_id = r.id AND s.user_id = u.id WHERE "+mayHear, u.ID, waiting)
	if err != nil {
		return nil, storage("look for what was read", err)
	}
	ids, err := scanIDs(rows)
	return ids, storage("look for what was read", err)
}

// unreadOf counts what u has not read in a room, and how much of it calls u by name; MaxUnread is
// where it stops counting.
func (c *Chat) unreadOf(ctx context.Context, u *User, room int64) (n, mentions int, err error) {
	read, known, err := c.readTo(ctx, u.ID, room)
	if err != nil || !known {
		return 0, 0, err
	}
	rows, err := c.read.Query(ctx, "SELECT text FROM message WHERE id > ? AND id < ? AND sender <> ? AND deleted_at IS NULL ORDER BY id DESC LIMIT ?",
		NewMessageID(room, read), NewMessageID(room+1, 0), u.ID, MaxUnread)
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
