package chat

import (
	"context"
	"database/sql"
	"fmt"
)

// maxSeq is the last number of a line: an id has 32 bits for it, and the next would be in another room.
const maxSeq = 1<<32 - 1

// restoreGap is how many numbers of its line a room may have given out since a backup was made: at ten
// changes a second, without a pause, those of five days. A line has room for a thousand such steps.
const restoreGap = 1 << 22

// EndSequences has every room, those that are still to be made too, go on so far behind the last number
// of any that no place in what a restored backup doesn't have is one in what is said afterwards. Who
// comes back from such a place is told to load anew.
func EndSequences(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `INSERT INTO ended_line (name_key, last) SELECT '', ? + max(n) FROM (
		SELECT 0 AS n UNION ALL
		SELECT max(id) & 0xffffffff FROM message GROUP BY id >> 32 UNION ALL
		SELECT max(id) & 0xffffffff FROM change GROUP BY id >> 32 UNION ALL
		SELECT first FROM room UNION ALL SELECT last FROM ended_line)
		WHERE true ON CONFLICT DO UPDATE SET last = excluded.last`, restoreGap)
	if err != nil {
		return fmt.Errorf("end the lines of all rooms: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "UPDATE room SET first = (SELECT last FROM ended_line WHERE name_key = '')"); err != nil {
		return fmt.Errorf("begin a line in each room: %w", err)
	}
	return nil
}

// seqOf is the number of an id in its room.
func seqOf(id int64) int64 { return id & (1<<32 - 1) }

// messageID is the id of number n in a room.
func messageID(room, n int64) int64 { return room<<32 | n }

// nextSeq is the number that follows the room's highest. Error: storage, at the end of the line.
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

// lastSeqSQL is the last number of a room's line: three look-ups, two of them at the end of a range of
// rowids.
const lastSeqSQL = `SELECT max(
	ifnull((SELECT max(id) FROM message WHERE id < (?1 + 1) << 32 AND id >= ?1 << 32), 0) & 0xffffffff,
	ifnull((SELECT max(id) FROM change WHERE id < (?1 + 1) << 32 AND id >= ?1 << 32), 0) & 0xffffffff,
	ifnull((SELECT first FROM room WHERE id = ?1), 0))`

// reserve notes that n is given out, for as long as the transaction holds.
func (c *Chat) reserve(tx Tx, room, n int64) {
	c.last[room] = n
	tx.OnRollback(func() { delete(c.last, room) })
}
