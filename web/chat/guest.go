package chat

import (
	"context"
	"fmt"
	"slices"
)

// GuestsGroup is the group of the sockets of visitors that use hearth.1.
const GuestsGroup = "guests"

// guestsAtOnce is how many guests one job of the writer removes.
const guestsAtOnce = 200

// Guests returns a page of the sessions of visitors with a name, the last used first, and the number of all. Error: storage.
func (c *Chat) Guests(ctx context.Context, limit, offset int) (found []*Session, total int, err error) {
	since := millis(c.now().Add(-SessionIdle))
	if err := c.read.QueryRow(ctx, "SELECT count(*) FROM session WHERE user_id IS NULL AND seen_at >= ?", []any{since}, &total); err != nil {
		return nil, 0, storage("count guests", err)
	}
	rows, err := c.read.Query(ctx, "SELECT "+sessionColumns+" FROM session WHERE user_id IS NULL AND seen_at >= ? ORDER BY seen_at DESC, id DESC LIMIT ? OFFSET ?",
		since, limit, offset)
	if err != nil {
		return nil, 0, storage("list guests", err)
	}
	found, err = scanSessions(rows)
	return found, total, storage("list guests", err)
}

// RemoveGuest ends the session of a visitor with a name and closes its sockets. With messages, the messages and reactions of the
// visitor are deleted in the background. Errors: not_allowed, rate_limited, storage, ErrNotFound.
func (c *Chat) RemoveGuest(ctx context.Context, by Caller, id int64, messages bool) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	n, err := c.removeGuests(ctx, by, messages, "id = ?", id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// RemoveGuests is RemoveGuest for all visitors. Errors: not_allowed, rate_limited, storage.
func (c *Chat) RemoveGuests(ctx context.Context, by Caller, messages bool) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	for n := guestsAtOnce; n == guestsAtOnce; {
		var err error
		if n, err = c.removeGuests(ctx, by, messages, "id IN (SELECT id FROM session WHERE user_id IS NULL LIMIT ?)", guestsAtOnce); err != nil {
			return err
		}
	}
	return nil
}

// removeGuests removes the visitors whose sessions meet a condition, and returns their number.
func (c *Chat) removeGuests(ctx context.Context, by Caller, messages bool, where string, arg any) (int, error) {
	var ids []int64
	err := c.disk.Write(ctx, func(tx Tx) error {
		names, err := guestsWhere(tx, where, arg)
		if err != nil || len(names) == 0 {
			return err
		}
		if ids, err = endSessions(tx, "user_id IS NULL AND "+where, arg); err != nil {
			return err
		}
		for _, id := range ids {
			c.former[-id] = true
			tx.OnRollback(func() { delete(c.former, -id) })
			if !messages {
				continue
			}
			if _, err := tx.Exec("INSERT INTO removal (sender, messages) VALUES (?, 1) ON CONFLICT DO NOTHING", -id); err != nil {
				return fmt.Errorf("remove what guest %d has written: %w", id, err)
			}
		}
		slices.Sort(names)
		return c.audit(tx, by, "guests_removed", listed(names))
	})
	if err != nil {
		return 0, storage("remove guests", err)
	}
	c.ended(ids)
	if messages {
		c.removals.start(c.remove)
	}
	return len(ids), nil
}

func guestsWhere(tx Tx, where string, arg any) (names []string, err error) {
	rows, err := tx.Query("SELECT guest FROM session WHERE user_id IS NULL AND "+where, arg)
	if err != nil {
		return nil, fmt.Errorf("look for guests: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("look for guests: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

type guestsFrame struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	May     string `json:"may"`
}

// guestsMay returns the event that visitors may do something else from now on: read or write.
func guestsMay(may string) Event {
	key := "event.guests_read"
	if may == "write" {
		key = "event.guests_write"
	}
	return local("guests", false, key, nil, func(m string) any {
		return guestsFrame{Type: "guests", Message: m, May: may}
	})
}

// announceGuests announces a change of what visitors may do. before is what they could do.
func (c *Chat) announceGuests(tx Tx, before, may string) {
	switch {
	case may == before || may == "" || c.options.Guests != "":
	case may == "off":
		tx.Announce("", shutOut(c.settings.Clear, 0))
	default:
		tx.Announce("", rightsChanged(c.settings.Clear, func(Listener) Rights { return Rights{} }))
		tx.Announce(GuestsGroup, guestsMay(may))
	}
}
