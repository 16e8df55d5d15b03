package chat

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

const (
	// writersSince is how far back Writers looks.
	writersSince = 90 * 24 * time.Hour
	// maxWritten is how many of the last messages Writers looks at, in about 50 ms.
	maxWritten = 100_000
	// MaxWriters is how many people Writers returns, at most.
	MaxWriters = 1000
)

// Writers returns the people with an active account, except the caller, who wrote in a room in the last 90 days, the latest first.
// It looks at the last 100,000 messages and returns at most MaxWriters people. Errors: not_allowed, if the caller may not manage
// the room; rate_limited, storage.
func (c *Chat) Writers(ctx context.Context, by Caller, r *Room) ([]*User, error) {
	if err := c.mustManage(ctx, by, r); err != nil {
		return nil, err
	}
	ids, err := c.senders(ctx, r.ID, by.userID())
	if err != nil {
		return nil, storage("look who wrote in a room", err)
	}
	var found []*User
	for _, id := range ids {
		u, err := c.User(ctx, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if err == nil && !u.Disabled {
			found = append(found, u)
		}
	}
	return found, nil
}

// senders returns the ids of the users of Writers, without except.
func (c *Chat) senders(ctx context.Context, room, except int64) (ids []int64, err error) {
	rows, err := c.read.Query(ctx, "SELECT sender, created_at FROM message WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?",
		NewMessageID(room, 0), NewMessageID(room+1, 0), maxWritten)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return latestSenders(rows, millis(c.now().Add(-writersSince)), except)
}

// latestSenders reads rows of sender and time, the latest first, until a row is older than since.
func latestSenders(rows *sql.Rows, since, except int64) (ids []int64, err error) {
	known := map[int64]bool{except: true}
	for rows.Next() && len(ids) < MaxWriters {
		var id, at int64
		if err := rows.Scan(&id, &at); err != nil {
			return nil, err
		}
		if at < since {
			break
		}
		if id > 0 && !known[id] { // a visitor has no account that could stay
			known[id] = true
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}
