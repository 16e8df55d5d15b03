package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// fewTakenBack is how many messages and reactions of a person in one room are deleted with an event for each. If there are more,
// clients get a single reset instead.
const fewTakenBack = 20

// roomsPerPage is how many rooms takeBackAll looks up at once.
const roomsPerPage = 1000

// takeBackAll deletes all messages of a sender, room by room from that room on, in transactions of at most rowsAtOnce messages. With
// done it deletes the sender's reactions too, and calls done in the last transaction of each room with changes. Clients in a room get
// at most fewTakenBack events, as by takes the messages back, or one reset.
func (c *Chat) takeBackAll(ctx context.Context, by Caller, sender, from int64, done func(tx Tx, room int64) error) error {
	for {
		rooms, err := c.roomsWhere(ctx, "SELECT "+roomColumns+" FROM room WHERE id >= ? ORDER BY id LIMIT ?", from, roomsPerPage)
		if err != nil {
			return err
		}
		for _, r := range rooms {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			x := takeBack{chat: c, by: by, sender: sender, room: r, done: done}
			if err := x.run(ctx); err != nil {
				return fmt.Errorf("delete what was written in room %d: %w", r.ID, err)
			}
		}
		if len(rooms) < roomsPerPage {
			return nil
		}
		from = rooms[len(rooms)-1].ID + 1
	}
}

// takeBack deletes the messages of a sender in one room.
type takeBack struct {
	chat   *Chat
	by     Caller
	sender int64
	room   *Room
	done   func(tx Tx, room int64) error // nil: reactions stay
	first  MessageID                     // the first message that was deleted
	gone   bool                          // the room was deleted meanwhile
}

// trace is a message of the sender, or with an emoji a reaction of the sender to a message.
type trace struct {
	id    MessageID
	emoji string
}

func (x *takeBack) run(ctx context.Context) error {
	found, err := x.next(ctx, 0, fewTakenBack+1)
	if err != nil || len(found) == 0 {
		return err
	}
	x.first = found[0].id
	if len(found) <= fewTakenBack {
		err = x.write(ctx, func(tx Tx) error {
			for _, t := range found {
				if err := x.one(tx, t); err != nil {
					return err
				}
			}
			return x.finish(tx)
		})
	} else {
		err = x.many(ctx)
	}
	if err != nil {
		return err
	}
	x.chat.unread.forget(x.room.ID)
	x.chat.lastChanged(x.room)
	x.chat.notifyChanged(x.room, x.first, x.chat.now()) // when it was written is not known here
	x.chat.lastChanged(x.room)
	return nil
}

func (x *takeBack) finish(tx Tx) error {
	if x.done == nil {
		return nil
	}
	return x.done(tx, x.room.ID)
}

// noticeFlags are the flags of notices, which nobody has written: they stay.
const noticeFlags = flagAdded | flagLeft

// next returns the sender's messages and reactions in the room at and after a message id: at most limit of each, or fewer, so that
// none is left out between them.
func (x *takeBack) next(ctx context.Context, from MessageID, limit int) (found []trace, err error) {
	low, high := max(from, NewMessageID(x.room.ID, 0)), NewMessageID(x.room.ID+1, 0)
	found, err = x.query(ctx, "SELECT id, '' FROM message WHERE id >= ? AND id < ? AND sender = ? AND deleted_at IS NULL AND flags & ? = 0 ORDER BY id LIMIT ?",
		low, high, x.sender, noticeFlags, limit)
	if err != nil || x.done == nil {
		return found, err
	}
	if len(found) == limit {
		high = found[limit-1].id + 1
	}
	reactions, err := x.query(ctx, "SELECT message_id, emoji FROM reaction WHERE message_id >= ? AND message_id < ? AND user_id = ? ORDER BY message_id LIMIT ?",
		low, high, x.sender, limit)
	if len(reactions) == limit {
		last := reactions[limit-1].id
		found = slices.DeleteFunc(found, func(t trace) bool { return t.id > last })
	}
	found = append(found, reactions...)
	slices.SortFunc(found, func(a, b trace) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.emoji, b.emoji)) })
	return found, err
}

func (x *takeBack) query(ctx context.Context, query string, args ...any) (found []trace, err error) {
	rows, err := x.chat.read.Query(ctx, query, args...)
	if err != nil {
		return nil, storage("look for what a person has written", err)
	}
	defer func() { err = errors.Join(err, storage("look for what a person has written", rows.Close())) }()
	for rows.Next() {
		var t trace
		if err := rows.Scan(&t.id, &t.emoji); err != nil {
			return nil, storage("look for what a person has written", err)
		}
		found = append(found, t)
	}
	return found, storage("look for what a person has written", rows.Err())
}

// write runs a job, unless the room was deleted: then there is nothing to do.
func (x *takeBack) write(ctx context.Context, job func(Tx) error) error {
	return storage("delete what a person has written", x.chat.disk.Write(ctx, func(tx Tx) error {
		if x.gone = x.chat.gone[x.room.ID]; x.gone {
			return nil
		}
		return job(tx)
	}))
}

// one deletes a message or a reaction, and announces that.
func (x *takeBack) one(tx Tx, t trace) error {
	if t.emoji == "" {
		_, err := x.chat.takeBack(tx, t.id, x.room.Group(), x.by)
		return err
	}
	tx.Erase()
	off := change{Kind: "react", Message: t.id, Emoji: shownEmoji(t.emoji)}
	count, changed, err := react(tx, off, x.sender)
	if errors.Is(err, Errorf("no_such_message")) { // it was a reaction to a message that was deleted just before
		return nil
	}
	if err != nil || !changed {
		return err
	}
	n, err := x.chat.insertChange(tx, x.room.ID, off, x.by)
	if err == nil {
		tx.Announce(x.room.Group(), reacted(off, n, x.by.Name(), count))
	}
	return err
}

// many deletes messages and reactions without an event for each. Each transaction begins a new sequence in the room, as after a
// restored backup, so that clients that resume from an earlier number get a reset. Clients in the room get one at the end.
func (x *takeBack) many(ctx context.Context) error {
	for from := MessageID(0); ; {
		found, err := x.next(ctx, from, rowsAtOnce)
		if err != nil {
			return err
		}
		last := len(found) < rowsAtOnce
		if err := x.write(ctx, func(tx Tx) error { return x.batch(tx, found, last) }); err != nil {
			return err
		}
		x.chat.rooms.Clear() // Room.First has changed, also under former names
		if last || x.gone {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		from = found[len(found)-1].id
	}
}

func (x *takeBack) batch(tx Tx, found []trace, last bool) error {
	tx.Erase()
	var messages, reactedTo []int64
	for _, t := range found {
		if t.emoji == "" {
			messages = append(messages, int64(t.id))
		} else {
			reactedTo = append(reactedTo, int64(t.id))
		}
	}
	n, err := x.chat.nextSeq(tx, x.room.ID)
	if err != nil {
		return err
	}
	const listed = "(SELECT value FROM json_each(?1))"
	for _, q := range []struct {
		query string
		args  []any
	}{
		{"UPDATE message SET text = '', deleted_at = ?2 WHERE deleted_at IS NULL AND id IN " + listed, []any{idList(messages), millis(x.chat.now())}},
		{"DELETE FROM reaction WHERE message_id IN " + listed, []any{idList(messages)}},
		{"DELETE FROM mention WHERE message_id IN " + listed, []any{idList(messages)}},
		{"DELETE FROM reaction WHERE user_id = ?2 AND message_id IN " + listed, []any{idList(reactedTo), x.sender}},
		{"UPDATE room SET first = ?2 WHERE id = ?1", []any{x.room.ID, n}},
	} {
		if _, err := tx.Exec(q.query, q.args...); err != nil {
			return fmt.Errorf("delete messages of sender %d: %w", x.sender, err)
		}
	}
	x.chat.reserve(tx, x.room.ID, n)
	if !last {
		return nil
	}
	e := Reset(n)
	e.Seq, e.Plain = n, false
	tx.Announce(x.room.Group(), e)
	return x.finish(tx)
}
