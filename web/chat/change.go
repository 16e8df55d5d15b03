package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hearth/web/limits"
)

// change is what happened to a message after it was said. It takes the next number in its room's line.
type change struct {
	Kind    string // edit, delete or react
	Message int64
	Emoji   string // of react
	On      bool   // of react
}

// change writes x into the room's line and returns its number.
func (c *Chat) change(tx Tx, room int64, x change, by Caller) (int64, error) {
	n, err := c.next(tx, room)
	if err != nil {
		return 0, err
	}
	if _, err := tx.Exec("INSERT INTO change (id, kind, message_id, user_id, emoji, on_off, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		address(room, n), x.Kind, x.Message, by.senderID(), x.Emoji, x.On, millis(c.now())); err != nil {
		return 0, fmt.Errorf("note the %s of message %d: %w", x.Kind, x.Message, err)
	}
	c.took(tx, room, n)
	return n, nil
}

// Delete takes back a message: one's own, or as an admin anybody's. Its text is erased.
func (c *Chat) Delete(ctx context.Context, by Caller, id int64) error {
	if err := c.Take(by, limits.Messages); err != nil {
		return err
	}
	m, r, err := c.messageFor(ctx, by, id)
	if err != nil {
		return err
	}
	if m.SenderID != by.senderID() && !by.Admin() {
		return Errorf("not_allowed")
	}
	if m.Deleted {
		return nil
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		taken, err := c.takeBack(tx, id, r.Group(), by)
		if err != nil || !taken || m.SenderID == by.senderID() {
			return err
		}
		return c.note(tx, by, "message_deleted", fmt.Sprintf("%s, %s", r.Name, m.User))
	})
	c.unread.forget(r.ID)
	return storage("delete a message", err)
}

// takeBack erases message id and tells the group of its room. taken is false if somebody was quicker.
func (c *Chat) takeBack(tx Tx, id int64, group string, by Caller) (taken bool, err error) {
	tx.Erase()
	res, err := tx.Exec("UPDATE message SET text = '', deleted_at = ? WHERE id = ? AND deleted_at IS NULL", millis(c.now()), id)
	if err != nil {
		return false, fmt.Errorf("erase message %d: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	if _, err := tx.Exec("DELETE FROM reaction WHERE message_id = ?", id); err != nil {
		return false, fmt.Errorf("erase the reactions to message %d: %w", id, err)
	}
	n, err := c.change(tx, id>>32, change{Kind: "delete", Message: id}, by)
	if err != nil {
		return false, err
	}
	tx.Announce(group, messageDeleted(id, n, by.Name()))
	return true, nil
}

// standing is messageFor without the messages that were taken back.
func (c *Chat) standing(ctx context.Context, by Caller, id int64) (*Message, *Room, error) {
	m, r, err := c.messageFor(ctx, by, id)
	if err == nil && m.Deleted {
		err = Errorf("no_such_message")
	}
	return m, r, err
}

// Edit changes the text of one's own message. Errors: those of a text, no_such_message,
// not_allowed, storage.
func (c *Chat) Edit(ctx context.Context, by Caller, id int64, text string) error {
	if err := c.Take(by, limits.Messages); err != nil {
		return err
	}
	if err := checkText(text); err != nil {
		return err
	}
	m, r, err := c.standing(ctx, by, id)
	if err != nil {
		return err
	}
	if m.SenderID != by.senderID() {
		return Errorf("not_allowed")
	}
	if err := c.MaySpeak(ctx, by, r); err != nil || m.Text == text {
		return err
	}
	edited := &Message{ID: id, Text: text, Edited: c.now().Truncate(time.Millisecond)}
	if err := c.render(ctx, edited); err != nil {
		return err
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		tx.Erase()
		res, err := tx.Exec("UPDATE message SET text = ?, edited_at = ? WHERE id = ? AND deleted_at IS NULL", text, millis(edited.Edited), id)
		if err != nil {
			return fmt.Errorf("edit message %d: %w", id, err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return fmt.Errorf("edit message %d: %w", id, err)
		} else if n == 0 {
			return Errorf("no_such_message")
		}
		n, err := c.change(tx, r.ID, change{Kind: "edit", Message: id}, by)
		if err != nil {
			return err
		}
		tx.Announce(r.Group(), edited.edited(n, by.Name()))
		return nil
	})
	c.unread.forget(r.ID)
	return storage("edit a message", err)
}

type editFrame struct {
	Type     string `json:"type"`
	ID       int64  `json:"id"`
	Seq      int64  `json:"seq"`
	User     string `json:"user"`
	Message  string `json:"message"`
	HTML     string `json:"html,omitempty"`
	EditedAt Stamp  `json:"edited_at"`
}

// edited is the event of an edited message; its human-readable message is the new text.
func (m *Message) edited(seq int64, by string) Event {
	f := editFrame{Type: "message_edited", ID: m.ID, Seq: seq, User: by, Message: m.Text, EditedAt: Stamp(m.Edited)}
	if !m.Plain() {
		f.HTML = m.HTML()
	}
	e := same(f.Type, false, f)
	e.Seq = seq
	return e
}

// changes are the events of what happened to messages, between two addresses, in no order. What an edit or a
// reaction has led to is told as it is now.
func (c *Chat) changes(ctx context.Context, low, high int64) ([]Event, error) {
	rows, err := c.read.Query(ctx, `SELECT x.id, x.kind, x.message_id, x.emoji, x.on_off, coalesce(u.name, s.guest || ?, ''),
		coalesce(m.text, ''), m.edited_at, m.id IS NULL OR m.deleted_at IS NOT NULL,
		(SELECT count(*) FROM reaction r WHERE r.message_id = x.message_id AND r.emoji = x.emoji)
		FROM change x LEFT JOIN message m ON m.id = x.message_id
		LEFT JOIN user u ON u.id = x.user_id LEFT JOIN session s ON s.id = -x.user_id
		WHERE x.id > ? AND x.id <= ?`, guestMark, low, high)
	if err != nil {
		return nil, storage("load changes", err)
	}
	defer rows.Close()
	var events []Event
	var edits []edit // rendered with no query open: the readers are few
	for rows.Next() {
		var x change
		var id int64
		var user, text string
		var edited sql.NullInt64
		var gone bool
		var count int
		if err := rows.Scan(&id, &x.Kind, &x.Message, &x.Emoji, &x.On, &user, &text, &edited, &gone, &count); err != nil {
			return nil, storage("load changes", err)
		}
		switch {
		case x.Kind == "delete":
			events = append(events, messageDeleted(x.Message, line(id), user))
		case gone: // a deletion follows, or has been told
		case x.Kind == "edit":
			edits = append(edits, edit{&Message{ID: x.Message, Text: text, Edited: moment(edited.Int64)}, line(id), user})
		case x.Kind == "react":
			events = append(events, reacted(x, line(id), user, count))
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storage("load changes", err)
	}
	for _, x := range edits {
		c.fillHTML(ctx, []*Message{x.message})
		events = append(events, x.message.edited(x.seq, x.by))
	}
	return events, nil
}

// edit is a message with its new text, and where in the room's line who gave it that.
type edit struct {
	message *Message
	seq     int64
	by      string
}
