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

// unreadEvery is the shortest time between two unread events of a busy room.
const unreadEvery = time.Second

// unreadAgain is the pause before another attempt to count unread messages.
const unreadAgain = 10 * time.Second

// unreadNotifier collects the rooms with new messages until the unread events are sent to people who are not in them.
type unreadNotifier struct {
	mu     sync.Mutex
	rooms  map[int64]*Room
	late   map[int64]*Room // rooms whose unread events could not be sent
	closed bool
	told   sync.WaitGroup // scheduled and running calls of tellUnread
}

// close stops the notifier and waits until running notifications end.
func (b *unreadNotifier) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.told.Wait()
}

// take removes and returns the collected rooms; nil once the notifier is closed.
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

// notifyUnread schedules the unread events of a room.
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

// notifyLate schedules another attempt for a room whose unread events could not be sent.
func (c *Chat) notifyLate(id int64, r *Room) {
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
			c.notifyLate(id, r)
		}
	}
	for user, events := range news {
		c.hub.Publish(Inbox(user), events...)
	}
}

// unreadNews are the unread events to send, by user.
type unreadNews map[int64][]Event

// collect adds the unread events of a room to news, for its readers who have a socket that is not in it. Error: storage, if some counts
// could not be read.
func (c *Chat) collect(ctx context.Context, id int64, r *Room, news unreadNews) error {
	now, err := c.unreadRoom(ctx, id, r)
	if err != nil {
		return err
	}
	looking := c.hub.Listening(r.Group())
	same := map[sameUnread]Event{}
	for user, read := range now.read {
		if !c.hub.Online(user) || looking[user] && !c.hub.ListensElsewhere(user, r.Group()) {
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
		if looking[user] {
			event.ExceptIn = r.Group() // only then, because such events are sent one at a time
		}
		news[user] = append(news[user], event)
	}
	return err
}

// sameUnread is the content of an unread frame. People with the same content share one event.
type sameUnread struct {
	room            string
	count, mentions int
}

// unreadBy returns how many messages of a room a user with that read position has not read.
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

// nameOf returns the name of a room for u.
func (c *Chat) nameOf(ctx context.Context, r *Room, u *User) (string, error) {
	if r.Access != Direct {
		return r.Name, nil
	}
	return c.directName(ctx, r.Key, Caller{User: u})
}

// Unread is the number of unread messages of others in a room, and how many of them mention the reader. Both are at most MaxUnread.
type Unread struct {
	Count, Mentions int
}

// Unread returns the unread counts of u by room id, without rooms that have none.
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
	for _, room := range append(rooms, waiting...) { // after the queries are closed, because there are few connections
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

// unreadRooms returns the ids of the rooms with unread messages for u.
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

// waitingRooms returns the ids of the rooms in which a read position of u waits to be written, if u may still enter them.
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

// unreadOf counts the unread messages of u in a room, and how many mention u, up to MaxUnread.
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
	var texts []string // may contain mentions; parsed after the query is closed, because there are few connections
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

// unread returns the event with the unread count of a room. room is its name for the reader.
func unread(group, room string, count, mentions int) Event {
	e := local("unread", false, "event.unread", []any{"count", count, "room", room}, func(m string) any {
		return unreadFrame{Type: "unread", Message: m, Room: room, Unread: count, Mentions: mentions}
	})
	e.About = group
	return e
}
