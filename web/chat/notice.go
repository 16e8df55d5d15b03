package chat

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hearth/web/locale"
)

// Notice is a line in the log of a group conversation. It is stored and counted like a message, but nobody wrote it.
type Notice struct {
	Kind   string  // NoticeAdded or NoticeLeft
	People []*User // who was added
	ids    []int64 // of People
}

// The kinds of notices.
const (
	NoticeAdded = "added" // the sender added people
	NoticeLeft  = "left"  // the sender left
)

// flags returns the flag of a message that is a notice.
func (n *Notice) flags() int {
	if n.Kind == NoticeLeft {
		return flagLeft
	}
	return flagAdded
}

// stored returns the text of the message that stores n: the ids of the people.
func (n *Notice) stored() string {
	ids := make([]string, 0, len(n.People))
	for _, u := range n.People {
		ids = append(ids, strconv.FormatInt(u.ID, 10))
	}
	return strings.Join(ids, " ")
}

// noticeOf returns the notice that a message with this text and these flags stores, nil if it is none.
func noticeOf(text string, flags int) *Notice {
	switch {
	case flags&flagLeft != 0:
		return &Notice{Kind: NoticeLeft}
	case flags&flagAdded == 0:
		return nil
	}
	n := &Notice{Kind: NoticeAdded}
	for _, field := range strings.Fields(text) {
		if id, err := strconv.ParseInt(field, 10, 64); err == nil {
			n.ids = append(n.ids, id)
		}
	}
	return n
}

// fill adds the people of a notice. Those whose account is gone are left out. Error: storage.
func (n *Notice) fill(ctx context.Context, c *Chat) error {
	if n == nil {
		return nil
	}
	for _, id := range n.ids {
		u, err := c.User(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		n.People = append(n.People, u)
	}
	return nil
}

// NoticeText returns what a notice says. m must be one.
func (m *Message) NoticeText(l *locale.Locale) string {
	name := m.Display
	if m.Former {
		name = FormerMember(l.Code())
	}
	if m.Notice.Kind == NoticeLeft {
		return l.T("notice.left", "name", name)
	}
	names := []string{"…"} // all their accounts are gone
	if len(m.Notice.People) > 0 {
		names = names[:0]
	}
	for _, u := range m.Notice.People {
		names = append(names, titleName(l, u))
	}
	return l.T("notice.added", "name", name, "people", listOf(l, names))
}

// saveNotice adds a notice of a user to the log of a group conversation.
func (c *Chat) saveNotice(tx Tx, r *Room, by *User, n Notice) error {
	seq, err := c.nextSeq(tx, r.ID)
	if err != nil {
		return err
	}
	m := &Message{ID: NewMessageID(r.ID, seq), Seq: seq, RoomID: r.ID, SenderID: by.ID, User: by.Name, Display: by.Display(), At: c.now().Truncate(time.Millisecond), Notice: &n}
	if _, err := tx.Exec("INSERT INTO message (id, sender, text, flags, created_at) VALUES (?, ?, ?, ?, ?)", m.ID, m.SenderID, n.stored(), m.flags(), millis(m.At)); err != nil {
		return fmt.Errorf("store who is in room %d: %w", r.ID, err)
	}
	c.reserve(tx, r.ID, seq)
	tx.Announce(r.Group(), c.messageEvent(m, r, false))
	return nil
}
