package chat

// conversation is a private conversation as one of the two has it.
type conversation struct{ user, room int64 }

// setReceived notes that a user has received the private message id.
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

// hasReceived reports whether a user has received the private message id, as far as that is not on disk.
func (m *marks) hasReceived(user int64, id MessageID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, known := m.received[conversation{user, id.Room()}]
	return known && n >= id.Seq()
}

// Received notes that a client of the plain dialect has received private messages: they are not sent
// to such clients of that user again. It is written later, together with other marks.
func (c *Chat) Received(userID int64, ids []MessageID) {
	for _, id := range ids {
		c.marks.setReceived(userID, id)
	}
	c.marks.later(c.writeMarks)
}
