package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hearth/web/label"
)

const (
	// tokenSize is the number of random bytes of a token (OWASP demands at least 8 for a session).
	tokenSize = 32
	// SessionIdle is how long a browser stays signed in without a request.
	SessionIdle = 30 * 24 * time.Hour
	// seenEvery is how old a session's time of last use may be before it is updated: a write for each page would be expensive.
	seenEvery = 5 * time.Minute
	// maxAgent is how much of the User-Agent header is stored, in bytes.
	maxAgent = 300
)

// Session is a browser that is signed in, or a guest's. It is shared: never change it.
type Session struct {
	ID          int64
	UserID      int64  // 0: a guest
	Guest       string // the name that the visitor chose
	Agent, Addr string // the User-Agent header and the address of the browser when the session started
	Created     time.Time
	Seen        time.Time // the last use, at most seenEvery too early
}

type tokenHash [sha256.Size]byte

// newToken returns a random secret, and its hash for the database.
func newToken() (token []byte, hash tokenHash) {
	token = make([]byte, tokenSize)
	rand.Read(token) // never fails
	return token, sha256.Sum256(token)
}

// Browser is the browser that starts a session.
type Browser struct{ Agent, Addr string }

// OpenSession starts a session of a user and returns the token for the cookie. It ends the previous session of this browser, whose
// id is old, 0 for none.
func (c *Chat) OpenSession(ctx context.Context, userID int64, b Browser, old int64) (token []byte, s *Session, err error) {
	token, hash := newToken()
	s = c.newSession(b)
	s.UserID = userID
	var gone []int64
	err = c.disk.Write(ctx, func(tx Tx) error {
		if gone, err = endSessions(tx, "id = ?", old); err != nil {
			return err
		}
		return s.insert(tx, hash, userID, nil, nil)
	})
	if err != nil {
		return nil, nil, storage("open a session", err)
	}
	c.ended(gone)
	return token, s, nil
}

// RenewSession replaces the token of a session and returns the new one.
func (c *Chat) RenewSession(ctx context.Context, id int64) (token []byte, err error) {
	token, hash := newToken()
	err = c.disk.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec("UPDATE session SET token_hash = ? WHERE id = ?", hash[:], id)
		return err
	})
	c.sessions.DeleteFunc(func(_ tokenHash, s *Session) bool { return s.ID == id })
	return token, storage("renew a session", err)
}

// OpenGuest starts a session of a visitor with a name and returns the token for the cookie. old is as for OpenSession. Errors, on
// the field guest_name: those of Username; name_taken, if the name looks like that of another visitor or of an account, or like its
// display name; storage.
func (c *Chat) OpenGuest(ctx context.Context, name string, b Browser, old int64) (token []byte, s *Session, err error) {
	name, key, err := GuestName(name)
	if err != nil {
		return nil, nil, err.(*Error).On("guest_name")
	}
	token, hash := newToken()
	s = c.newSession(b)
	s.Guest = name
	var gone []int64
	err = c.disk.Write(ctx, func(tx Tx) error {
		if gone, err = endSessions(tx, "id = ?", old); err != nil {
			return err
		}
		var taken bool
		err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM user WHERE name_key = ?1 OR name_look = ?2)
			OR EXISTS (SELECT 1 FROM former_name WHERE name_key = ?1 OR name_look = ?2)
			OR EXISTS (SELECT 1 FROM session WHERE guest_key = ?1 OR guest_look = ?2)
			OR EXISTS (SELECT 1 FROM user_look WHERE look = ?3)`, key, look(name), labelLook(name)).Scan(&taken)
		if err != nil {
			return fmt.Errorf("look for the name: %w", err)
		}
		if taken {
			return Errorf("name_taken").On("guest_name")
		}
		return s.insert(tx, hash, nil, key, look(name))
	})
	if err != nil {
		return nil, nil, storage("open a guest's session", err)
	}
	c.ended(gone)
	return token, s, nil
}

func (c *Chat) newSession(b Browser) *Session {
	now := moment(millis(c.now()))
	agent := label.Clean(strings.ToValidUTF8(b.Agent[:min(len(b.Agent), maxAgent)], ""))
	if !utf8.ValidString(b.Addr) {
		b.Addr = ""
	}
	return &Session{Agent: agent, Addr: b.Addr, Created: now, Seen: now}
}

func (s *Session) insert(tx Tx, hash tokenHash, user, guestKey, guestLook any) error {
	res, err := tx.Exec(`INSERT INTO session (token_hash, user_id, guest, guest_key, guest_look, agent, addr, created_at, seen_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, hash[:], user, s.Guest, guestKey, guestLook, s.Agent, s.Addr, millis(s.Created), millis(s.Seen))
	if err != nil {
		return fmt.Errorf("insert session: %w", err)
	}
	s.ID, err = res.LastInsertId()
	return err
}

const sessionColumns = "id, coalesce(user_id, 0), guest, agent, addr, created_at, seen_at"

func (s *Session) into() (dest []any, done func()) {
	var created, seen int64
	dest = []any{&s.ID, &s.UserID, &s.Guest, &s.Agent, &s.Addr, &created, &seen}
	return dest, func() { s.Created, s.Seen = moment(created), moment(seen) }
}

// SessionByToken returns the session with that token, and its user, nil for a guest. Error: ErrNotFound, if it has ended or its
// user is deactivated.
func (c *Chat) SessionByToken(ctx context.Context, token []byte) (*Session, *User, error) {
	hash := tokenHash(sha256.Sum256(token))
	s, err := c.sessions.Load(hash, func() (*Session, error) { return c.loadSession(ctx, hash) })
	if err != nil {
		return nil, nil, err
	}
	now := c.now()
	if now.Sub(s.Seen) > SessionIdle {
		return nil, nil, ErrNotFound
	}
	if now.Sub(s.Seen) > seenEvery {
		s = c.touch(hash, s, now)
	}
	if s.UserID == 0 {
		return s, nil, nil
	}
	u, err := c.User(ctx, s.UserID)
	if err == nil && u.Disabled {
		err = ErrNotFound
	}
	if err != nil {
		return nil, nil, err
	}
	return s, u, nil
}

func (c *Chat) loadSession(ctx context.Context, hash tokenHash) (*Session, error) {
	var s Session
	dest, done := s.into()
	err := c.read.QueryRow(ctx, "SELECT "+sessionColumns+" FROM session WHERE token_hash = ?", []any{hash[:]}, dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, storage("look for a session", err)
	}
	done()
	return &s, nil
}

// SessionGoesOn returns sign_in if the session has ended. An id of 0 is no session and no error. Errors: sign_in, storage.
func (c *Chat) SessionGoesOn(ctx context.Context, id int64) error {
	if id == 0 {
		return nil
	}
	var there bool
	err := c.read.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM session WHERE id = ?)", []any{id}, &there)
	if err == nil && !there {
		return Errorf("sign_in")
	}
	return storage("look whether a session goes on", err)
}

// touch updates the time of last use of a session. It is written later, together with others.
func (c *Chat) touch(hash tokenHash, s *Session, now time.Time) *Session {
	fresh := *s
	fresh.Seen = now
	c.sessions.Update(hash, func(*Session) *Session { return &fresh })
	c.marks.setSessionSeen(s.ID, now)
	c.marks.later(c.writeMarks)
	return &fresh
}

// Sessions returns a page of the sessions of a user, the last used first, and the number of all. Error: storage.
func (c *Chat) Sessions(ctx context.Context, userID int64, limit, offset int) (sessions []*Session, total int, err error) {
	since := millis(c.now().Add(-SessionIdle))
	if err := c.read.QueryRow(ctx, "SELECT count(*) FROM session WHERE user_id = ? AND seen_at > ?", []any{userID, since}, &total); err != nil {
		return nil, 0, storage("count sessions", err)
	}
	rows, err := c.read.Query(ctx, "SELECT "+sessionColumns+" FROM session WHERE user_id = ? AND seen_at > ? ORDER BY seen_at DESC, id DESC LIMIT ? OFFSET ?",
		userID, since, limit, offset)
	if err != nil {
		return nil, 0, storage("list sessions", err)
	}
	sessions, err = scanSessions(rows)
	return sessions, total, storage("list sessions", err)
}

// scanSessions reads rows of sessionColumns, and closes them.
func scanSessions(rows *sql.Rows) (sessions []*Session, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s Session
		dest, done := s.into()
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		done()
		sessions = append(sessions, &s)
	}
	return sessions, rows.Err()
}
