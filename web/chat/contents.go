package chat

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// maxCounted is up to how many messages Contents counts. 100 000 take 10 ms.
const maxCounted = 100_000

// Contents is what a room has in it, which its deletion would erase.
type Contents struct {
	Messages int       // those that were not deleted, at most maxCounted
	More     bool      // there are more
	Since    time.Time // when the first one was written; zero: there is none
}

// Contents returns what is in a room. Error: storage.
func (c *Chat) Contents(ctx context.Context, r *Room) (x Contents, err error) {
	low, high := NewMessageID(r.ID, 0), NewMessageID(r.ID+1, 0)
	err = c.read.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM message WHERE id > ? AND id < ? AND deleted_at IS NULL LIMIT ?)", []any{low, high, maxCounted + 1}, &x.Messages)
	if err != nil {
		return x, storage("count the messages of a room", err)
	}
	if x.More = x.Messages > maxCounted; x.More {
		x.Messages = maxCounted
	}
	var at int64
	err = c.read.QueryRow(ctx, "SELECT created_at FROM message WHERE id > ? AND id < ? AND deleted_at IS NULL ORDER BY id LIMIT 1", []any{low, high}, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return x, nil
	}
	x.Since = moment(at)
	return x, storage("look for the first message of a room", err)
}
