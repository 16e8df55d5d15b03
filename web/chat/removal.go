package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	// rowsAtOnce is how many rows about a deleted account one job of the writer removes. Other writes wait for one such job, a few ms.
	rowsAtOnce = 200
	// removeAgain is the pause before another attempt after an error.
	removeAgain = 10 * time.Second
)

// removals removes in the background what is in the table removal. The zero value is ready to use.
type removals struct {
	mu      sync.Mutex
	running bool
	again   bool // start was called while it is running
	closed  bool
	cancel  context.CancelFunc // of the running work
	done    sync.WaitGroup
}

// start calls work on a goroutine of its own, unless it is running; then work is called again at the end.
func (r *removals) start(work func(context.Context) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if r.running {
		r.again = true
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.running, r.cancel = true, cancel
	r.done.Add(1)
	go r.run(ctx, work)
}

func (r *removals) run(ctx context.Context, work func(context.Context) error) {
	defer r.done.Done()
	for {
		err := work(ctx)
		r.mu.Lock()
		if err == nil && r.again && !r.closed {
			r.again = false
			r.mu.Unlock()
			continue
		}
		r.running, r.again = false, false
		if err != nil && !r.closed {
			slog.Error("remove what deleted accounts and guests have left behind; another attempt follows", "err", err)
			time.AfterFunc(removeAgain, func() { r.start(work) })
		}
		r.cancel()
		r.mu.Unlock()
		return
	}
}

// close stops the work and waits until it has ended. The next start of the server continues it.
func (r *removals) close() {
	r.mu.Lock()
	r.closed = true
	if r.cancel != nil {
		r.cancel()
	}
	r.mu.Unlock()
	r.done.Wait()
}

// ContinueRemovals continues in the background to remove what deleted accounts and guests have left behind. The server calls it at
// the start.
func (c *Chat) ContinueRemovals() { c.removals.start(c.remove) }

// remove removes everything that is in the table removal. It returns when that is done, or ctx ends.
func (c *Chat) remove(ctx context.Context) error {
	for ctx.Err() == nil {
		var sender, room int64
		var messages bool
		err := c.read.QueryRow(ctx, "SELECT sender, messages, room_id FROM removal ORDER BY messages, sender LIMIT 1", nil, &sender, &messages, &room)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return storage("look what is to be removed", err)
		}
		if err := c.removeTraces(ctx, sender); err != nil {
			return err
		}
		if messages {
			if err := c.removeMessages(ctx, sender, room); err != nil {
				return err
			}
		}
		err = c.disk.Write(ctx, func(tx Tx) error {
			_, err := tx.Exec("DELETE FROM removal WHERE sender = ? AND messages <= ?", sender, messages)
			return err
		})
		if err != nil {
			return storage("end a removal", err)
		}
	}
	return ctx.Err()
}

// tracesOf are the statements that each delete at most ?2 rows about user ?1.
var tracesOf = []string{
	"DELETE FROM membership WHERE user_id = ?1 AND room_id IN (SELECT room_id FROM membership WHERE user_id = ?1 LIMIT ?2)",
	"DELETE FROM mention WHERE user_id = ?1 AND message_id IN (SELECT message_id FROM mention WHERE user_id = ?1 LIMIT ?2)",
	"DELETE FROM room_writer WHERE user_id = ?1 AND room_id IN (SELECT room_id FROM room_writer WHERE user_id = ?1 LIMIT ?2)",
	"DELETE FROM block WHERE user_id = ?1 AND blocked_id IN (SELECT blocked_id FROM block WHERE user_id = ?1 LIMIT ?2)",
	"DELETE FROM block WHERE blocked_id = ?1 AND user_id IN (SELECT user_id FROM block WHERE blocked_id = ?1 LIMIT ?2)",
}

// removeTraces deletes the rows about a deleted user that are not messages. A guest has none.
func (c *Chat) removeTraces(ctx context.Context, user int64) error {
	if user < 0 {
		return nil
	}
	for _, query := range tracesOf {
		for n := int64(rowsAtOnce); n == rowsAtOnce; {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			err := c.disk.Write(ctx, func(tx Tx) error {
				tx.Erase()
				res, err := tx.Exec(query, user, rowsAtOnce)
				if err != nil {
					return fmt.Errorf("remove the traces of user %d: %w", user, err)
				}
				n, err = res.RowsAffected()
				return err
			})
			if err != nil {
				return storage("remove the traces of a user", err)
			}
		}
	}
	c.forgetRooms()
	return nil
}

// removeMessages deletes all messages and reactions of a deleted user or guest, from that room on.
func (c *Chat) removeMessages(ctx context.Context, sender, from int64) error {
	by := Caller{SessionID: -sender}
	if sender > 0 {
		by = Caller{User: formerUser(sender)}
	}
	return c.takeBackAll(ctx, by, sender, from, func(tx Tx, room int64) error {
		_, err := tx.Exec("UPDATE removal SET room_id = ? WHERE sender = ?", room, sender)
		return err
	})
}
