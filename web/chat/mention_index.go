package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// mentionsAtOnce is how many messages one step of IndexMentions looks at.
const mentionsAtOnce = 500

// IndexMentions stores who is named in messages from before mentions were stored, from the newest to the oldest. It returns when
// that is done, or ctx ends; the next call continues.
func (c *Chat) IndexMentions(ctx context.Context) {
	for ctx.Err() == nil {
		more, err := c.indexMentions(ctx)
		if err != nil && ctx.Err() == nil {
			slog.Error("find out who is mentioned in earlier messages; the next start continues", "err", err)
		}
		if err != nil || !more {
			return
		}
	}
}

// indexMentions is one step of IndexMentions. more is false once all is done.
func (c *Chat) indexMentions(ctx context.Context) (more bool, err error) {
	var below int64
	err = c.read.QueryRow(ctx, "SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'mentions_below'", nil, &below)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, storage("look which mentions are stored", err)
	}
	found, err := c.bareMessages(ctx, "WHERE m.id < ? AND m.deleted_at IS NULL AND (instr(m.text, '@') > 0 OR instr(m.text, '＠') > 0) ORDER BY m.id DESC LIMIT ?",
		below, mentionsAtOnce)
	if err != nil {
		return false, err
	}
	rooms := map[int64]*Room{}
	for _, m := range found {
		if err := c.render(ctx, m); err != nil {
			return false, err
		}
		if rooms[m.RoomID] == nil {
			if rooms[m.RoomID], err = c.roomForMentions(ctx, m.RoomID); err != nil {
				return false, err
			}
		}
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		for _, m := range found {
			for _, x := range mentionsIn(m, rooms[m.RoomID]) {
				_, err := tx.Exec(`INSERT INTO mention (user_id, message_id, named, at) SELECT ?1, id, ?3, created_at FROM message
					WHERE id = ?2 AND deleted_at IS NULL AND edited_at IS ?4 ON CONFLICT DO UPDATE SET named = max(named, excluded.named)`,
					x.user, m.ID, x.named, editedAt(m))
				if err != nil {
					return fmt.Errorf("store who is mentioned in message %d: %w", m.ID, err)
				}
			}
		}
		if len(found) < mentionsAtOnce {
			_, err := tx.Exec("DELETE FROM setting WHERE name = 'mentions_below'")
			return err
		}
		_, err := tx.Exec("UPDATE setting SET value = ? WHERE name = 'mentions_below'", int64(found[len(found)-1].ID))
		return err
	})
	c.unread.clear()
	return len(found) == mentionsAtOnce, storage("store who is mentioned in earlier messages", err)
}

// editedAt returns the column edited_at of m, so that a message that is edited meanwhile is left to the edit.
func editedAt(m *Message) any { return nullable(!m.Edited.IsZero(), millis(m.Edited)) }

// roomForMentions returns a room as far as mentionsIn needs it. A deleted room is a Room without people.
func (c *Chat) roomForMentions(ctx context.Context, id int64) (*Room, error) {
	r := &Room{ID: id}
	err := c.read.QueryRow(ctx, "SELECT access, name_key FROM room WHERE id = ?", []any{id}, &r.Access, &r.Key)
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil
	}
	if r.Access == Direct && strings.HasPrefix(r.Key, groupMark) {
		r.Access = Group
	}
	return r, storage("look for the room of a mention", err)
}

// mentionsIn is mentionsOf for a room that is not seen from the sender's side.
func mentionsIn(m *Message, r *Room) []mention {
	if r.Access == Direct {
		other, mine := otherOf(r.Key, m.SenderID)
		if !mine {
			return nil
		}
		r = &Room{Access: Direct, With: &User{ID: other}}
	}
	return mentionsOf(m, r)
}
