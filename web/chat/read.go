package chat

import (
	"context"
	"errors"
	"maps"
	"slices"
)

// MaxUnreadHere is the highest count of UnreadAfter. Counting so many messages takes 3 ms.
const MaxUnreadHere = 10_000

type readFrame struct {
	Type    string    `json:"type"`
	Message string    `json:"message"`
	Room    string    `json:"room"`
	ID      MessageID `json:"id"`
	Back    bool      `json:"back,omitempty"`
	Unread  int       `json:"unread,omitempty"`
}

// Visit stores that a signed-in caller has opened a stored room, and returns the read position. At the first visit it is the last
// message from before the caller belonged to the room, or, for an admin in a closed room of others, the last message. It does not
// wait for the write. Error: storage.
func (c *Chat) Visit(ctx context.Context, by Caller, r *Room) (read int64, err error) {
	if by.User == nil || r.ID == 0 {
		return 0, nil
	}
	var known bool
	if r.Access.shared() {
		read, known, err = c.readOrStart(ctx, by.User, r.ID)
	} else if read, known, err = c.readTo(ctx, by.User.ID, r.ID); err == nil && !known {
		read, err = c.Seq(ctx, r)
	}
	if err != nil || known {
		return read, err
	}
	c.mark(by.User.ID, r.ID, read)
	return read, nil
}

// mark raises the read position of a user in a room to n. It is written later, together with others.
func (c *Chat) mark(user, room, n int64) {
	c.marks.setRead(user, room, n, false)
	c.unread.marked(user, room, n)
	c.marks.later(c.writeMarks)
}

// Read raises the read position of the caller in a room to n, and tells the caller's other pages. It does not wait for the write.
// Error: storage.
func (c *Chat) Read(ctx context.Context, by Caller, r *Room, n int64) error {
	if by.User == nil || r.ID == 0 {
		return nil
	}
	if waiting, known := c.marks.readTo(by.User.ID, r.ID); known && waiting.n >= n {
		return nil
	}
	n, last, read, known, err := c.readable(ctx, by.User.ID, r, n)
	if err != nil || known && read >= n {
		return err
	}
	c.mark(by.User.ID, r.ID, n)
	events := []Event{readEvent(r, readFrame{ID: NewMessageID(r.ID, n)})}
	if n < last { // some messages are still unread
		e, some, err := c.unreadEvent(ctx, by.User, r)
		if err != nil {
			return err
		}
		if some {
			events = append(events, e)
		}
	}
	c.hub.Publish(Inbox(by.User.ID), events...)
	return nil
}

// ReadBack moves the read position of the caller in a room back to n, so that the messages after n are unread, and tells the
// caller's other pages. It does not wait for the write. If the position is not above n, it does the same as Read. Errors:
// no_such_message, if n is not a number of the room's sequence; storage.
func (c *Chat) ReadBack(ctx context.Context, by Caller, r *Room, n int64) error {
	if by.User == nil || r.ID == 0 {
		return nil
	}
	seq, err := c.Seq(ctx, r)
	if err != nil {
		return err
	}
	if n < r.Since || n > seq {
		return Errorf("no_such_message")
	}
	read, known, err := c.readTo(ctx, by.User.ID, r.ID)
	if err != nil {
		return err
	}
	if known && read <= n {
		return c.Read(ctx, by, r, n)
	}
	c.marks.setRead(by.User.ID, r.ID, n, true)
	c.unread.forget(r.ID)
	c.marks.later(c.writeMarks)
	count, err := c.UnreadAfter(ctx, by, r, n)
	if err != nil {
		return err
	}
	e, _, err := c.unreadEvent(ctx, by.User, r)
	if err != nil {
		return err
	}
	c.hub.Publish(Inbox(by.User.ID), readEvent(r, readFrame{ID: NewMessageID(r.ID, n), Back: true, Unread: count}), e)
	return nil
}

// UnreadIn returns the event with the unread counts of the caller in a room, for a socket that leaves the room; ok is false if nothing is
// unread, or the room does not exist. Error: storage.
func (c *Chat) UnreadIn(ctx context.Context, by Caller, r *Room) (e Event, ok bool, err error) {
	if by.User == nil || r.ID == 0 {
		return e, false, nil
	}
	return c.unreadEvent(ctx, by.User, r)
}

// unreadEvent returns the event with the current unread counts of a user in a room, and whether some messages are unread.
func (c *Chat) unreadEvent(ctx context.Context, u *User, r *Room) (e Event, some bool, err error) {
	now, err := c.unreadRoom(ctx, r.ID, r)
	if err != nil {
		return e, false, err
	}
	people, err := c.peopleOf(ctx, r, r.ID)
	if err != nil {
		return e, false, err
	}
	x, err := c.unreadBy(ctx, u.ID, r.ID, now, r)
	e = unread(r.Group(), r.Name, x.Unread, people)
	e.ExceptIn = r.Group()
	return e, x.Count > 0, err
}

// readEvent completes f and returns its event.
func readEvent(r *Room, f readFrame) Event {
	f.Type, f.Room = "read", r.Name
	e := same("read", false, f)
	e.About = r.Group()
	return e
}

// ReadAll moves the read positions of the caller in all rooms and private conversations to the last message, and tells the
// caller's pages. Error: storage.
func (c *Chat) ReadAll(ctx context.Context, by Caller) error {
	unread, err := c.Unread(ctx, by.User)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(unread)) {
		r, err := c.roomOf(ctx, by, id)
		if errors.Is(err, Errorf("no_such_message")) {
			continue // deleted, or closed to the caller meanwhile
		}
		if err != nil {
			return err
		}
		seq, err := c.Seq(ctx, r)
		if err != nil {
			return err
		}
		if err := c.Read(ctx, by, r, seq); err != nil {
			return err
		}
	}
	return nil
}

// Position returns the read position of the caller in a room, and how many messages after it are unread. Error: storage.
func (c *Chat) Position(ctx context.Context, by Caller, r *Room) (read int64, unread int, err error) {
	if by.User == nil || r.ID == 0 {
		return 0, 0, nil
	}
	read, _, err = c.readOrStart(ctx, by.User, r.ID)
	if err != nil {
		return 0, 0, err
	}
	unread, err = c.UnreadAfter(ctx, by, r, read)
	return read, unread, err
}

// UnreadAfter returns the number of messages of others in a room after number n, at most MaxUnreadHere. Error: storage.
func (c *Chat) UnreadAfter(ctx context.Context, by Caller, r *Room, n int64) (count int, err error) {
	if by.User == nil || r.ID == 0 {
		return 0, nil
	}
	if last, err := c.activityOf(ctx, r.ID); err != nil || last.seq <= n {
		return 0, err
	}
	err = c.read.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM message WHERE id > ? AND id < ? AND sender <> ? AND deleted_at IS NULL LIMIT ?)",
		[]any{NewMessageID(r.ID, n), NewMessageID(r.ID+1, 0), by.User.ID, MaxUnreadHere}, &count)
	return count, storage("count what is unread", err)
}

// readable returns n, or the room's last sequence number if that is lower; that number, or of a busy room that of its last message;
// and the read position of a user if it is known. For busy rooms they are in memory. Error: storage.
func (c *Chat) readable(ctx context.Context, user int64, r *Room, n int64) (upTo, last, read int64, known bool, err error) {
	if read, last, known := c.unread.position(user, r.ID); known && n <= last {
		return n, last, read, true, nil
	}
	if last, err = c.Seq(ctx, r); err != nil {
		return 0, 0, 0, false, err
	}
	read, known, err = c.readTo(ctx, user, r.ID)
	return min(n, last), last, read, known, err
}
