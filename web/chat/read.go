package chat

import "context"

type readFrame struct {
	Type    string    `json:"type"`
	Message string    `json:"message"`
	Room    string    `json:"room"`
	ID      MessageID `json:"id"`
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
	c.marks.setRead(user, room, n)
	c.unread.marked(user, room, n)
	c.marks.later(c.writeMarks)
}

// Read raises the read position of the caller in a room to n, and tells the caller's other pages. It does not wait for the write.
// Error: storage.
func (c *Chat) Read(ctx context.Context, by Caller, r *Room, n int64) error {
	if by.User == nil || r.ID == 0 {
		return nil
	}
	if waiting, known := c.marks.readTo(by.User.ID, r.ID); known && waiting >= n {
		return nil
	}
	n, read, known, err := c.readable(ctx, by.User.ID, r, n)
	if err != nil || known && read >= n {
		return err
	}
	c.mark(by.User.ID, r.ID, n)
	f := readFrame{Type: "read", Room: r.Name, ID: NewMessageID(r.ID, n)}
	e := same(f.Type, false, f)
	e.About = r.Group()
	c.hub.Publish(Inbox(by.User.ID), e)
	return nil
}

// readable returns n, or the room's last sequence number if that is lower, and the read position of a user if it is known. For
// busy rooms they are in memory. Error: storage.
func (c *Chat) readable(ctx context.Context, user int64, r *Room, n int64) (last, read int64, known bool, err error) {
	if read, last, known := c.unread.position(user, r.ID); known && n <= last {
		return n, read, true, nil
	}
	seq, err := c.Seq(ctx, r)
	if err != nil {
		return 0, 0, false, err
	}
	read, known, err = c.readTo(ctx, user, r.ID)
	return min(n, seq), read, known, err
}
