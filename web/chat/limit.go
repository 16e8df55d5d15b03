package chat

import (
	"log/slog"

	"hearth/web/limits"
	"hearth/web/logging"
)

// throttled are the kinds of log records about callers who are refused, one for each limit. Read marks
// and typing are left out silently instead, in busy rooms all the time.
var throttled = func() map[limits.Name]*logging.Kind {
	kinds := map[limits.Name]*logging.Kind{}
	for _, l := range limits.Table {
		if l.Name != limits.ReadMarks && l.Name != limits.Typing {
			kinds[l.Name] = logging.NewKind(slog.LevelWarn, "throttled", 1)
		}
	}
	return kinds
}()

// LimitKey is what the caller is counted under: the user, or the address of a visitor.
func (c Caller) LimitKey() limits.Key {
	if c.User != nil {
		return limits.Key{User: c.User.ID}
	}
	return limits.Key{From: c.From}
}

// Take uses one of what the caller may do of n. Error: rate_limited, with the time to wait.
func (c *Chat) Take(by Caller, n limits.Name) error { return c.TakeKey(by.LimitKey(), n) }

// TakeKey is Take for what is not counted by the caller.
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

// takeRoom counts a room that is about to be kept. Error: rate_limited.
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

// takeAdmin allows a change on the admin site, and counts it. Errors: not_allowed, rate_limited.
func (c *Chat) takeAdmin(by Caller) error {
	if !by.Admin() {
		return Errorf("not_allowed")
	}
	return c.Take(by, limits.Admin)
}
