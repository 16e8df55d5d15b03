package chat

import (
	"context"
	"database/sql"
	"fmt"
)

// lineEnd is the last number of a line: an id has 32 bits for it, and the next would be in another room.
const lineEnd = 1<<32 - 1

// lost is how many numbers of its line a room may have given out since a backup was made: at ten
// changes a second, without a pause, those of five days. A line has room for a thousand such steps.
const lost = 1 << 22

// EndLines has every room, those that are still to be made too, go on so far behind the last number
// of any that no place in what a restored backup doesn't have is one in what is said afterwards. Who
// comes back from such a place is told to load anew.
func EndLines(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `INSERT INTO ended_line (name_key, last) SELECT '', ? + max(n) FROM (
		SELECT 0 AS n UNION ALL
		SELECT max(id) & 0xffffffff FROM message GROUP BY id >> 32 UNION ALL
		SELECT max(id) & 0xffffffff FROM change GROUP BY id >> 32 UNION ALL
		SELECT first FROM room UNION ALL SELECT last FROM ended_line)
		WHERE true ON CONFLICT DO UPDATE SET last = excluded.last`, lost)
	if err != nil {
		return fmt.Errorf("end the lines of all rooms: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "UPDATE room SET first = (SELECT last FROM ended_line WHERE name_key = '')"); err != nil {
		return fmt.Errorf("begin a line in each room: %w", err)
	}
	return nil
}
