package chat

// conversation is one person's side of a private conversation.
type conversation struct{ user, room int64 }

// setReceived stores that a user has received a private message.
func (m *marks) setReceived(user int64, id MessageID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := conversation{user, id.Room()}
	n, known := m.received[at]
	switch {
	case known && n >= id.Seq():
		return
	case !known && len(m.received) >= maxMarksWaiting:
		droppedMarks.Log()
		return
	}
	if m.received == nil {
		m.received = map[conversation]int64{}
	}
	m.received[at] = id.Seq()
}

// hasReceived reports whether a user has received a private message, if that waits to be written.
func (m *marks) hasReceived(user int64, id MessageID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, known := m.received[conversation{user, id.Room()}]
	return known && n >= id.Seq()
}

// Received stores that a client of the plain dialect has received private messages. They are not sent to plain clients of that
// user again. It is written later, together with other marks.
func (c *Chat) Received(userID int64, ids []MessageID) {
	for _, id := range ids {
		c.marks.setReceived(userID, id)
	}
	c.marks.later(c.writeMarks)
}
