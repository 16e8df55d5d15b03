package chat

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"sync"
	"time"

	"hearth/web/logging"
)

const (
	// marksEvery is the shortest time between two writes of marks. A crash loses the marks of that time, and those that come while a
	// write waits to share a commit.
	marksEvery = 5 * time.Second
	// maxMarksWaiting is how many read positions, received positions, users and sessions may wait to be written, each: about 10 MB.
	// If the disk fails for that long, further ones are dropped.
	maxMarksWaiting = 100_000
)

// marks keep the traces of readers in memory until they are on disk, so that reading never waits for the writer: read positions,
// received positions of plain clients, and when users and sessions were last seen. The newest counts.
type marks struct {
	mu       sync.Mutex
	read     map[int64]map[int64]readPosition // by user and room
	reads    int                              // the number of positions in read
	received map[conversation]int64
	users    map[int64]time.Time
	sessions map[int64]time.Time
	timer    *time.Timer // nil: nothing waits
	closed   bool
}

// readPosition is a read position that waits to be written.
type readPosition struct {
	n int64
	// exact is set if the position was moved back. It replaces the stored position even if that is higher.
	exact bool
}

// over returns the read position of somebody whose stored one is n.
func (p readPosition) over(n int64) int64 {
	if p.exact {
		return p.n
	}
	return max(p.n, n)
}

var droppedMarks = logging.NewKind(slog.LevelWarn, "the disk takes no read and received positions, further ones are dropped", 1)

// setRead raises the read position of a user in a room to n. With back, it sets the position to n, even if it was higher.
func (m *marks) setRead(user, room, n int64, back bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was, known := m.read[user][room]
	switch {
	case known && !back && was.n >= n:
		return
	case !known && m.reads >= maxMarksWaiting:
		droppedMarks.Log()
		return
	case !known:
		m.reads++
	}
	if m.read == nil {
		m.read = map[int64]map[int64]readPosition{}
	}
	if m.read[user] == nil {
		m.read[user] = map[int64]readPosition{}
	}
	m.read[user][room] = readPosition{n, back || was.exact}
}

// readTo returns the read position of a user in a room if it waits to be written.
func (m *marks) readTo(user, room int64) (p readPosition, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, known = m.read[user][room]
	return p, known
}

// readPositions returns the waiting read positions of a room, by user.
func (m *marks) readPositions(room int64) map[int64]readPosition {
	m.mu.Lock()
	defer m.mu.Unlock()
	read := map[int64]readPosition{}
	for user, rooms := range m.read {
		if p, known := rooms[room]; known {
			read[user] = p
		}
	}
	return read
}

// readOf returns the waiting read positions of a user, by room.
func (m *marks) readOf(user int64) map[int64]readPosition {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.read[user])
}

// json returns the waiting read positions of a user by room, for readToSQL: the complement of those that were moved back.
func (m *marks) json(user int64) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.read[user]) == 0 {
		return "{}"
	}
	rooms := make(map[string]int64, len(m.read[user]))
	for room, p := range m.read[user] {
		if p.exact {
			p.n = ^p.n
		}
		rooms[strconv.FormatInt(room, 10)] = p.n
	}
	b, err := json.Marshal(rooms)
	if err != nil {
		panic(err) // numbers can always be encoded
	}
	return string(b)
}

func setSeen(to *map[int64]time.Time, id int64, at time.Time) {
	if *to == nil {
		*to = map[int64]time.Time{}
	}
	if _, known := (*to)[id]; !known && len(*to) >= maxMarksWaiting {
		droppedMarks.Log()
		return
	}
	(*to)[id] = at
}

func (m *marks) setUserSeen(id int64, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	setSeen(&m.users, id, at)
}

func (m *marks) setSessionSeen(id int64, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	setSeen(&m.sessions, id, at)
}

// userSeen returns when a user was last seen if that waits to be written, else the zero time.
func (m *marks) userSeen(id int64) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.users[id]
}

// later calls write after marksEvery, unless a call is scheduled.
func (m *marks) later(write func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.timer == nil && !m.closed {
		m.timer = time.AfterFunc(marksEvery, write)
	}
}

// batch is the marks that one transaction writes.
type batch struct {
	read            []readMark
	received        map[conversation]int64
	users, sessions map[int64]time.Time
}

type readMark struct {
	user, room int64
	readPosition
}

// take returns a copy of the waiting marks, after the timer has fired.
func (m *marks) take() batch {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.timer = nil
	b := batch{received: maps.Clone(m.received), users: map[int64]time.Time{}, sessions: map[int64]time.Time{}}
	for user, rooms := range m.read {
		for room, p := range rooms {
			b.read = append(b.read, readMark{user, room, p})
		}
	}
	for id, at := range m.users {
		b.users[id] = at
	}
	for id, at := range m.sessions {
		b.sessions[id] = at
	}
	return b
}

// written removes the marks that are on disk now.
func (m *marks) written(b batch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range b.read {
		if p, known := m.read[x.user][x.room]; known && p == x.readPosition {
			delete(m.read[x.user], x.room)
			m.reads--
		}
		if len(m.read[x.user]) == 0 {
			delete(m.read, x.user)
		}
	}
	for at, n := range b.received {
		if m.received[at] == n {
			delete(m.received, at)
		}
	}
	for id, at := range b.users {
		if m.users[id].Equal(at) {
			delete(m.users, id)
		}
	}
	for id, at := range b.sessions {
		if m.sessions[id].Equal(at) {
			delete(m.sessions, id)
		}
	}
}

func (m *marks) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	if m.timer != nil {
		m.timer.Stop()
	}
}

// store writes a batch. It skips rooms, users and sessions that do not exist any more.
func (b batch) store(tx Tx) error {
	for _, x := range b.read {
		_, err := tx.Exec(`INSERT INTO membership (user_id, room_id, read) SELECT u.id, r.id, ?3 FROM user u, room r WHERE u.id = ?1 AND r.id = ?2 AND u.deleted_at = 0
			ON CONFLICT DO UPDATE SET read = excluded.read WHERE ?4 OR excluded.read > read`, x.user, x.room, x.n, x.exact)
		if err != nil {
			return fmt.Errorf("note what was read: %w", err)
		}
	}
	for at, n := range b.received {
		if _, err := tx.Exec("UPDATE membership SET received = ?1 WHERE user_id = ?2 AND room_id = ?3 AND received < ?1", n, at.user, at.room); err != nil {
			return fmt.Errorf("note what was received: %w", err)
		}
	}
	for id, at := range b.users {
		if _, err := tx.Exec("UPDATE user SET last_seen = ? WHERE id = ? AND deleted_at = 0", millis(at), id); err != nil {
			return fmt.Errorf("note who was there: %w", err)
		}
	}
	for id, at := range b.sessions {
		if _, err := tx.Exec("UPDATE session SET seen_at = ? WHERE id = ?", millis(at), id); err != nil {
			return fmt.Errorf("note which sessions were used: %w", err)
		}
	}
	return nil
}

func (b batch) empty() bool { return len(b.read)+len(b.received)+len(b.users)+len(b.sessions) == 0 }

// writeMarks writes the waiting marks, and schedules another attempt if that fails.
func (c *Chat) writeMarks() {
	b := c.marks.take()
	if b.empty() {
		return
	}
	c.disk.SubmitSoon(b.store, func(err error) {
		if err != nil {
			slog.Error("note what was read, and who was there", "err", err)
			c.marks.later(c.writeMarks)
			return
		}
		c.marks.written(b)
	})
}

// FlushMarks writes the waiting marks and returns once they are on disk, when the server stops. Error: storage.
func (c *Chat) FlushMarks(ctx context.Context) error {
	b := c.marks.take()
	if b.empty() {
		return nil
	}
	err := c.disk.Write(ctx, b.store)
	if err == nil {
		c.marks.written(b)
	}
	return storage("note what was read, and who was there", err)
}

// readTo returns the read position of a user in a room, and whether the user has ever opened the room. Error: storage.
func (c *Chat) readTo(ctx context.Context, user, room int64) (n int64, known bool, err error) {
	var since int64
	waiting, known := c.marks.readTo(user, room)
	err = c.read.QueryRow(ctx, "SELECT read, since FROM membership WHERE user_id = ? AND room_id = ?", []any{user, room}, &n, &since)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return waiting.n, known, nil
	case err != nil:
		return 0, false, storage("look for what was read", err)
	}
	return max(since, waiting.over(n)), true, nil
}

// Seen stores when a user opened the first socket or closed the last one.
func (c *Chat) Seen(id int64, at time.Time) {
	at = moment(millis(at))
	c.marks.setUserSeen(id, at)
	c.marks.later(c.writeMarks)
	c.users.Update(id, func(u *User) *User {
		fresh := *u
		fresh.LastSeen = at
		return &fresh
	})
}

// SeenAll stores that users were online until now, and waits until all marks are on disk, when the server stops.
func (c *Chat) SeenAll(ctx context.Context, ids []int64) error {
	for _, id := range ids {
		c.marks.setUserSeen(id, c.now())
	}
	return c.FlushMarks(ctx)
}

// withMarks sets LastSeen of users from the waiting marks.
func (c *Chat) withMarks(users ...*User) {
	for _, u := range users {
		if at := c.marks.userSeen(u.ID); at.After(u.LastSeen) {
			u.LastSeen = at
		}
	}
}
