package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hearth/web/limits"
)

// Edit changes the text of a message of the caller. Errors: those of a text, unknown_command, no_such_message, not_allowed,
// sign_in, rate_limited, storage.
func (c *Chat) Edit(ctx context.Context, by Caller, id MessageID, text string) error {
	if err := c.Take(by, limits.Messages); err != nil {
		return err
	}
	text = newlines.Replace(text)
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
	if err := c.MaySpeak(ctx, by, r); err != nil || m.Typed() == text {
		return err
	}
	text, flags, err := editedText(m, text)
	if err != nil {
		return err
	}
	edited := &Message{ID: id, SenderID: m.SenderID, At: m.At, ReplyTo: m.ReplyTo, Edited: c.now().Truncate(time.Millisecond)}
	edited.setTyped(text, flags)
	if err := c.fillAnswers(ctx, []*Message{edited}); err != nil {
		return err
	}
	if err := c.render(ctx, edited); err != nil {
		return err
	}
	if edited.Everybody, err = c.mentionsEverybody(ctx, by, edited, r); err != nil {
		return err
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		if err := errors.Join(c.mustHaveAccount(by), mayReach(tx, by, r)); err != nil {
			return err
		}
		tx.Erase()
		res, err := tx.Exec("UPDATE message SET text = ?, flags = ?, edited_at = ? WHERE id = ? AND deleted_at IS NULL", text, edited.flags(), millis(edited.Edited), id)
		if err != nil {
			return fmt.Errorf("edit message %d: %w", id, err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return fmt.Errorf("edit message %d: %w", id, err)
		} else if n == 0 {
			return Errorf("no_such_message")
		}
		if err := replaceMentions(tx, id, m.At, mentionsOf(edited, r)); err != nil {
			return err
		}
		n, err := c.insertChange(tx, r.ID, change{Kind: "edit", Message: id}, by)
		if err != nil {
			return err
		}
		tx.Announce(r.Group(), edited.edited(n, by.Name()))
		return nil
	})
	c.unread.forget(r.ID)
	c.notifyChanged(r, id, m.At)
	c.lastChanged(r)
	return storage("edit a message", err)
}

// editedText returns the text that an edit of m stores, and whether it is an action. An edit must not publish a command. But a
// message that already begins with "/word" may begin with the same word afterwards, and an action stays one without a new /me.
// Errors: unknown_command, those of a text.
func editedText(m *Message, text string) (stored string, flags int, err error) {
	if m.Action() && !isCommand(text) {
		return "/me " + text, flagAction, checkText("/me " + text)
	}
	was, _, _ := commandOf(m.Text)
	if is, _, ok := commandOf(text); ok && is == was && !m.Action() {
		return text, 0, nil
	}
	d := Draft{Text: text}
	err = d.publish()
	return d.Text, d.flags, err
}

type editFrame struct {
	Type      string    `json:"type"`
	ID        MessageID `json:"id"`
	Seq       int64     `json:"seq"`
	User      string    `json:"user"`
	Action    bool      `json:"action,omitempty"`
	Everybody bool      `json:"everybody,omitempty"`
	Message   string    `json:"message"`
	HTML      string    `json:"html,omitempty"`
	EditedAt  Stamp     `json:"edited_at"`
}

// edited returns the event of an edited message; its human-readable message is the new text.
func (m *Message) edited(seq int64, by string) Event {
	f := editFrame{Type: "message_edited", ID: m.ID, Seq: seq, User: by, Action: m.Action(), Everybody: m.Everybody, Message: m.Text, EditedAt: Stamp(m.Edited)}
	if !m.Plain() {
		f.HTML = m.HTML()
	}
	e := same(f.Type, false, f)
	e.Seq, e.Of = seq, m.ID
	return e
}

// edit is a message with its new text, the sequence number of the edit, and who edited it.
type edit struct {
	message *Message
	seq     int64
	by      string
}
