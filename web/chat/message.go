package chat

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hearth/web/label"
	"hearth/web/limits"
)

// Limits of PROTOCOL.md.
const (
	maxMessage = 4000 // characters
	maxNonce   = 64   // characters
)

// Message is a message of a room or a private conversation.
type Message struct {
	ID        MessageID
	Seq       int64 // of ID
	RoomID    int64
	SenderID  int64  // the id of the user, or minus the id of a guest's session
	User      string // the username, or a guest's name with its mark
	Display   string // the name as others see it
	Text      string // of an action, without /me
	typed     string // of an action: the text as it was typed
	Everybody bool   // it mentions everybody in the room
	Former    bool   // the account of the sender was deleted; Display is English
	At        time.Time
	Edited    time.Time
	Deleted   bool
	ReplyTo   MessageID
	Answers   *Excerpt // the beginning of the message ReplyTo; nil if that was deleted
	Nonce     string
	*rendered // Text as HTML; nil if the message is not shown

	Notice    *Notice // nil: it is not one
	Reactions []Reactions
	meantFor  []mention // of a new message
}

// Guest reports whether the sender is a visitor.
func (m *Message) Guest() bool { return m.SenderID < 0 }

// Action reports whether the text says what the sender does: it was typed as "/me waves".
func (m *Message) Action() bool { return m.typed != "" }

// Typed returns the text as it was typed.
func (m *Message) Typed() string { return cmp.Or(m.typed, m.Text) }

// The flags of a stored message.
const (
	flagAction = 1 << iota
	flagEverybody
	flagAdded // it is a notice: the sender added people, whose ids are the text
	flagLeft  // it is a notice: the sender left
)

func (m *Message) flags() (flags int) {
	if m.Action() {
		flags |= flagAction
	}
	if m.Everybody {
		flags |= flagEverybody
	}
	if m.Notice != nil {
		flags |= m.Notice.flags()
	}
	return flags
}

// setTyped sets the text from one that was typed, and what the flags say.
func (m *Message) setTyped(text string, flags int) {
	m.Text, m.typed, m.Everybody = text, "", flags&flagEverybody != 0
	if flags&flagAction != 0 {
		_, rest, _ := commandOf(text)
		m.Text, m.typed = rest, text
	}
	if m.Notice = noticeOf(text, flags); m.Notice != nil {
		m.Text = ""
	}
}

// Draft is a message to be posted.
type Draft struct {
	Text    string
	Nonce   string // the client's own, unique per message; "" for none
	ReplyTo MessageID

	flags int // flagAction, if Text begins with /me
}

// newlines replaces CR LF by LF, so that clients may send either.
var newlines = strings.NewReplacer("\r\n", "\n")

// check applies the rules of the protocol to a draft.
func (d *Draft) check() error {
	if utf8.RuneCountInString(d.Nonce) > maxNonce || !oneLine(d.Nonce) {
		return Errorf("bad_frame")
	}
	return checkText(d.Text)
}

// checkText applies the rules of the protocol to a text. A text is empty if nothing in it can be seen. Errors: empty, too_long,
// bad_text.
func checkText(text string) error {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsSpace(r) && (label.Visible(r) || unicode.IsControl(r)) }) {
		return Errorf("empty")
	}
	if utf8.RuneCountInString(text) > maxMessage {
		return Errorf("too_long", "max", maxMessage)
	}
	for _, r := range text {
		if r == '\n' || r == '\t' {
			continue
		}
		if unicode.IsControl(r) || r == utf8.RuneError {
			return Errorf("bad_text")
		}
	}
	return nil
}

// oneLine reports whether a text has no control characters.
func oneLine(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

// Say posts d in the room with that name, or, if d begins with /pm, in a private conversation. It calls done once the message is
// on disk and announced, or with an error. If the nonce was used before, done gets the message stored then, again is true, and
// nothing is announced. Messages of one caller are stored in the order of the calls. done must not block.
func (c *Chat) Say(ctx context.Context, by Caller, name string, d Draft, done func(m *Message, r *Room, again bool, err error)) {
	if err := c.Take(by, limits.Messages); err != nil {
		done(nil, nil, false, err)
		return
	}
	room, d, err := c.target(ctx, by, name, d)
	if err != nil {
		done(nil, nil, false, err)
		return
	}
	m := &Message{SenderID: by.senderID(), User: by.Name(), Display: by.Display(), Nonce: d.Nonce, ReplyTo: d.ReplyTo}
	m.setTyped(d.Text, d.flags)
	if m.Answers, err = c.answered(ctx, room, d.ReplyTo); err != nil {
		done(nil, nil, false, err)
		return
	}
	if err := c.render(ctx, m); err != nil {
		done(nil, nil, false, err)
		return
	}
	if err := c.returnTo(ctx, by, room); err != nil {
		done(nil, nil, false, err)
		return
	}
	if m.Everybody, err = c.mentionsEverybody(ctx, by, m, room); err != nil {
		done(nil, nil, false, err)
		return
	}
	m.meantFor = mentionsOf(m, room)
	again, said := false, m.Typed()
	c.disk.Submit(func(tx Tx) (err error) {
		again, err = c.store(tx, room, m, by)
		return err
	}, func(err error) {
		if room.ID == 0 && err == nil {
			c.forgetRooms() // the room is stored now
			c.unmade.made(room.Key)
		}
		if again && m.Typed() != said {
			c.fillHTML(ctx, []*Message{m}) // the stored text was edited, or the client used the nonce for another text
		}
		if err == nil && !again {
			if by.User != nil {
				c.wrote.add(m.RoomID, m.SenderID)
			}
			c.unread.said(m)
			c.active(m)
			c.newLast(m, room)
			c.notifyUnread(m.RoomID, room) // after the commit, because a commit may take longer than the notifier waits
		}
		done(m, room, again, storage("store a message", err))
	})
}

// target returns the room of d, after all rules were applied. It removes the /pm from d. Errors: those of Enter, MaySpeak and
// a text; unknown_command.
func (c *Chat) target(ctx context.Context, by Caller, name string, d Draft) (*Room, Draft, error) {
	d.Text = newlines.Replace(d.Text)
	if err := d.check(); err != nil {
		return nil, d, err
	}
	room, err := c.Enter(ctx, by, name)
	if err != nil {
		return nil, d, err
	}
	if who, text, private := privately(d.Text); private {
		if room, err = c.privateTarget(ctx, by, who, text); err != nil {
			return nil, d, err
		}
		d.Text = text // even if it begins like a command; only /me has its effect
		if name, rest, _ := commandOf(text); name == "me" {
			d.flags, err = flagAction, checkText(rest)
		}
	} else {
		err = d.publish()
	}
	if err != nil {
		return nil, d, err
	}
	if err := c.MaySpeak(ctx, by, room); err != nil {
		return nil, d, err
	}
	return room, d, nil
}

// answered returns the beginning of a message, which must be in r.
func (c *Chat) answered(ctx context.Context, r *Room, id MessageID) (*Excerpt, error) {
	if id == 0 {
		return nil, nil
	}
	found, err := c.bareMessages(ctx, "WHERE m.id = ? AND m.deleted_at IS NULL", id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || found[0].RoomID != r.ID || !r.hears(id) || found[0].Notice != nil {
		return nil, Errorf("no_such_message")
	}
	return found[0].excerpt(), nil
}

// store gives m a sequence number and stores it, unless a message with its nonce is stored.
func (c *Chat) store(tx Tx, r *Room, m *Message, by Caller) (again bool, err error) {
	if err := c.mustHaveAccount(by); err != nil {
		return false, err
	}
	if m.RoomID, err = c.saveRoom(tx, r, by, false); err != nil {
		return false, err
	}
	if r.Access == Group {
		if err := stillIn(tx, r.ID, by.userID()); err != nil {
			return false, err
		}
	}
	n, err := c.nextSeq(tx, m.RoomID)
	if err != nil {
		return false, err
	}
	m.Seq, m.ID, m.At = n, NewMessageID(m.RoomID, n), c.now().Truncate(time.Millisecond)
	res, err := tx.Exec("INSERT INTO message (id, sender, guest, text, flags, reply_to, nonce, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sender, nonce) WHERE nonce IS NOT NULL DO NOTHING",
		m.ID, m.SenderID, nullable(by.User == nil, m.User), m.Typed(), m.flags(), nullable(m.ReplyTo != 0, m.ReplyTo), nullable(m.Nonce != "", m.Nonce), millis(m.At))
	if err != nil {
		return false, fmt.Errorf("insert a message: %w", err)
	}
	stored, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("insert a message: %w", err)
	}
	if stored == 0 {
		room := m.RoomID
		if err := c.storedBefore(tx, m); err != nil {
			return false, err
		}
		if m.RoomID != room {
			return false, Errorf("bad_frame") // the nonce was used in another room
		}
		return true, nil
	}
	if err := mayReach(tx, by, r); err != nil { // after the look at the nonce: a message that was stored before is acknowledged again
		return false, err
	}
	if err := saveMentions(tx, m.ID, m.At, m.meantFor); err != nil {
		return false, err
	}
	if err := c.saveWriter(tx, r, m.RoomID, by); err != nil {
		return false, err
	}
	c.reserve(tx, m.RoomID, n)
	c.announce(tx, r, m, by)
	return false, nil
}

func nullable(has bool, v any) any {
	if has {
		return v
	}
	return nil
}

// storedBefore replaces m by the stored message with its nonce.
func (c *Chat) storedBefore(tx Tx, m *Message) error {
	var at int64
	var text string
	var flags int
	var reply, edited, deleted sql.NullInt64
	err := tx.QueryRow("SELECT id, text, flags, reply_to, created_at, edited_at, deleted_at FROM message WHERE sender = ? AND nonce = ?", m.SenderID, m.Nonce).
		Scan(&m.ID, &text, &flags, &reply, &at, &edited, &deleted)
	if err != nil {
		return fmt.Errorf("find the message with that nonce: %w", err)
	}
	m.setTyped(text, flags)
	m.RoomID, m.Seq, m.At = m.ID.Room(), m.ID.Seq(), moment(at)
	m.ReplyTo, m.Edited, m.Deleted = MessageID(reply.Int64), moment(edited.Int64), deleted.Valid
	return nil
}

// announce announces m to its room. A private message is also announced to the inboxes of both people.
func (c *Chat) announce(tx Tx, r *Room, m *Message, by Caller) {
	tx.Announce(r.Group(), c.messageEvent(m, r, false))
	if r.Access != Direct {
		return
	}
	e := private(m, false)
	e.ExceptIn = r.Group()
	tx.Announce(Inbox(r.With.ID), e)
	e = Delivered(m, r.With)
	e.ExceptIn = r.Group()
	tx.Announce(Inbox(m.SenderID), e)
}

// messageFor returns a message and its room, if the caller may enter the room.
func (c *Chat) messageFor(ctx context.Context, by Caller, id MessageID) (*Message, *Room, error) {
	r, err := c.roomOf(ctx, by, id.Room())
	if err != nil {
		return nil, nil, err
	}
	found, err := c.bareMessages(ctx, "WHERE m.id = ?", id)
	if err != nil {
		return nil, nil, err
	}
	if len(found) == 0 || !r.hears(id) || found[0].Notice != nil {
		return nil, nil, Errorf("no_such_message")
	}
	return found[0], r, nil
}

// roomOf returns the room or private conversation with that id, if the caller may enter it. Errors: no_such_message, storage.
func (c *Chat) roomOf(ctx context.Context, by Caller, id int64) (*Room, error) {
	var name, key string
	var access Access
	err := c.read.QueryRow(ctx, "SELECT name, name_key, access FROM room WHERE id = ?", []any{id}, &name, &key, &access)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, Errorf("no_such_message")
	}
	if err != nil {
		return nil, storage("find a room", err)
	}
	if access == Direct && !strings.HasPrefix(key, groupMark) {
		if name, err = c.directName(ctx, key, by); err != nil {
			return nil, err
		}
	}
	r, err := c.Enter(ctx, by, name)
	if err != nil {
		return nil, hidden(err)
	}
	return r, nil
}

// hidden returns the error for a message in a room that the caller may not enter: the same as for a message that does not exist.
// Errors of the disk are returned unchanged.
func hidden(err error) error {
	if errors.Is(err, Errorf("storage")) {
		return err
	}
	return Errorf("no_such_message")
}
