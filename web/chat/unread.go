package chat

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"hearth/web/locale"
)

// unreadEvery is the shortest time between two unread events of a busy room.
const unreadEvery = time.Second

// unreadAgain is the pause before another attempt to count unread messages.
const unreadAgain = 10 * time.Second

// unreadNotifier collects the rooms with new messages until the unread events are sent to people who are not in them.
type unreadNotifier struct {
	mu     sync.Mutex
	rooms  map[int64]roomNews
	late   map[int64]roomNews // rooms whose unread events could not be sent
	closed bool
	told   sync.WaitGroup // scheduled and running calls of tellUnread
}

// roomNews is a room with new, edited or deleted messages.
type roomNews struct {
	room *Room
	// changed is the first of its edited and deleted messages; 0: there are only new ones. People who had not read it are told the
	// counts even if they are 0 now.
	changed MessageID
	at      int64 // when the last of them was written
}

// and returns the news of both.
func (n roomNews) and(m roomNews) roomNews {
	if n.changed == 0 || m.changed != 0 && m.changed < n.changed {
		n.changed = m.changed
	}
	n.at = max(n.at, m.at)
	return n
}

// close stops the notifier and waits until running notifications end.
func (b *unreadNotifier) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.told.Wait()
}

// take removes and returns the collected rooms; nil once the notifier is closed.
func (b *unreadNotifier) take() map[int64]roomNews {
	b.mu.Lock()
	defer b.mu.Unlock()
	rooms := b.rooms
	b.rooms = nil
	if b.closed {
		return nil
	}
	return rooms
}

func (b *unreadNotifier) takeLate() map[int64]roomNews {
	b.mu.Lock()
	defer b.mu.Unlock()
	late := b.late
	b.late = nil
	return late
}

// notifyUnread schedules the unread events of a room with new messages.
func (c *Chat) notifyUnread(id int64, r *Room) { c.notify(id, roomNews{room: r}) }

// notifyChanged schedules the unread events of a room after the message with that id, which was written at a time, was edited or
// deleted.
func (c *Chat) notifyChanged(r *Room, id MessageID, at time.Time) {
	c.notify(r.ID, roomNews{r, id, millis(at)})
}

func (c *Chat) notify(id int64, n roomNews) {
	c.notifier.mu.Lock()
	defer c.notifier.mu.Unlock()
	if c.notifier.closed {
		return
	}
	if c.notifier.rooms == nil {
		c.notifier.rooms = map[int64]roomNews{}
		c.notifier.told.Add(1)
		time.AfterFunc(unreadEvery, c.tellUnread)
	}
	c.notifier.rooms[id] = n.and(c.notifier.rooms[id])
}

// notifyLate schedules another attempt for a room whose unread events could not be sent.
func (c *Chat) notifyLate(id int64, n roomNews) {
	c.notifier.mu.Lock()
	defer c.notifier.mu.Unlock()
	if c.notifier.late == nil {
		c.notifier.late = map[int64]roomNews{}
		time.AfterFunc(unreadAgain, func() {
			for id, n := range c.notifier.takeLate() {
				c.notify(id, n)
			}
		})
	}
	c.notifier.late[id] = n.and(c.notifier.late[id])
}

func (c *Chat) tellUnread() {
	defer c.notifier.told.Done()
	news := unreadNews{}
	for id, n := range c.notifier.take() {
		if err := c.collect(context.Background(), id, n, news); err != nil {
			slog.Error("tell what is unread", "room", n.room.Name, "err", err)
			c.notifyLate(id, n)
		}
	}
	for user, events := range news {
		c.hub.Publish(Inbox(user), events...)
	}
}

// unreadNews are the unread events to send, by user.
type unreadNews map[int64][]Event

// collect adds the unread events of a room to news, for people who belong to it and have a socket outside it. Error: storage, if some
// counts could not be read.
func (c *Chat) collect(ctx context.Context, id int64, n roomNews, news unreadNews) error {
	r := n.room
	now, err := c.unreadRoom(ctx, id, r)
	if err != nil {
		return err
	}
	people, err := c.peopleOf(ctx, r, id)
	if err != nil {
		return err
	}
	looking := c.hub.Listening(r.Group())
	same := map[sameUnread]Event{}
	for _, user := range now.people(c.hub) {
		if looking[user] && !c.hub.ListensElsewhere(user, r.Group()) {
			continue
		}
		of, e := c.unreadBy(ctx, user, id, now, r)
		if e != nil {
			err = e
			continue
		}
		if of.room == "" || of.Count == 0 && !of.wasUnread(id, n) {
			continue
		}
		event, known := same[of.sameUnread]
		if !known {
			event = unread(r.Group(), of.room, of.Unread, people)
			same[of.sameUnread] = event
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
	room string
	Unread
}

// userUnread is what a user has not read in a room. room is "" if the user does not belong to it.
type userUnread struct {
	sameUnread
	read, since int64 // the read position, or if there is none the time since when messages can be unread
}

// wasUnread reports whether one of the edited and deleted messages may have been unread for the user.
func (of *userUnread) wasUnread(room int64, n roomNews) bool {
	if of.since > 0 {
		return n.at >= of.since
	}
	return n.changed > NewMessageID(room, of.read)
}

// unreadBy returns what a user who is online has not read in a room.
func (c *Chat) unreadBy(ctx context.Context, user, id int64, now *unreadRoom, r *Room) (of userUnread, err error) {
	var known bool
	of.read, known = now.read[user]
	var u *User
	if !known {
		if u, err = c.User(ctx, user); err != nil || now.access == Admins && !u.Admin {
			return of, err
		}
		of.since = max(millis(u.Created), now.openSince)
	}
	var sure bool
	of.Unread, sure = now.recent.unread(user, NewMessageID(id, of.read), of.since)
	if u == nil {
		if u, err = c.User(ctx, user); err != nil {
			return of, err
		}
	}
	if !sure {
		if of.Unread, err = c.unreadOf(ctx, u, id); err != nil {
			return of, err
		}
	}
	if r.Access.Private() {
		of.Badge = of.Count
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

// Unread is what a person has not read in a room: the messages of others, those of them that mention the reader, and those that are
// meant for the reader: mentions, replies, and all in a private conversation. Each is at most MaxUnread.
type Unread struct {
	Count, Mentions, Badge int
}

// unreadOf counts what a user who belongs to a room has not read in it. Error: storage.
func (c *Chat) unreadOf(ctx context.Context, u *User, room int64) (x Unread, err error) {
	read, known, err := c.readTo(ctx, u.ID, room)
	if err != nil {
		return x, err
	}
	var since time.Time
	if !known {
		if since, err = c.startOf(ctx, u.ID, room); err != nil {
			return x, err
		}
	}
	low, high := NewMessageID(room, read), NewMessageID(room+1, 0)
	if x.Count, err = c.countSince(ctx, u.ID, low, high, since); err != nil || x.Count == 0 {
		return x, err
	}
	return x, c.countMentions(ctx, u.ID, low, high, since, &x)
}

// countSince counts the messages of others between two ids that are not older than since, up to MaxUnread.
func (c *Chat) countSince(ctx context.Context, user int64, low, high MessageID, since time.Time) (n int, err error) {
	rows, err := c.read.Query(ctx, "SELECT created_at FROM message WHERE id > ? AND id < ? AND sender <> ? AND deleted_at IS NULL ORDER BY id DESC LIMIT ?",
		low, high, user, MaxUnread)
	if err != nil {
		return 0, storage("count what is unread", err)
	}
	defer func() { err = errors.Join(err, storage("count what is unread", rows.Close())) }()
	for rows.Next() {
		var at int64
		if err := rows.Scan(&at); err != nil {
			return 0, storage("count what is unread", err)
		}
		if !since.IsZero() && at < millis(since) {
			break
		}
		n++
	}
	return n, storage("count what is unread", rows.Err())
}

type unreadFrame struct {
	Type     string `json:"type"`
	Message  string `json:"message"`
	Room     string `json:"room"`
	Unread   int    `json:"unread"`
	Mentions int    `json:"mentions"`
	Badge    int    `json:"badge"`
	Title    string `json:"title,omitempty"` // of a group conversation
}

// unread returns the event with the unread counts of a room. room is its name for the reader; people are those of a group conversation.
func unread(group, room string, x Unread, people []*User) Event {
	e := Event{Type: "unread", varies: ByLang, About: group, frame: func(to Reader) any {
		l := locale.Of(to.Lang)
		f := unreadFrame{Type: "unread", Room: room, Unread: x.Count, Mentions: x.Mentions, Badge: x.Badge}
		if people != nil {
			f.Title = GroupTitle(l, people, to.UserID)
		}
		f.Message = l.T("event.unread", "count", x.Count, "room", cmp.Or(f.Title, room))
		return f
	}}
	if people != nil {
		e.varies |= ByPerson
	}
	return e
}
