package chat

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"hearth/web/emoji"
	"hearth/web/label"
	"hearth/web/limits"
)

// MaxStatus is the longest text of a status, in characters.
const MaxStatus = 80

// Availability says whether a person who is online wants to be spoken to.
type Availability string

// The values of Availability.
const (
	Available    Availability = ""
	Away         Availability = "away"
	DoNotDisturb Availability = "dnd"
)

// Status is what a person says about being available. The zero value says nothing.
type Status struct {
	Emoji        string // one emoji, or ""
	Text         string
	Availability Availability
	Until        time.Time // when it ends; zero: never
}

// StatusAt returns the status of the user at a time: none after its end.
func (u *User) StatusAt(now time.Time) Status {
	if !u.status.Until.IsZero() && !now.Before(u.status.Until) {
		return Status{}
	}
	return u.status
}

// AvailabilityWhile returns the availability of an online person. idle says that nobody has touched the person's pages for a while.
func (s Status) AvailabilityWhile(idle bool) Availability {
	if s.Availability == Available && idle {
		return Away
	}
	return s.Availability
}

// StatusEnds are the values of an end, as forms have them, in the order in which they are offered.
func StatusEnds() []string { return []string{"30m", "1h", "today", "week", "never"} }

// statusEnd returns the time at which a status ends that is set now. Days and weeks are those of the time zone of now; weeks end with
// Sunday. Error: bad_choice.
func statusEnd(end string, now time.Time) (time.Time, error) {
	year, month, day := now.Date()
	switch end {
	case "30m":
		return now.Add(30 * time.Minute), nil
	case "1h":
		return now.Add(time.Hour), nil
	case "today":
		return time.Date(year, month, day+1, 0, 0, 0, 0, now.Location()), nil
	case "week":
		left := (7 - int(now.Weekday())) % 7 // days until Sunday
		return time.Date(year, month, day+left+1, 0, 0, 0, 0, now.Location()), nil
	case "never", "":
		return time.Time{}, nil
	}
	return time.Time{}, Errorf("bad_choice").On("until")
}

// StatusDraft is a status as it was typed.
type StatusDraft struct {
	Emoji        string // an emoji, or a shortcode with or without colons
	Text         string
	Availability Availability
	End          string // one of StatusEnds
}

// check returns the status of the draft. Errors: bad_emoji, status_too_long, bad_choice, each on its field.
func (d StatusDraft) check(now time.Time) (s Status, err error) {
	if typed := strings.TrimSpace(d.Emoji); typed != "" {
		found, ok := emoji.One(typed)
		if !ok {
			found, ok = emoji.Find(strings.ToLower(strings.Trim(typed, ":")))
		}
		if !ok {
			return s, Errorf("bad_emoji").On("emoji")
		}
		s.Emoji = found
	}
	text := norm.NFC.String(strings.TrimSpace(d.Text))
	if utf8.RuneCountInString(text) > MaxStatus {
		return s, Errorf("status_too_long", "max", MaxStatus).On("text")
	}
	s.Text = label.Clean(text)
	switch d.Availability {
	case Available, Away, DoNotDisturb:
		s.Availability = d.Availability
	default:
		return s, Errorf("bad_choice").On("availability")
	}
	if s == (Status{}) {
		return s, nil // nothing that could end
	}
	s.Until, err = statusEnd(d.End, now)
	return s, err
}

// SetStatus stores the status of the caller and announces it. Errors: bad_emoji, status_too_long, bad_choice, sign_in, rate_limited,
// storage.
func (c *Chat) SetStatus(ctx context.Context, by Caller, d StatusDraft) error {
	if by.User == nil {
		return Errorf("sign_in")
	}
	s, err := d.check(c.now().In(by.User.Location()))
	if err != nil {
		return err
	}
	if err := c.Take(by, limits.Status); err != nil {
		return err
	}
	id := by.User.ID
	err = c.disk.Write(ctx, func(tx Tx) error {
		tx.Erase()
		_, err := tx.Exec("UPDATE user SET status_emoji = ?, status_text = ?, availability = ?, status_until = ? WHERE id = ?",
			s.Emoji, s.Text, s.Availability, millis(s.Until), id)
		return err
	})
	if err != nil {
		return storage("store a status", err)
	}
	c.statusChanged(id)
	if !s.Until.IsZero() {
		c.statuses.wake(s.Until.Sub(c.now()), c.ExpireStatuses)
	}
	return nil
}

// statusChanged announces the status of a user.
func (c *Chat) statusChanged(id int64) {
	c.users.Delete(id)
	c.hub.UserChanged(id, false)
}

const (
	// maxExpired is how many statuses are cleared in one transaction.
	maxExpired = 500
	// longestSleep is how long ExpireStatuses sleeps at most. Timers stop while a computer sleeps, so its clock is read now and then.
	longestSleep = time.Minute
)

// statusTimer calls a function when the next status ends. The zero value is ready to use.
type statusTimer struct {
	mu     sync.Mutex
	timer  *time.Timer
	due    time.Time
	closed bool
}

// wake calls expire after d, or earlier.
func (t *statusTimer) wake(d time.Duration, expire func()) {
	d = min(max(0, d), longestSleep)
	due := time.Now().Add(d)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.timer != nil && !due.Before(t.due) {
		return
	}
	if t.timer != nil {
		t.timer.Stop()
	}
	t.due = due
	t.timer = time.AfterFunc(d, func() {
		t.mu.Lock()
		if t.due.Equal(due) {
			t.timer = nil
		}
		t.mu.Unlock()
		expire()
	})
}

func (t *statusTimer) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.timer != nil {
		t.timer.Stop()
	}
}

// ExpireStatuses clears the statuses that have ended, announces that, and calls itself when the next one ends. The server calls it at
// the start.
func (c *Chat) ExpireStatuses() {
	next, err := c.expireStatuses(context.Background())
	switch {
	case err != nil:
		slog.Error("clear statuses that have ended", "err", err)
		c.statuses.wake(tellAgain, c.ExpireStatuses)
	case !next.IsZero():
		c.statuses.wake(next.Sub(c.now()), c.ExpireStatuses)
	}
}

// expireStatuses clears statuses that have ended, and returns when the next one ends; zero: none does.
func (c *Chat) expireStatuses(ctx context.Context) (next time.Time, err error) {
	now := millis(c.now())
	rows, err := c.read.Query(ctx, "SELECT id FROM user WHERE status_until > 0 AND status_until <= ? LIMIT ?", now, maxExpired)
	if err != nil {
		return next, storage("look for statuses that have ended", err)
	}
	ended, err := scanIDs(rows)
	if err != nil {
		return next, storage("look for statuses that have ended", err)
	}
	for _, id := range ended { // also if they cannot be cleared: nobody is shown them any more
		c.statusChanged(id)
	}
	if len(ended) > 0 {
		err = c.disk.Write(ctx, func(tx Tx) error {
			tx.Erase()
			_, err := tx.Exec("UPDATE user SET status_emoji = '', status_text = '', availability = '', status_until = 0 "+
				"WHERE id IN (SELECT value FROM json_each(?)) AND status_until > 0 AND status_until <= ?", idList(ended), now)
			return err
		})
		if err != nil {
			return next, storage("clear statuses that have ended", err)
		}
	}
	var until int64
	err = c.read.QueryRow(ctx, "SELECT ifnull(min(status_until), 0) FROM user WHERE status_until > 0", nil, &until)
	return moment(until), storage("look for the next status that ends", err)
}
