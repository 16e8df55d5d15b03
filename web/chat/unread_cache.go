package chat

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"sync"
)

const (
	// maxRecent is how many of a room's last messages are cached. Unread counts that depend on earlier messages are read from the
	// database.
	maxRecent = 2 * MaxUnread
	// maxUnreadRooms is how many rooms unreadCache keeps. One takes up to 20 KB for its messages and 50 bytes for
	// each reader.
	maxUnreadRooms = 1000
)

// unreadCache keeps the last messages and the read positions of active rooms. As long as only messages and read marks come,
// counting unread messages takes no SQL. The zero value is ready to use.
type unreadCache struct {
	mu    sync.Mutex
	rooms map[int64]*unreadRoom
}

// unreadRoom is a cached room.
type unreadRoom struct {
	loading   bool // the room is being loaded, and this has only the changes since then
	recent    recent
	read      map[int64]int64 // the read positions of the people who belong to the room, by user
	left      map[int64]bool  // who has left the room
	access    Access          // if it is shared, people without a read position belong to the room too
	openSince int64           // for those: older messages are not unread
}

// people returns the users who are online and may belong to the room.
func (r *unreadRoom) people(hub Hub) (ids []int64) {
	if !r.access.shared() {
		for user := range r.read {
			if hub.Online(user) {
				ids = append(ids, user)
			}
		}
		return ids
	}
	return slices.DeleteFunc(hub.OnlineUsers(), func(id int64) bool { return r.left[id] })
}

// recent are the last messages of a room.
type recent struct {
	messages []recentMessage // in the order of their ids; never changed, only appended to
	more     bool            // there may be earlier ones
}

type recentMessage struct {
	id       MessageID
	sender   int64
	at       int64
	mentions []mention
}

// add adds a message, unless r contains it.
func (r *recent) add(m recentMessage) {
	i := len(r.messages)
	for i > 0 && r.messages[i-1].id >= m.id {
		i--
	}
	switch {
	case i == len(r.messages):
		r.messages = append(r.messages, m)
	case r.messages[i].id != m.id:
		r.messages = slices.Insert(slices.Clone(r.messages), i, m)
	}
	if len(r.messages) >= 2*maxRecent {
		r.messages, r.more = slices.Clone(r.messages[len(r.messages)-maxRecent:]), true
	}
}

// unread counts the messages of others after the id read that are not older than since. sure reports that earlier messages cannot
// change the counts.
func (r recent) unread(user int64, read MessageID, since int64) (x Unread, sure bool) {
	for _, m := range slices.Backward(r.messages) {
		if m.id <= read || m.at < since {
			return x, true
		}
		if m.sender == user {
			continue
		}
		x.Count = min(x.Count+1, MaxUnread)
		for _, of := range m.mentions {
			if of.user != user && of.user != everybody {
				continue
			}
			x.Badge = min(x.Badge+1, MaxUnread)
			if of.named {
				x.Mentions = min(x.Mentions+1, MaxUnread)
			}
			break
		}
	}
	return x, !r.more
}

// said adds a stored message.
func (c *unreadCache) said(m *Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.rooms[m.RoomID]; r != nil {
		r.recent.add(recentMessage{m.ID, m.SenderID, millis(m.At), m.meantFor})
	}
}

// marked raises the read position of a user in a room to n. If the user is not a known reader, it drops the room: the user has
// opened it for the first time, or has just lost the right to.
func (c *unreadCache) marked(user, room, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rooms[room]
	if r == nil {
		return
	}
	if _, known := r.read[user]; !known && !r.loading && !r.access.shared() {
		delete(c.rooms, room)
		return
	}
	r.read[user] = max(r.read[user], n)
}

// position returns the read position of a reader in a cached room, and the sequence number of its last message.
func (c *unreadCache) position(user, room int64) (read, last int64, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rooms[room]
	if r == nil || r.loading || len(r.recent.messages) == 0 {
		return 0, 0, false
	}
	read, known = r.read[user]
	return read, r.recent.messages[len(r.recent.messages)-1].id.Seq(), known
}

// forget drops a room, because messages of it have changed.
func (c *unreadCache) forget(room int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.rooms, room)
}

// clear drops all rooms, because somebody may have got or lost the right to enter one.
func (c *unreadCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rooms = nil
}

// room returns a copy of a cached room. If there is none, the caller must load it and call keep with it and with begun.
func (c *unreadCache) room(id int64) (kept, begun *unreadRoom) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.rooms[id]; r != nil && !r.loading {
		kept := *r
		kept.read = maps.Clone(r.read)
		return &kept, nil
	}
	if c.rooms == nil || len(c.rooms) >= maxUnreadRooms {
		c.rooms = map[int64]*unreadRoom{}
	}
	begun = &unreadRoom{loading: true, read: map[int64]int64{}}
	c.rooms[id] = begun
	return nil, begun
}

// keep caches a loaded room together with the changes since begun, unless it was dropped meanwhile or read by an unknown reader.
func (c *unreadCache) keep(id int64, begun, loaded *unreadRoom) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rooms[id] != begun {
		return
	}
	kept := *loaded
	kept.read = maps.Clone(loaded.read)
	for _, m := range begun.recent.messages {
		kept.recent.add(m)
	}
	for user, n := range begun.read {
		if _, known := kept.read[user]; !known && !kept.access.shared() {
			delete(c.rooms, id)
			return
		}
		kept.read[user] = max(kept.read[user], n)
	}
	c.rooms[id] = &kept
}

// unreadRoom returns the last messages and the read positions of a room. Error: storage.
func (c *Chat) unreadRoom(ctx context.Context, id int64, r *Room) (*unreadRoom, error) {
	kept, begun := c.unread.room(id)
	if kept != nil {
		return kept, nil
	}
	loaded, err := c.positions(ctx, id, r)
	if err != nil {
		return nil, err
	}
	if loaded.recent, err = c.recentMessages(ctx, id); err != nil {
		return nil, err
	}
	c.unread.keep(id, begun, loaded)
	return loaded, nil
}

// positions returns an unreadRoom without messages.
func (c *Chat) positions(ctx context.Context, id int64, r *Room) (*unreadRoom, error) {
	x := &unreadRoom{left: map[int64]bool{}}
	err := c.read.QueryRow(ctx, "SELECT access, open_since FROM room WHERE id = ?", []any{id}, &x.access, &x.openSince)
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // the room may have been deleted meanwhile
		return nil, storage("load what was read", err)
	}
	readers, err := c.Readers(ctx, &Room{ID: id}, -1)
	if err != nil {
		return nil, err
	}
	if readers, err = c.withWaiting(ctx, readers, id, r); err != nil {
		return nil, err
	}
	read, err := c.readPositions(ctx, id, x.left)
	if err != nil {
		return nil, err
	}
	x.read = make(map[int64]int64, len(readers))
	for _, u := range readers {
		if !x.left[u.ID] {
			x.read[u.ID] = read[u.ID]
		}
	}
	return x, nil
}

// recentMessages returns the last messages of a room, at most maxRecent.
func (c *Chat) recentMessages(ctx context.Context, room int64) (found recent, err error) {
	rows, err := c.read.Query(ctx, "SELECT id, sender, created_at FROM message WHERE id > ? AND id < ? AND deleted_at IS NULL ORDER BY id DESC LIMIT ?",
		NewMessageID(room, 0), NewMessageID(room+1, 0), maxRecent)
	if err != nil {
		return found, storage("load what may be unread", err)
	}
	for rows.Next() {
		var m recentMessage
		if err := rows.Scan(&m.id, &m.sender, &m.at); err != nil {
			return found, errors.Join(storage("load what may be unread", err), rows.Close())
		}
		found.messages = append(found.messages, m)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return found, storage("load what may be unread", err)
	}
	if len(found.messages) == 0 {
		return found, nil
	}
	of, err := c.mentionsBetween(ctx, found.messages[len(found.messages)-1].id-1, NewMessageID(room+1, 0))
	if err != nil {
		return found, err
	}
	for i := range found.messages {
		found.messages[i].mentions = of[found.messages[i].id]
	}
	slices.Reverse(found.messages)
	found.more = len(found.messages) == maxRecent
	return found, nil
}

// readPositions returns the read positions of a room by user, and adds to left who has left it.
func (c *Chat) readPositions(ctx context.Context, room int64, left map[int64]bool) (map[int64]int64, error) {
	rows, err := c.read.Query(ctx, "SELECT user_id, read, since, has_left FROM membership WHERE room_id = ?", room)
	if err != nil {
		return nil, storage("load what was read", err)
	}
	defer rows.Close()
	read, since := map[int64]int64{}, map[int64]int64{}
	for rows.Next() {
		var user, n, from int64
		var gone bool
		if err := rows.Scan(&user, &n, &from, &gone); err != nil {
			return nil, storage("load what was read", err)
		}
		if read[user], since[user] = n, from; gone {
			left[user] = true
		}
	}
	for user, p := range c.marks.readPositions(room) {
		read[user] = max(since[user], p.over(read[user]))
	}
	return read, storage("load what was read", rows.Err())
}

// withWaiting adds the readers of a room whose first visit waits to be written.
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
