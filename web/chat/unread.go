package chat

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// unreadEvery is how often a busy room tells those who are not looking at it, at most. Counting
// takes some 50 µs a member who is online and elsewhere.
const unreadEvery = time.Second

// bell collects the rooms in which something was said, until those who are elsewhere are told.
type bell struct {
	mu    sync.Mutex
	rooms map[int64]*Room
}

// ring has the members of r told soon. It is called on the writer's goroutine.
func (c *Chat) ring(id int64, r *Room) {
	c.bell.mu.Lock()
	defer c.bell.mu.Unlock()
	if c.bell.rooms == nil {
		c.bell.rooms = map[int64]*Room{}
		time.AfterFunc(unreadEvery, c.tellUnread)
	}
	c.bell.rooms[id] = r
}

func (c *Chat) tellUnread() {
	c.bell.mu.Lock()
	rooms := c.bell.rooms
	c.bell.rooms = nil
	c.bell.mu.Unlock()
	for id, r := range rooms {
		if err := c.tellUnreadOf(context.Background(), id, r); err != nil {
			slog.Error("tell what is unread", "room", r.Name, "err", err)
		}
	}
}

// tellUnreadOf tells the members of a room who are online but not in it what they have not read.
func (c *Chat) tellUnreadOf(ctx context.Context, id int64, r *Room) error {
	members, err := c.Members(ctx, &Room{ID: id})
	if err != nil {
		return err
	}
	looking := c.presence.Listening(r.Group())
	for _, u := range members {
		if looking[u.ID] || !c.presence.Online(u.ID) {
			continue
		}
		n, mentions, err := c.unreadOf(ctx, u, id)
		if err != nil {
			return err
		}
		if n > 0 {
			c.presence.Publish(Inbox(u.ID), unread(c.nameOf(ctx, r, u), n, mentions))
		}
	}
	return nil
}

// nameOf is what u calls the room.
func (c *Chat) nameOf(ctx context.Context, r *Room, u *User) string {
	if r.Access != Direct {
		return r.Name
	}
	return c.directName(ctx, r.Key, Caller{User: u})
}

// unreadOf counts what u has not read in a room, and how much of it calls u by name; MaxUnread is
// where it stops counting.
func (c *Chat) unreadOf(ctx context.Context, u *User, room int64) (n, mentions int, err error) {
	rows, err := c.read.Query(ctx, `SELECT m.text FROM membership s JOIN message m ON m.id > s.room_id << 32 | s.read AND m.id < (s.room_id + 1) << 32
		WHERE s.user_id = ? AND s.room_id = ? AND m.sender <> s.user_id AND m.deleted_at IS NULL LIMIT ?`, u.ID, room, MaxUnread)
	if err != nil {
		return 0, 0, storage("count what is unread", err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return 0, 0, storage("count what is unread", err)
		}
		n++
		if strings.Contains(text, "@") && Mentions(text, u) {
			mentions++
		}
	}
	return n, mentions, storage("count what is unread", rows.Err())
}

type unreadFrame struct {
	Type     string `json:"type"`
	Message  string `json:"message"`
	Room     string `json:"room"`
	Unread   int    `json:"unread"`
	Mentions int    `json:"mentions"`
}

// unread tells somebody how much of a room is unread.
func unread(room string, count, mentions int) Event {
	return local("unread", false, "event.unread", []any{"count", count, "room", room}, func(m string) any {
		return unreadFrame{Type: "unread", Message: m, Room: room, Unread: count, Mentions: mentions}
	})
}
