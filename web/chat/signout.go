package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
)

// EndSession ends a session and closes its sockets. It is not an error if the session has ended.
func (c *Chat) EndSession(ctx context.Context, id int64) error {
	return c.end(ctx, "id = ?", id)
}

// EndOwnSession is EndSession for a session of that user. It ignores the sessions of others.
func (c *Chat) EndOwnSession(ctx context.Context, userID, id int64) error {
	return c.end(ctx, "id = ? AND user_id = ?", id, userID)
}

// EndAll signs a user out everywhere but in the session except, 0 for none.
func (c *Chat) EndAll(ctx context.Context, by Caller, userID, except int64) error {
	var gone []int64
	err := c.edit(ctx, by, userID, "user_signed_out", func(tx Tx) (err error) {
		gone, err = endSessions(tx, "user_id = ? AND id <> ?", userID, except)
		return err
	})
	if err == nil {
		c.ended(gone)
	}
	return err
}

// SweepSessions ends the sessions that were not used for SessionIdle, and deletes expired invitations and sign-in links. The server
// calls it regularly.
func (c *Chat) SweepSessions(ctx context.Context) error {
	if err := c.FlushMarks(ctx); err != nil { // when they were used last
		return err
	}
	err := c.end(ctx, "seen_at < ?", millis(c.now().Add(-SessionIdle)))
	if err != nil {
		return err
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec("DELETE FROM invite WHERE expires_at < ? OR uses_left < 1", millis(c.now())); err != nil {
			return err
		}
		_, err := tx.Exec("DELETE FROM signin_link WHERE expires_at < ?", millis(c.now()))
		return err
	})
	return storage("sweep invitations and sign-in links", err)
}

func (c *Chat) end(ctx context.Context, where string, args ...any) error {
	var gone []int64
	err := c.disk.Write(ctx, func(tx Tx) (err error) {
		gone, err = endSessions(tx, where, args...)
		return err
	})
	if err != nil {
		return storage("end a session", err)
	}
	c.ended(gone)
	return nil
}

// endSessions deletes sessions and returns their ids, for ended once the transaction is on disk.
func endSessions(tx Tx, where string, args ...any) (ids []int64, err error) {
	rows, err := tx.Query("DELETE FROM session WHERE "+where+" RETURNING id", args...)
	if err != nil {
		return nil, fmt.Errorf("end sessions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("end sessions: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// ended removes ended sessions from the cache and closes their sockets.
func (c *Chat) ended(ids []int64) {
	if len(ids) == 0 {
		return
	}
	c.sessions.DeleteFunc(func(_ tokenHash, s *Session) bool { return slices.Contains(ids, s.ID) })
	c.hub.EndSessions(ids...)
}

// forgetPeople clears the caches of users and sessions after another process has changed the database, and closes the sockets of
// sessions that it has ended.
func (c *Chat) forgetPeople() {
	c.users.Clear()
	c.forgetNames()
	gone, err := c.goneSessions()
	if err != nil {
		slog.Error("look for sessions that another process has ended", "err", err)
		c.sessions.Clear()
		return
	}
	c.ended(gone)
}

// goneSessions returns the ids of the cached sessions that are not in the database any more.
func (c *Chat) goneSessions() ([]int64, error) {
	ids := []int64{}
	for _, s := range c.sessions.All() {
		ids = append(ids, s.ID)
	}
	known, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := c.read.Query(context.Background(), "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM session)", string(known))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var gone []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		gone = append(gone, id)
	}
	return gone, rows.Err()
}
