package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// change is an edit, a deletion or a reaction. It has a number in the sequence of its room.
type change struct {
	Kind    string // edit, delete or react
	Message MessageID
	Emoji   string // for react
	On      bool   // for react: the reaction is added, not removed
}

// insertChange gives x the next number in the room's sequence, stores it, and returns the number.
func (c *Chat) insertChange(tx Tx, room int64, x change, by Caller) (int64, error) {
	n, err := c.nextSeq(tx, room)
	if err != nil {
		return 0, err
	}
	if _, err := tx.Exec("INSERT INTO change (id, kind, message_id, user_id, emoji, on_off, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		NewMessageID(room, n), x.Kind, x.Message, by.senderID(), x.Emoji, x.On, millis(c.now())); err != nil {
		return 0, fmt.Errorf("note the %s of message %d: %w", x.Kind, x.Message, err)
	}
	c.reserve(tx, room, n)
	return n, nil
}

// standing is messageFor, but it returns an error for a deleted message.
func (c *Chat) standing(ctx context.Context, by Caller, id MessageID) (*Message, *Room, error) {
	m, r, err := c.messageFor(ctx, by, id)
	if err == nil && m.Deleted {
		err = Errorf("no_such_message")
	}
	return m, r, err
}

// changes returns the events of the changes with ids from low (exclusive) to high (inclusive), in no particular order. The event
// of an edit has the current text, and the event of a reaction has the current count.
func (c *Chat) changes(ctx context.Context, low, high MessageID) ([]Event, error) {
	rows, err := c.read.Query(ctx, `SELECT x.id, x.kind, x.message_id, x.emoji, x.on_off, coalesce(u.name, s.guest || ?, ''),
		coalesce(m.text, ''), m.edited_at, m.id IS NULL OR m.deleted_at IS NOT NULL,
		(SELECT count(DISTINCT r.user_id) FROM reaction r WHERE r.message_id = x.message_id
			AND replace(replace(r.emoji, char(65039), ''), char(65038), '') = replace(replace(x.emoji, char(65039), ''), char(65038), ''))
		FROM change x LEFT JOIN message m ON m.id = x.message_id
		LEFT JOIN user u ON u.id = x.user_id LEFT JOIN session s ON s.id = -x.user_id
		WHERE x.id > ? AND x.id <= ?`, guestMark, low, high)
	if err != nil {
		return nil, storage("load changes", err)
	}
	defer rows.Close()
	var events []Event
	var edits []edit // rendered after the query is closed, because rendering may need another of the few connections
	for rows.Next() {
		var x change
		var id MessageID
		var user, text string
		var edited sql.NullInt64
		var gone bool
		var count int
		if err := rows.Scan(&id, &x.Kind, &x.Message, &x.Emoji, &x.On, &user, &text, &edited, &gone, &count); err != nil {
			return nil, storage("load changes", err)
		}
		switch {
		case x.Kind == "delete":
			events = append(events, messageDeleted(x.Message, id.Seq(), user))
		case gone: // the client gets the deletion as an event of its own
		case x.Kind == "edit":
			edits = append(edits, edit{&Message{ID: x.Message, Text: text, Edited: moment(edited.Int64)}, id.Seq(), user})
		case x.Kind == "react":
			x.Emoji = shownEmoji(x.Emoji)
			events = append(events, reacted(x, id.Seq(), user, count))
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
