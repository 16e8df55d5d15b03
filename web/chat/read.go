package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

type readFrame struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Room    string `json:"room"`
	ID      int64  `json:"id"`
}

// Visit makes a signed-in caller a member of a room that is kept, and returns up to which number
// it has read it: all of it, the first time.
func (c *Chat) Visit(ctx context.Context, by Caller, r *Room) (read int64, err error) {
	if by.User == nil || r.ID == 0 {
		return 0, nil
	}
	err = c.read.QueryRow(ctx, "SELECT read FROM membership WHERE user_id = ? AND room_id = ?", []any{by.User.ID, r.ID}, &read)
	if !errors.Is(err, sql.ErrNoRows) {
		return read, storage("look for a membership", err)
	}
	if read, err = c.Seq(ctx, r); err != nil {
		return 0, err
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec("INSERT INTO membership (user_id, room_id, read) SELECT ?, id, ? FROM room WHERE id = ? ON CONFLICT DO NOTHING", by.User.ID, read, r.ID)
		return err
	})
	return read, storage("become a member", err)
}

// Read notes that the caller has read a room up to number n, and tells the caller's other windows.
func (c *Chat) Read(ctx context.Context, by Caller, r *Room, n int64) error {
	if by.User == nil || r.ID == 0 {
		return nil
	}
	seq, err := c.Seq(ctx, r)
	if err != nil {
		return err
	}
	n = min(n, seq)
	err = c.disk.Write(ctx, func(tx Tx) error {
		res, err := tx.Exec(`INSERT INTO membership (user_id, room_id, read) SELECT ?, id, ? FROM room WHERE id = ?
			ON CONFLICT DO UPDATE SET read = excluded.read WHERE excluded.read > read`, by.User.ID, n, r.ID)
		if err != nil {
			return fmt.Errorf("note what was read: %w", err)
		}
		if changed, err := res.RowsAffected(); err != nil || changed == 0 {
			return err
		}
		f := readFrame{Type: "read", Room: r.Name, ID: address(r.ID, n)}
		e := same(f.Type, false, f)
		e.About = r.Group()
		tx.Announce(Inbox(by.User.ID), e)
		return nil
	})
	return storage("note what was read", err)
}
