package chat

import (
	"cmp"
	"context"
	"html"
	"strings"
	"time"
)

// LastMessage is the beginning of the last message of a room, for lists of rooms.
type LastMessage struct {
	ID      MessageID // 0: the room has no message
	User    string    // the username, or a guest's name with its mark
	Display string    // the name as others see it
	Text    string    // in one line, without markup, at most 120 characters
	Former  bool      // the account of the sender was deleted; Display is English
	Action  bool      // the text says what the sender does
	At      time.Time

	sender int64
}

// lastOf returns m as the last message of its room.
func lastOf(m *Message) LastMessage {
	text := m.Text
	if m.rendered != nil && !m.Plain() {
		text = withoutTags(m.HTML())
	}
	x := *m
	x.Text = text
	return LastMessage{ID: m.ID, User: m.User, Display: m.Display, Former: m.Former, Text: x.excerpt().Text, Action: m.Action(), At: m.At, sender: m.SenderID}
}

// withoutTags returns the text of HTML that was rendered here, with a space in place of each tag that begins or ends a line.
func withoutTags(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "<")
		b.WriteString(before)
		if !found {
			return strings.TrimSpace(html.UnescapeString(b.String()))
		}
		tag, after, _ := strings.Cut(rest, ">")
		name := strings.Trim(tag, "/ ")
		if end := strings.IndexByte(name, ' '); end >= 0 {
			name = name[:end]
		}
		switch name {
		case "a", "strong", "em", "del", "code", "label", "input": // within a line
		default:
			b.WriteByte(' ')
		}
		text = after
	}
}

// maxTakenBack is how many deleted messages LastMessage looks behind.
const maxTakenBack = 200

// LastMessage returns the last message of a stored room that was not deleted. The caller must have checked that the reader may enter
// the room. Error: storage.
func (c *Chat) LastMessage(ctx context.Context, room int64) (LastMessage, error) {
	last, err := c.lastMessages.Load(room, func() (LastMessage, error) {
		found, err := c.bareMessages(ctx, `JOIN (SELECT id FROM message WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?) x ON x.id = m.id
			WHERE m.deleted_at IS NULL ORDER BY m.id DESC LIMIT 1`, NewMessageID(room, 0), NewMessageID(room+1, 0), maxTakenBack)
		if err != nil || len(found) == 0 {
			return LastMessage{}, err
		}
		c.fillHTML(ctx, found)
		return lastOf(found[0]), nil
	})
	if err == nil && last.sender > 0 { // the name may have changed since
		if u, err := c.User(ctx, last.sender); err == nil {
			last.User, last.Display, last.Former = u.Name, u.Display(), u.Deleted
		}
	}
	return last, err
}

// newLast notes a new message of a room, and schedules the event about it.
func (c *Chat) newLast(m *Message, r *Room) {
	c.lastMessages.Update(m.RoomID, func(was LastMessage) LastMessage {
		if was.ID > m.ID {
			return was
		}
		return lastOf(m)
	})
	c.tellLast(r)
}

// lastChanged notes that a message of a room was edited or deleted, and schedules the event about the last message.
func (c *Chat) lastChanged(r *Room) {
	c.lastMessages.Delete(r.ID)
	c.tellLast(r)
}

type lastMessageFrame struct {
	Type    string    `json:"type"`
	Message string    `json:"message"` // the beginning of the text
	Room    string    `json:"room"`
	ID      MessageID `json:"id,omitempty"` // 0: the room has no message
	User    string    `json:"user,omitempty"`
	Display string    `json:"display,omitempty"` // if it is not User
	Former  bool      `json:"former,omitempty"`
	Action  bool      `json:"action,omitempty"`
	At      *Stamp    `json:"timestamp,omitempty"`
}

// tellLast schedules the event about the last message of a room for the pages that list rooms with it.
func (c *Chat) tellLast(r *Room) {
	if r.Access.Private() {
		return
	}
	e := Event{Type: "last_message", Cards: true, About: r.Group(), Subject: "last " + r.Group(), varies: ByPage}
	e.Fresh = func() (Event, bool) {
		now, err := c.roomOfGroup(context.Background(), r)
		if err != nil || now.Archived || now.Access != r.Access { // a change of the access is announced by itself
			return Event{}, false
		}
		last, err := c.LastMessage(context.Background(), now.ID)
		if err != nil {
			return Event{}, false
		}
		f := lastMessageFrame{Type: e.Type, Room: now.Name, ID: last.ID, Message: last.Text, User: last.User, Former: last.Former, Action: last.Action}
		if last.Display != last.User {
			f.Display = last.Display
		}
		if at := Stamp(last.At); last.ID != 0 {
			f.At = &at
		}
		fresh := e
		fresh.frame = func(Reader) any { return f }
		if last.Former {
			fresh.varies |= ByLang
			fresh.frame = func(to Reader) any {
				f := f
				f.Display = FormerMember(to.Lang)
				return f
			}
		}
		return fresh, true
	}
	groups := []string{LobbyGroup}
	if cmp.Or(r.Access, Open) != Open {
		groups = listGroups(r)
	}
	for _, g := range groups {
		c.hub.PublishSoon(g, e)
	}
}
