package chat

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"sort"
	"time"

	"hearth/web/label"
)

// MaxGap is how many sequence numbers a client that resumes with after= may be behind. A client that is further behind gets a
// reset (PROTOCOL.md).
const MaxGap = 500

// messages returns the messages that a query finds, in its order, with their reactions and, for replies, the beginnings of the
// originals. rest is the SQL text that follows "FROM message m".
func (c *Chat) messages(ctx context.Context, rest string, args ...any) ([]*Message, error) {
	found, err := c.bareMessages(ctx, rest, args...)
	if err != nil {
		return nil, err
	}
	if err := c.fillReactions(ctx, found); err != nil {
		return nil, err
	}
	return found, c.fillAnswers(ctx, found)
}

// bareMessages is messages without reactions and originals.
func (c *Chat) bareMessages(ctx context.Context, rest string, args ...any) ([]*Message, error) {
	rows, err := c.read.Query(ctx, `SELECT m.id, m.sender, m.guest, m.text, m.flags, m.reply_to, m.nonce, m.created_at, m.edited_at, m.deleted_at
		FROM message m `+rest, args...)
	if err != nil {
		return nil, storage("load messages", err)
	}
	var found []*Message
	row := newMessageRow()
	for rows.Next() {
		m, err := row.next(rows)
		if err != nil {
			return nil, errors.Join(storage("load messages", err), rows.Close())
		}
		found = append(found, m)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storage("load messages", err)
	}
	return found, c.fillSenders(ctx, found)
}

// fillSenders adds the current names of the senders from the cache. A join in SQL makes a page of history 1.5 times as expensive.
func (c *Chat) fillSenders(ctx context.Context, found []*Message) error {
	for _, m := range found {
		if m.SenderID < 0 {
			continue
		}
		if err := m.Notice.fill(ctx, c); err != nil {
			return err
		}
		u, err := c.User(ctx, m.SenderID)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		m.User, m.Display, m.Former = u.Name, u.Display(), u.Deleted
	}
	return nil
}

// fillAnswers adds the beginnings of the originals to replies, unless these were deleted.
func (c *Chat) fillAnswers(ctx context.Context, found []*Message) error {
	var ids []MessageID
	for _, m := range found {
		if m.ReplyTo != 0 {
			ids = append(ids, m.ReplyTo)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return storage("load messages", err)
	}
	answered, err := c.bareMessages(ctx, "WHERE m.id IN (SELECT value FROM json_each(?)) AND m.deleted_at IS NULL", string(list))
	if err != nil {
		return err
	}
	excerpts := make(map[MessageID]*Excerpt, len(answered))
	for _, m := range answered {
		excerpts[m.ID] = m.excerpt()
	}
	for _, m := range found {
		m.Answers = excerpts[m.ReplyTo]
	}
	return nil
}

// messageRow holds the columns of one row. It is reused for all rows of a query: allocating it for each row would be half of all
// allocations of a page of history.
type messageRow struct {
	m                      Message
	at                     int64
	reply, edited, deleted sql.NullInt64
	guest, nonce           sql.NullString
	flags                  int
	places                 []any
}

func newMessageRow() *messageRow {
	r := &messageRow{}
	r.places = []any{&r.m.ID, &r.m.SenderID, &r.guest, &r.m.Text, &r.flags, &r.reply, &r.nonce, &r.at, &r.edited, &r.deleted}
	return r
}

// next reads the current row.
func (r *messageRow) next(rows *sql.Rows) (*Message, error) {
	if err := rows.Scan(r.places...); err != nil {
		return nil, err
	}
	m := r.m
	m.setTyped(m.Text, r.flags)
	m.User, m.RoomID, m.Seq, m.At = r.guest.String, m.ID.Room(), m.ID.Seq(), moment(r.at)
	m.Display, _ = Bare(m.User)
	m.ReplyTo, m.Nonce, m.Edited, m.Deleted = MessageID(r.reply.Int64), r.nonce.String, moment(r.edited.Int64), r.deleted.Valid
	return &m, nil
}

// Page selects messages of a room.
type Page struct {
	Before MessageID // ids below this one; 0: no bound
	After  MessageID // ids above this one
	First  bool      // if there are more than Limit: the first ones instead of the last ones
	Limit  int
}

// History returns messages of a room, in order of id, and the room's seq at that moment: with a socket that is opened with
// after=seq, no message is missing and none comes twice.
func (c *Chat) History(ctx context.Context, r *Room, p Page) ([]*Message, int64, error) {
	if r.ID == 0 {
		return nil, 0, nil
	}
	seq, err := c.Seq(ctx, r) // before the query: messages that are stored meanwhile have higher numbers
	if err != nil {
		return nil, 0, err
	}
	low, high := NewMessageID(r.ID, r.Since), NewMessageID(r.ID, seq)+1
	if p.Before > 0 {
		high = min(high, p.Before)
	}
	low = max(low, p.After)
	order := "DESC"
	if p.First {
		order = "ASC"
	}
	found, err := c.messages(ctx, "WHERE m.id > ? AND m.id < ? AND m.deleted_at IS NULL ORDER BY m.id "+order+" LIMIT ?", low, high, p.Limit)
	r.hide(found)
	c.fillHTML(ctx, found)
	sort.Slice(found, func(i, j int) bool { return found[i].ID < found[j].ID })
	return found, seq, err
}

// Stretch is a part of a room's history without gaps.
type Stretch struct {
	Messages []*Message // in order of id
	Seq      int64      // as History returns it
	// Older and Newer report that there are messages before the first one, and after the last one.
	Older, Newer bool
}

// Around returns messages of a room around a position: at most after messages with higher ids, and those up to id, so that
// there are at most limit in all. The position need not be the id of a message. Error: storage.
func (c *Chat) Around(ctx context.Context, r *Room, id MessageID, after, limit int) (Stretch, error) {
	newer, seq, err := c.History(ctx, r, Page{After: id, First: true, Limit: after + 1})
	if err != nil {
		return Stretch{}, err
	}
	found := Stretch{Seq: seq, Newer: len(newer) > after}
	if found.Newer {
		newer = newer[:after]
	}
	before := limit - len(newer)
	older, _, err := c.History(ctx, r, Page{Before: id + 1, Limit: before + 1})
	if err != nil {
		return Stretch{}, err
	}
	if found.Older = len(older) > before; found.Older {
		older = older[1:]
	}
	found.Messages = append(older, newer...)
	return found, nil
}

// FirstSince returns the position in a room before the first message that is not older than at: no message up to it was written
// at that time or later, as far as the clock of the server was never set back. It takes as long in long rooms as in short ones.
// Error: storage.
func (c *Chat) FirstSince(ctx context.Context, r *Room, at time.Time) (MessageID, error) {
	seq, err := c.Seq(ctx, r)
	if err != nil {
		return 0, err
	}
	low, high := r.Since, seq // the position is at least low and at most high
	for low < high {
		middle := low + (high-low)/2
		var id MessageID
		var written int64
		err := c.read.QueryRow(ctx, "SELECT id, created_at FROM message WHERE id > ? AND id <= ? ORDER BY id LIMIT 1",
			[]any{NewMessageID(r.ID, middle), NewMessageID(r.ID, high)}, &id, &written)
		switch {
		case errors.Is(err, sql.ErrNoRows), err == nil && written >= millis(at):
			high = middle
		case err != nil:
			return 0, storage("look for a day", err)
		default:
			low = id.Seq()
		}
	}
	return NewMessageID(r.ID, low), nil
}

// Seq returns the last sequence number of a room, 0 if there is none.
func (c *Chat) Seq(ctx context.Context, r *Room) (int64, error) {
	if r.ID == 0 {
		return 0, nil
	}
	var n int64
	err := c.read.QueryRow(ctx, lastSeqSQL, []any{r.ID}, &n)
	return n, storage("find the room's seq", err)
}

// Last returns the room's last messages up to sequence number n, as events marked as history.
func (c *Chat) Last(ctx context.Context, r *Room, n int64, limit int) ([]Event, error) {
	found, _, err := c.History(ctx, r, Page{Before: NewMessageID(r.ID, n) + 1, Limit: limit})
	if err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(found))
	for _, m := range found {
		events = append(events, c.messageEvent(m, r, true))
	}
	return events, nil
}

// replayPage is how many numbers of a room's sequence a Replay reads at a time.
const replayPage = 100

// Replay is the events of a room after a sequence number. They are read a page at a time.
type Replay struct {
	// Seq is the last sequence number of the replay: the room's when the replay began.
	Seq int64

	chat  *Chat
	room  *Room
	next  int64 // the number up to which Next has read
	reset bool  // the next page is a single reset
}

// Since returns the replay of a room after a sequence number. It is a single reset if the number is more than MaxGap behind, or if
// it belongs to another sequence.
func (c *Chat) Since(ctx context.Context, r *Room, after int64) (*Replay, error) {
	seq, err := c.Seq(ctx, r)
	if err != nil {
		return nil, err
	}
	p := &Replay{Seq: seq, chat: c, room: r, next: after}
	switch {
	case after > 0 && after < r.Since: // the caller left and was added again: what was deleted meanwhile is not told
		p.reset = true
		return p, nil
	case after == 0:
		after = r.Since
		p.next = after
	}
	if after < 0 || after > seq || after > 0 && after < r.First || seq-max(after, r.First) > MaxGap {
		p.reset = true
	} else if after < r.First && after != seq {
		p.reset, err = c.older(ctx, r)
		p.next = min(r.First, seq) // there are no events between them
	}
	return p, err
}

// Done reports whether nothing is left.
func (p *Replay) Done() bool { return !p.reset && p.next == p.Seq }

// Next returns the events of the next page, in order. A page can be empty although the replay is not Done: it may have contained
// deleted messages only.
func (p *Replay) Next(ctx context.Context) ([]Event, error) {
	if p.reset {
		p.reset, p.next = false, p.Seq
		return []Event{Reset(p.Seq)}, nil
	}
	to := min(p.next+replayPage, p.Seq)
	low, high := NewMessageID(p.room.ID, p.next), NewMessageID(p.room.ID, to)
	c := p.chat
	found, err := c.messages(ctx, "WHERE m.id > ? AND m.id <= ? AND m.deleted_at IS NULL ORDER BY m.id", low, high)
	if err != nil {
		return nil, err
	}
	events, err := c.changes(ctx, low, high)
	if err != nil {
		return nil, err
	}
	events = slices.DeleteFunc(events, func(e Event) bool { return !p.room.hears(e.Of) })
	p.room.hide(found)
	c.fillHTML(ctx, found)
	for _, m := range found {
		events = append(events, c.messageEvent(m, p.room, false))
	}
	sort.Slice(events, func(i, j int) bool { return events[i].Seq < events[j].Seq })
	p.next = to
	return events, nil
}

// older reports whether a room has messages from before the start of its sequence, as after a restored backup.
func (c *Chat) older(ctx context.Context, r *Room) (bool, error) {
	var n int
	err := c.read.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM message WHERE id > ? AND id <= ?)", []any{NewMessageID(r.ID, 0), NewMessageID(r.ID, r.First)}, &n)
	return n == 1, storage("look behind a room's line", err)
}

// maxExcerpt is how much of a message is shown above a reply to it, in characters.
const maxExcerpt = 120

// Excerpt is the beginning of a message, for the line above a reply to it.
type Excerpt struct {
	ID            MessageID
	User          string // as Message.User
	Display, Text string
	Former        bool  // as Message.Former
	sender        int64 // as Message.SenderID
}

func (m *Message) excerpt() *Excerpt {
	text, more := head(m.Text, 4*maxExcerpt) // more than maxExcerpt, because Clean removes invisible characters
	text = label.Clean(text)
	if short, cut := head(text, maxExcerpt); cut || more {
		short, _ = head(short, maxExcerpt-1)
		text = short + "…"
	}
	return &Excerpt{ID: m.ID, User: m.User, Display: m.Display, Former: m.Former, Text: text, sender: m.SenderID}
}

// head returns the first n characters of a text, and whether there are more.
func head(s string, n int) (first string, more bool) {
	for i := range s {
		if n == 0 {
			return s[:i], true
		}
		n--
	}
	return s, false
}

// lastActivity returns the time of a room's last message, the zero time without one.
func (c *Chat) lastActivity(ctx context.Context, room int64) (time.Time, error) {
	var at sql.NullInt64
	err := c.read.QueryRow(ctx, "SELECT (SELECT created_at FROM message WHERE id < (?1 + 1) << 32 AND id >= ?1 << 32 ORDER BY id DESC LIMIT 1)", []any{room}, &at)
	return moment(at.Int64), storage("find the last message", err)
}
