package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// privateTarget returns the private conversation of the caller with who, for the command /pm. Errors: sign_in, no_such_user,
// those of a text.
func (c *Chat) privateTarget(ctx context.Context, by Caller, who, text string) (*Room, error) {
	if by.User == nil {
		return nil, &Error{Code: "sign_in", Key: "guest_private"}
	}
	if who == "" {
		return nil, Errorf("empty")
	}
	r, err := c.enterDirect(ctx, by, strings.TrimPrefix(who, "@")) // an account of an earlier version can be named @bob: write @@bob
	if err != nil {
		return nil, err
	}
	return r, checkText(text)
}

func (c *Chat) enterDirect(ctx context.Context, by Caller, who string) (*Room, error) {
	if by.User == nil {
		return nil, Errorf("sign_in")
	}
	other, err := c.UserByName(ctx, who)
	if errors.Is(err, ErrNotFound) {
		return nil, Errorf("no_such_user", "name", who)
	}
	if err != nil {
		return nil, err
	}
	r, err := c.directRoom(ctx, by.User, other)
	if err == nil && other.Deleted && r.ID == 0 { // only for people who have written with the person
		return nil, Errorf("no_such_user", "name", who)
	}
	return r, err
}

func (c *Chat) directRoom(ctx context.Context, me, other *User) (*Room, error) {
	room := Room{Key: directKey(me.ID, other.ID), Access: Direct}
	if r, err := c.roomByKey(ctx, room.Key); err == nil {
		room = *r
	} else if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	room.Name, room.With, room.between = "@"+other.Name, other, [2]int64{me.ID, other.ID}
	room.nameForOther = "@" + me.Name
	return &room, nil
}

type privateFrame struct {
	Type      string    `json:"type"`
	ID        MessageID `json:"id"`
	User      string    `json:"user,omitempty"`
	Display   string    `json:"display,omitempty"` // of the other person, if it is not the username
	Former    bool      `json:"former,omitempty"`  // the account of the sender was deleted
	Target    string    `json:"target,omitempty"`
	Action    bool      `json:"action,omitempty"`
	Message   string    `json:"message"`
	Timestamp Stamp     `json:"timestamp"`
	Nonce     string    `json:"nonce,omitempty"`
	History   bool      `json:"history,omitempty"`
}

// private returns the event that delivers a private message to its recipient.
func private(m *Message, history bool) Event {
	f := privateFrame{Type: "private_message", ID: m.ID, User: m.User, Former: m.Former, Action: m.Action(), Message: m.Text, Timestamp: Stamp(m.At), History: history}
	if m.Display != m.User {
		f.Display = m.Display
	}
	e := f.event(m)
	e.ID, e.Private = m.ID, m.ID
	return e
}

// Delivered returns the receipt of a private message.
func Delivered(m *Message, target *User) Event {
	f := privateFrame{Type: "private_message_delivered", ID: m.ID, Target: target.Name, Action: m.Action(), Message: m.Text, Timestamp: Stamp(m.At), Nonce: m.Nonce}
	if target.Display() != target.Name {
		f.Display = target.Display()
	}
	return f.event(m)
}

// event returns the event of the frame of m. Clients of the plain dialect get the text as it was typed.
func (f privateFrame) event(m *Message) Event {
	e := same(f.Type, true, f)
	if f.Action {
		f.Action, f.Message = false, m.Typed()
		e = e.forPlain(f)
	}
	if f.Former {
		e.varies, e.frame = ByLang, inLanguagesOf(e.frame)
		if e.plain != nil {
			e.plain = inLanguagesOf(e.plain)
		}
	}
	return e
}

// inLanguagesOf is inLanguages for the frames of private messages.
func inLanguagesOf(frame func(Reader) any) func(Reader) any {
	return func(to Reader) any {
		f := frame(to).(privateFrame)
		f.Display = FormerMember(to.Lang)
		return f
	}
}

// Receipt returns the event that tells the sender that a message was stored before.
func (c *Chat) Receipt(m *Message, r *Room) Event {
	if r.Access == Direct {
		return Delivered(m, r.With)
	}
	e := c.messageEvent(m, r, false)
	e.Seq = 0 // it is a response, not the next event of the room
	return e
}

// nameFor returns the name of a private conversation for one of its people.
func (r *Room) nameFor(id int64) string {
	if id == r.between[0] {
		return r.Name
	}
	return r.nameForOther
}

// directName returns the name by which the caller enters the private conversation with that key. Errors: no_such_message, if it
// is between other people, storage.
func (c *Chat) directName(ctx context.Context, key string, by Caller) (string, error) {
	other, mine := otherOf(key, by.userID())
	if !mine {
		return "", Errorf("no_such_message")
	}
	u, err := c.User(ctx, other)
	if errors.Is(err, ErrNotFound) {
		err = Errorf("no_such_message")
	}
	if err != nil {
		return "", err
	}
	return "@" + u.Name, nil
}

func directKey(a, b int64) string { return fmt.Sprintf("@%d:%d", min(a, b), max(a, b)) }

// otherOf returns the other person of the private conversation with that key.
func otherOf(key string, me int64) (other int64, mine bool) {
	var a, b int64
	if _, err := fmt.Sscanf(key, "@%d:%d", &a, &b); err != nil {
		return 0, false
	}
	switch me {
	case a:
		return b, true
	case b:
		return a, true
	}
	return 0, false
}

// Conversation is a private conversation or a group conversation in the sidebar.
type Conversation struct {
	With   *User   // nil: it is a group conversation
	Group  string  // the name of a group conversation
	People []*User // of a group conversation, with the reader
	Unread int     // at most MaxUnread
	Last   time.Time

	room int64
}

// MaxUnread is the highest unread count. It is shown as "99+".
const MaxUnread = 100

// maxInbox is how many of the last unread private messages are sent when a client connects. The page of a conversation loads
// the others.
const maxInbox = 100

// readToSQL returns the SQL expression of the number up to which user s.user_id has read room s.room_id. marks is the parameter with
// marks.json of that user, which is empty most of the time.
func readToSQL(marks string) string {
	return "max(s.since, iif(" + marks + " = '{}', s.read, coalesce((SELECT iif(value < 0, ~value, max(value, s.read)) FROM json_each(" + marks + ") WHERE key = CAST(s.room_id AS TEXT)), s.read)))"
}

// unreadSQL returns the SQL expression of the unread count of user s.user_id in room s.room_id. marks is as for readToSQL.
func unreadSQL(marks string) string {
	return "(SELECT count(*) FROM (SELECT 1 FROM message WHERE id > s.room_id << 32 | " + readToSQL(marks) + ` AND id < (s.room_id + 1) << 32
		AND sender <> s.user_id AND deleted_at IS NULL LIMIT 100))`
}

// Conversations returns a page of the private conversations and group conversations of a user, the latest first, and the number of all.
// A group conversation without a message is listed only for the person who made it. Error: storage.
func (c *Chat) Conversations(ctx context.Context, userID int64, limit, offset int) (found []Conversation, total int, err error) {
	return c.conversations(ctx, "", userID, limit, offset)
}

// Groups is Conversations for group conversations only.
func (c *Chat) Groups(ctx context.Context, userID int64, limit, offset int) (found []Conversation, total int, err error) {
	return c.conversations(ctx, " AND "+isGroup, userID, limit, offset)
}

// conversations is Conversations for those that meet the SQL condition also.
func (c *Chat) conversations(ctx context.Context, also string, userID int64, limit, offset int) (found []Conversation, total int, err error) {
	mine := " FROM membership m JOIN room r ON r.id = m.room_id WHERE m.user_id = ?1 AND m.member = 1 AND r.access = 'direct'" + also +
		" AND (NOT " + isGroup + " OR r.created_by = ?1 OR EXISTS (SELECT 1 FROM message WHERE id > r.id << 32 AND id < (r.id + 1) << 32))"
	rows, err := c.read.Query(ctx, "SELECT s.room_id, s.name_key, s.last, "+unreadSQL("?4")+` FROM (SELECT m.user_id, m.room_id, m.read, m.since, r.name_key, ifnull(
			(SELECT created_at FROM message WHERE id >= r.id << 32 AND id < (r.id + 1) << 32 ORDER BY id DESC LIMIT 1), 0) AS last`+
		mine+" ORDER BY last DESC, r.id DESC LIMIT ?2 OFFSET ?3) s ORDER BY s.last DESC, s.room_id DESC", userID, limit, offset, c.marks.json(userID))
	if err != nil {
		return nil, 0, storage("list conversations", err)
	}
	var others, groups []int64
	for rows.Next() {
		var key string
		var last int64
		var v Conversation
		if err := rows.Scan(&v.room, &key, &last, &v.Unread); err != nil {
			return nil, 0, errors.Join(storage("list conversations", err), rows.Close())
		}
		other, _ := otherOf(key, userID)
		if strings.HasPrefix(key, groupMark) {
			v.Group, groups = key, append(groups, v.room)
		}
		v.Last = moment(last)
		found, others = append(found, v), append(others, other)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, 0, storage("list conversations", err)
	}
	people, err := c.PeopleIn(ctx, groups...)
	if err != nil {
		return nil, 0, err
	}
	for i := range found { // after the query is closed, because User may need another of the few connections
		if found[i].Group != "" {
			found[i].People = people[found[i].room]
			continue
		}
		if found[i].With, err = c.User(ctx, others[i]); err != nil {
			return nil, 0, err
		}
	}
	if total = offset + len(found); len(found) == limit || len(found) == 0 && offset > 0 { // otherwise, these are the last ones
		err = c.read.QueryRow(ctx, "SELECT count(*)"+mine, []any{userID}, &total)
	}
	return found, total, storage("count conversations", err)
}

// Waiting returns the last maxInbox private messages that a user has not read, the oldest first, as events marked as history.
// With plain, it leaves out messages that a client of the plain dialect has received before. Error: storage.
func (c *Chat) Waiting(ctx context.Context, userID int64, plain bool) ([]Event, error) {
	found, err := c.messages(ctx, `JOIN membership s ON s.user_id = ?1 JOIN room r ON r.id = s.room_id AND r.access = 'direct' AND NOT `+isGroup+`
		WHERE m.id > (s.room_id << 32 | `+readToSQL("?4")+`) AND m.id < (s.room_id + 1) << 32 AND m.sender <> ?1 AND m.deleted_at IS NULL
			AND (NOT ?3 OR m.id > (s.room_id << 32 | s.received))
		ORDER BY m.created_at DESC, m.id DESC LIMIT ?2`, userID, maxInbox, plain, c.marks.json(userID))
	if err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(found))
	for i := len(found) - 1; i >= 0; i-- {
		if !plain || !c.marks.hasReceived(userID, found[i].ID) {
			events = append(events, private(found[i], true))
		}
	}
	return events, nil
}
