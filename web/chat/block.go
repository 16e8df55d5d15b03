package chat

import (
	"context"
	"errors"
	"fmt"

	"hearth/web/limits"
)

// maxBlocked is how many people one person can block.
const maxBlocked = 1000

// SetBlocked makes the caller take no private messages from u, or ends that. What was sent before stays. Rooms are not affected.
// Errors: sign_in, not_allowed (oneself), too_many_blocked, rate_limited, storage, ErrNotFound.
func (c *Chat) SetBlocked(ctx context.Context, by Caller, u *User, on bool) error {
	if by.User == nil {
		return Errorf("sign_in")
	}
	if by.User.ID == u.ID {
		return Errorf("not_allowed")
	}
	if err := c.Take(by, limits.Settings); err != nil {
		return err
	}
	err := c.disk.Write(ctx, func(tx Tx) error {
		if err := c.mustHaveAccount(by); err != nil {
			return err
		}
		if !on {
			_, err := tx.Exec("DELETE FROM block WHERE user_id = ? AND blocked_id = ?", by.User.ID, u.ID)
			return err
		}
		var n int
		if err := tx.QueryRow("SELECT count(*) FROM block WHERE user_id = ?", by.User.ID).Scan(&n); err != nil {
			return fmt.Errorf("count blocked people: %w", err)
		}
		if n >= maxBlocked {
			return Errorf("too_many_blocked", "max", maxBlocked)
		}
		_, err := tx.Exec("INSERT INTO block (user_id, blocked_id, created_at) SELECT ?, id, ? FROM user WHERE id = ? AND deleted_at = 0 ON CONFLICT DO NOTHING",
			by.User.ID, millis(c.now()), u.ID)
		return err
	})
	return storage("block a person", err)
}

// Blocks reports whether a user takes no private messages from another one. Error: storage.
func (c *Chat) Blocks(ctx context.Context, user, other int64) (blocks bool, err error) {
	err = c.read.QueryRow(ctx, blocksSQL, []any{user, other}, &blocks)
	return blocks, storage("look who is blocked", err)
}

const blocksSQL = "SELECT EXISTS (SELECT 1 FROM block WHERE user_id = ? AND blocked_id = ?)"

// Blocked returns a page of the people from whom a user takes no private messages, by name, and the number of all. Error: storage.
func (c *Chat) Blocked(ctx context.Context, user int64, limit, offset int) (found []*User, total int, err error) {
	if err := c.read.QueryRow(ctx, "SELECT count(*) FROM block WHERE user_id = ?", []any{user}, &total); err != nil {
		return nil, 0, storage("count blocked people", err)
	}
	found, err = c.usersWhere(ctx, "SELECT u.id FROM block b JOIN user u ON u.id = b.blocked_id WHERE b.user_id = ? ORDER BY u.name_key LIMIT ? OFFSET ?", user, limit, offset)
	return found, total, err
}

// mayReach checks in the transaction of a change in a room that it does not reach a person who takes no messages from the caller.
// Only private conversations are affected. Error: blocked.
func mayReach(tx Tx, by Caller, r *Room) error {
	if r.Access != Direct || r.With == nil || r.With.ID == by.userID() {
		return nil
	}
	var blocked bool
	if err := tx.QueryRow(blocksSQL, r.With.ID, by.userID()).Scan(&blocked); err != nil {
		return fmt.Errorf("look who is blocked: %w", err)
	}
	if blocked {
		return Errorf("blocked", "name", r.With.Display())
	}
	return nil
}

// mustNotBlock returns not_allowed if the caller takes no messages from the other person of a private conversation: that person
// could not answer. Error: storage.
func (c *Chat) mustNotBlock(ctx context.Context, by Caller, r *Room) error {
	if r.With == nil || r.With.ID == by.userID() {
		return nil
	}
	blocks, err := c.Blocks(ctx, by.User.ID, r.With.ID)
	if err == nil && blocks {
		err = &Error{Code: "not_allowed", Key: "you_blocked", Args: []any{"name", r.With.Display()}}
	}
	return err
}

// MayType reports whether others may see that the caller is typing in a room: the caller may write there, and the other person of a
// private conversation takes messages from the caller. Error: storage.
func (c *Chat) MayType(ctx context.Context, by Caller, r *Room) (bool, error) {
	if err := c.MaySpeak(ctx, by, r); err != nil {
		if errors.Is(err, Errorf("storage")) {
			return false, err
		}
		return false, nil
	}
	if r.With == nil {
		return true, nil
	}
	blocked, err := c.Blocks(ctx, r.With.ID, by.userID())
	return !blocked, err
}
