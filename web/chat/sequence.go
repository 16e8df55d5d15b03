package chat

import (
	"context"
	"database/sql"
	"fmt"
)

// maxSeq is the last sequence number of a room: an id has 32 bits for it.
const maxSeq = 1<<32 - 1

// restoreGap is how many sequence numbers are skipped when a backup is restored. It must be more than a room can have used
// since the backup was made: at ten changes a second it lasts five days. A sequence has room for a thousand such gaps.
const restoreGap = 1 << 22

// EndSequences makes every room, including rooms that do not exist yet, continue restoreGap after the highest number of any room.
// Then no number that was used after the backup was made is used again. A client that resumes from such a number gets a reset.
func EndSequences(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `INSERT INTO ended_line (name_key, last) SELECT '', ? + max(n) FROM (
		SELECT 0 AS n UNION ALL
		SELECT max(id) & 0xffffffff FROM message GROUP BY id >> 32 UNION ALL
		SELECT max(id) & 0xffffffff FROM change GROUP BY id >> 32 UNION ALL
		SELECT first FROM room UNION ALL SELECT last FROM ended_line)
		WHERE true ON CONFLICT DO UPDATE SET last = excluded.last`, restoreGap)
	if err != nil {
		return fmt.Errorf("end the sequences of all rooms: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "UPDATE room SET first = (SELECT last FROM ended_line WHERE name_key = '')"); err != nil {
		return fmt.Errorf("start a sequence in each room: %w", err)
	}
	return nil
}

// MessageID identifies a message, or a change of one: the room's id in the upper 32 bits, its sequence number in the lower.
// In one room a later message has a higher id. 0 is no message.
type MessageID int64

// NewMessageID returns the id of a sequence number in a room.
func NewMessageID(room, seq int64) MessageID { return MessageID(room<<32 | seq) }

// Room returns the id of the room.
func (id MessageID) Room() int64 { return int64(id >> 32) }

// Seq returns the sequence number in the room.
func (id MessageID) Seq() int64 { return int64(id & (1<<32 - 1)) }

// nextSeq returns the number after the room's highest. Error: storage, after maxSeq.
func (c *Chat) nextSeq(tx Tx, room int64) (int64, error) {
	n, err := c.lastSeq(tx, room)
	if err == nil && n >= maxSeq {
		err = storage("say more", fmt.Errorf("room %d has given out all its numbers", room))
	}
	return n + 1, err
}

func (c *Chat) lastSeq(tx Tx, room int64) (int64, error) {
	if n, ok := c.last[room]; ok {
		return n, nil
	}
	var n int64
	if err := tx.QueryRow(lastSeqSQL, room).Scan(&n); err != nil {
		return 0, fmt.Errorf("find the last number of room %d: %w", room, err)
	}
	return n, nil
}

// lastSeqSQL selects the highest sequence number of a room, 0 if there is none. Each of its three subqueries reads a single row.
const lastSeqSQL = `SELECT max(
	ifnull((SELECT max(id) FROM message WHERE id < (?1 + 1) << 32 AND id >= ?1 << 32), 0) & 0xffffffff,
	ifnull((SELECT max(id) FROM change WHERE id < (?1 + 1) << 32 AND id >= ?1 << 32), 0) & 0xffffffff,
	ifnull((SELECT first FROM room WHERE id = ?1), 0))`

// reserve remembers n as the room's highest number, until a rollback of the transaction.
func (c *Chat) reserve(tx Tx, room, n int64) {
	c.last[room] = n
	tx.OnRollback(func() { delete(c.last, room) })
}
