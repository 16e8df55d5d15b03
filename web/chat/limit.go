package chat

import (
	"log/slog"

	"hearth/web/limits"
	"hearth/web/logging"
)

// throttled are the kinds of log records about refused callers, one for each limit. Read marks and typing beyond their limits are
// not logged: in busy rooms that is normal.
var throttled = func() map[limits.Name]*logging.Kind {
	kinds := map[limits.Name]*logging.Kind{}
	for _, l := range limits.Table {
		if l.Name != limits.ReadMarks && l.Name != limits.Typing {
			kinds[l.Name] = logging.NewKind(slog.LevelWarn, "throttled", 1)
		}
	}
	return kinds
}()

// LimitKey returns the key of the caller for limits: the user, or the network of a visitor.
func (c Caller) LimitKey() limits.Key {
	if c.User != nil {
		return limits.Key{User: c.User.ID}
	}
	return limits.Key{From: c.From}
}

// Take counts one event of the limit n for the caller. Error: rate_limited, with the time to wait.
func (c *Chat) Take(by Caller, n limits.Name) error { return c.TakeKey(by.LimitKey(), n) }

// TakeKey is Take for another key than the caller's.
func (c *Chat) TakeKey(k limits.Key, n limits.Name) error {
	if wait := c.limits.Take(n, k, c.now()); wait > 0 {
		logThrottled(k, n)
		return &Error{Code: "rate_limited", RetryAfter: wait}
	}
	return nil
}

func logThrottled(k limits.Key, n limits.Name) {
	kind := throttled[n]
	if kind == nil {
		return
	}
	who := slog.Any("from", k.From)
	if k.User != 0 {
		who = slog.Int64("user", k.User)
	}
	kind.Log("limit", n, who)
}

// takeRoom counts a room that is about to be created. Error: rate_limited.
func (c *Chat) takeRoom(by Caller, r *Room) error {
	switch {
	case r.Access == Direct:
		return c.Take(by, limits.Conversations)
	case by.Admin():
		return c.Take(by, limits.AdminRooms)
	}
	return c.Take(by, limits.Rooms)
}

// takeChange counts a change of a room's topic, access or members. Error: rate_limited.
func (c *Chat) takeChange(by Caller) error {
	if by.Admin() {
		return c.Take(by, limits.Admin)
	}
	return c.Take(by, limits.RoomChanges)
}

// takeAdmin checks that the caller is an admin, and counts a change. Errors: not_allowed, rate_limited.
func (c *Chat) takeAdmin(by Caller) error {
	if !by.Admin() {
		return Errorf("not_allowed")
	}
	return c.Take(by, limits.Admin)
}
